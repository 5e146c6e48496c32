"""Facts from one service's outbox to another's aggregate, over a real broker and database."""

from functools import partial

import pytest

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
        await eventually(lambda: _done(source, job["_id"]), 20, "the replay is done")
        assert [await sink.applied(id) for id in ids] == [(1, 2, 3, 4)] * 40


async def _tallied(sink: Sink, id: str, wanted: tuple[int, ...]) -> bool:
    return await sink.applied(id) == wanted


async def _done(source: Source, id: str) -> bool:
    job = await source.runtime.replays.find(id)
    return job is not None and bool(job["state"] == "done")
