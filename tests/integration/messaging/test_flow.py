"""Facts from one service's outbox to another's aggregate, over a real broker and database."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shared.contracts.ids import uuid7
from tests.eventually import eventually
from tests.integration.messaging.world import (
    Sink,
    Source,
    running_sink,
    running_source,
    settings_for,
)


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_facts_arrive_once_and_in_order(
    kafka_bootstrap: str, mongodb_uri: str, unique: str, driver: str
) -> None:
    of_source = settings_for("source", kafka_bootstrap, mongodb_uri, unique, driver=driver)
    of_sink = settings_for("sink", kafka_bootstrap, mongodb_uri, unique, driver=driver)
    async with running_source(of_source) as source, running_sink(of_sink) as sink:
        ids = [f"r{n}" for n in range(40)]
        for id in ids:
            await source.open(id)
        for _ in range(3):
            for id in ids:
                await source.note(id)
        for id in ids:
            await eventually(partial(_tallied, sink, id, (1, 2, 3, 4)), 30, f"{id} tallied")
        job = await source.runtime.replays.begin()
        assert job["total"] == 160
        await eventually(lambda: _done(source, job["_id"]), 30, "the replay is done")
        assert [await sink.applied(id) for id in ids] == [(1, 2, 3, 4)] * 40


async def test_a_refill_publishes_what_came_late_to_the_journal(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """An event that went into a lost log can reach the journal after the refill has passed it."""
    of_source = settings_for("source", kafka_bootstrap, mongodb_uri, unique)
    of_sink = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    async with running_source(of_source) as source, running_sink(of_sink) as sink:
        await source.open("early")
        await eventually(partial(_tallied, sink, "early", (1,)), 30, "tallied")
        until = datetime.now(UTC) + timedelta(seconds=2)
        job = await source.runtime.replays.begin(until=until, cause="refill")

        async def once_through() -> bool:
            found = await source.runtime.replays.find(job["_id"])
            return found is not None and "not_before" in found

        await eventually(once_through, 30, "the refill has gone through the journal")
        journal = source.runtime.database["journal"]
        [entry] = await journal.find({"key": "early"}).to_list(None)
        # It bears the time of the one that was published before.
        late = {"_id": f"{entry['_id']}-late", "id": uuid7(), "subject": "late", "key": "late"}
        await journal.insert_one(entry | late)
        await eventually(partial(_tallied, sink, "late", (1,)), 30, "the late one is tallied")
        await eventually(lambda: _done(source, job["_id"]), 30, "the refill is done")
        assert await sink.applied("early") == (1,)


async def _tallied(sink: Sink, id: str, wanted: tuple[int, ...]) -> bool:
    return await sink.applied(id) == wanted


async def _done(source: Source, id: str) -> bool:
    job = await source.runtime.replays.find(id)
    return job is not None and bool(job["state"] == "done")
