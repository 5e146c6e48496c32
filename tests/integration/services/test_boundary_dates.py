"""Boundaries by date, through the registry's and intake's HTTP: a change counts from its day."""

import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from shapely.geometry import box, mapping

from services.request_intake.main import DEFINITION
from shared.contracts.ids import reported_request_id, uuid7
from shared.web.process import service_app
from tests.eventually import eventually
from tests.integration.services.registry import world as registry_world
from tests.integration.services.request_intake import world as intake_world
from tests.integration.services.request_intake.conftest import settings_of
from tests.integration.services.request_intake.world import ADMINISTRATOR, OPERATOR

ANY = {"If-Match": "*"}
STREET = "440310001"
EAST = {"longitude": 114.38, "latitude": 22.65}


def square(*bounds: float) -> dict[str, Any]:
    return json.loads(json.dumps(mapping(box(*bounds))))  # type: ignore[no-any-return]


WHOLE, WEST_HALF, EAST_HALF = (
    square(114.3, 22.6, 114.4, 22.7),
    square(114.3, 22.6, 114.35, 22.7),
    square(114.35, 22.6, 114.4, 22.7),
)


def grid(id: str, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": id, "name": f"网格{id}", "area": STREET, "geometry": geometry} | more


class Cities:
    """The registry, and two replicas of intake beside it."""

    def __init__(
        self,
        registry: registry_world.World,
        life: AsyncExitStack,
        replicas: list[httpx.AsyncClient],
    ) -> None:
        self.registry = registry
        self._registry_life = life
        self.replicas = replicas
        self._cases = 0

    async def put(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.registry.admin.put(f"/v1/grids/{body['id']}", json=body, headers=ANY)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def stop_registry(self) -> None:
        await self._registry_life.aclose()

    async def known(self) -> None:
        """Until every replica of intake knows all that the registry knows."""
        wanted = (await self.registry.admin.get("/v1/changes")).json()

        async def there() -> bool:
            for http in self.replicas:
                known = await http.get("/v1/registry-changes", headers=ADMINISTRATOR)
                if any(wanted[kind] != number for kind, number in known.json().items()):
                    return False
            return True

        await eventually(there, 30, "intake knows the registry's changes")

    async def grids(self, **more: Any) -> set[str | None]:
        """The grids that the replicas find for a request in the east."""
        found = set()
        for http in self.replicas:
            body = {"text": "路灯不亮", "place": {"point": EAST}} | more
            answer = await http.post("/v1/requests", json=body, headers=ADMINISTRATOR)
            assert answer.status_code == 201, answer.text
            found.add(answer.json()["grid_id"])
        return found

    async def reported(self, made: datetime) -> str | None:
        """The grid of a request that a unit reports late, and that was made at `made`."""
        self._cases += 1
        event = {
            "type": "request_reported",
            "subject": f"case/{self._cases}",
            "time": made.isoformat(),
            "data": {"text": "路灯不亮", "point": EAST},
        }
        http = self.replicas[0]
        answer = await http.post("/v1/unit-events", json={"events": [event]}, headers=OPERATOR)
        assert answer.status_code == 202, answer.text
        id = reported_request_id("/units/water", f"case/{self._cases}")

        async def there() -> dict[str, Any] | None:
            found = await http.get(f"/v1/requests/{id}", headers=ADMINISTRATOR)
            return found.json() if found.status_code == 200 else None

        found = await eventually(there, 30, "the report is a request")
        assert found is not None
        grid_id: str | None = found["grid_id"]
        return grid_id


async def cities(life: AsyncExitStack, kafka: str, mongo: str, unique: str) -> Cities:
    registry_life = await life.enter_async_context(AsyncExitStack())
    settings = registry_world.registry_settings(kafka, mongo, unique)
    registry = await registry_life.enter_async_context(registry_world.running(settings))
    first = settings_of(kafka, mongo, unique)
    intake = await life.enter_async_context(intake_world.running(first))
    other = first.model_copy(update={"replica": f"request_intake-{uuid7()}"})
    app = service_app(DEFINITION, other)
    await life.enter_async_context(app.router.lifespan_context(app))
    second = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake")
    await life.enter_async_context(second)
    await registry.load("areas", registry_world.CITY)
    return Cities(registry, registry_life, [intake.http, second])


async def test_a_boundary_change_has_a_date_and_old_requests_keep_their_old_grid(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with AsyncExitStack() as life:
        city = await cities(life, kafka_bootstrap, mongodb_uri, unique)
        created = await city.registry.admin.post("/v1/grids", json=grid("old", WHOLE))
        assert created.status_code == 201
        await city.known()
        assert await city.grids() == {"old"}
        placed = await city.replicas[0].post(
            "/v1/requests", json={"text": "噪音", "place": {"point": EAST}}, headers=ADMINISTRATOR
        )

        # From a day ahead on, the east is another grid's.
        takes_effect = datetime.now(UTC) + timedelta(seconds=15)
        date = {"valid_from": takes_effect.isoformat()}
        told = await city.put(grid("old", WEST_HALF) | date)
        assert (told["geometry"], told["valid_until"]) == (
            WHOLE,
            told["boundaries"][0]["valid_from"],
        )
        assert told["boundaries"][0]["geometry"] == WEST_HALF
        answer = await city.registry.admin.post("/v1/grids", json=grid("new", EAST_HALF) | date)
        assert answer.status_code == 201
        assert (await city.registry.admin.get("/v1/grids/new")).json()["in_force"] is False
        await city.known()
        assert datetime.now(UTC) < takes_effect
        assert await city.grids() == {"old"}

        # It takes effect by itself, in every replica: the registry is not even there.
        await city.stop_registry()

        async def in_effect() -> bool:
            return await city.grids() == {"new"}

        await eventually(in_effect, 30, "the new boundaries count", 0.2)
        assert datetime.now(UTC) >= takes_effect

        # Late reports go by the time at which the requests were made.
        assert await city.reported(takes_effect - timedelta(seconds=1)) == "old"
        assert await city.reported(takes_effect) == "new"
        assert await city.grids(happened_at=(takes_effect - timedelta(days=400)).isoformat()) == {
            "old"
        }
        # And who was placed stays there.
        kept = f"/v1/requests/{placed.json()['id']}"
        shown = (await city.replicas[1].get(kept, headers=ADMINISTRATOR)).json()
        assert shown["grid_id"] == "old"


async def test_a_change_can_be_dated_back_and_retiring_ends_a_boundary(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with AsyncExitStack() as life:
        city = await cities(life, kafka_bootstrap, mongodb_uri, unique)
        await city.registry.load("grids", [grid("a", WHOLE)])
        now = datetime.now(UTC)
        # What has been so for ten days is only registered today.
        since = now - timedelta(days=10)
        cell = grid("b", EAST_HALF, level="cell", valid_from=since.isoformat())
        assert (await city.registry.admin.post("/v1/grids", json=cell)).status_code == 201
        await city.known()
        assert await city.reported(since - timedelta(minutes=1)) == "a"
        assert await city.reported(since) == "b"
        before = datetime.now(UTC)
        assert (await city.registry.admin.delete("/v1/grids/b")).status_code == 200
        await city.known()
        assert await city.grids() == {"a"}
        assert await city.reported(before) == "b"
        # A person who places an old request places it by the grids of its time.
        nowhere = {"text": "井盖丢失", "place": {"point": {"longitude": 100.0, "latitude": 10.0}}}
        body = nowhere | {"happened_at": before.isoformat()}
        http = city.replicas[1]
        filed = await http.post("/v1/requests", json=body, headers=ADMINISTRATOR)
        assert filed.json()["located"] is False
        place = f"/v1/requests/{filed.json()['id']}/place"
        answer = await http.put(place, json={"point": EAST}, headers=ADMINISTRATOR | ANY)
        assert (answer.status_code, answer.json()["grid_id"]) == (200, "b")
