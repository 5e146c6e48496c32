"""Durable timers: an aggregate's state says when it is next due; this loop makes it act.

A timer fires by one conditional write on its aggregate, so that it has its effect once, whichever
replicas live, and after any restart.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Generic

from shared.messaging.leases import Leases
from shared.storage.aggregates import AggregateStore, Decision, S
from shared.storage.client import ASCENDING
from shared.storage.loops import for_ever
from shared.telemetry import TIMERS_FIRED, TIMERS_OVERDUE

log = logging.getLogger(__name__)

_BATCH = 200
_IDLE_SECONDS = 0.5
_LATE_SECONDS = 2.0
_late: dict[str, int] = {}
"""Late timers of each collection: a process has a loop for each, and one gauge."""

OnDue = Callable[[S, datetime], Decision[S] | None]
"""`(state, now) -> decision`, pure; None where nothing is due any more."""


class Timers(Generic[S]):
    """The timers of one collection of aggregates."""

    def __init__(self, store: AggregateStore[S], on_due: OnDue[S], leases: Leases) -> None:
        self._store = store
        self._on_due = on_due
        self._leases = leases

    async def run(self) -> None:
        """Fire what is due, for ever."""
        await for_ever(self._step, _IDLE_SECONDS, "timers wait for the database")

    async def _step(self) -> bool:
        return await self.fire(datetime.now(UTC)) >= _BATCH

    async def deciding(self, states: Sequence[S]) -> OnDue[S]:
        """What decides on a batch; overridden where it looks at more than each state."""
        return self._on_due

    async def fire(self, now: datetime) -> int:
        """Fire one batch of the timers due at `now` in the shards leased; how many fired."""
        shards = self._leases.mine
        if not shards:
            return 0
        due = (
            await self._store.collection.find(
                {"next_due": {"$lte": now}, "shard": {"$in": shards}},
                {"_id": 1, "next_due": 1},
            )
            .sort([("next_due", ASCENDING)])
            .limit(_BATCH)
            .to_list(None)
        )
        late = [d for d in due if (now - d["next_due"]).total_seconds() > _LATE_SECONDS]
        _late[self._store.collection.name] = len(late)
        TIMERS_OVERDUE.set(sum(_late.values()))
        if not due:
            return 0
        aggregates = await self._store.get_many([document["_id"] for document in due])
        states = [one.state for one in aggregates.values() if one.state is not None]
        on_due = await self.deciding(states)
        fired = []
        for aggregate in aggregates.values():
            if aggregate.state is None:
                continue
            try:
                decision = on_due(aggregate.state, now)
                if decision is not None:
                    self._store.record(aggregate, decision, by="timer")
                    fired.append(aggregate)
            except Exception:
                # It stays overdue, where it is seen; the others fire.
                log.exception("a timer failed", extra={"id": aggregate.id})
        # Where another writer was first, the timer is due again, or is not any more.
        await self._store.write(fired)
        TIMERS_FIRED.inc(len(fired))
        return len(fired)
