"""The keeper: releases what waits, asks for what is missing, publishes dead letters.

One replica of a service does it (the one that leads); each step can be done twice without harm.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from shared.contracts import topics
from shared.contracts.control import ReplayRequested
from shared.contracts.envelope import Event, Invalid, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Kind
from shared.messaging.dead_letters import DeadLetters, raw_of, unit_of
from shared.messaging.leases import Leases
from shared.messaging.processor import Outcome, Processor, Received
from shared.messaging.producer import Outgoing, Publisher
from shared.settings import Settings
from shared.storage.client import Document
from shared.telemetry import REPLAYS_REQUESTED

log = logging.getLogger(__name__)

_EVERY_SECONDS = 0.5
_MEASURE_SECONDS = 3.0
_AT_ONCE = 1000
_ASK_AGAIN_AT_MOST_SECONDS = 60.0

_DONE = (Outcome.APPLIED, Outcome.DUPLICATE, Outcome.NEWER, Outcome.SKIPPED)


class Keeper:
    """Keeps the waiting and the dead letters of one service moving."""

    def __init__(
        self,
        processor: Processor[Any, Any],
        dead_letters: DeadLetters,
        publisher: Publisher,
        leases: Leases,
        settings: Settings,
    ) -> None:
        self._processor = processor
        self._dead_letters = dead_letters
        self._publisher = publisher
        self._leases = leases
        self._settings = settings
        self._nudged = asyncio.Event()
        self._next_measure = 0.0
        self._after: str | None = None
        """Inbox key up to which the waiting were tried in this round."""
        processor.on_dead_letter = self._nudged.set

    async def run(self) -> None:
        """Keep for ever."""
        while True:
            await self._processor.patiently(self._once)
            try:
                async with asyncio.timeout(_EVERY_SECONDS):
                    await self._nudged.wait()
            except TimeoutError:
                pass

    async def _once(self) -> None:
        # Dead letters are published by whoever made them; the leader looks after the others'.
        if self._nudged.is_set() or self._leases.leads:
            self._nudged.clear()
            await self._publish()
        if self._leases.leads:
            waiting = await self._dead_letters.waiting(_AT_ONCE, self._after)
            # In rounds: those that go on waiting must not hide the ones behind them.
            self._after = waiting[-1]["inbox_key"] if len(waiting) == _AT_ONCE else None
            await self._release(waiting)
        if time.monotonic() >= self._next_measure:
            self._next_measure = time.monotonic() + _MEASURE_SECONDS
            await self._dead_letters.measure()

    async def _publish(self) -> None:
        documents = await self._dead_letters.unpublished(100)
        if not documents:
            return
        results = await self._publisher.publish(
            [self._dead_letters.outgoing(document) for document in documents]
        )
        done = [
            document["_id"]
            for document, result in zip(documents, results, strict=True)
            if not isinstance(result, Exception)
        ]
        await self._dead_letters.published(done)

    async def _release(self, documents: Sequence[Document]) -> None:
        for _, group in groupby(documents, key=lambda d: d["inbox_key"] or d["_id"]):
            await self._release_subject(list(group))

    async def _release_subject(self, documents: list[Document]) -> None:
        received: list[tuple[Document, Received]] = []
        for document in documents:
            raw = raw_of(document)
            try:
                event = self._processor.read(raw)
            except Invalid as invalid:
                if not document.get("skip"):
                    id = document["_id"]
                    await self._dead_letters.bury([id], invalid.code, invalid.reason)
                    break  # what follows of this subject stays behind it
                event = _unread(document)
            received.append((document, Received(event, raw, skip=document.get("skip", False))))
        snapshots = [fact for _, fact in received if _is_snapshot(fact.event)]
        if snapshots:
            await self._processor.project(snapshots)
        facts = [fact for _, fact in received if not _is_snapshot(fact.event)]
        # What was kept already cannot be dead-lettered wholesale: failures here stop nothing.
        await self._processor.apply(facts, counted=False)
        await self._dead_letters.remove(
            [document["_id"] for document, fact in received if fact.outcome in _DONE]
        )
        gaps: list[tuple[Document, Event]] = []
        for document, fact in received:
            if fact.outcome in (Outcome.FAILED, Outcome.REFUSED):
                await self._dead_letters.bury([document["_id"]], fact.outcome, fact.reason)
            elif fact.outcome is Outcome.GAP:
                gaps.append((document, fact.event))
        if gaps:
            await self._mind_gap(gaps)

    async def _mind_gap(self, gaps: list[tuple[Document, Event]]) -> None:
        """Behind a dead letter: dead too. Else ask for what is missing, again and again; a unit
        may not be able to answer, so that its gap is a dead letter after a bound."""
        document, event = gaps[0]
        ids = [gap["_id"] for gap, _ in gaps]
        parked = await self._dead_letters.parked([document["inbox_key"]])
        if first := parked.get(document["inbox_key"]):
            await self._dead_letters.bury(ids, "behind", f"behind {first}")
            return
        settings = self._settings
        now = datetime.now(UTC)
        since = document.get("released_at") or document["seen_at"]
        waited = (now - since).total_seconds()
        if unit_of(event.source) is not None and waited > settings.gap_bound_seconds:
            reason = (
                f"sequence {event.sequence} of this subject came, but one before it never did; "
                "send what is missing, then replay this"
            )
            await self._dead_letters.bury(ids[:1], "gap", reason)
            await self._dead_letters.bury(ids[1:], "behind", f"behind {ids[0]}")
            return
        pause = min(settings.gap_grace_seconds * 2 ** document["asked"], _ASK_AGAIN_AT_MOST_SECONDS)
        asked = document.get("asked_at") or document["seen_at"]
        if (now - asked).total_seconds() >= pause:
            await self._ask(event)
            await self._dead_letters.asked(ids[:1])

    async def _ask(self, event: Event) -> None:
        last = await self._processor.last_applied(event)
        request = Event(
            id=uuid7(),
            source=self._settings.source,
            type=ReplayRequested.full_type(),
            subject=event.subject,
            sequence=1,
            time=datetime.now(UTC),
            partition_key=event.subject,
            trace_parent=event.trace_parent,
            data=ReplayRequested(
                source=event.source,
                subject=event.subject,
                from_sequence=last + 1,
                asked_by=self._settings.source,
            ),
        )
        await self._publisher.publish([Outgoing(topics.REPLAYS.name, *encode(request))])
        REPLAYS_REQUESTED.inc()
        log.info(
            "asked for a missing sequence",
            extra={"source": event.source, "subject": event.subject, "from": last + 1},
        )


def _unread(document: Document) -> Event:
    """The place in the order of a record that cannot be read and is to be skipped."""
    headers = {name: value for name, value in document["headers"] if value is not None}
    key = headers.get("ce_partitionkey", b"").decode(errors="replace")
    return Event(
        id=document["_id"],
        source=document["source"],
        type=document["type"],
        subject=document["subject"],
        sequence=document["sequence"],
        time=document["seen_at"],
        partition_key=key or document["subject"],
        trace_parent=None,
        data=None,
    )


def _is_snapshot(event: Event) -> bool:
    return event.data is not None and event.data.KIND is Kind.SNAPSHOT
