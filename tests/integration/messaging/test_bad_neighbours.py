"""One bad record, subject or replica does not hold the others up."""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.contracts.envelope import Event, encode
from shared.messaging import keeper
from shared.storage.aggregates import Decision
from shared.telemetry import RELAY_REFILLS
from tests.eventually import eventually
from tests.integration.messaging.publishing import all_tallied, facts, send, send_all
from tests.integration.messaging.test_dead_letters import codes, fact, tallied
from tests.integration.messaging.world import (
    Sink,
    TallyState,
    running_sink,
    running_source,
    settings_for,
    tally,
)

GBK = "网格".encode("gbk")
_ATTRIBUTES, _CRC = 21, 17


@contextmanager
def header_names(stand_in: bytes, raw: bytes) -> Iterator[None]:
    """Send `raw` as header name where it says `stand_in`, as clients of other languages can."""
    assert len(stand_in) == len(raw)
    build: Any = BatchBuilder._build

    def patched(self: Any) -> bytes:
        batch = bytearray(build(self))
        if stand_in in batch:
            at = batch.index(stand_in)
            batch[at : at + len(raw)] = raw
            struct.pack_into(">I", batch, _CRC, calc_crc32c(bytes(batch[_ATTRIBUTES:])))
        self._buffer = bytes(batch)
        return bytes(batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchBuilder, "_build", patched)
        yield


async def test_a_header_name_in_another_encoding_is_no_end(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """aiokafka alone raises on it for ever, and the partition stands still."""
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    async with running_sink(settings) as sink:
        await send(settings, encode(fact("before", 1)))
        await eventually(partial(tallied, sink, "before", 1), 30)
        key, value, headers = encode(fact("extra", 1))
        unread = [("QQQQ" if name == "ce_type" else name, raw) for name, raw in headers]
        with header_names(b"QQQQ", GBK):
            await send(settings, (key, value, [*headers, ("QQQQ", b"x")]))
            await send(settings, (b"untyped", value, unread))
        await send(settings, encode(fact("after", 1)))
        for id in ("extra", "after"):
            await eventually(partial(tallied, sink, id, 1), 30)
        await eventually(codes(sink, "header"), 30)
        assert not sink.runtime.fatal.done()


async def test_a_fact_that_cannot_be_written_fails_alone(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """A state that BSON cannot hold: only its own fact becomes a dead letter."""
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique, retry_seconds=(0.05,))

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        if event.subject == "bad" and event.sequence == 2:
            return Decision(TallyState(applied=(2**70,)))
        return tally(state, event, context)

    async with running_sink(settings, handler) as sink:
        ids = [f"r{n}" for n in range(10)]
        events = facts(["bad", *ids], 3)
        await send_all(settings, events)
        await eventually(partial(all_tallied, sink, ids, 3), 30)
        await eventually(codes(sink, "failed", "behind"), 30)
        assert await sink.applied("bad") == (1,)
        letters = await sink.dead_letters()
        assert any("OverflowError" in letter["reason"] for letter in letters)
        assert not sink.runtime.fatal.done()


async def test_those_that_go_on_waiting_do_not_hide_the_others(
    kafka_bootstrap: str, mongodb_uri: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More facts wait for what never comes than the keeper looks at at once."""
    monkeypatch.setattr(keeper, "_AT_ONCE", 10)
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    broken = True

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        if broken and event.subject == "z":
            raise ValueError("a fault")
        return tally(state, event, context)

    async with running_sink(settings, handler) as sink:
        await send(settings, *(encode(fact(f"a{n:02}", 2)) for n in range(25)))
        await send(settings, encode(fact("z", 1)))
        await eventually(codes(sink, "failed"), 30)
        await eventually(partial(_waiting, sink, 25), 30)
        broken = False
        [letter] = await sink.dead_letters()
        await sink.runtime.dead_letters.release(letter["_id"])
        await eventually(partial(tallied, sink, "z", 1), 30)
        # The released one is struck off a moment after it was applied.
        await eventually(partial(_waiting, sink, 25), 30)


async def _waiting(sink: Sink, number: int) -> bool:
    return len(await sink.runtime.dead_letters.waiting(1000)) == number


async def test_replicas_that_publish_at_once_see_no_loss(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """What another replica has published behind one's own is no sign of a log cut short."""

    def settings() -> Any:
        return settings_for("request_intake", kafka_bootstrap, mongodb_uri, unique)

    async with running_source(settings()) as one, running_source(settings(), drop=False) as two:
        before = RELAY_REFILLS._value.get()
        ids = [f"r{n}" for n in range(40)]
        await asyncio.gather(*(one.open(id) for id in ids))
        await eventually(lambda: _both(one.runtime, two.runtime), 30)
        for _ in range(15):
            writes = [source.note(id) for source in (one, two) for id in ids]
            looks = [source.runtime.relay._compare() for source in (one, two) for _ in range(4)]
            await asyncio.gather(*writes, *looks)
        assert RELAY_REFILLS._value.get() == before


async def _both(*runtimes: Any) -> bool:
    return all(runtime.leases.mine for runtime in runtimes)
