"""A grid's boundaries over HTTP: planned, taking effect by themselves, told each time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.registry.commands import Registry
from services.registry.states import PersonState
from shared.contracts.registry import VolunteerChanged
from shared.storage.aggregates import Decision
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.test_grid_check import grid, square
from tests.integration.services.registry.world import CITY, World

WHOLE, EAST_HALF = square(114.3, 22.6, 114.4, 22.7), square(114.35, 22.6, 114.4, 22.7)
STREET = "440310001"


async def test_people_go_with_their_home_grid_when_its_area_changes(world: World) -> None:
    await world.load("areas", CITY)
    await world.load("grids", [grid("g", WHOLE), grid("other", WHOLE)])
    await world.load("people", [{"id": "before", "name": "王芳", "grid_id": "g"}])
    there = world.as_(Role.AREA_MANAGER, areas={"440310002"})

    async def named() -> list[str]:
        found = [(await there.get(f"/v1/people/{id}")).json() for id in ("before", "between")]
        return [one["id"] for one in found if one.get("name")]

    soon = datetime.now(UTC) + timedelta(seconds=3)
    planned = grid("g", WHOLE, area="440310002", valid_from=soon.isoformat())
    assert (await world.load("grids", [planned]))[0]["status"] == "changed"
    rows = [{"id": "between", "name": "李明", "grid_id": "g"},
            {"id": "neighbour", "name": "张三", "grid_id": "other"}]  # fmt: skip
    assert [row["status"] for row in await world.load("people", rows)] == ["created"] * 2
    assert await named() == []
    mark = {"person_id": "before", "kind": "elderly"}
    marked = await world.admin.post("/v1/care", json=mark)
    assert marked.status_code == 201, marked.text

    async def all_named() -> bool:
        return await named() == ["before", "between"]

    await eventually(all_named, 30, "the new area's manager sees the people of the grid")
    assert datetime.now(UTC) >= soon

    async def care_is_there() -> bool:
        items = (await there.get("/v1/care")).json()["items"]
        return [item["id"] for item in items] == [marked.json()["id"]]

    await eventually(care_is_there, 30, "and the care that is due to them")
    events = await world.events(6 + 2 + 3 + 2 + 2)
    told = [
        (e.subject, e.sequence, e.data.area_path[-1])
        for e in events
        if isinstance(e.data, VolunteerChanged)
    ]
    assert sorted(told) == [
        ("before", 1, STREET), ("before", 2, "440310002"), ("between", 1, STREET),
        ("between", 2, "440310002"), ("neighbour", 1, STREET),
    ]  # fmt: skip
    assert [row["status"] for row in await world.load("people", rows)] == ["unchanged"] * 2

    # One who was decided on before the grid changed, and written after it, is taken along too.
    registry: Registry = world.app.state.parts
    people = registry.kinds["people"]

    def late(state: PersonState | None) -> Decision[PersonState]:
        assert state is not None
        stale = state.model_copy(update={"area_path": ("4403", "440310", STREET)})
        return Decision(stale, [people.event("between", stale)], "late")

    await registry.repository.stores["people"].execute("between", late, by="test")
    await eventually(all_named, 30, "the one who was late is taken along")


async def test_the_registry_tells_when_a_boundary_takes_effect(world: World) -> None:
    await world.load("areas", CITY)
    soon = datetime.now(UTC) + timedelta(seconds=5)
    moved = grid("g", EAST_HALF, area="440310002", valid_from=soon.isoformat())
    await world.load("grids", [grid("g", WHOLE)])
    assert (await world.load("grids", [moved]))[0]["status"] == "changed"
    assert (await world.load("grids", [moved]))[0]["status"] == "unchanged"
    listed = "/v1/grids?area=440310002"
    assert (await world.admin.get(listed)).json()["items"] == []

    async def there() -> dict[str, Any] | None:
        items = (await world.admin.get(listed)).json()["items"]
        return items[0] if items else None

    item = await eventually(there, 30, "the grid is where it was to be")
    assert item is not None
    assert datetime.now(UTC) >= soon
    assert item["geometry"] is None
    [past] = item["boundaries"]
    assert (past["area"], past["geometry"], past["valid_until"]) == (
        STREET, None, item["valid_from"],
    )  # fmt: skip
    events = [e for e in await world.events(6 + 3) if e.subject == "g"]
    assert [event.sequence for event in events] == [1, 2, 3]
