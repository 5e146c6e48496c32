"""Which answers rate whom in a round, and who entered them."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Vote
from services.assessment.rounds.follow_ups import votes_of
from services.assessment.rounds.settling import Settling
from services.assessment.rounds.state import Rated, Subject
from services.assessment.service.cases import Case, Correction, FollowUp, Voided
from services.assessment.service.figures import SubjectKind
from shared.contracts import requests as r
from tests.unit.services.assessment.ratings.voices import RULES
from tests.unit.services.assessment.rounds.city import LIBRARY, TERMS, UNTIL, a_round, begun
from tests.unit.services.assessment.stories import Consumer, Teller

LOCK = UNTIL.public_rating
BEFORE, AFTER = LOCK - timedelta(milliseconds=1), LOCK
MADE = datetime(2026, 9, 10, tzinfo=UTC)
STREET = begun(Subject(id="s1", class_id="street", area_path=("bj", "xc", "s1"))).model_copy(
    update={"kind": SubjectKind.STREET}
)
BRANCH = begun(Subject(id="b", class_id="x", area_path=("bj", "xc", "s1", "c1"))).model_copy(
    update={"kind": SubjectKind.ORGANIZATION}
)
UNIT = begun(LIBRARY)


def told(*answers: tuple[datetime, int | None], **more: Any) -> Teller:
    """A request whose rounds the library and its branch did, each answered at its time."""
    tell = Teller("r1")
    tell.accept(MADE)
    for round, (at, rating) in enumerate(answers, 1):
        tell.assign("library", "b", round)
        tell.complete("library", "b", MADE, True, round)
        said = {"contacted": True, "solved": False, "satisfied": rating, "round": round}
        tell.request(r.RequestFollowedUp, at, **said | more)
        tell.request(r.RequestReopened, at, round=round + 1)
    return tell


def case_of(tell: Teller, *corrections: Correction) -> Case:
    consumer = Consumer()
    consumer.take(tell.all)
    consumer.correct("r1", corrections)
    case = consumer.cases["r1"]
    assert case is not None
    return case


def votes(case: Case, state: Rated = UNIT) -> list[Vote]:
    return votes_of(state, [("r1", case)], 4)


def test_an_answer_counts_by_its_own_time() -> None:
    [vote] = votes(case_of(told((BEFORE, 4))))
    assert (vote.at, vote.satisfied, vote.place) == (BEFORE, True, "c1")
    assert votes(case_of(told((AFTER, 4)))) == []
    assert votes(case_of(told((BEFORE, None)))) == []
    [vote] = votes(case_of(told((BEFORE, 2), (AFTER, 5))))
    assert not vote.satisfied
    [vote] = votes(case_of(told((BEFORE - timedelta(days=1), 2), (BEFORE, 5))))
    assert vote.satisfied


def test_it_rates_who_did_its_rounds_work_and_where_the_request_lies() -> None:
    tell = told((BEFORE, 4))
    tell.assign("other", None, 2)
    tell.complete("other", None, AFTER, True, 2)
    case = case_of(tell)
    assert "unit/other/2026-09" in case.keys
    assert {"unit/library/2026-09", "organization/b/2026-09"} <= set(case.past_keys)
    other = begun(Subject(id="other", class_id="agency", unit_id="other"))
    assert [len(votes(case, state)) for state in (UNIT, BRANCH, STREET, other)] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("said", "of_library", "of_tax", "satisfied"),
    [
        ({"excluded": True}, 0, 0, None),
        ({"without_answer": True}, 0, 0, None),
        ({"satisfied": 1}, 1, 0, False),
        ({"responsible": {"unit_id": "tax"}}, 0, 1, True),
    ],
)
def test_a_corrected_case_rates_as_it_was_judged(
    said: dict[str, Any], of_library: int, of_tax: int, satisfied: bool | None
) -> None:
    one = {"number": 1, "at": AFTER, "by": "a:b", "reason": "x", "answer_round": 1}
    correction = Correction.model_validate(one | said)
    case = case_of(told((BEFORE, 5)), correction)
    tax = begun(Subject(id="tax", class_id="agency", unit_id="tax"))
    found = [votes(case), votes(case, tax)]
    assert [len(some) for some in found] == [of_library, of_tax]
    assert [vote.satisfied for some in found for vote in some] == (
        [] if satisfied is None else [satisfied]
    )
    back = correction.model_copy(update={"voided": Voided(at=AFTER, by="a:b", reason="x")})
    assert len(votes(case_of(told((BEFORE, 5)), back))) == 1


@pytest.mark.parametrize(
    ("path", "of_street", "of_branch"),
    [
        ((), "staff", "staff"),  # the city's own
        (("bj", "xc"), "staff", "staff"),
        (("bj", "xc", "s1"), "own_staff", "staff"),  # above the community
        (("bj", "xc", "s1", "c1"), "own_staff", "own_staff"),
    ],
)
def test_what_the_own_staff_entered_is_told_apart(
    path: tuple[str, ...], of_street: str, of_branch: str
) -> None:
    case = case_of(told((BEFORE, 5), by="staff", asker="a" * 32, staff_path=path))
    # A unit's own staff enter none.
    for state, entered in ((STREET, of_street), (BRANCH, of_branch), (UNIT, "staff")):
        [vote] = votes(case, state)
        assert (vote.entered, vote.asker) == (entered, "")


def test_a_residents_answer_brings_its_sources_and_an_old_one_none() -> None:
    known = {name: f"{n}" * 32 for n, name in enumerate(("device", "network", "asker"))}
    [vote] = votes(case_of(told((BEFORE, 5), by="resident", **known)))
    assert (vote.device, vote.network, vote.asker) == ("0" * 32, "1" * 32, "2" * 32)
    assert vote.entered == "resident"
    case = case_of(told((BEFORE, 5)))
    old = case.model_copy(update={"follow_ups": {"1": FollowUp(contacted=True, satisfied=5)}})
    [vote] = votes(old)
    assert (vote.device, vote.network, vote.asker, vote.entered) == ("", "", "", "unknown")
    assert vote.at == MADE


def test_a_round_keeps_the_rating_rules_of_its_opening() -> None:
    """One of before they were kept has those in force."""

    class InForce:
        def get(self, _model: type[RatingRules]) -> RatingRules:
            return RULES

    settling = Settling(*cast(Any, (None, None, None, InForce(), None)))
    stricter = RULES.model_copy(update={"satisfied_from": 5})
    kept = a_round(LIBRARY).model_copy(
        update={"terms": TERMS.model_copy(update={"ratings": stricter})}
    )
    assert settling.rules_of(kept) == stricter
    assert TERMS.ratings is None
    assert settling.rules_of(a_round(LIBRARY)) == RULES
