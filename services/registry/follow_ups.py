"""Follow-ups: work that spans two documents is finished after whatever broke it off.

The document that the work began in says since when it waits (a field of its state); the leading
replica finishes what has waited for some seconds. Each step may be done again without harm.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.messaging.leases import Leases
from shared.spans import moment
from shared.storage.client import ASCENDING, UNREACHABLE, Collection
from shared.storage.loops import for_ever

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_AFTER = timedelta(seconds=3)
"""So long the call that began the work has to finish it."""
_BATCH = 100
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class FollowUp(NamedTuple):
    """Documents of `collection` whose `field` is a time wait for `settle(id)`."""

    collection: Collection
    field: str
    settle: Callable[[str], Awaitable[None]]

    async def create_index(self) -> None:
        """The index of those that wait: the others are not in it."""
        waiting = {self.field: {"$gt": _EVER}}
        await self.collection.create_index(
            [(self.field, ASCENDING)], name="waiting", partialFilterExpression=waiting
        )

    async def due(self, now: datetime) -> list[str]:
        """Ids of up to 100 that have waited, the longest first."""
        found = self.collection.find({self.field: {"$gt": _EVER, "$lte": now - _AFTER}}, {"_id": 1})
        documents = await found.sort([(self.field, ASCENDING)]).limit(_BATCH).to_list(None)
        return [document["_id"] for document in documents]


async def follow_up(follow_ups: list[FollowUp], leases: Leases) -> None:
    """Finish what waits, for ever, while this replica leads."""

    async def step() -> None:
        await finish(follow_ups, moment())

    await for_ever(
        step, _PAUSE_SECONDS, "follow-ups wait for the database", when=lambda: leases.leads
    )


async def finish(follow_ups: list[FollowUp], now: datetime) -> int:
    """Finish what has waited since some seconds before `now`; how many were settled."""
    done = 0
    for one in follow_ups:
        for id in await one.due(now):
            try:
                await one.settle(id)
                done += 1
            except UNREACHABLE:
                raise
            except Exception:
                # It goes on waiting, where it is seen; the others are finished.
                log.exception("a follow-up failed", extra={"id": id})
    return done
