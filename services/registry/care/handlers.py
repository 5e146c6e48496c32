"""A visit that was made as a task in dispatch is done here too (decisions/0017)."""

from collections.abc import Callable
from typing import Any

from services.registry.care.decisions import OPEN, Care, visited
from services.registry.care.table import CareRules
from services.registry.listening import Heard
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.ids import care_round
from shared.contracts.tasks import TaskCompleted
from shared.messaging.processor import Refused
from shared.storage.aggregates import AggregateStore, Decision


def target(event: Event) -> str | None:
    """The round of care that a task's fact is about; None for a request's."""
    return care_round(event.partition_key)


def heard(store: AggregateStore[Care], rules: Callable[[], CareRules]) -> Heard:
    """What the registry hears of tasks: that visits were made."""

    def on_task_completed(state: Care | None, event: Event, _context: Any) -> Decision[Care] | None:
        """The visit was made; None where it was recorded here, or the mark taken away, before."""
        assert isinstance(event.data, TaskCompleted)
        if state is None:
            raise Refused("this round of care is not known here; restore its data, then replay")
        if state.stage not in OPEN:
            return None
        at = event.data.completed_at or event.time
        return visited(state, at, rules().by_code.get(state.kind), at, event.data.assignee)

    return Heard(topics.TASKS, store, target, {TaskCompleted: on_task_completed})
