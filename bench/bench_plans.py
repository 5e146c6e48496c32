"""Progress of a plan that is broken down from the city to its communities, part of `bench_city`.

Three levels of plans: the city's with a share for each district, each district's with one for each
street, each street's with one for each of its communities, and one record in each community.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bench.common import cpu_seconds
from cli.city.plan import CITY, Plan, first

_TRIES = 3
_A_RECORD = 10.0
"""Households visited in each community."""


class _Office:
    """Makes plans through the API."""

    def __init__(self, registry: httpx.AsyncClient) -> None:
        self._registry = registry
        now = datetime.now(UTC)
        self._since, self._until = now - timedelta(days=50), now + timedelta(days=50)
        self._surveyed = (now - timedelta(days=60)).isoformat()
        self.made = 0

    async def post(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = await self._registry.post(path, json=body)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    async def plan(self, area: str, parts: dict[str, float], parent: str | None = None) -> str:
        """A plan in force for an area, with a share for each of its parts."""
        target = {
            "id": "visits",
            "work": "household_visit",
            "quantity": sum(parts.values()),
            "until": self._until.isoformat(),
            "baseline": {"quantity": 0, "at": self._surveyed, "source": "台账"},
            "parts": [
                {"area": code, "share": share, "by": self._until.isoformat()}
                for code, share in parts.items()
            ],
            "reason": "测算",
        }
        body = {"name": "走访计划", "area": area, "since": self._since.isoformat()}
        made = await self.post("/v1/plans", body | {"targets": [target], "parent": parent})
        await self.post(f"/v1/plans/{made['id']}/start")
        self.made += 1
        return str(made["id"])

    async def record(self, organization: str) -> None:
        """Visits of an organization."""
        at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        about = {"work": "household_visit", "at": at, "quantity": _A_RECORD}
        await self.post("/v1/records", about | {"organization_id": organization})


async def measure(
    registry: httpx.AsyncClient, plan: Plan, service: int, database: int
) -> dict[str, float]:
    """Break a plan down over the whole city, record, and ask for its progress.

    Args:
        service, database: their processes.
    """
    office = _Office(registry)
    streets = {plan.street(n): _below(plan.community, n, plan.communities, plan.streets)
               for n in range(plan.streets)}  # fmt: skip
    districts = {plan.district(n): _below(plan.street, n, plan.streets, plan.districts)
                 for n in range(plan.districts)}  # fmt: skip
    share = {street: _A_RECORD * len(of) for street, of in streets.items()}
    whole = {code: sum(share[street] for street in of) for code, of in districts.items()}
    began = time.perf_counter()
    top = await office.plan(CITY, whole)
    for district, inside in districts.items():
        middle = await office.plan(district, {street: share[street] for street in inside}, top)
        for street in inside:
            await office.plan(street, dict.fromkeys(streets[street], _A_RECORD), middle)
    for number in range(plan.communities):
        await office.record(f"o-{plan.community(number)}")
    made = time.perf_counter() - began
    took, here, there = [], cpu_seconds(service), cpu_seconds(database)
    for _ in range(_TRIES):
        began = time.perf_counter()
        answer = await registry.get(f"/v1/plans/{top}/progress")
        took.append(time.perf_counter() - began)
        reported = answer.raise_for_status().json()["targets"][0]["reported"]
        if reported != _A_RECORD * plan.communities:
            raise RuntimeError(f"{reported} of {plan.communities} communities")
    return {
        "plans": office.made, "records": plan.communities, "made": made,
        "seconds": statistics.median(took), "service": (cpu_seconds(service) - here) / _TRIES,
        "database": (cpu_seconds(database) - there) / _TRIES,
    }  # fmt: skip


def _below(code: Any, parent: int, children: int, parents: int) -> list[str]:
    begin, end = first(parent, children, parents), first(parent + 1, children, parents)
    return [code(n) for n in range(begin, end)]


def row(found: dict[str, float]) -> str:
    """A row of a table."""
    return (
        "| `GET /v1/plans/{id}/progress` of a plan broken down from the city to its communities, "
        f"{found['plans']:,.0f} plans, {found['records']:,.0f} records | reported | "
        f"**{found['seconds']:.2f} s** ({found['service']:.2f} s of the registry's processor time, "
        f"{found['database']:.2f} s of the database's) |"
    )
