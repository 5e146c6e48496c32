"""A grid's boundaries over HTTP: planned, taking effect by themselves, told each time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.eventually import eventually
from tests.integration.services.registry.test_grid_check import grid, square
from tests.integration.services.registry.world import CITY, World

WHOLE, EAST_HALF = square(114.3, 22.6, 114.4, 22.7), square(114.35, 22.6, 114.4, 22.7)
STREET = "440310001"


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

    item = await eventually(there, 20, "the grid is where it was to be")
    assert item is not None
    assert datetime.now(UTC) >= soon
    assert item["geometry"] is None
    [past] = item["boundaries"]
    assert (past["area"], past["geometry"], past["valid_until"]) == (
        STREET, None, item["valid_from"],
    )  # fmt: skip
    events = [e for e in await world.events(6 + 3) if e.subject == "g"]
    assert [event.sequence for event in events] == [1, 2, 3]
