"""What the rounds of care tell, and what becomes of a visit that dispatch tells of."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from services.registry.care import decisions, handlers
from services.registry.care.decisions import Care, Where, mark_for_care, on_due, round_id
from services.registry.care.table import CareKind, CareRules
from shared.contracts.care import CareDone, CareDue, CareEnded
from shared.contracts.envelope import Event
from shared.contracts.ids import care_request_id
from shared.contracts.payload import Payload
from shared.contracts.tasks import Assignee, TaskCompleted
from shared.contracts.words import AssigneeKind
from shared.messaging.processor import Refused
from shared.storage.aggregates import Decision

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOME = Where("g1", ("C", "S1"))
KIND = CareKind(code="hardship", zh="困难", en="hardship", every_days=30, overdue_after_days=7)
TEAM = Assignee(kind=AssigneeKind.GRID_TEAM, id="g1", organization_id="o1")
VOLUNTEER = Assignee(kind=AssigneeKind.VOLUNTEER, id="p2", unit_id="u2", organization_id="o2")


def due() -> Care:
    marked = mark_for_care("m", "p1", HOME, KIND, None, NOW).state
    decision = on_due(marked, NOW, HOME)
    assert decision is not None
    return decision.state


def told(decision: Decision[Care] | None) -> list[type]:
    assert decision is not None
    return [type(event) for event in decision.events]


def completed(by: Assignee, at: datetime) -> Event:
    request_id = care_request_id(round_id("m", 1))
    data: Payload = TaskCompleted(
        task_id="t", request_id=request_id, assignee=by, round=1, completed_at=at
    )
    return Event("e", "/services/volunteer-dispatch", data.full_type(), "t", 3, NOW, request_id,
                 None, data)  # fmt: skip


HEARD = handlers.heard(SimpleNamespace(), lambda: CareRules(kinds=(KIND,)))  # type: ignore[arg-type]
ON_COMPLETED = HEARD.facts[TaskCompleted]


def test_a_mark_that_is_taken_away_says_so_after_its_visit_was_due() -> None:
    [event] = decisions.end(due(), "已脱困").events  # type: ignore[union-attr]
    assert isinstance(event, CareEnded)
    assert (event.care_id, event.round, event.grid_id) == ("m", 1, "g1")
    retired = on_due(due(), NOW, HOME._replace(retired=True))
    assert told(retired) == [CareEnded]
    assert retired is not None
    assert decisions.end(retired.state, "again") is None
    assert told(on_due(mark_for_care("m", "p1", HOME, KIND, None, NOW).state, NOW, HOME)) == [
        CareDue
    ]


@pytest.mark.parametrize(("by", "person"), [(TEAM, None), (VOLUNTEER, "p2")])
def test_a_task_completed_in_dispatch_is_the_rounds_visit(by: Assignee, person: str | None) -> None:
    at = NOW + DAY
    fact = completed(by, at)
    assert handlers.target(fact) == round_id("m", 1)
    done = ON_COMPLETED(due(), fact, None)
    assert told(done) == [CareDone]
    assert done is not None
    state = done.state
    assert (state.stage, state.done_at, state.following) == ("done", at, at)
    record = decisions.record_of(round_id("m", 1), state, by)
    assert (record.work, record.at, record.person_id) == ("care_visit", at, person)
    assert (record.organization_id, record.area_path) == (by.organization_id, ("C", "S1"))
    following = decisions.successor(state, HOME, KIND)
    assert following is not None
    assert (following.state.round, following.state.visited_by) == (2, None)


def test_what_is_over_is_not_done_again() -> None:
    fact = completed(TEAM, NOW)
    recorded = decisions.visited(due(), NOW, KIND, NOW)
    ended = decisions.end(due(), "x")
    for over in (recorded, ended):
        assert over is not None
        assert ON_COMPLETED(over.state, fact, None) is None
    with pytest.raises(Refused, match="not known"):
        ON_COMPLETED(None, fact, None)
