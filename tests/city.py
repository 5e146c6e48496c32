"""A small city for end-to-end tests, loaded through the registry's own import."""

import time
from typing import Any

import httpx

from shared.contracts.ids import uuid7
from tests.eventually import eventually

STREETS = ("s1", "s2")
COMMUNITIES = ("c1", "c2", "c3", "c4")
GRIDS = ("g1", "g2", "g3", "g4")
WEST, SOUTH, SIZE = 114.30, 22.60, 0.02

ROWS: dict[str, list[dict[str, Any]]] = {
    "areas": [
        {"id": "city", "name": "连心市", "level": "city"},
        {"id": "d1", "name": "东区", "level": "district", "parent": "city"},
        {"id": "s1", "name": "和平街道", "level": "street", "parent": "d1"},
        {"id": "s2", "name": "龙田街道", "level": "street", "parent": "d1"},
        {"id": "c1", "name": "和平社区", "level": "community", "parent": "s1"},
        {"id": "c2", "name": "六联社区", "level": "community", "parent": "s1"},
        {"id": "c3", "name": "龙田社区", "level": "community", "parent": "s2"},
        {"id": "c4", "name": "竹坑社区", "level": "community", "parent": "s2"},
    ],
    "units": [
        {"id": "hospital", "name": "区人民医院", "domain": "public_institution", "area": "s1"},
        {"id": "power", "name": "供电公司", "domain": "state_enterprise", "area": "d1"},
    ],
    "organizations": [
        {
            "id": "org-s1",
            "name": "和平街道党工委",
            "domain": "community",
            "level": "township",
            "area": "s1",
        },
        {
            "id": "org-hospital",
            "name": "区人民医院党总支",
            "domain": "public_institution",
            "level": "grassroots",
            "unit_id": "hospital",
            "parent": "org-s1",
        },
    ],
    "grids": [],
    "people": [],
}


def corner(number: int) -> tuple[float, float]:
    """South-western corner of grid `number`: four squares in a row."""
    return WEST + number * SIZE, SOUTH


def inside(number: int, step: int = 0) -> dict[str, float]:
    """A point in grid `number % 4`."""
    x, y = corner(number % 4)
    return {
        "longitude": round(x + SIZE * (1 + step % 8) / 10, 6),
        "latitude": round(y + SIZE * (1 + step % 7) / 10, 6),
    }


for _n, _community in enumerate(COMMUNITIES):
    _x, _y = corner(_n)
    _ring = [[_x, _y], [_x + SIZE, _y], [_x + SIZE, _y + SIZE], [_x, _y + SIZE], [_x, _y]]
    ROWS["grids"].append(
        {
            "id": GRIDS[_n],
            "name": f"第{_n + 1}网格",
            "area": _community,
            "geometry": {"type": "Polygon", "coordinates": [_ring]},
            "organization_id": "org-s1",
        }
    )
    ROWS["people"] += [
        {
            "id": f"v{_n}{_m}",
            "name": f"志愿者{_n}{_m}",
            "telephone": f"100000{_n}{_m:04}",
            "skills": ["companionship", "errands", "care"],
            "grid_id": GRIDS[_n],
            "capacity": 2,
        }
        for _m in range(5)
    ]


async def load_city(registry: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    """Load the city and wait until intake places a request in it."""
    for kind, rows in ROWS.items():
        answer = await registry.post(f"/v1/imports/{kind}", json={"rows": rows})
        answer.raise_for_status()
        rejected = [r for r in answer.json()["results"] if r["status"] == "rejected"]
        assert not rejected, rejected
    probe = 0

    async def placed() -> bool:
        nonlocal probe
        probe += 1
        body = request_body(probe, text=f"测试网格 {uuid7()} {time.monotonic()}")
        answer = await intake.post("/v1/requests", json=body)
        return bool(answer.json()["located"] and answer.json()["grid_id"])

    await eventually(placed, 40, "intake knows the grids", interval=0.5)


def request_body(number: int, text: str = "") -> dict[str, Any]:
    """A request at a point of grid `number % 4`."""
    return {
        "channel": "web",
        "kind": "help",
        "text": text or f"小区门口路灯坏了，编号 {number}，请尽快修理。",
        "place": {"point": inside(number, number)},
    }
