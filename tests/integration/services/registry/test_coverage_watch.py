"""The watch itself, round by round, on a real database without anything else running."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from services.registry import coverage_watch
from services.registry.bulk import load
from services.registry.commands import Registry
from services.registry.coverage import City
from services.registry.coverage_repository import CoverageRepository
from services.registry.coverage_watch import CoverageWatch
from services.registry.main import DEFINITION
from shared.contracts import topics
from shared.contracts.coverage import GapClosed
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import Database, connect
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.services.registry.world import CITY, registry_settings

ADMIN = Principal("root", Role.ADMINISTRATOR)
LATER = timedelta(hours=1)


class Parts:
    """The registry's parts, and its journal written by hand: no relay runs."""

    def __init__(self, settings: Settings, parts: Registry, runtime: Runtime, db: Database) -> None:
        self.settings, self.parts, self.runtime, self.database = settings, parts, runtime, db

    def watch(self, repository: CoverageRepository | None = None) -> CoverageWatch:
        coverage = repository or self.parts.coverage
        return CoverageWatch(coverage, self.runtime.journal, self.runtime.leases)

    async def load(self, kind: str, rows: Sequence[dict[str, Any]], **told: Any) -> None:
        """Write entries, and tell of them in the journal unless `told=None`."""
        results = await load(self.parts, self.parts.kinds[kind], rows, ADMIN)
        assert {r.status for r in results} <= {"created", "changed"}, results
        if told.get("told", True) is not None:
            for row in rows:
                await self.tell(kind, row["id"], told.get("told"))

    async def tell(self, kind: str, id: str, at: datetime | None = None) -> None:
        """The journal's entry of the newest snapshot, published at `at` (None: now)."""
        document = await self.database[kind].find_one({"_id": id})
        assert document is not None
        entry = {
            "topic": topics.REGISTRY.name,
            "key": f"{kind}/{id}",
            "n": document["sequence"],
            "at": at or datetime.now(UTC),
        }
        await self.database["journal"].update_one({"_id": entry["key"]}, {"$set": entry}, True)

    async def gaps(self) -> dict[str, list[str]]:
        return {
            one["_id"]: [gap["gap"] for gap in one["state"]["open"]]
            async for one in self.database["coverage"].find({"state.open": {"$ne": []}})
        }


@pytest.fixture
async def parts(kafka_bootstrap: str, mongodb_uri: str, unique: str) -> AsyncIterator[Parts]:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    assembly = DEFINITION.build(settings, client)
    await assembly.runtime.prepare_database()
    await assembly.prepare()
    yield Parts(settings, assembly.parts, assembly.runtime, client.database(settings.database_name))
    await client.drop(settings.database_name)
    await client.close()


