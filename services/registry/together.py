"""What the running service does by itself for pairings, assigned tasks and plans."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.registry.assignments.decisions import on_due as assignment_due
from services.registry.commands import Registry
from services.registry.pairings.decisions import on_due as pairing_due
from services.registry.plans.decisions import observe
from services.registry.plans.progress import progress_of
from services.registry.plans.state import PlanState
from services.registry.plans.table import PlanTable
from services.registry.watch import Facts, OnDue, Watch
from shared.messaging.runtime import Runtime
from shared.storage.aggregates import Decision


def add_watches(runtime: Runtime, registry: Registry, facts: Facts) -> None:
    """Watch what is due while running: ends of terms, dates of tasks and money, plans' progress."""

    async def plan_due(id: str, state: PlanState, now: datetime) -> Decision[PlanState] | None:
        rules = registry.tables.get(PlanTable)
        counted = await registry.plans.counted(id, state)
        return observe(id, state, progress_of(state, counted, now, rules), now, rules)

    for store, on_due in (
        (registry.pairings.store, _pure(pairing_due)),
        (registry.assignments.store, _pure(assignment_due)),
        (registry.plans.store, plan_due),
    ):
        watch: Watch[Any] = Watch(store, on_due, facts, runtime.leases)
        runtime.add_work(f"{store.collection.name} watch", watch.run)


def _pure(decide: Callable[[str, Any, datetime], Decision[Any] | None]) -> OnDue[Any]:
    async def on_due(id: str, state: Any, now: datetime) -> Decision[Any] | None:
        return decide(id, state, now)

    return on_due
