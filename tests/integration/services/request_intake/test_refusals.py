"""What intake refuses, and how it says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.services.request_intake.world import (
    ADMINISTRATOR,
    MANAGER,
    NOISE,
    RESIDENT,
    World,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

FUTURE = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"urgency": "danger"}, "urgency"),
        ({"text": "字" * 4001}, "text"),
        ({"text": "\x01\x02"}, "text"),
        ({"place": {}}, "place"),
        ({"place": {"point": {"longitude": 181, "latitude": 1}}}, "place.point.longitude"),
        ({"place": {"area": "999"}}, "place.area"),
        ({"category": "nonsense"}, "category"),
        ({"happened_at": FUTURE}, "happened_at"),
        ({"happened_at": "2024-05-01T10:00:00"}, "happened_at"),
        ({"requester": {"telephone": "no number"}}, "requester.telephone"),
    ],
)
async def test_bad_fields_are_refused(
    bad_input_world: World, change: dict[str, Any], field: str
) -> None:
    http = bad_input_world.http
    answer = await http.post("/v1/requests", json=NOISE | change, headers=ADMINISTRATOR)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field
    if field in ("place.area", "category"):
        assert answer.json()["where"] in ("/v1/areas", "/v1/categories")


async def test_who_is_refused(bad_input_world: World) -> None:
    http = bad_input_world.http
    assert (await http.post("/v1/requests", json=NOISE)).status_code == 401
    forged = {"Authorization": "Bearer x.y.z"}
    assert (await http.post("/v1/requests", json=NOISE, headers=forged)).status_code == 401
    past = NOISE | {"happened_at": "2024-05-01T10:00:00+08:00"}
    refused = await http.post("/v1/requests", json=past, headers=RESIDENT)
    assert refused.status_code == 403
    large = await http.post(
        "/v1/requests", json=NOISE | {"text": "x" * 1_000_001}, headers=RESIDENT
    )
    assert large.status_code == 413
    rules = await http.get("/v1/category-rules", headers=MANAGER)
    assert rules.status_code == 403
    english = await http.post("/v1/requests", headers={"Accept-Language": "en"}, json=NOISE)
    assert english.json()["detail"].startswith("Sign in")
