"""Which voices count; and an attack with a tenth of the voices, which moves no grade."""

import random
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.ratings.result import Tally, results_of, tally_of
from services.assessment.ratings.stuffing import FOLLOW_UPS, Group, Judged, judge
from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Source, Vote
from services.assessment.rounds.decisions import total_of
from services.assessment.schemes.scheme import Shrinkage
from services.assessment.service.statistics import Sample
from tests.unit.services.assessment.ratings.voices import (
    ATTACKS,
    FREE,
    RULES,
    START,
    Cast,
    answer,
    vote,
)


def counted(judged: Judged) -> int:
    return int(sum(sample.size for sample in judged.counted.values()))


def test_voices_that_come_alone_all_count() -> None:
    judged = judge([vote(n, satisfied=n % 4 > 0) for n in range(40)], {}, RULES)
    assert judged == Judged({Source.CODE: Sample(30, 40)}, (), {})


def test_a_household_votes_freely_where_others_do_too() -> None:
    """3 of 63 on one network: 3 is 5 % of the 60 alone, and not more."""
    home = [vote(100 + n, network="home") for n in range(3)]
    assert counted(judge([vote(n) for n in range(60)] + home, {}, RULES)) == 63


def test_one_network_with_a_tenth_of_the_voices_counts_for_nothing() -> None:
    attack = [vote(100 + n, network="one", satisfied=False) for n in range(6)]
    judged = judge([vote(n) for n in range(54)] + attack, {}, RULES)
    assert judged.counted == {Source.CODE: Sample(54, 54)}
    assert judged.aside == (Group("network:one", "network", 6, 6, 0, 6 / 54),)


def test_one_device_on_many_networks_counts_for_nothing() -> None:
    attack = [vote(100 + n, device="one", satisfied=False) for n in range(6)]
    judged = judge([vote(n) for n in range(54)] + attack, {}, RULES)
    assert judged.counted == {Source.CODE: Sample(54, 54)}
    assert [group.name for group in judged.aside] == ["device:one"]


def test_a_large_network_among_many_counts_with_its_first_voices() -> None:
    """40 of 1,000 alone are 4 %: capped at 2 % of those alone."""
    large = [vote(5000 + n, network="hall") for n in range(40)]
    judged = judge([vote(n) for n in range(1000)] + large, {}, RULES)
    assert counted(judged) == 1020
    assert judged.aside == (Group("network:hall", "network", 20, 40, 20, 0.04),)


def test_more_voices_in_a_minute_than_people_can_be_there_are_set_aside() -> None:
    at = START + timedelta(days=1)
    crowd = [vote(1000 + n, at=at + timedelta(seconds=n * n % 50)) for n in range(14)]
    judged = judge([vote(n) for n in range(50)] + crowd, {}, RULES)
    assert counted(judged) == 50
    assert [(group.rule, group.size) for group in judged.aside] == [("rate", 14)]


def test_gaps_as_even_as_a_machine_are_set_aside() -> None:
    at = START + timedelta(days=5)
    machine = [vote(1000 + n, at=at + timedelta(seconds=45 * n)) for n in range(20)]
    judged = judge([vote(n) for n in range(40)] + machine, {}, RULES)
    assert counted(judged) == 40
    assert [(group.rule, group.size) for group in judged.aside] == [("pattern", 20)]


def test_a_panel_votes_once_a_device_and_from_many_networks() -> None:
    """In one room each device is kept as a network of its own (`Panel.together`)."""
    room = [vote(n, source=Source.PANEL, place="panel") for n in range(30)]
    assert counted(judge(room, {}, RULES)) == 30
    collected = [v._replace(device="one") for v in room[:9]] + room[9:]
    assert counted(judge(collected, {}, RULES)) == 21
    collected = [v._replace(network="one") for v in room[:9]] + room[9:]
    assert counted(judge(collected, {}, RULES)) == 21


def test_one_telephone_with_many_requests_counts_for_nothing() -> None:
    attack = [answer(100 + n, asker="one", satisfied=False) for n in range(6)]
    judged = judge([answer(n) for n in range(54)] + attack, {}, RULES)
    assert judged.counted == {Source.FOLLOW_UP: Sample(54, 54)}
    assert judged.entered == {"resident": 54}
    assert judged.aside == (Group("asker:one", "asker", 6, 6, 0, 6 / 54),)


def test_an_honest_telephone_team_counts_and_is_told_apart() -> None:
    """Two members, 60 calls in an hour, at even gaps: no rule of sources is for them."""
    calls = [
        answer(n, entered="staff", asker=f"member-{n % 2}", at=START + timedelta(minutes=n))
        for n in range(60)
    ]
    judged = judge([answer(100 + n) for n in range(20)] + calls, {}, RULES)
    assert (counted(judged), judged.aside) == (80, ())
    assert tally_of(judged).own_staff_share == 0
    own = [call._replace(entered="own_staff") for call in calls[:15]] + calls[15:]
    judged = judge([answer(100 + n) for n in range(20)] + own, {}, RULES)
    assert judged.entered == {"resident": 20, "staff": 45, "own_staff": 15}
    assert tally_of(judged).own_staff_share == 15 / 80


