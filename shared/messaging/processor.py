"""From a partition's records to written documents: decode, gate, handle, write, in batches.

A service says what it consumes with `Consumes`; its handlers are pure. What a handler may look
at besides state and event is fetched before, for the whole batch, by `prepare`.
"""

import asyncio
import logging
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from aiokafka.structs import ConsumerRecord

from shared.contracts import topics
from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event, Invalid, decode
from shared.contracts.payload import Kind, Payload
from shared.messaging.dead_letters import Address, DeadLetters, Raw, Status, unit_of
from shared.messaging.gate import Admission, admit, inbox_key
from shared.messaging.together import Together
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Contended, Decision, S, Seen
from shared.storage.client import (
    DUPLICATE_KEY,
    UNREACHABLE,
    BulkWriteError,
    Database,
    Document,
    InsertOne,
    UpdateOne,
)
from shared.telemetry import EVENTS_CONSUMED, HANDLER_RETRIES, HANDLER_SECONDS, trace_id_of

log = logging.getLogger(__name__)

_CONFLICTS_IN_A_ROW = 20
_TOGETHER = 500
"""Facts of several partitions that are read and written in one piece."""

C = TypeVar("C")


class Refused(Exception):
    """A handler's word that an event cannot be right, whenever it is tried: a dead letter.

    The message is one sentence for the one who sent it.
    """


class NotYet(Refused):
    """Like `Refused`, but of something that may only be late: tried again a few times first."""


class TooManyFailures(Exception):
    """So many failures in a row that the fault is here; the service stops, nothing is lost."""


FactHandler = Callable[[S | None, Event, C], Decision[S] | None]
"""`(state, event, context) -> decision`, pure; None: nothing to do."""
SnapshotHandler = Callable[[Event], tuple[str, Document]]
"""`event -> (collection, document without _id)`, pure; `_id` is the event's subject."""


@dataclass(frozen=True)
class Consumes(Generic[S, C]):
    """What a service listens to and what becomes of it.

    Args:
        topics: names as in the contracts.
        store: the aggregates that facts are applied to.
        facts: handler by payload class; a fact without one only moves its place in the inbox.
        target: the aggregate that a fact belongs to, from its envelope and type alone; None: the
            fact is nothing to this service.
        prepare: fetches what the handlers of a batch look at.
        snapshots: handler by payload class; others are passed over.
        judges: topics whose undecodable records this service sends to the dead letters; on other
            topics it passes over what it cannot read, as another service tells of it.
        store_of: where facts belong to aggregates of several stores, the one of a fact, from its
            envelope and type alone; None: `store` has all.
    """

    topics: Sequence[str]
    store: AggregateStore[S]
    facts: Mapping[type[Payload], FactHandler[S, C]]
    target: Callable[[Event], str | None]
    prepare: Callable[[Sequence[Event]], Awaitable[C]]
    snapshots: Mapping[type[Payload], SnapshotHandler]
    judges: frozenset[str]
    store_of: Callable[[Event], AggregateStore[Any]] | None = None

    def store_for(self, event: Event) -> AggregateStore[Any]:
        """The store of the aggregate that a fact belongs to."""
        return self.store if self.store_of is None else self.store_of(event)


