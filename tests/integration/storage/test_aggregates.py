"""One document, one conditional write: races on a real database, with both drivers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from shared.contracts import requests, topics
from shared.storage.aggregates import (
    HISTORY_KEPT,
    AggregateStore,
    At,
    Decision,
    IdempotencyConflict,
    Seen,
    State,
    VersionMismatch,
)
from shared.storage.client import DuplicateKeyError, connect


class Counter(State):
    count: int = 0
    due: datetime | None = None

    def next_due(self) -> datetime | None:
        return self.due


@dataclass(frozen=True)
class Key:
    key: str
    fingerprint: str = "body"


Store = AggregateStore[Counter]


@pytest.fixture(params=["motor", "pymongo"])
async def store(
    request: pytest.FixtureRequest, mongodb_uri: str, database_name: str
) -> AsyncIterator[Store]:
    driver: Literal["motor", "pymongo"] = request.param
    client = connect(mongodb_uri, driver)
    made = AggregateStore(
        client.database(database_name)["counters"],
        Counter,
        topic=topics.REQUESTS.name,
        source="/services/request-intake",
    )
    await made.create_indexes()
    yield made
    await client.close()


def event(round: int = 1) -> requests.RequestFollowedUp:
    return requests.RequestFollowedUp(request_id="r", contacted=True, round=round)


def one_more(state: Counter | None) -> Decision[Counter]:
    count = (state or Counter()).count + 1
    return Decision(Counter(count=count), [event(count)], why="one more")


async def test_writers_that_contend_all_land(store: Store) -> None:
    await asyncio.gather(*(store.execute("c", one_more, by=f"writer {n}") for n in range(10)))
    aggregate = await store.get("c")
    assert aggregate is not None
    assert aggregate.state == Counter(count=10)
    assert aggregate.sequence == 10
    document = await store.collection.find_one({"_id": "c"})
    assert document is not None
    assert [e["n"] for e in document["outbox"]] == list(range(1, 11))
    assert {entry["by"] for entry in document["history"]} == {f"writer {n}" for n in range(10)}
    assert document["version"] == 10


async def test_if_match_lets_one_of_many_through(store: Store) -> None:
    await store.execute("c", one_more, by="first")
    outcomes = await asyncio.gather(
        *(store.execute("c", one_more, by=f"editor {n}", version=1) for n in range(6)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, VersionMismatch)]
    assert len(refused) == 5
    assert {error.current for error in refused} == {2}
    with pytest.raises(VersionMismatch) as caught:
        await store.execute("nobody", one_more, by="editor", version=3)
    assert caught.value.current == 0


async def test_one_key_makes_one_document_however_many_race(store: Store) -> None:
    async def create(n: int) -> Any:
        return await store.create(
            f"c{n}",
            Decision(Counter(count=n), [event()]),
            by="caller",
            answer={"id": f"c{n}"},
            idempotency=Key("attempt"),
        )

    made = await asyncio.gather(*(create(n) for n in range(20)))
    assert await store.collection.count_documents({}) == 1
    assert len({created.id for created in made}) == 1
    assert [created.replayed for created in made].count(False) == 1
    assert all(created.answer == {"id": created.id} for created in made)
    with pytest.raises(IdempotencyConflict):
        await store.create(
            "x", Decision(Counter()), by="c", answer={}, idempotency=Key("attempt", "other body")
        )


async def test_an_id_is_made_once(store: Store) -> None:
    await store.create("c", Decision(Counter()), by="a", answer={})
    with pytest.raises(DuplicateKeyError):
        await store.create("c", Decision(Counter()), by="b", answer={})
    with pytest.raises(DuplicateKeyError):
        await store.create("c", Decision(Counter()), by="b", answer={}, idempotency=Key("k"))


async def test_a_batch_says_when_another_was_first_and_writes_the_others(store: Store) -> None:
    for id in ("a", "b"):
        await store.execute(id, one_more, by="test")
    batch = await store.get_many(["a", "b", "nobody"])
    assert set(batch) == {"a", "b"}
    await store.execute("a", one_more, by="the faster one")
    for aggregate in batch.values():
        assert aggregate.state is not None
        store.record(aggregate, one_more(aggregate.state), by="batch")
    assert await store.write(list(batch.values())) is False
    after = await store.get_many(["a", "b"])
    assert {id: a.state for id, a in after.items()} == {
        "a": Counter(count=2),
        "b": Counter(count=2),
    }
    assert [entry["by"] for entry in await store.history("a")] == ["test", "the faster one"]
    assert await store.write(list(after.values())) is True  # nothing was changed


async def test_two_that_make_the_same_document_are_told_apart(store: Store) -> None:
    first, second = (await store.get("new"), await store.get("new"))
    assert first is None
    assert second is None
    await asyncio.gather(*(store.execute("new", one_more, by=f"w{n}") for n in range(2)))
    aggregate = await store.get("new")
    assert aggregate is not None
    assert aggregate.state == Counter(count=2)


async def test_times_inbox_timer_and_event_times_come_back_as_written(store: Store) -> None:
    due = datetime(2026, 2, 1, 8, 30, tzinfo=UTC)
    early, late = due - timedelta(days=400), due - timedelta(days=2)
    await store.execute(
        "c",
        lambda _: Decision(Counter(due=due), [At(early, event(1)), event(2)], time=late),
        by="test",
    )
    aggregate = await store.get("c")
    assert aggregate is not None
    assert aggregate.state == Counter(due=due)
    aggregate.saw("/units/a.b|case/1.2", Seen(3, "id3"))
    assert await store.write([aggregate])
    again = await store.get("c")
    assert again is not None
    assert again.inbox == {"/units/a.b|case/1.2": Seen(3, "id3")}
    document = await store.collection.find_one({"_id": "c"})
    assert document is not None
    assert document["next_due"] == due
    assert [e["time"] for e in document["outbox"]] == [early, late]
    await store.execute("c", lambda _: Decision(Counter(due=None)), by="test")
    document = await store.collection.find_one({"_id": "c"})
    assert document is not None
    assert "next_due" not in document


async def test_the_history_keeps_the_latest(store: Store) -> None:
    for number in range(HISTORY_KEPT + 5):
        await store.execute("c", lambda _: Decision(Counter()), by=str(number))
    kept = await store.history("c")
    assert [entry["by"] for entry in kept] == [str(n) for n in range(5, HISTORY_KEPT + 5)]
    assert await store.history("nobody") == []


async def test_a_decision_of_nothing_writes_nothing(store: Store) -> None:
    aggregate = await store.execute("c", lambda _: None, by="test")
    assert (aggregate.version, aggregate.state) == (0, None)
    assert await store.get("c") is None
