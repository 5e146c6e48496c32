"""Organizations of several levels and domains, and steps that tests of what they agree on share."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.contracts import topics
from shared.contracts.envelope import Event
from tests.integration.services.registry.world import World, told

ORGANIZATIONS: list[dict[str, Any]] = [
    {"id": "district", "name": "坪山区委", "domain": "agency", "level": "county",
     "area": "440310"},
    # A bureau of the district, whose house stands in a street: it answers for the district.
    {"id": "bureau", "name": "区民政局党委", "domain": "agency", "level": "county",
     "unit_id": "u2"},
    {"id": "street", "name": "坪山街道党工委", "domain": "community", "level": "township",
     "area": "440310001", "parent": "district"},
    {"id": "liulian", "name": "六联社区党委", "domain": "community", "level": "grassroots",
     "area": "440310001001", "parent": "street"},
    {"id": "shitan", "name": "石滩村党支部", "domain": "village", "level": "grassroots",
     "area": "440310002001"},
    {"id": "shijing", "name": "石井村党支部", "domain": "village", "level": "grassroots",
     "area": "440310001001"},
    {"id": "water", "name": "供水公司党支部", "domain": "state_enterprise",
     "level": "grassroots", "unit_id": "u1"},
    {"id": "shop", "name": "商场党支部", "domain": "private_enterprise",
     "level": "grassroots", "area": "440310001001"},
]  # fmt: skip


async def prepare(world: World) -> World:
    """The city with its organizations, a bureau's unit and a person."""
    await world.city()
    bureau = {"id": "u2", "name": "区民政局", "domain": "agency", "area": "440310002"}
    person = {"id": "p1", "name": "王芳", "grid_id": "g1", "telephone": "13800001234"}
    for kind, rows in (
        ("units", [bureau]),
        ("organizations", ORGANIZATIONS),
        ("people", [person]),
    ):
        assert {row["status"] for row in await world.load(kind, rows)} == {"created"}
    return world


def at(**delta: float) -> str:
    """A time from now, as bodies say it."""
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def made(answer: httpx.Response) -> str:
    """The id of what was just created."""
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, once it is the one expected."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{code}"), answer.text
    return problem


def fine(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer without error."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def facts(world: World, at_least: int) -> list[Event]:
    """What stands on `lianxin.plans`, once it is so many."""
    return await told(world, topics.PLANS, at_least)
