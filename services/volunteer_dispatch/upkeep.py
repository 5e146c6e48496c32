"""Stored documents are brought up to date in the background: their computed fields.

Queries look at computed fields (`TaskState.units`, `column` ...) as they were when a document was
last written. A new program that computes others would find old tasks only after their next write.
Each document says which program computed its fields (`state.shape`); an index finds those of older
ones, written before the upgrade or by a replica that still runs the old program. Each replica
does its own shards, some at a time; a write is conditional on the version read, so that whoever
changes the task meanwhile wins, and does not move the version: nobody's `ETag` goes stale.
"""

import asyncio
import logging
from collections.abc import Sequence

from pydantic import ValidationError

from services.volunteer_dispatch.service.state import SHAPE, TaskState
from shared.messaging.leases import Leases
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, UNREACHABLE, Document, UpdateOne

log = logging.getLogger(__name__)

_BATCH = 200
_PAUSE_SECONDS = 0.05
"""Between batches: people's writes go first."""
_IDLE_SECONDS = 10.0
_COMPUTED = tuple(TaskState.model_computed_fields)
_OLD: Document = {
    "state.shape": {"$in": [None, *range(1, SHAPE)]},
    "state.task_id": {"$gt": ""},  # some have no state yet
}
"""Newer ones are left alone, should an older program be started again."""


class Upkeep:
    """The loop."""

    def __init__(self, store: AggregateStore[TaskState], leases: Leases) -> None:
        self._tasks = store.collection
        self._store = store
        self._leases = leases

    async def create_indexes(self) -> None:
        """One index; a document's entry in it never moves."""
        await self._tasks.create_index(
            [("state.shape", ASCENDING), ("shard", ASCENDING)], name="shape"
        )

    async def run(self) -> None:
        """Look for old documents, for ever: an old replica may still write some."""
        first = True
        while True:
            try:
                mine = self._leases.mine
                done = 0
                if mine and first:
                    done += await self.renew(mine, waiting=True)
                    first = False
                done += await self.renew(mine)
                if done:
                    log.info("documents brought up to date", extra={"number": done})
            except UNREACHABLE as error:
                log.warning("upkeep waits for the database", extra={"error": repr(error)})
            # Just started, it has no shards yet.
            await asyncio.sleep(_IDLE_SECONDS if self._leases.mine else 1.0)

    async def renew(self, shards: Sequence[int], *, waiting: bool = False) -> int:
        """Bring the old documents of `shards` up to date, in one pass; how many.

        With `waiting` only those that wait for a timer: what is open, which people look at.
        """
        query = {**_OLD, "shard": {"$in": list(shards)}}
        if waiting:
            query["next_due"] = {"$exists": True}
        cursor = self._tasks.find(query, {"version": 1, "state": 1})
        cursor = cursor.hint("due" if waiting else "shape").batch_size(_BATCH)
        number = 0
        while documents := await cursor.to_list(_BATCH):
            changes = [change for document in documents if (change := _change(document))]
            if changes:
                result = await self._tasks.bulk_write(changes, ordered=False)
                number += int(result.modified_count)
            await asyncio.sleep(_PAUSE_SECONDS)
        return number


def _change(document: Document) -> UpdateOne | None:
    try:
        state = TaskState.model_validate(document["state"])
    except ValidationError:
        # Whoever needs this task will stumble over it; the others are not to wait for that.
        log.exception("a stored task cannot be read", extra={"id": document["_id"]})
        return None
    computed = state.model_dump(include=set(_COMPUTED))
    return UpdateOne(
        {"_id": document["_id"], "version": document["version"]},
        {"$set": {f"state.{name}": value for name, value in computed.items()}},
    )
