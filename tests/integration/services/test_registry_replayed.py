"""A full replay of the registry's journal gives a fresh intake and dispatch the same city."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from services.request_intake.read_models import NAMES
from shared.settings import Settings
from shared.storage.client import Database
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.registry import world as registry_world
from tests.integration.services.registry.test_grid_check import square
from tests.integration.services.request_intake import world as intake_world
from tests.integration.services.request_intake.conftest import settings_of
from tests.integration.services.volunteer_dispatch import world as dispatch_world

ANY = {"If-Match": "*"}
READ: Mapping[str, Mapping[str, str]] = {
    "intake": {name: name for name in NAMES},
    "dispatch": {name: name for name in ("areas", "units", "organizations", "grids", "groups")}
    | {"volunteers": "people"},
}
"""Read models by service, and as what the registry has them."""
Models = dict[str, dict[str, dict[str, dict[str, Any]]]]


async def models(databases: Mapping[str, Database]) -> Models:
    """The read models by service, name and id, but for when they were written here."""
    return {
        service: {
            name: {
                document["_id"]: {k: v for k, v in document.items() if k != "applied_at"}
                async for document in database[name].find({})
            }
            for name in READ[service]
        }
        for service, database in databases.items()
    }


async def changes(registry: registry_world.World) -> None:
    """A city, and changes of each kind that intake or dispatch knows."""
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
    branch = {"id": "o1", "name": "六联社区党委", "domain": "community", "level": "grassroots",
              "area": "440310001001"}  # fmt: skip
    person = {"id": "p1", "name": "王芳", "grid_id": "g1", "organization_id": "o1"}
    for kind, row, new in (
        ("areas", registry_world.CITY[4], {"name": "六联新社区"}),
        ("organizations", branch, {"name": "六联新社区党委"}),
        ("people", person, {"capacity": 3, "skills": ["first_aid"]}),
    ):
        await registry.load(kind, [row])
        assert (await registry.load(kind, [row | new]))[0]["status"] == "changed"
    group = {"id": "t1", "name": "急救队", "area": "440310001", "skills": ["first_aid"],
             "leader": "p1"}  # fmt: skip
    assert (await admin.post("/v1/groups", json=group)).status_code == 201
    away = group | {"available": False}
    assert (await admin.put("/v1/groups/t1", json=away, headers=ANY)).status_code == 200


@asynccontextmanager
async def intake(settings: Settings) -> AsyncIterator[Database]:
    async with intake_world.running(settings) as world:
        yield world.runtime.database


@asynccontextmanager
async def dispatch(settings: Settings) -> AsyncIterator[Database]:
    async with dispatch_world.dropped(settings) as database, dispatch_world.replica(settings):
        yield database


RUNNING = {"intake": intake, "dispatch": dispatch}


@asynccontextmanager
async def listening(settings: Mapping[str, Settings]) -> AsyncIterator[dict[str, Database]]:
    """Both services; their databases."""
    async with AsyncExitStack() as running:
        yield {
            service: await running.enter_async_context(RUNNING[service](of))
            for service, of in settings.items()
        }


async def test_a_replay_of_the_journal_gives_fresh_services_the_same_city(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_world.registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with registry_world.running(settings) as registry:
        await changes(registry)
        wanted = (await registry.admin.get("/v1/changes")).json()
        first = {
            "intake": settings_of(kafka_bootstrap, mongodb_uri, unique),
            "dispatch": settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique),
        }
        async with listening(first) as databases:

            async def known() -> bool:
                found = await models(databases)
                return all(
                    sum(one["sequence"] for one in found[service][name].values()) == wanted[kind]
                    for service, names in READ.items()
                    for name, kind in names.items()
                )

            await eventually(known, 60, "intake and dispatch know the city")
            told = await models(databases)
        # Of the same groups, so that they go on where the first have ended; with nothing kept.
        fresh = {
            service: of.model_copy(update={"database": f"{unique}_fresh_{service}"})
            for service, of in first.items()
        }
        async with listening(fresh) as databases:
            order = {"since": "2000-01-01T00:00:00Z"}
            answer = await registry.admin.post("/v1/replays", json=order)
            assert answer.status_code == 202, answer.text

            async def same() -> bool:
                return await models(databases) == told

            await eventually(same, 60, "the fresh services know the same")
        assert {"valid_from", "boundaries"} <= told["intake"]["grids"]["g1"].keys()
        assert told["intake"]["grids"]["g2"]["valid_until"] is not None
        assert told["dispatch"]["volunteers"]["p1"]["capacity"] == 3
        assert told["dispatch"]["groups"]["t1"]["available"] is False
