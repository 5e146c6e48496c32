"""Each change that makes or closes a gap, within 5 s: people, boundaries, restarts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.registry.main import DEFINITION
from shared.contracts.ids import uuid7
from shared.web.auth import Role
from shared.web.process import service_app
from tests.eventually import eventually
from tests.integration.services.registry.test_coverage import (
    ANY,
    COMMUNITY,
    GRID,
    LEADER,
    OTHER,
    C,
    D,
    Facts,
    G,
    closed,
    found,
    gaps,
    story,
)
from tests.integration.services.registry.world import CITY, World, registry_settings, running

DISTRICT = "440310"
SQUARE = {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}


async def put_grid(world: World, body: dict[str, Any]) -> None:
    answer = await world.admin.put(f"/v1/grids/{body['id']}", json=body, headers=ANY)
    assert answer.status_code == 200, answer.text


async def served_grid(world: World, **more: Any) -> dict[str, Any]:
    """`g1` led by a person who can be reached; told only once that holds, so without a gap."""
    grid = GRID | {"leader": "v1"} | more
    empty = grid | SQUARE | {"population": 0, "communities": [], "area": DISTRICT}
    await world.load("grids", [empty])
    await world.load("people", [LEADER])
    await put_grid(world, grid)
    return grid


async def test_a_person_who_is_made_unavailable_moved_or_retired_leaves_a_gap(world: World) -> None:
    async with Facts(world) as facts:
        await world.load("areas", CITY[:3])
        grid = await served_grid(world, communities=[], area=DISTRICT, **SQUARE)
        gap, told = found(G, "nobody_reachable"), []
        # Unavailable, and back.
        await world.admin.put("/v1/people/v1", json=LEADER | {"available": False}, headers=ANY)
        told.append(gap)
        await facts.until(*told)
        await world.admin.put("/v1/people/v1", json=LEADER, headers=ANY)
        told.append(closed(G, "nobody_reachable"))
        await facts.until(*told)
        # Moved to the team of another grid.
        await world.admin.post("/v1/grids", json=grid | {"id": "g2"})
        await put_grid(world, grid | {"leader": "not-registered"})
        told += [gap, found(G, "no_leader")]
        await facts.until(*told)
        # Retired.
        assert (await world.admin.delete("/v1/people/v1")).status_code == 200
        told += [found("grid/g2", "no_leader"), found("grid/g2", "nobody_reachable")]
        await facts.until(*told)


async def test_who_is_registered_after_being_named_in_a_team_closes_its_gap(world: World) -> None:
    async with Facts(world) as facts:
        await world.load("areas", CITY[:3])
        await world.load("grids", [GRID | SQUARE | {"communities": [], "leader": "v1"}])
        both = ("no_leader", "nobody_reachable")
        told = [found(G, gap) for gap in both]
        await facts.until(*told)
        await world.load("people", [LEADER])
        await facts.until(*told, *(closed(G, gap) for gap in both))


async def test_where_nobody_lives_no_team_is_missed(world: World) -> None:
    async with Facts(world) as facts:
        await world.load("areas", CITY[:3])
        rows: list[dict[str, Any]] = [
            GRID | {"id": f"g{n}", "communities": [], "level": level, "population": population}
            | SQUARE
            for n, (level, population) in enumerate(
                (("cell", 0), ("cell", 3), ("cell", None), ("community_grid", 0))
            )
        ]  # fmt: skip
        assert {row["status"] for row in await world.load("grids", rows)} == {"created"}
        told = [found("grid/g1", "no_team"), found("grid/g2", "no_team")]
        await facts.until(*told)
        await put_grid(world, rows[0] | {"population": 1})
        await put_grid(world, rows[1] | {"population": 0})
        await facts.until(*told, found("grid/g0", "no_team"), closed("grid/g1", "no_team"))


async def test_a_boundary_that_takes_effect_raises_and_closes_gaps_at_its_moment(
    world: World,
) -> None:
    async with Facts(world) as facts:
        await world.load("areas", CITY)
        told = [found(C, "no_team"), found(D, "no_team")]
        await facts.until(*told)
        grid = await served_grid(world, area=DISTRICT)
        told.append(closed(C, "no_team"))
        await facts.until(*told)
        moment = datetime.now(UTC) + timedelta(seconds=8)
        date = {"valid_from": moment.isoformat()}
        await put_grid(world, grid | {"communities": [OTHER]} | date)
        cell = grid | {"id": "g2", "level": "cell", "communities": [], "leader": None}
        new = await world.admin.post("/v1/grids", json=cell | SQUARE | date)
        assert new.status_code == 201, new.text
        await facts.until(*told)
        assert datetime.now(UTC) < moment

        async def over() -> bool:
            return datetime.now(UTC) >= moment

        await eventually(over, 30)
        told += [found(C, "no_team"), closed(D, "no_team"), found("grid/g2", "no_team")]
        await facts.until(*told)
        last = [event for event in facts.events if event.subject in (C, D, "grid/g2")][-3:]
        assert all(event.time >= moment for event in last)
        assert await gaps(world.admin) == {C: ["no_team"], "grid/g2": ["no_team"]}


async def test_a_leader_after_a_restart_tells_what_is_new_and_nothing_again(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    first = service_app(DEFINITION, settings)
    async with first.router.lifespan_context(first):
        world = World(first, settings)
        async with Facts(world) as facts:
            told = await story(world, facts, world.admin)
    # Nobody leads now but the one that starts.
    async with (
        running(settings.model_copy(update={"replica": f"registry-{uuid7()}"})) as world,
        Facts(world) as facts,
    ):
        await facts.until(*told)

        async def leads() -> bool:
            return bool(world.app.state.runtime.leases.leads)

        await eventually(leads, 30)
        await world.admin.post("/v1/grids", json=GRID | {"id": "g2"})
        told.append(found("grid/g2", "no_team"))
        await facts.until(*told)
        await world.admin.delete("/v1/grids/g2")
        told.append(closed("grid/g2", "no_team"))
        await facts.until(*told)
        manager = world.as_(Role.AREA_MANAGER, areas={OTHER})
        assert COMMUNITY not in str(await gaps(manager))
