"""Leased shards are shared and taken over; timers fire once, whoever fires them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from shared.contracts import requests, topics
from shared.messaging import leases as module
from shared.messaging.leases import Leases
from shared.messaging.timers import Timers, _late
from shared.storage.aggregates import SHARDS, AggregateStore, Decision, State
from shared.storage.client import Database, connect
from shared.telemetry import TIMERS_OVERDUE
from tests.eventually import eventually


@pytest.fixture(params=["motor", "pymongo"])
async def database(
    request: pytest.FixtureRequest, mongodb_uri: str, database_name: str
) -> AsyncIterator[Database]:
    driver: Literal["motor", "pymongo"] = request.param
    client = connect(mongodb_uri, driver)
    yield client.database(database_name)
    await client.close()


async def beat_all(*replicas: Leases, times: int = 3) -> None:
    for _ in range(times):
        await asyncio.gather(*(replica.beat() for replica in replicas))


async def test_replicas_share_the_shards_and_nobody_shares_one(database: Database) -> None:
    one, two, three = (Leases(database, name) for name in ("one", "two", "three"))
    await one.beat()
    assert one.mine == list(range(SHARDS))
    assert one.leads
    await beat_all(one, two)
    assert sorted(one.mine + two.mine) == list(range(SHARDS))
    assert {len(one.mine), len(two.mine)} == {SHARDS // 2}
    await beat_all(one, two, three, times=4)
    assert sorted(one.mine + two.mine + three.mine) == list(range(SHARDS))
    assert max(len(replica.mine) for replica in (one, two, three)) == 6
    assert [one.leads, two.leads, three.leads].count(True) == 1

    await two.release()
    assert two.mine == []
    await beat_all(one, three)
    assert sorted(one.mine + three.mine) == list(range(SHARDS))


async def test_a_crashed_replicas_shards_are_taken_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_SECONDS", 1.5)
    crashed, alive = Leases(database, "crashed"), Leases(database, "alive")
    await beat_all(crashed, alive)
    assert len(alive.mine) == SHARDS // 2

    async def has_all() -> bool:
        await alive.beat()
        return alive.mine == list(range(SHARDS))

    await eventually(has_all, 30)
    assert crashed.mine == []  # knows by its own clock that its leases ran out


class Alarm(State):
    due: datetime | None = None
    rang: int = 0

    def next_due(self) -> datetime | None:
        return self.due


def ring(state: Alarm, now: datetime) -> Decision[Alarm] | None:
    if state.rang == 99:
        raise ValueError("a fault in the timer's decision")
    if state.due is None or state.due > now:
        return None
    told = requests.RequestFollowedUp(request_id="r", contacted=False, round=1)
    return Decision(Alarm(rang=state.rang + 1), [told], why="due")


async def alarms(database: Database, number: int, due: datetime) -> AggregateStore[Alarm]:
    store = AggregateStore(
        database["alarms"], Alarm, topic=topics.REQUESTS.name, source="/services/request-intake"
    )
    await store.create_indexes()
    for n in range(number):
        await store.create(f"a{n}", Decision(Alarm(due=due)), by="test", answer={})
    return store


async def test_timers_fire_once_with_two_replicas_that_hold_every_shard(
    database: Database,
) -> None:
    """The worst case: both believe that all shards are theirs, and race."""
    now = datetime.now(UTC)
    store = await alarms(database, 60, now - timedelta(seconds=1))
    await store.create("later", Decision(Alarm(due=now + timedelta(hours=1))), by="t", answer={})
    one, two = Leases(database, "one"), Leases(database, "two")
    await one.beat()
    two._mine, two._until = one._mine, one._until
    racing = [Timers(store, ring, leases) for leases in (one, two)]
    for _ in range(5):
        await asyncio.gather(*(timers.fire(now) for timers in racing))
    documents = await store.collection.find({}).to_list(None)
    assert len(documents) == 61
    for document in documents:
        rang = 0 if document["_id"] == "later" else 1
        assert document["state"]["rang"] == rang
        assert len(document["outbox"]) == rang
        assert ("next_due" in document) == (document["_id"] == "later")


async def test_the_gauge_counts_the_late_timers_of_every_loop(database: Database) -> None:
    now = datetime.now(UTC)
    late = await alarms(database, 3, now - timedelta(minutes=1))
    other = AggregateStore(database["others"], Alarm, topic="", source="/services/t")
    leases = Leases(database, "one")
    await leases.beat()
    before = sum(_late.values()) - _late.get(late.collection.name, 0)
    for store in (late, other):  # none of the latter is late
        await Timers(store, ring, leases).fire(now)
    assert TIMERS_OVERDUE._value.get() == before + 3


async def test_a_timer_that_fails_does_not_hold_the_others(database: Database) -> None:
    now = datetime.now(UTC)
    store = await alarms(database, 3, now - timedelta(seconds=1))
    broken = Alarm(due=now - timedelta(hours=1), rang=99)
    await store.create("broken", Decision(broken), by="test", answer={})
    leases = Leases(database, "one")
    await leases.beat()
    assert await Timers(store, ring, leases).fire(now) == 3
    assert await store.collection.count_documents({"state.rang": 1}) == 3
    assert await store.collection.count_documents({"next_due": {"$lte": now}}) == 1