def grid(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": id, "area": "440310001", "communities": ["440310001001"]} | more


C, D = "community/440310001001", "community/440310002001"


async def test_a_place_that_was_retired_while_nobody_watched_has_its_gap_closed(
    parts: Parts,
) -> None:
    await parts.load("areas", CITY)
    await parts.load("grids", [grid("g1")])
    await parts.watch().round()
    assert await parts.gaps() == {C: ["no_team"], D: ["no_team"], "grid/g1": ["no_team"]}
    long_ago = datetime.now(UTC) - LATER
    await parts.load("grids", [grid("g1", retired=True)], told=long_ago)
    await parts.load("areas", [CITY[5] | {"retired": True}], told=long_ago)
    await parts.watch().round()
    assert await parts.gaps() == {C: ["no_team"]}


async def test_what_the_journal_shows_late_is_seen(parts: Parts) -> None:
    await parts.load("areas", CITY)
    watch = parts.watch()
    await watch.round()
    await parts.load("grids", [grid("g1", leader="v1")])
    await watch.round()
    # An entry of another replica with a slower clock lands behind one that was read already.
    await parts.load("grids", [grid("g2", communities=["440310001001"], leader="v2")], told=None)
    await parts.tell("grids", "g2", datetime.now(UTC) - timedelta(seconds=3))
    await watch.round()
    assert (await parts.gaps())["grid/g2"] == ["no_leader", "nobody_reachable"]


async def test_what_the_journal_never_shows_is_seen_after_ten_minutes(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.load("areas", CITY)
    watch = parts.watch()
    await watch.round()
    await parts.load("grids", [grid("g1")], told=None)
    await watch.round()
    assert "grid/g1" not in await parts.gaps()
    monkeypatch.setattr(coverage_watch, "_ANEW", timedelta(0))
    await seen_by(watch, parts)
    assert (await parts.gaps())["grid/g1"] == ["no_team"]
    await watch.end()


async def seen_by(watch: CoverageWatch, parts: Parts, place: str = "grid/g1") -> None:
    """Rounds until the place has a gap."""

    async def seen() -> bool:
        await watch.round()
        return place in await parts.gaps()

    await eventually(seen, 30)


async def test_a_retired_organization_is_no_team(parts: Parts) -> None:
    await parts.load("areas", CITY)
    row = {"id": "o1", "name": "党委", "domain": "community", "level": "grassroots",
           "area": "440310001"}  # fmt: skip
    await parts.load("organizations", [row])
    await parts.load("grids", [grid("g1", organization_id="o1")])
    watch = parts.watch()
    await watch.round()
    assert (await parts.gaps())["grid/g1"] == ["no_leader", "nobody_reachable"]
    for retired, gaps in (
        (True, ["no_team"]),
        (False, ["no_leader", "nobody_reachable"]),
        (True, ["no_team"]),
    ):
        await parts.load("organizations", [row | {"retired": retired}])
        await watch.round()
        assert (await parts.gaps())["grid/g1"] == gaps
    # The same for one who begins and looks at everything; and when it is in service again.
    anew = parts.watch()
    await anew.round()
    assert (await parts.gaps())["grid/g1"] == ["no_team"]
    await parts.load("organizations", [row | {"retired": False}])
    await anew.round()
    assert (await parts.gaps())["grid/g1"] == ["no_leader", "nobody_reachable"]


class Counting(CoverageRepository):
    """Counts looks at everything; fails when told to; such a look ends when `go` is set."""

    looks = 0
    fail = False
    go: asyncio.Event | None = None

    async def put(self, city: City, changed: Any = None) -> None:
        if self.fail:
            raise AutoReconnect("the connection was lost")
        await super().put(city, changed)
        self.looks += changed is None
        if changed is None and self.go is not None:
            await self.go.wait()


async def test_no_change_waits_while_the_city_is_read_anew(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.load("areas", CITY)
    await parts.load("grids", [grid("g1", leader="v1")])
    repository = Counting(parts.database, parts.settings)
    watch = parts.watch(repository)
    await watch.round()
    repository.go = asyncio.Event()
    monkeypatch.setattr(coverage_watch, "_ANEW", timedelta(0))

    async def read(times: int) -> bool:
        await watch.round()
        return repository.looks >= times

    await eventually(lambda: read(2), 30)
    rows = [grid("g1", leader=None), grid("g2")]
    await parts.load("grids", rows)  # what was read has g1 as it was
    await watch.round()
    found = await parts.gaps()
    assert found["grid/g1"] == found["grid/g2"] == ["no_team"]
    repository.go.set()
    await eventually(lambda: read(3), 30)  # the second reading is in use, and the third begun
    assert await parts.gaps() == found
    monkeypatch.setattr(coverage_watch, "_ANEW", LATER)
    await watch.round()
    looks = repository.looks
    await parts.load("grids", [grid("g1", leader="v1")])
    await watch.round()
    assert (await parts.gaps())["grid/g1"] == ["no_leader", "nobody_reachable"]
    assert repository.looks == looks  # it knew what was written meanwhile: no conflict
    await watch.end()


async def test_a_round_looks_only_at_what_changed(parts: Parts) -> None:
    """Each document is written on the version that the last write of this watch has left."""
    await parts.load("areas", CITY)
    repository = Counting(parts.database, parts.settings)
    watch = parts.watch(repository)
    await watch.round()
    for leader in (None, "v1", None, "v1"):
        await parts.load("grids", [grid("g1", leader=leader)])
        await watch.round()
        gaps = ["no_team"] if leader is None else ["no_leader", "nobody_reachable"]
        assert (await parts.gaps())["grid/g1"] == gaps
    assert repository.looks == 1


async def test_a_change_is_not_lost_with_the_connection(parts: Parts) -> None:
    await parts.load("areas", CITY)
    repository = Counting(parts.database, parts.settings)
    watch = parts.watch(repository)
    await watch.round()
    await parts.load("grids", [grid("g1")])
    repository.fail = True
    with pytest.raises(AutoReconnect):
        await watch.round()
    repository.fail = False
    await watch.round()
    assert (await parts.gaps())["grid/g1"] == ["no_team"]


async def test_who_lost_to_another_leader_begins_anew(parts: Parts) -> None:
    await parts.load("areas", CITY)
    mine, other = parts.watch(), parts.watch()
    await mine.round()
    await other.round()
    for leader in (None, "v1"):
        await parts.load("grids", [grid("g1", leader=leader)])
        await other.round()
    await mine.round()  # loses: it does not know of what the other has written
    await parts.load("grids", [grid("g1", leader=None)])
    await mine.round()
    assert (await parts.gaps())["grid/g1"] == ["no_team"]


async def test_places_beyond_one_write_are_written_too(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage_watch, "_PLACES_A_WRITE", 2)
    await parts.load("areas", CITY)
    await parts.load("grids", [grid(f"g{n}") for n in range(5)])
    await parts.watch().round()
    assert len(await parts.gaps()) == 7


async def test_the_list_and_the_facts_name_the_same_moments(parts: Parts) -> None:
    await parts.load("areas", CITY[:5])
    watch = parts.watch()
    await watch.round()
    document = await parts.database["coverage"].find_one({"_id": C})
    assert document is not None
    since = document["state"]["open"][0]["since"]
    assert [event["time"] for event in document["outbox"]] == [since]
    assert [change["by"] for change in document["history"]] == ["coverage"]
    await parts.load("areas", [CITY[4] | {"retired": True}])
    await watch.round()
    document = await parts.database["coverage"].find_one({"_id": C})
    assert document is not None
    closed = GapClosed.model_validate_json(document["outbox"][-1]["data"])
    assert closed.since == since
