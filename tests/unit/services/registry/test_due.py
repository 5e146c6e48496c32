"""When pairings and assigned tasks are due, and what is told of them then; each once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registry.assignments import decisions as assignments
from services.registry.assignments.state import AssignmentState, settled
from services.registry.money import Line, Payment
from services.registry.pairings import decisions as pairings
from services.registry.pairings.state import Goal, PairingState, Summary, Term, status_at
from services.registry.schemas import ReasonBody
from services.registry.standing import Line as LineOfCommand
from services.registry.standing import Party
from services.registry.watch import Watched, telling
from shared.contracts.plans import AssignmentOverdue
from shared.contracts.words import PairingKind
from shared.web.auth import Principal, Role

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ADMIN = Principal("someone", Role.ADMINISTRATOR)
A, B = (Party(organization_id=id, path=(), unit_id=None) for id in "ab")
SAID = Summary(at=NOW, by="me", words="sealed")


def pairing(**term: Any) -> PairingState:
    span = {"since": NOW - 9 * DAY, "until": NOW + 9 * DAY, "warn_at": NOW - DAY}
    goals = (Goal(work="household_visit", quantity=1, by=NOW),)
    return PairingState(
        kind=PairingKind.STRONG_WEAK,
        giver=A,
        taker=B,
        person_id=None,
        units=(),
        terms=(Term.model_validate(span | {"goals": goals} | term),),
        lines=(),
    )


def told(state: Watched) -> list[str]:
    return [one.type.split(".")[2] for one in state.untold]


def seen(state: PairingState, now: datetime) -> PairingState:
    decision = pairings.on_due("p", state, now)
    assert decision is not None
    return decision.state


def test_the_end_of_a_term_is_told_ahead_then_when_it_comes() -> None:
    state = pairing()
    assert state.next_due() == NOW - DAY
    warned = seen(state, NOW)
    assert told(warned) == ["ending"]
    assert warned.next_due() == NOW  # what is to be told is due at once
    quiet = warned.model_copy(update={"untold": ()})
    assert quiet.next_due() == NOW + 9 * DAY
    assert pairings.on_due("p", quiet, NOW + DAY) is None
    over = seen(quiet, NOW + 9 * DAY)
    assert told(over) == ["ended"]
    assert over.untold[0].n == 2
    assert over.model_copy(update={"untold": ()}).next_due() is None
    assert pairings.on_due("p", over, NOW + 99 * DAY) is None


def test_an_end_that_nobody_was_there_for_is_told_without_its_warning() -> None:
    assert told(seen(pairing(), NOW + 10 * DAY)) == ["ended"]


@pytest.mark.parametrize(("over", "facts"), [(False, ["ended"]), (True, [])])
def test_ended_early_or_after_its_term_it_is_told_as_ended_once(
    over: bool, facts: list[str]
) -> None:
    state = pairing(giver_summary=SAID, taker_summary=SAID, over=over, warned=True)
    ended = pairings.end(state, "p", ReasonBody(reason="done"), ADMIN, NOW).state
    assert told(ended) == facts
    assert ended.due() is None


@pytest.mark.parametrize(
    ("days", "status"), [(-10, "coming"), (0, "in_force"), (9, "over"), (99, "over")]
)
def test_the_status_follows_the_time(days: int, status: str) -> None:
    assert status_at(pairing(), NOW + days * DAY) == status


def task(**changes: Any) -> AssignmentState:
    state = AssignmentState(
        kind="survey",
        assigner=A,
        receiver=B,
        units=(),
        line=LineOfCommand.PLACE,
        words="sealed",
        residents_of=None,
        until=NOW + 5 * DAY,
        lines=(
            Line(id="1", source="fiscal", fen=100, by=NOW + DAY),
            Line(id="2", source="fiscal", fen=100, by=NOW + 9 * DAY),
        ),
        resources=(),
        no_cost_reason=None,
    )
    return settled(state.model_copy(update=changes))


def paid(line: str, fen: int) -> Payment:
    return Payment(id=f"{line}-{fen}", line=line, fen=fen, at=NOW, paid_by="me")


def test_money_late_and_a_task_overdue_are_each_told_once() -> None:
    state = task(payments=(paid("1", 30),))
    assert state.next_due() == state.unpaid_by == NOW + DAY
    assert assignments.on_due("t", state, NOW) is None
    decision = assignments.on_due("t", state, NOW + DAY)
    assert decision is not None
    late = decision.state
    assert told(late) == ["funds_overdue"]
    assert late.untold[0].data["missing_yuan"] == 0.7
    quiet = late.model_copy(update={"untold": ()})
    assert quiet.next_due() == NOW + 5 * DAY
    decision = assignments.on_due("t", quiet, NOW + 20 * DAY)
    assert decision is not None
    assert told(decision.state) == ["overdue", "funds_overdue"]
    assert decision.state.untold[1].data["line"] == "2"
    assert decision.state.model_copy(update={"untold": ()}).next_due() is None


@pytest.mark.parametrize(
    ("changes", "due", "unpaid"),
    [
        ({"payments": (paid("1", 100),)}, 5, 9),
        ({"payments": (paid("1", 100), paid("2", 100))}, 5, None),
        ({"status": "done"}, 1, 1),  # money promised is still owed
        ({"status": "returned"}, None, None),
        ({"status": "cancelled"}, None, None),
    ],
)
def test_what_is_owed_follows_payments_and_status(
    changes: dict[str, Any], due: int | None, unpaid: int | None
) -> None:
    state = task(**changes)
    assert state.next_due() == (due and NOW + due * DAY)
    assert state.unpaid_by == (unpaid and NOW + unpaid * DAY)


def test_facts_are_numbered_through() -> None:
    fact = AssignmentOverdue(assignment_id="t", assigner="a", receiver="b", until=NOW)
    twice = telling(telling(task(), NOW, fact), NOW, fact, fact)
    assert [one.n for one in twice.untold] == [1, 2, 3]
    assert twice.told == 3
