"""A care visit that is due is a task of the grid team, and over with the registry's word."""

from datetime import timedelta

import pytest

from services.assessment import handlers as assessment
from services.request_intake import handlers as intake
from services.volunteer_dispatch import handlers
from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import care
from shared.contracts.envelope import Event
from shared.contracts.ids import care_request_id, care_round, lead_task_id
from shared.contracts.payload import Payload
from shared.messaging.processor import Refused
from tests.unit.services.volunteer_dispatch.city import (
    DAY,
    HOUR,
    NOON,
    PATH,
    accepted,
    context,
    event,
    handle,
    held,
    names,
    payload_of,
)

ROUND, MARK = "m1-2", {"care_id": "m1", "round": 2, "grid_id": "g1", "area_path": PATH}
DUE = care.CareDue.model_validate(MARK | {"due_at": NOON, "overdue_at": NOON + 7 * DAY})
OVERDUE = care.CareOverdue.model_validate(MARK | {"due_at": NOON})
DONE = care.CareDone.model_validate(MARK | {"at": NOON, "next_due_at": NOON + 30 * DAY})
ENDED = care.CareEnded.model_validate(MARK)


def told(data: Payload, sequence: int = 2) -> Event:
    return event(data, subject=ROUND)._replace(sequence=sequence)


@pytest.fixture
def due() -> TaskState:
    return handle(None, told(DUE, 1)).state


def test_the_grid_team_has_until_the_registry_calls_the_visit_overdue() -> None:
    decision = handle(None, told(DUE, 1))
    task = decision.state
    assert names(decision) == ["TaskCreated", "TaskAssigned"]
    assert (task.category, held(task)) == ("care_visit", "grid_team:g1")
    assert task.deadline == DUE.overdue_at
    assert task.request_id == care_request_id(ROUND)
    assert care_round(task.request_id) == ROUND
    assert (task.task_id, task.words, task.point) == (lead_task_id(task.request_id), (), None)
    late = on_due(task, context(NOON + 7 * DAY))
    assert late is not None
    assert "TaskOverdue" in names(late)
    # Told once more, it is there.
    assert handlers.on_care_due(task, told(DUE, 1), context()) is None


@pytest.mark.parametrize("over", [DONE, ENDED])
def test_the_registrys_word_ends_the_task_without_work_by_its_holder(
    due: TaskState, over: Payload
) -> None:
    decision = handle(commands.accept(due).state, told(over))
    assert (decision.state.status, names(decision)) == (Status.CLOSED, [])
    assert decision.state.next_due() is None
    assert handlers.on_care_over(decision.state, told(over), context()) is None


def test_a_visit_completed_here_asks_nobody_and_stays_as_it_is(due: TaskState) -> None:
    at = NOON + HOUR
    done = commands.complete(commands.accept(due).state, "已走访", at, "x", context(at))
    [completed] = [payload_of(item) for item in done.events]
    assert (completed.ask_resident, completed.in_time) == (False, True)
    assert handlers.on_care_over(done.state, told(DONE), context()) is None
    assert done.state.status is Status.COMPLETED


def test_nobody_can_be_asked_about_a_visit(due: TaskState) -> None:
    taken = commands.accept(due).state
    assert "wait-for-resident" not in commands_of(taken)
    with pytest.raises(Ruled, match="nobody-to-ask"):
        commands.wait(taken, "在家吗", context(NOON + timedelta(hours=1)))


def test_a_visit_made_before_it_was_due_is_no_task() -> None:
    for data in (DONE, ENDED):
        assert handlers.target(told(data, 1)) is None
        assert handlers.target(told(data)) == lead_task_id(care_request_id(ROUND))
    assert handlers.target(told(DUE, 1)) == lead_task_id(care_request_id(ROUND))
    with pytest.raises(Refused, match="begins it"):  # a lost care.due is seen
        handlers.on_care_over(None, told(DONE), context())


def test_a_visit_is_neither_a_request_nor_a_case_of_assessment(due: TaskState) -> None:
    for target in (intake.target, assessment.target):
        for request_id, expected in ((due.request_id, None), ("r1", "r1")):
            assigned = event(accepted(), subject=lead_task_id(request_id))
            fact = assigned._replace(type="lianxin.task.assigned.v1", partition_key=request_id)
            assert target(fact) == expected