class Outcome(StrEnum):
    """What became of a fact."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    NEWER = "newer"
    """Of a version that this code does not know yet; its place in the order is kept."""
    SKIPPED = "skipped"
    GAP = "waiting"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True)
class Received:
    """An event in work."""

    event: Event
    raw: Raw
    outcome: Outcome = Outcome.SKIPPED
    reason: str = ""
    not_yet: bool = False
    """It failed for want of something that may be late."""
    skip: bool = False
    """A person said to count it as applied."""


class Processor(Generic[S, C]):
    """Applies records of one service; see the module."""

    def __init__(
        self,
        consumes: Consumes[S, C],
        database: Database,
        dead_letters: DeadLetters,
        settings: Settings,
    ) -> None:
        self.consumes = consumes
        self._database = database
        self._dead_letters = dead_letters
        self._settings = settings
        self._failures_in_a_row = 0
        self._together = Together(self._attempt, _TOGETHER)
        self.unreachable: str | None = None
        """Why the database is away, while it is; for readiness."""
        self.on_dead_letter: Callable[[], None] = lambda: None
        """Called when a dead letter is to be published."""

    async def process(self, topic: str, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        """Apply records of one partition of `topic`, in order, for good: when this returns, each
        is applied, skipped, waits in the database, or is a dead letter.

        Raises:
            TooManyFailures: the service must stop.
        """
        began = time.perf_counter()
        facts: list[Received] = []
        snapshots: list[Received] = []
        invalid: list[tuple[Raw, Invalid]] = []
        for record in records:
            raw = Raw.of(record, topic)
            try:
                event = self.read(raw)
            except Invalid as error:
                invalid.append((raw, error))
                continue
            if event.kind is Kind.SNAPSHOT:
                snapshots.append(Received(event, raw))
            else:
                facts.append(Received(event, raw))
        if invalid:
            await self.patiently(lambda: self._keep_invalid(topic, invalid))
        if snapshots:
            await self.patiently(lambda: self.project(snapshots))
        if facts:
            await self.apply(facts)
            await self.patiently(lambda: self._keep_unapplied(facts))
        for outcome, number in Tally(r.outcome for r in facts + snapshots).items():
            EVENTS_CONSUMED.labels(topic, outcome).inc(number)
        HANDLER_SECONDS.labels(topic).observe(time.perf_counter() - began)

    def read(self, raw: Raw) -> Event:
        """Decode a record and check that its type and source belong on its topic.

        Raises:
            Invalid: it is no event, or not one of this topic.
        """
        event = decode(raw.value, raw.headers, limit_bytes=self._settings.record_limit_bytes)
        topic = raw.place.topic
        if TOPIC_OF[event.type.rpartition(".v")[0]] != topic:
            raise Invalid("type", f"type {event.type!r} is not published on {topic}")
        if topic == topics.UNITS.name and unit_of(event.source) is None:
            raise Invalid("source", "ce_source must be /units/{your unit's id}")
        return event

    async def patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work`; again, for as long as it takes, while the database is away."""
        pause = 0.1
        while True:
            try:
                await work()
            except (*UNREACHABLE, Contended) as error:
                self.unreachable = repr(error)
                log.warning("the database is away; waiting", extra={"error": repr(error)})
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            else:
                self.unreachable = None
                return

    # Facts

    async def apply(self, facts: Sequence[Received], *, counted: bool = True) -> None:
        """Apply facts in order and note each one's outcome in it.

        A failing handler is tried again after each of `retry_seconds`; meanwhile the others of
        the batch are written. What stands behind a failure on the same aggregate waits for it.

        Args:
            counted: whether failures count towards stopping the service.
        """
        todo = list(facts)
        while todo:
            for pause in (*self._settings.retry_seconds, None):
                await self.patiently(lambda batch=todo: self._together.do(batch))  # type: ignore[misc]
                todo = [fact for fact in todo if fact.outcome is Outcome.FAILED]
                if pause is None or not todo:
                    break
                HANDLER_RETRIES.labels(todo[0].raw.place.topic).inc(len(todo))
                await asyncio.sleep(pause)
            # Those with a reason have failed for good; those without only stood behind one.
            for fact in todo:
                if fact.not_yet:
                    fact.outcome = Outcome.REFUSED
            if counted:
                failed = [fact for fact in todo if fact.reason and not fact.not_yet]
                self._count_failures(facts, failed)
            todo = [fact for fact in todo if not fact.reason]

    def _count_failures(self, facts: Sequence[Received], failed: Sequence[Received]) -> None:
        if any(fact.outcome is Outcome.APPLIED for fact in facts):
            self._failures_in_a_row = 0
        if failed:
            self._failures_in_a_row += len(failed)
        if self._failures_in_a_row >= self._settings.max_failures_in_a_row:
            raise TooManyFailures(
                f"{self._failures_in_a_row} events in a row failed, the last one with "
                f"{failed[-1].reason if failed else 'an earlier failure'}; nothing was lost: mend "
                "the handler or roll back, and start again"
            )

    async def _attempt(self, facts: Sequence[Received]) -> None:
        """Apply a batch; where one fact cannot be written, in halves, so that only it fails."""
        try:
            for conflicts in range(_CONFLICTS_IN_A_ROW):
                if await self._attempt_once(facts):
                    return
                await asyncio.sleep(0.002 * conflicts)
        except UNREACHABLE:
            raise
        except Exception as error:
            if half := len(facts) // 2:
                await self._attempt(facts[:half])
                await self._attempt(facts[half:])
                return
            log.warning("an event cannot be applied", exc_info=True)
            facts[0].outcome = Outcome.FAILED
            facts[0].reason = f"it cannot be applied or written: {error!r}"
            return
        raise Contended("a batch lost to other writers again and again")

    async def _attempt_once(self, facts: Sequence[Received]) -> bool:
        consumes = self.consumes
        targets = [consumes.target(fact.event) for fact in facts]
        # A service has a handful of stores: each is read and written once a batch.
        wanted: dict[AggregateStore[Any], set[str]] = {}
        for fact, id in zip(facts, targets, strict=True):
            if id is not None:
                wanted.setdefault(consumes.store_for(fact.event), set()).add(id)
        found = {store: await store.get_many(ids) for store, ids in wanted.items()}
        context = await consumes.prepare([fact.event for fact in facts])
        # What comes of another partition stands behind nothing here.
        blocked: set[tuple[AggregateStore[Any], str, str, int]] = set()
        for fact, id in zip(facts, targets, strict=True):
            fact.reason, fact.not_yet = "", False
            if id is None:
                fact.outcome = Outcome.SKIPPED
                continue
            store = consumes.store_for(fact.event)
            place = fact.raw.place
            if (store, id, place.topic, place.partition) in blocked:
                fact.outcome = Outcome.FAILED
                continue
            aggregate = found[store].setdefault(id, Aggregate(id))
            self._decide(store, aggregate, fact, context)
            if fact.outcome is Outcome.FAILED:
                blocked.add((store, id, place.topic, place.partition))
        written = [await store.write(list(ones.values())) for store, ones in found.items()]
        return all(written)

    def _decide(
        self, store: AggregateStore[Any], aggregate: Aggregate[S], fact: Received, context: C
    ) -> None:
        event = fact.event
        key = inbox_key(event.source, event.subject)
        admission = admit(aggregate.inbox.get(key), event)
        if admission is Admission.DUPLICATE:
            fact.outcome = Outcome.DUPLICATE
            return
        if admission is Admission.GAP:
            fact.outcome = Outcome.GAP
            return
        if admission is Admission.REUSED:
            fact.outcome = Outcome.REFUSED
            fact.reason = (
                f"sequence {event.sequence} of this subject was used by another event before; "
                "number the events of a subject 1, 2, 3 …"
            )
            return
        try:
            if fact.skip:
                fact.outcome = Outcome.SKIPPED
            elif event.data is None:
                fact.outcome = Outcome.NEWER
            else:
                handler = self.consumes.facts.get(type(event.data))
                decision = None if handler is None else handler(aggregate.state, event, context)
                if decision is not None:
                    store.record(aggregate, decision, by=event.source, trace=event.trace_parent)
                fact.outcome = Outcome.APPLIED
        except NotYet as late:
            fact.outcome, fact.not_yet = Outcome.FAILED, True
            fact.reason = str(late)
        except Refused as refusal:
            fact.outcome = Outcome.REFUSED
            fact.reason = str(refusal)
        except Exception as error:
            log.warning(
                "a handler failed",
                exc_info=True,
                extra={"type": event.type, "subject": event.subject, "sequence": event.sequence},
            )
            fact.outcome = Outcome.FAILED
            fact.reason = f"the handler failed: {error!r}"
        else:
            aggregate.saw(key, Seen(event.sequence, event.id))
            if log.isEnabledFor(logging.INFO):
                log.info(
                    "applied",
                    extra={
                        "trace_id": trace_id_of(event.trace_parent),
                        "type": event.type,
                        "subject": event.subject,
                        "sequence": event.sequence,
                    },
                )

    async def last_applied(self, event: Event) -> int:
        """Sequence of the last fact applied of the source and subject of `event`; 0: none."""
        id = self.consumes.target(event)
        aggregate = None if id is None else await self.consumes.store_for(event).get(id)
        seen = (
            None
            if aggregate is None
            else aggregate.inbox.get(inbox_key(event.source, event.subject))
        )
        return 0 if seen is None else seen.sequence

    # What could not be applied

    async def _keep_invalid(self, topic: str, invalid: Sequence[tuple[Raw, Invalid]]) -> None:
        if topic not in self.consumes.judges:
            return
        for raw, error in invalid:
            address = Address.of_invalid(error)
            await self._dead_letters.keep(
                raw, address, Status.DEAD, error.code, error.reason, fact=True
            )
            log.warning(
                "dead letter",
                extra={"code": error.code, "reason": error.reason, "subject": address.subject},
            )
        self.on_dead_letter()

    async def _keep_unapplied(self, facts: Sequence[Received]) -> None:
        """Keep the failed and refused, then the waiting: those may stand behind the former."""
        for fact in facts:
            if fact.outcome in (Outcome.FAILED, Outcome.REFUSED):
                await self._dead_letters.keep(
                    fact.raw,
                    address_of(fact.event),
                    Status.DEAD,
                    fact.outcome,
                    fact.reason,
                    fact=True,
                )
                self.on_dead_letter()
        waiting = [fact for fact in facts if fact.outcome is Outcome.GAP]
        if not waiting:
            return
        keys = {inbox_key(fact.event.source, fact.event.subject) for fact in waiting}
        parked = await self._dead_letters.parked(keys)
        for fact in waiting:
            first = parked.get(inbox_key(fact.event.source, fact.event.subject))
            if first is None:
                status, code, reason = Status.WAITING, "gap", "waits for a missing sequence"
            else:
                status, code, reason = Status.DEAD, "behind", f"behind {first}"
                self.on_dead_letter()
            await self._dead_letters.keep(
                fact.raw, address_of(fact.event), status, code, reason, fact=True
            )

    # Snapshots

    async def project(self, snapshots: Sequence[Received]) -> None:
        """Write each snapshot into its read model where its sequence is higher; one bulk each."""
        writes: dict[str, list[tuple[Received, InsertOne[Document] | UpdateOne]]] = {}
        for received in snapshots:
            event = received.event
            handler = None if event.data is None else self.consumes.snapshots.get(type(event.data))
            if handler is None:
                received.outcome = Outcome.SKIPPED
                continue
            try:
                collection, document = handler(event)
            except Exception as error:
                await self._bury_snapshot(received, f"the handler failed: {error!r}")
                continue
            received.outcome = Outcome.APPLIED
            document |= {"sequence": event.sequence, "applied_at": datetime.now(UTC)}
            write: InsertOne[Document] | UpdateOne
            if event.sequence == 1:
                # Nothing older can be there, and inserting costs the database less.
                write = InsertOne({"_id": event.subject} | document)
            else:
                write = UpdateOne(
                    {"_id": event.subject, "sequence": {"$lt": event.sequence}},
                    {"$set": document},
                    upsert=True,
                )
            writes.setdefault(collection, []).append((received, write))
        for collection, pairs in writes.items():
            try:
                await self._write_all(collection, [write for _, write in pairs])
            except UNREACHABLE:
                raise
            except Exception:
                for received, write in pairs:
                    try:
                        await self._write_all(collection, [write])
                    except UNREACHABLE:
                        raise
                    except Exception as error:
                        await self._bury_snapshot(received, f"it cannot be written: {error!r}")

    async def _write_all(
        self, collection: str, operations: Sequence[InsertOne[Document] | UpdateOne]
    ) -> None:
        try:
            # Ordered within a subject matters not: the highest sequence wins either way.
            await self._database[collection].bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            # A duplicate key: the read model holds the same or a later sequence.
            if any(e["code"] != DUPLICATE_KEY for e in error.details["writeErrors"]):
                raise

    async def _bury_snapshot(self, received: Received, reason: str) -> None:
        received.outcome, received.reason = Outcome.FAILED, reason
        await self._dead_letters.keep(
            received.raw,
            address_of(received.event),
            Status.DEAD,
            Outcome.FAILED,
            reason,
            fact=False,
        )
        self.on_dead_letter()


def address_of(event: Event) -> Address:
    """Where an event belongs."""
    return Address(event.source, event.subject, event.sequence, event.type)


async def nothing(_events: Sequence[Event]) -> Any:
    """A `prepare` for handlers that look at nothing else."""
    return None
