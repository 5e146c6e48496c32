"""Rules 2 and 3: poison never blocks, a parked subject's facts follow it, gaps are healed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka.structs import ConsumerRecord

from shared.contracts import requests, topics
from shared.contracts.envelope import Event, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.messaging.processor import NotYet
from shared.storage.aggregates import Aggregate, Decision
from tests.eventually import eventually
from tests.integration.messaging.publishing import read_dead_letters, send
from tests.integration.messaging.world import (
    Sink,
    TallyState,
    accepted,
    followed_up,
    running_sink,
    running_source,
    settings_for,
    tally,
)

SOURCE = "/services/request-intake"


def fact(id: str, sequence: int, data: Payload | None = None, **more: Any) -> Event:
    payload = data or (accepted(id) if sequence == 1 else followed_up(id))
    values: dict[str, Any] = {
        "id": uuid7(),
        "source": SOURCE,
        "type": payload.full_type(),
        "subject": id,
        "sequence": sequence,
        "time": datetime.now(UTC),
        "partition_key": id,
        "trace_parent": None,
        "data": payload,
    }
    return Event(**(values | more))


async def tallied(sink: Sink, id: str, *wanted: int) -> bool:
    return await sink.applied(id) == wanted


def codes(sink: Sink, *wanted: str) -> Callable[[], Awaitable[bool]]:
    async def have() -> bool:
        return sorted(letter["code"] for letter in await sink.dead_letters()) == sorted(wanted)

    return have


async def test_poison_goes_to_the_dead_letters_and_the_others_go_on(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    async with running_sink(settings) as sink:
        await send(settings, encode(fact("before", 1)))
        await eventually(partial(tallied, sink, "before", 1), 30)

        key, value, headers = encode(fact("poison", 1))
        without = [(n, v) for n, v in headers if n != "ce_type"]
        poison: list[tuple[Any, Any, Any]] = [
            (key, None, headers),
            (key, value, [*without, ("ce_type", None)]),
            (key, value, [*without, ("ce_type", b"\xff\xfe")]),
            (key, b"{not json", headers),
            (key, value, [*without, ("ce_type", b"lianxin.request.invented.v1")]),
            (key, b'"' + b"x" * 2_000_000 + b'"', headers),
            encode(fact("zero", 0)),
        ]
        newer = (b"newer", value, [*without, ("ce_type", b"lianxin.request.closed.v9")])
        began = asyncio.get_running_loop().time()
        await send(settings, *poison, newer, encode(fact("after", 1)))
        await eventually(partial(tallied, sink, "after", 1), 5)
        assert asyncio.get_running_loop().time() - began < 4
        expected = ["null-value", "header", "header", "payload", "type", "too-large", "sequence"]
        await eventually(codes(sink, *expected), 5)
        published = await read_dead_letters(settings, len(expected))
        assert sorted(letter["dl_code"] for letter in published) == sorted(expected)
        assert all(letter["dl_reason"] and letter["dl_offset"] for letter in published)


async def test_a_failing_handler_parks_its_subject_until_it_is_replayed(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    broken = True

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        if broken and event.subject == "bad" and event.sequence == 2:
            raise ValueError("a fault in the handler")
        return tally(state, event, context)

    async with running_sink(settings, handler) as sink:
        await send(settings, *(encode(fact("bad", n)) for n in (1, 2, 3)), encode(fact("good", 1)))
        await eventually(partial(tallied, sink, "good", 1), 30)
        await eventually(codes(sink, "failed", "behind"), 30)
        await send(settings, encode(fact("bad", 4)))
        await eventually(codes(sink, "failed", "behind", "behind"), 30)
        assert await sink.applied("bad") == (1,)

        broken = False
        letters = await sink.dead_letters()
        first = next(letter for letter in letters if letter["code"] == "failed")
        assert await sink.runtime.dead_letters.release(first["_id"]) == 3
        await eventually(partial(tallied, sink, "bad", 1, 2, 3, 4), 30)
        await eventually(codes(sink), 5)


async def test_a_dead_letter_can_be_skipped(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        if event.sequence == 2:
            raise ValueError("never right")
        return tally(state, event, context)

    async with running_sink(settings, handler) as sink:
        await send(settings, *(encode(fact("bad", n)) for n in (1, 2, 3)))
        await eventually(codes(sink, "failed", "behind"), 30)
        letters = await sink.dead_letters()
        first = next(letter for letter in letters if letter["code"] == "failed")
        await sink.runtime.dead_letters.release(first["_id"], skip=True)
        await eventually(partial(tallied, sink, "bad", 1, 3), 30)


async def test_a_handler_that_fails_sometimes_is_tried_again(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    tries = 0

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ValueError("not yet")
        return tally(state, event, context)

    async with running_sink(settings, handler) as sink:
        await send(settings, encode(fact("shaky", 1)), encode(fact("shaky", 2)))
        await eventually(partial(tallied, sink, "shaky", 1, 2), 30)
        assert await sink.dead_letters() == []


async def test_what_may_only_be_late_is_waited_for_a_little_and_then_refused(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for(
        "sink", kafka_bootstrap, mongodb_uri, unique, max_failures_in_a_row=5, retry_seconds=(0.05,)
    )
    tries: Counter[str] = Counter()

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        tries[event.subject] += 1
        if event.subject != "late" or tries["late"] < 2:
            raise NotYet("the area is not known; /v1/areas lists them")
        return tally(state, event, context)

    never = {f"never{n}" for n in range(8)}
    async with running_sink(settings, handler) as sink:
        await send(settings, *(encode(fact(id, 1)) for id in ("late", *never)))
        await eventually(partial(tallied, sink, "late", 1), 30)
        await eventually(partial(_refused, sink, never), 30)
        assert not sink.runtime.fatal.done()  # however many: the fault is not the service's
        assert sink.runtime.alive() is None


async def _refused(sink: Sink, subjects: set[str]) -> bool:
    letters = await sink.dead_letters()
    assert all(letter["code"] == "refused" for letter in letters)
    return {letter["subject"] for letter in letters} == subjects


async def test_too_many_failures_in_a_row_stop_the_service(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for(
        "sink", kafka_bootstrap, mongodb_uri, unique, max_failures_in_a_row=5, retry_seconds=(0.05,)
    )

    def handler(_state: TallyState | None, _event: Event, _context: None) -> None:
        raise ValueError("a bad deployment")

    async with running_sink(settings, handler) as sink:
        await send(settings, *(encode(fact(f"r{n}", 1)) for n in range(8)))
        async with asyncio.timeout(30):
            error = await sink.runtime.fatal
        assert "in a row" in str(error)
        assert sink.runtime.alive() is not None


async def test_a_reused_sequence_is_refused_and_a_duplicate_passed_over(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    async with running_sink(settings) as sink:
        first = encode(fact("r", 1))
        await send(settings, first, first, encode(fact("r", 1)), encode(fact("r", 2)))
        await eventually(partial(tallied, sink, "r", 1, 2), 30)
        await eventually(codes(sink, "refused"), 5)


async def test_a_gap_is_healed_from_the_owners_journal(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """The sink starts with a log whose first facts are missing; the source's journal has them."""
    of_source = settings_for("request_intake", kafka_bootstrap, mongodb_uri, unique)
    of_sink = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    async with running_source(of_source) as source:
        # The journal alone holds facts 1 to 3: as if the log had been cut since.
        entries = []
        for event in (fact("r", 1), fact("r", 2), fact("r", 3)):
            key, value, _ = encode(event)
            entries.append(
                {
                    "topic": topics.REQUESTS.name,
                    "source": event.source,
                    "subject": event.subject,
                    "n": event.sequence,
                    "id": event.id,
                    "type": event.type,
                    "time": event.time,
                    "key": key.decode(),
                    "trace": None,
                    "data": value,
                }
            )
        await source.runtime.journal.keep(entries)
        async with running_sink(of_sink) as sink:
            await send(of_sink, encode(fact("r", 4)), encode(fact("other", 1)))
            await eventually(partial(tallied, sink, "other", 1), 30)
            await eventually(partial(tallied, sink, "r", 1, 2, 3, 4), 30)
            assert await sink.dead_letters() == []


