import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import REGISTRY

from tests.unit.shared.web.sample import CONSTANT, sample_app

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_the_trace_goes_on_or_begins(client: httpx.AsyncClient) -> None:
    parent = f"00-{TRACE}-b7ad6b7169203331-01"
    answer = (await client.get("/loose", headers={"traceparent": parent})).headers["traceparent"]
    assert answer.startswith(f"00-{TRACE}-")
    assert answer != parent
    for bad in ("garbage", f"00-{'0' * 32}-b7ad6b7169203331-01"):
        fresh = (await client.get("/loose", headers={"traceparent": bad})).headers["traceparent"]
        assert len(fresh) == 55
        assert TRACE not in fresh
        assert "0" * 32 not in fresh


async def test_a_constant_answer_gathers_no_headers(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        answer = await client.get("/constant")
        assert len(answer.headers.get_list("traceparent")) == 1
    assert "traceparent" not in CONSTANT.headers


async def chunks(size: int) -> AsyncIterator[bytes]:
    yield b'{"text": "'
    for _ in range(size // 10_000):
        yield b"x" * 10_000
    yield b'"}'


@pytest.mark.parametrize("path", ["/v1/requests", "/v1/nowhere"])
async def test_an_announced_large_body_is_413(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b"x" * 1_000_001)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/body-too-large"
    assert "traceparent" in answer.headers


async def test_a_streamed_large_body_is_413(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/requests", content=chunks(1_200_000), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/body-too-large"
    smaller = await client.post("/v1/requests", content=chunks(900_000), headers=headers)
    assert smaller.status_code == 422  # too long a text, but read


def count(method: str, route: str, status: str) -> float:
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("lianxin_http_request_seconds_count", labels) or 0.0


async def test_durations_are_kept_by_template(client: httpx.AsyncClient) -> None:
    cases = [
        ("GET", "/v1/requests/17", "/v1/requests/{request_id}", 404),
        ("GET", "/loose", "/loose", 200),
        ("GET", "/nowhere/else", "unmatched", 404),
        ("BREW", "/nowhere", "unmatched", 404),
        ("GET", "/v1/boom", "/v1/boom", 500),
    ]
    for method, path, route, status in cases:
        label = method if method == "GET" else "OTHER"
        before = count(label, route, str(status))
        assert (await client.request(method, path)).status_code == status
        assert count(label, route, str(status)) == before + 1, path


async def test_one_access_line_a_request_and_none_for_probes(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await client.get("/live")
    await client.get("/loose?name=secret")
    lines = [vars(r) for r in caplog.records if r.name == "lianxin.access"]
    assert len(lines) == 1
    assert lines[0]["path"] == "/loose"
    assert lines[0]["route"] == "/loose"
    assert lines[0]["status"] == 200
    assert "secret" not in str(lines[0])
    assert lines[0]["milliseconds"] >= 0


def test_openapi_says_what_is_answered() -> None:
    schema = sample_app().openapi()
    schemas = schema["components"]["schemas"]
    assert "Problem" in schemas
    assert "HTTPValidationError" not in schemas
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    reference = {"$ref": "#/components/schemas/Problem"}
    for path in schema["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            assert content == {"application/problem+json": {"schema": reference}}
            if "422" in operation["responses"]:
                assert operation["responses"]["422"]["content"] == content
    me, create = schema["paths"]["/v1/me"]["get"], schema["paths"]["/v1/requests"]["post"]
    assert me["operationId"] == "me"
    assert me["security"] == [{"bearer": []}]
    assert {"401", "403"} <= set(me["responses"])
    assert "security" not in create
    assert [p["name"] for p in create["parameters"]] == ["Idempotency-Key"]
    text = schemas["NewRequest"]["properties"]["text"]
    assert (text["minLength"], text["maxLength"]) == (1, 4000)
    assert schemas["NewRequest"]["additionalProperties"] is False