def test_a_city_may_limit_what_the_own_staff_enters() -> None:
    answers = [answer(n, entered="own_staff" if n < 10 else "resident") for n in range(40)]
    for most, left in ((None, 40), (0.25, 40), (0.2, 30), (0.0, 30)):
        rules = RULES.model_copy(update={"own_staff_share": most})
        judged = judge(answers, {}, rules)
        assert counted(judged) == left
        names = [(group.name, group.rule, group.share) for group in judged.aside]
        assert names == ([] if left == 40 else [("staff:own", "staff", 0.25)])
        assert counted(judge(answers, {"staff:own": True}, rules)) == 40


def test_answers_of_which_nothing_is_known_all_count() -> None:
    """Those of before the origin was kept; they neither hide nor show anybody."""
    old = [
        answer(n, device="", network="", asker="", entered="unknown", at=START) for n in range(30)
    ]
    assert counted(judge(old, {}, RULES)) == 30
    assert counted(judge(old, {FOLLOW_UPS: False}, RULES)) == 0


def test_a_person_has_the_last_word_on_a_group() -> None:
    """The service hall's own network is vouched for; a code that was misused is set aside."""
    hall = [vote(100 + n, network="hall") for n in range(20)]
    votes = [vote(n) for n in range(40)] + hall
    assert counted(judge(votes, {}, RULES)) == 40
    assert counted(judge(votes, {"network:hall": True}, RULES)) == 60
    judged = judge(votes, {"network:hall": True, "code:hall": False}, RULES)
    assert counted(judged) == 0
    assert [(group.name, group.rule) for group in judged.aside] == [("code:hall", "person")]
    assert counted(judge(votes, {"vote:v00003": False}, RULES)) == 39


@settings(max_examples=50)
@given(st.integers(0, 10**6))
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    cast = Cast(chance, "a")
    votes = cast.honest(30, 0.7, list(Source))
    votes += cast.stuffed(4, "at_once", Source.FOLLOW_UP, satisfied=False)
    judged = judge(votes, {}, RULES)
    chance.shuffle(votes)
    assert judge(votes, {}, RULES) == judged


# A tenth of the voices

GRADES = (("excellent", 90.0), ("good", 80.0), ("fair", 60.0), ("poor", 0.0))
BOUNDS = Shrinkage()


class Ward(NamedTuple):
    """A subject of a class: its honest voices, and its points in the other two steps."""

    votes: list[Vote]
    own: float
    organizational: float


def count(votes: list[Vote], rules: RatingRules) -> Tally:
    return tally_of(judge(votes, {}, rules))


def grades(wards: dict[str, Ward], tallies: dict[str, Tally]) -> dict[str, str]:
    results = results_of(tallies, BOUNDS)
    totals = {
        id: total_of((ward.own, 20), (results[id].points, 40), (ward.organizational, 40))
        for id, ward in wards.items()
    }
    return {
        id: next(name for name, at_least in GRADES if total >= at_least)
        for id, total in totals.items()
    }


def simulate(source: Source, seeds: range) -> Counter[str]:
    """Attack every subject of a class in turn; how many grades moved of how many attacks.

    A class of six subjects with 20 to 200 honest voices each, from one source of voices or from
    all three. The attacker adds a tenth of all voices to one subject by `source`: from one network,
    one device, one telephone, or one network at once, all for or all against. A grade that moves
    anywhere in the class counts.
    """
    found: Counter[str] = Counter()
    for seed in seeds:
        chance = random.Random(seed)
        wards = {}
        for name in "abcdef":
            of = [source] if seed % 2 else list(Source)
            honest = Cast(chance, name).honest(
                chance.randint(20, 200), chance.betavariate(12, 4), of
            )
            wards[name] = Ward(honest, chance.uniform(70, 100), chance.uniform(60, 100))
        before = {
            kind: {name: count(ward.votes, rules) for name, ward in wards.items()}
            for kind, rules in (("moved", RULES), ("moved without protection", FREE))
        }
        for name, ward in wards.items():
            attack = chance.choice(ATTACKS[source])
            for satisfied in (False, True):
                stuffed = Cast(chance, name).stuffed(
                    round(len(ward.votes) / 9), attack, source, satisfied=satisfied
                )
                found["attacks"] += 1
                for kind, rules in (("moved", RULES), ("moved without protection", FREE)):
                    tallies = before[kind] | {name: count(ward.votes + stuffed, rules)}
                    found[kind] += grades(wards, tallies) != grades(wards, before[kind])
    return found


@pytest.mark.parametrize("source", Source)
def test_a_tenth_of_the_voices_from_one_source_moves_no_grade(source: Source) -> None:
    found = simulate(source, range(13))
    assert found["attacks"] == 156
    assert found["moved"] == 0
    assert found["moved without protection"] >= 10  # else the test could not fail


@pytest.mark.parametrize("satisfied", [True, False])
def test_what_the_attack_would_have_done(satisfied: bool) -> None:
    """90 honest voices, 72 for: 80 %. 10 against make it 72 %, 10 for 82 %."""
    votes = [vote(n, satisfied=n < 72) for n in range(90)]
    votes += [vote(200 + n, network="one", satisfied=satisfied) for n in range(10)]
    guarded, free = judge(votes, {}, RULES), judge(votes, {}, FREE)
    assert guarded.counted[Source.CODE] == Sample(72, 90)
    assert free.counted[Source.CODE] == Sample(82 if satisfied else 72, 100)