async def test_a_units_gap_becomes_a_dead_letter_after_its_bound(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique, gap_bound_seconds=1.0)
    async with running_sink(settings) as sink:
        unit: dict[str, Any] = {"source": "/units/hospital"}
        await send(settings, encode(fact("case/7", 2, **unit)), encode(fact("case/7", 3, **unit)))
        await eventually(codes(sink, "gap", "behind"), 30)
        await send(settings, encode(fact("case/7", 1, **unit)))
        await eventually(partial(tallied, sink, "case/7", 1), 30)
        letters = await sink.dead_letters()
        first = next(letter for letter in letters if letter["code"] == "gap")
        await sink.runtime.dead_letters.release(first["_id"])
        await eventually(partial(tallied, sink, "case/7", 1, 2, 3), 30)


async def test_newer_versions_keep_their_place_in_the_order(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    async with running_sink(settings) as sink:
        key, value, headers = encode(
            fact("r", 2, requests.RequestClosed(request_id="r", outcome="solved"))
        )
        newer = [(n, b"lianxin.request.closed.v2" if n == "ce_type" else v) for n, v in headers]
        await send(settings, encode(fact("r", 1)), (key, value, newer), encode(fact("r", 3)))
        await eventually(partial(tallied, sink, "r", 1, 3), 30)
        assert await sink.dead_letters() == []


async def test_partitions_are_worked_together_and_one_that_fails_holds_no_other(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """Two partitions bring facts of one aggregate and of others, and one of the facts fails."""
    tries = (0.2, 0.2)
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique, retry_seconds=tries)
    pieces: list[set[str]] = []

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        if event.subject == "bad":
            raise ValueError("a fault in the handler")
        return tally(state, event, context)

    def record(partition: int, offset: int, event: Event) -> ConsumerRecord[bytes, bytes]:
        key, value, headers = encode(event)
        topic = topics.REQUESTS.name
        sizes = {"serialized_key_size": len(key), "serialized_value_size": len(value)}
        return ConsumerRecord(
            topic, partition, offset, 0, 0, key, value, None, **sizes, headers=headers
        )

    async with running_sink(settings, handler) as sink:
        processor, read = sink.runtime.processor, sink.store.get_many
        assert processor is not None

        async def noted(ids: Iterable[str]) -> dict[str, Aggregate[TallyState]]:
            pieces.append(set(ids))
            return await read(ids)

        sink.store.get_many = noted  # type: ignore[method-assign]
        topic = topics.REQUESTS.name
        bad = record(0, 0, fact("bad", 1, partition_key="shared"))
        behind = record(0, 1, fact("of one partition", 1, partition_key="shared"))
        other = record(1, 0, fact("of another", 1, partition_key="shared"))
        failing = asyncio.create_task(processor.process(topic, [bad, behind]))
        await processor.process(topic, [other, record(1, 1, fact("free", 1))])
        assert pieces == [{"shared", "free"}]
        assert not failing.done()
        assert await sink.applied("free") == (1,)
        assert await sink.applied("shared") == (1,)
        await failing
        # In the end it is a dead letter, and what came behind it in its partition is applied.
        assert await sink.applied("shared") == (1, 1)
        assert [letter["code"] for letter in await sink.dead_letters()] == ["failed"]
