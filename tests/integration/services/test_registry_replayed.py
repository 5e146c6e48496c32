"""A full replay of the registry's journal into a fresh intake gives the same read model."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.request_intake.read_models import NAMES
from shared.storage.client import Database
from tests.eventually import eventually
from tests.integration.services.registry import world as registry_world
from tests.integration.services.registry.test_grid_check import square
from tests.integration.services.request_intake import world as intake_world
from tests.integration.services.request_intake.conftest import settings_of

ANY = {"If-Match": "*"}
Models = dict[str, dict[str, dict[str, Any]]]


async def models(database: Database) -> Models:
    """The read models by name and id, but for when they were written here."""
    return {
        name: {
            document["_id"]: {k: v for k, v in document.items() if k != "applied_at"}
            async for document in database[name].find({})
        }
        for name in NAMES
    }


async def changes(registry: registry_world.World) -> None:
    """A city, and changes of each kind that intake knows."""
    await registry.city()
    admin = registry.admin
    grid = {"id": "g1", "name": "第一网格", "area": "440310001"}
    planned = {"valid_from": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    for bounds, date in (((114.3, 22.6, 114.35, 22.7), {}), ((114.3, 22.6, 114.32, 22.7), planned)):
        body = grid | {"geometry": square(*bounds)} | date
        assert (await admin.put("/v1/grids/g1", json=body, headers=ANY)).status_code == 200
    listed = {"id": "g2", "name": "第二网格", "area": "440310002", "communities": ["440310002001"]}
    assert (await admin.post("/v1/grids", json=listed)).status_code == 201
    assert (await admin.delete("/v1/grids/g2")).status_code == 200
    assert (await admin.delete("/v1/units/u1")).status_code == 200
    renamed = registry_world.CITY[4] | {"name": "六联新社区"}
    assert (await registry.load("areas", [renamed]))[0]["status"] == "changed"


async def test_a_replay_of_the_journal_gives_a_fresh_intake_the_same_city(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_world.registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with registry_world.running(settings) as registry:
        await changes(registry)
        wanted = (await registry.admin.get("/v1/changes")).json()
        first = settings_of(kafka_bootstrap, mongodb_uri, unique)
        async with intake_world.running(first) as intake:

            async def known() -> bool:
                found = await models(intake.runtime.database)
                return all(
                    sum(one["sequence"] for one in found[name].values()) == wanted[name]
                    for name in NAMES
                )

            await eventually(known, 60, "intake knows the city")
            told = await models(intake.runtime.database)
        # Of the same group, so that it goes on where the first has ended; with nothing kept.
        fresh = first.model_copy(update={"database": f"{unique}_fresh"})
        async with intake_world.running(fresh) as intake:
            order = {"since": "2000-01-01T00:00:00Z"}
            answer = await registry.admin.post("/v1/replays", json=order)
            assert answer.status_code == 202, answer.text

            async def same() -> bool:
                return await models(intake.runtime.database) == told

            await eventually(same, 60, "the fresh intake knows the same")
        assert {"valid_from", "boundaries"} <= told["grids"]["g1"].keys()
        assert told["grids"]["g2"]["valid_until"] is not None
