"""Whatever the order in which the events of a round's cases come, and whenever voices are counted,
broken off or corrected: its result is the same."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.ratings.result import results_of, tally_of
from services.assessment.ratings.stuffing import judge
from services.assessment.rounds import decisions
from services.assessment.rounds.follow_ups import keys_of, votes_of
from services.assessment.rounds.recounting import touched
from services.assessment.rounds.state import Rated, Stage, Subject
from services.assessment.service.cases import Case, Correction
from shared.contracts import requests as r
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.rounds import RatingLine, RoundCompleted
from tests.unit.services.assessment.ratings.voices import RULES
from tests.unit.services.assessment.rounds.city import (
    ITEMS,
    TERMS,
    UNTIL,
    begun,
    items,
    timed,
)
from tests.unit.services.assessment.stories import Consumer, Teller, shuffled

LOCK, END = UNTIL.public_rating, UNTIL.organizational_rating
BEGIN = datetime(2026, 9, 3, tzinfo=UTC)
DOERS = ("u1", "u2", "u3")
SUBJECTS = [Subject(id=id, class_id="agency", area_path=("bj",), unit_id=id) for id in DOERS]
Answers = dict[str, list[tuple[str, datetime, int | None]]]
"""Of each request its answers in order: who did the work, when, the rating."""


def life(chance: random.Random, n: int, answers: Answers) -> Teller:
    """A request of the month, answered once or more, some days before or after the lock; a second
    round of work is done by whomever."""
    tell = Teller(f"r{n:03}")
    tell.accept(BEGIN + timedelta(hours=n))
    at = LOCK + timedelta(days=chance.uniform(-6, 3))
    for round in range(1, chance.choice((1, 1, 2, 3)) + 1):
        unit = chance.choice(DOERS)
        tell.assign(unit, round=round)
        tell.complete(unit, None, at - timedelta(hours=5), True, round)
        rating = chance.choice((1, 2, 4, 5, 5, None))
        tell.request(r.RequestFollowedUp, at, **said(chance, rating, round))
        answers[tell.id].append((unit, at, rating))
        at += timedelta(days=chance.uniform(0.5, 3))
        tell.request(r.RequestReopened, at, round=round + 1)
    return tell


def said(chance: random.Random, rating: int | None, round: int) -> dict[str, Any]:
    """An answer by somebody of a few, so that rules of sources have to do."""
    who = {name: f"{chance.randrange(40):032x}" for name in ("device", "network", "asker")}
    by = chance.choice(("resident", "resident", "staff"))
    known = who if by == "resident" else {"asker": who["asker"]}
    answer = {"contacted": True, "solved": False, "satisfied": rating, "round": round, "by": by}
    return answer | known


def correction(chance: random.Random, number: int) -> Correction:
    """Of the first answer, or of the whole case."""
    change: dict[str, Any] = chance.choice(
        [
            {"answer_round": 1, "satisfied": chance.choice((1, 5))},
            {"answer_round": 1, "without_answer": True},
            {"excluded": True},
            {"responsible": {"unit_id": chance.choice(DOERS)}},
        ]
    )
    at = LOCK + timedelta(days=number)
    return Correction.model_validate({"number": 1, "at": at, "by": "a:b", "reason": "x"} | change)


class Town:
    """What the service keeps, and its loops as the plain functions that they call."""

    def __init__(self) -> None:
        self.consumer = Consumer()
        self.rated = {one.id: begun(one) for one in SUBJECTS}
        self.told: list[Payload] = []
        for id, state in self.rated.items():
            own = decisions.self_rated(state, ITEMS, items(90, 80, 70), "u:x", BEGIN)
            self.rated[id] = own.state

    @property
    def cases(self) -> dict[str, Case]:
        return {id: case for id, case in self.consumer.cases.items() if case is not None}

    def hear(self, events: Iterable[Event]) -> None:
        """As the consumer and the figures loop do."""
        for event in events:
            before = self.cases.get(event.partition_key)
            self.consumer.take([event])
            self._changed(event.partition_key, before)

    def correct(self, id: str, one: Correction) -> None:
        before = self.cases.get(id)
        self.consumer.correct(id, [one])
        self._changed(id, before)

    def _changed(self, id: str, before: Case | None) -> None:
        case = self.cases.get(id)
        if case is None or case == before:
            return
        keys = {*case.keys, *case.past_keys, *(before.keys if before else ())}
        rating = {key: [case] for key in keys}
        for subject, state in self.rated.items():
            if state.public_locked and touched(state, rating):
                again = decisions.recounted(state, "changed")
                assert again is not None
                self.rated[subject] = again.state

    def pass_time(self, until: datetime) -> None:
        for id, state in self.rated.items():
            self.rated[id], _ = timed(state, until)

    def rate(self) -> None:
        for n, (id, state) in enumerate(self.rated.items()):
            points = 70.0 + 10 * n
            rated = decisions.line_rated(state, RatingLine.LOCAL, points, "x", "m:m", LOCK)
            self.rated[id] = rated.state

    def count(self, meanwhile: Iterable[Event] = (), broken_off: bool = False) -> None:
        """As the settling loop does, while events come; broken off before it comes to those due."""
        counted = {
            id: decisions.counted(state, self._tally(state), None)
            for id, state in self.rated.items()
            if state.tally_due
        }
        tallies = {
            id: tally
            for id, state in self.rated.items()
            if state.public_locked and (tally := counted.get(id, state).tally) is not None
        }
        results = results_of(tallies, TERMS.shrinkage)
        self.hear(meanwhile)
        for id, state in self.rated.items():
            if broken_off and id in counted:
                continue
            decision = decisions.settled(
                state, TERMS, results.get(id), 10, END, counted=counted.get(id)
            )
            if decision is not None:
                self.rated[id] = decision.state
                self.told += [one for one in decision.events if isinstance(one, Payload)]

    def _tally(self, state: Rated) -> Any:
        keys = set(keys_of(state))
        near = [
            (id, case)
            for id, case in self.cases.items()
            if keys.intersection((*case.keys, *case.past_keys))
        ]
        return tally_of(judge(votes_of(state, near, 4), state.judged(), RULES))

    def quiet(self) -> None:
        while any(state.tally_due for state in self.rated.values()):
            self.count()

    def result(self) -> dict[str, Any]:
        shown = {"tally", "public", "organizational", "total", "grade", "stage"}
        return {id: state.model_dump(include=shown) for id, state in self.rated.items()}


def batched(events: list[Event]) -> Iterable[list[Event]]:
    return (events[n : n + 9] for n in range(0, len(events), 9))


def in_time(tellers: Iterable[Teller], corrections: dict[str, Correction]) -> Town:
    """All that happened before the lock is known at it, and the rest afterwards."""
    town = Town()
    events = sorted((one for tell in tellers for one in tell.all), key=lambda one: one.time)
    town.hear(one for one in events if one.time < LOCK)
    town.pass_time(LOCK)
    town.quiet()
    town.rate()
    town.pass_time(END)
    town.quiet()
    town.hear(one for one in events if one.time >= LOCK)
    for id, one in corrections.items():
        town.correct(id, one)
    town.quiet()
    return town


def anyhow(
    chance: random.Random, tellers: list[Teller], corrections: dict[str, Correction]
) -> Town:
    """In any order, with duplicates; counted now and then, broken off now and then."""
    town = Town()
    arrivals = shuffled(chance, tellers)
    cuts = sorted(chance.randrange(len(arrivals) + 1) for _ in range(3))
    parts = [arrivals[a:b] for a, b in zip([0, *cuts], [*cuts, len(arrivals)], strict=True)]
    waiting = list(corrections.items())
    chance.shuffle(waiting)
    for n, part in enumerate(parts):
        for some in batched(part):
            if chance.random() < 0.5:
                town.count(some, broken_off=chance.random() < 0.3)
            town.hear(some)
            if waiting and chance.random() < 0.1:
                town.correct(*waiting.pop())
        if n == 0:
            town.pass_time(LOCK)
        if n == 1:
            town.quiet()
            town.rate()
            town.pass_time(END)
    for id, one in waiting:
        town.correct(id, one)
    town.quiet()
    return town


@given(st.integers(0, 2**32))
@settings(max_examples=12)
def test_order_duplicates_late_events_corrections_and_restarts_change_no_result(seed: int) -> None:
    chance = random.Random(seed)
    answers: Answers = defaultdict(list)
    tellers = [life(chance, n, answers) for n in range(chance.randrange(1, 30))]
    corrected = chance.sample(tellers, len(tellers) // 8)
    corrections = {tell.id: correction(chance, n) for n, tell in enumerate(corrected)}
    town = in_time(tellers, corrections)
    for _ in range(2):
        other = anyhow(chance, tellers, corrections)
        assert other.result() == town.result()
        for id, state in other.rated.items():
            completed = [
                one
                for one in other.told
                if isinstance(one, RoundCompleted) and one.subject_id == id
            ]
            if completed:
                assert state.stage is Stage.COMPLETE
                assert completed[-1].total == state.total
                assert state.corrected or len({one.total for one in completed}) == 1
                assert not state.corrected or len(completed) > 1


@given(st.integers(0, 2**32))
@settings(max_examples=12)
def test_the_latest_answer_before_the_lock_rates_who_did_the_work_of_its_round(seed: int) -> None:
    """Counted by hand from the answers, without corrections."""
    chance = random.Random(seed)
    answers: Answers = defaultdict(list)
    tellers = [life(chance, n, answers) for n in range(30)]
    direct: Counter[str] = Counter()
    for given_ in answers.values():
        before = [(unit, rating) for unit, at, rating in given_ if at < LOCK]
        if before and before[-1][1] is not None:
            direct[before[-1][0]] += 1
    town = anyhow(chance, tellers, {})
    for id, state in town.rated.items():
        assert state.tally is not None
        aside = sum(group.size for group in state.tally.aside)
        assert state.tally.sample.size + aside == direct[id]
