"""Leased shards: the replicas of a service share the relay's and the timers' work.

A lease is a convenience, not a lock: should two replicas hold one for a moment, an event is
published twice and a timer meets a version conflict, and both are harmless.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from shared.storage.aggregates import SHARDS
from shared.storage.client import Database, DuplicateKeyError

log = logging.getLogger(__name__)

LEASE_SECONDS = 5.0
_BEAT_SECONDS = 1.5


class Leases:
    """The shards that this replica works on (`mine`), kept up by `run`."""

    def __init__(self, database: Database, replica: str) -> None:
        self._leases = database["leases"]
        self._replicas = database["replicas"]
        self._replica = replica
        self._until = datetime.min.replace(tzinfo=UTC)
        self._mine: list[int] = []

    @property
    def mine(self) -> list[int]:
        """Shards leased now; none once the lease ran out without a beat."""
        return self._mine if datetime.now(UTC) < self._until else []

    @property
    def alone(self) -> bool:
        """Whether this replica works on all shards."""
        return len(self.mine) == SHARDS

    @property
    def leads(self) -> bool:
        """Whether this replica does what only one needs to do: it holds shard 0."""
        return 0 in self.mine

    async def beat(self) -> None:
        """Renew, give up what is above the fair share, take what is free."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=LEASE_SECONDS)
        await self._replicas.update_one({"_id": self._replica}, {"$set": {"seen": now}}, True)
        stale = now - timedelta(seconds=LEASE_SECONDS)
        live = await self._replicas.count_documents({"seen": {"$gte": stale}})
        share = -(-SHARDS // max(live, 1))
        await self._leases.update_many({"owner": self._replica}, {"$set": {"until": until}})
        held = sorted(
            [
                lease["_id"]
                async for lease in self._leases.find({"owner": self._replica, "until": until})
            ]
        )
        for shard in held[share:]:
            await self._leases.update_one(
                # Nobody's: else the next beat would renew it before another replica took it.
                {"_id": shard, "owner": self._replica},
                {"$set": {"until": stale, "owner": None}},
            )
        held = held[:share]
        if len(held) < share:
            held += await self._take(share - len(held), now, until, held)
        self._mine, self._until = held, until

    async def _take(
        self, wanted: int, now: datetime, until: datetime, held: list[int]
    ) -> list[int]:
        taken: list[int] = []
        there = {lease["_id"]: lease async for lease in self._leases.find({})}
        for shard in range(SHARDS):
            if len(taken) == wanted:
                break
            if shard in held or (shard in there and there[shard]["until"] >= now):
                continue
            try:
                result = await self._leases.update_one(
                    {"_id": shard, "until": {"$lt": now}},
                    {"$set": {"owner": self._replica, "until": until}},
                    upsert=shard not in there,
                )
            except DuplicateKeyError:  # another replica made it just now
                continue
            if result.matched_count or result.upserted_id is not None:
                taken.append(shard)
        return taken

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await self.beat()
            await asyncio.sleep(_BEAT_SECONDS)

    async def release(self) -> None:
        """Give everything back at once, so that others need not wait."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        await self._leases.update_many({"owner": self._replica}, {"$set": {"until": past}})
        await self._replicas.delete_one({"_id": self._replica})
        self._mine = []
