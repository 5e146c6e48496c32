"""The index of volunteers is read whole before anybody is matched, and misses nothing meanwhile."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.volunteer_dispatch.pool import Pool
from services.volunteer_dispatch.service.alerting import AlertTable, Asking
from services.volunteer_dispatch.volunteers import Volunteers
from shared.storage.client import Database, Document, connect

START = datetime(2026, 11, 28, 8, tzinfo=UTC)


class Busy(Volunteers):
    """While a page is worked on, somebody whom it holds is written."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._database = database
        self.readings = 0
        self.read: list[str] = []

    async def followed(self, ids: Sequence[str] | None = None) -> AsyncIterator[list[Document]]:
        self.readings += 1
        async for page in super().followed(ids):
            self.read += [document["_id"] for document in page]
            yield page
            if ids is None and page[0]["_id"] == "v00000":
                await self.write("v00000", START + timedelta(seconds=20), capacity=9)

    async def write(self, id: str, at: datetime, **fields: Any) -> None:
        put = {"$set": {"applied_at": at, **fields}}
        await self._database["volunteers"].update_one({"_id": id}, put)


@pytest.fixture
async def busy(mongodb_uri: str, unique: str) -> AsyncIterator[Busy]:
    client = connect(mongodb_uri)
    database = client.database(unique)
    await database["volunteers"].insert_many(
        [
            {"_id": f"v{n:05}", "skills": ["care"], "grid_id": "g1", "capacity": 1,
             "available": True, "retired": False, "applied_at": START - timedelta(days=1)}
            for n in range(1000)
        ]
    )  # fmt: skip
    found = Busy(database)
    # On the second page, written while the first is worked on: the newest that is met.
    await found.write("v00999", START + timedelta(seconds=40), capacity=2)
    yield found
    await client.drop(unique)
    await client.close()


def room(pool: Pool, id: str) -> int:
    found = pool.index._ids.find(id)
    assert found is not None
    return pool.index.room(found)


async def test_who_is_written_behind_the_page_that_is_read_is_met_by_the_next_reading(
    busy: Busy,
) -> None:
    pool = Pool(busy, Asking)
    assert not pool.ready
    await pool.refresh(START)
    assert (pool.ready, len(pool.index)) == (True, 1000)
    # Written twenty seconds before the newest that was met: as far behind as no overlap reaches.
    assert (room(pool, "v00000"), room(pool, "v00999")) == (1, 2)
    await pool.freshen(START + timedelta(minutes=1))
    assert room(pool, "v00000") == 9


async def test_the_old_index_serves_until_the_new_one_is_read(busy: Busy) -> None:
    asking = Asking()
    pool = Pool(busy, lambda: asking)
    await pool.refresh(START)
    before = pool.index
    asking = Asking(table=AlertTable(half_km=7), version=1)
    reading = pool.refresh(START)
    coroutine = reading.__await__()
    next(coroutine)
    assert (pool.ready, pool.index) == (True, before)
    # Nobody reads beside it.
    readings = busy.readings
    await pool.freshen(START + timedelta(hours=1))
    assert busy.readings == readings
    coroutine.close()
    await pool.refresh(START)
    assert pool.index is not before
    assert len(pool.index) == 1000


async def test_who_was_written_lately_is_read_twice_and_no_more(busy: Busy) -> None:
    pool = Pool(busy, Asking)
    await pool.refresh(START)
    written = START + timedelta(minutes=1)
    await busy.write("v00007", written, capacity=3)
    busy.read = []
    for tenths in range(0, 60, 5):
        await pool.refresh(written + timedelta(seconds=tenths / 10))
        if tenths == 5:
            # Another replica's, in the same millisecond, after the first reading.
            await busy.write("v00007", written, capacity=4)
    assert room(pool, "v00007") == 4
    assert busy.read.count("v00007") == 2
    await busy.write("v00007", written + timedelta(milliseconds=1), capacity=5)
    await pool.refresh(written + timedelta(seconds=6))
    assert room(pool, "v00007") == 5
