"""Replays: publish from the journal again, for one subject, since a time, or a whole topic.

What is published again is the same to the last byte, so that consumers skip what they know.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.control import ReplayRequested
from shared.contracts.envelope import Invalid, decode
from shared.contracts.ids import uuid7
from shared.messaging.consumer import Records
from shared.messaging.journal import Journal, outgoing
from shared.messaging.leases import Leases
from shared.messaging.producer import Publisher
from shared.storage.client import ASCENDING, UNREACHABLE, Database, Document
from shared.telemetry import EVENTS_PUBLISHED

log = logging.getLogger(__name__)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_IDLE_SECONDS = 0.5
LATE = timedelta(minutes=1)
"""An entry is in the journal at most so long after the time that it bears."""


class Replays:
    """Replay jobs of one service, kept in its database, so that a restart goes on with them."""

    def __init__(
        self, database: Database, journal: Journal, publisher: Publisher, leases: Leases
    ) -> None:
        self._jobs = database["replays"]
        self._journal = journal
        self._publisher = publisher
        self._leases = leases

    async def begin(
        self,
        topics: Sequence[str] | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cause: str = "replay",
    ) -> Document:
        """Order a replay of what was published in a span; the leader's `run` carries it out.

        What is in the span now is published at once; where the span ends later, what came to the
        journal meanwhile is once it has.

        Returns:
            The job: `_id topics since until cause published total state` (waiting, done).
        """
        until = until or datetime.now(UTC)
        since = since or _LONG_AGO
        chosen = list(topics) if topics is not None else await self._journal.topics()
        job: Document = {
            "_id": uuid7(),
            "topics": chosen,
            "since": since,
            "until": until,
            "cause": cause,
            "published": 0,
            "total": await self._journal.count(chosen, since, until),
            "state": "waiting",
        }
        await self._jobs.insert_one(job)
        return job

    async def find(self, id: str) -> Document | None:
        """A job, or None."""
        return await self._jobs.find_one({"_id": id})

    async def run(self) -> None:
        """Carry out jobs for ever, oldest first."""
        while True:
            try:
                due = {"state": "waiting", "not_before": {"$not": {"$gt": datetime.now(UTC)}}}
                job = (
                    await self._jobs.find_one(due, sort=[("_id", ASCENDING)])
                    if self._leases.leads
                    else None
                )
                if job is not None:
                    await self._carry_out(job)
                    continue
            except UNREACHABLE as error:
                log.warning("replays wait for the database", extra={"error": repr(error)})
            await asyncio.sleep(_IDLE_SECONDS)

    async def _carry_out(self, job: Document) -> None:
        began = datetime.now(UTC)
        published = job["published"]
        for topic in job["topics"]:
            async for entries in self._journal.walk(topic, job["since"], job["until"]):
                await self.publish(entries, job["cause"])
                published += len(entries)
                await self._jobs.update_one({"_id": job["_id"]}, {"$set": {"published": published}})
        change: Document = {"state": "done"}
        if job["until"] > began:
            change = {"since": max(job["since"], began - LATE), "not_before": job["until"]}
        await self._jobs.update_one({"_id": job["_id"]}, {"$set": change})
        log.warning(
            "published again from the journal",
            extra={"events": published, "topics": job["topics"], "cause": job["cause"]},
        )

    async def publish(self, entries: Sequence[Document], cause: str) -> None:
        """Publish journal entries again, in order, however long the broker is away."""
        pause = 0.2
        while True:
            results = await self._publisher.publish([outgoing(entry) for entry in entries])
            failure = next((r for r in results if isinstance(r, Exception)), None)
            if failure is None:
                break
            log.warning("a replay waits for the broker", extra={"error": repr(failure)})
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
        for entry in entries[:1]:
            EVENTS_PUBLISHED.labels(entry["topic"], cause).inc(len(entries))

    async def answer(self, _topic: str, records: Records) -> None:
        """Process records of `lianxin.replays`: publish what others miss of this service."""
        for record in records:
            try:
                event = decode(record.value, record.headers)
            except Invalid as error:
                log.warning("a replay request is not valid", extra={"reason": error.reason})
                continue
            asked: Any = event.data
            if not isinstance(asked, ReplayRequested):
                continue
            while True:
                try:
                    entries = await self._journal.of_subject(
                        asked.source, asked.subject, asked.from_sequence
                    )
                    break
                except UNREACHABLE as error:
                    log.warning("replays wait for the database", extra={"error": repr(error)})
                    await asyncio.sleep(1)
            if entries:
                await self.publish(entries, "asked")
