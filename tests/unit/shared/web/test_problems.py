from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.web.messages import all_messages
from shared.web.problems import Problem

EN = {"Accept-Language": "en"}


def checked(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["vary"] == "Accept-Language"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert {"title", "detail", "instance"} <= set(problem)
    assert "Traceback" not in answer.text
    return problem


async def test_chinese_by_default_and_english_on_request(client: httpx.AsyncClient) -> None:
    chinese = await client.get("/nowhere")
    assert chinese.headers["content-language"] == "zh-CN"
    assert "请核对路径" in checked(chinese, 404)["detail"]
    english = await client.get("/nowhere", headers=EN)
    assert english.headers["content-language"] == "en"
    problem = checked(english, 404)
    assert problem["type"] == "/problems/not-found"
    assert problem["instance"] == "/nowhere"
    assert problem["detail"].isascii()


async def test_wrong_method_lists_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/v1/me")
    assert checked(answer, 405)["allowed"] == ["GET"]
    assert answer.headers["allow"] == "GET"


async def test_a_failure_tells_the_trace_and_nothing_else(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await client.get(
        "/v1/boom", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    )
    problem = checked(answer, 500)
    assert problem["trace_id"] == trace
    assert trace in problem["detail"]
    assert "secret" not in answer.text
    failed = [r for r in caplog.records if r.name == "lianxin.web"]
    assert len(failed) == 1
    assert failed[0].exc_info


def future() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("body", "field", "message", "parameters"),
    [
        ({}, "text", "missing", {}),
        ({"text": "x", "txet": 1}, "txet", "extra_forbidden", {}),
        ({"text": "长" * 4001}, "text", "string_too_long", {"max_length": 4000}),
        ({"text": " \x00\x07 "}, "text", "string_too_short", {"min_length": 1}),
        ({"text": 7}, "text", "string_type", {}),
        ({"text": "x", "title": "长" * 201}, "title", "string_too_long", {"max_length": 200}),
        ({"text": "x", "count": "many"}, "count", "integer", {}),
        ({"text": "x", "count": 6}, "count", "less_than_equal", {"le": 5}),
        ({"text": "x", "count": 0}, "count", "greater_than_equal", {"ge": 1}),
        ({"text": "x", "at": "yesterday"}, "at", "datetime", {}),
        ({"text": "x", "at": 1700000000}, "at", "datetime", {}),
        ({"text": "x", "at": "1700000000"}, "at", "datetime", {}),
        ({"text": "x", "at": "0001-01-01T00:00:00+14:00"}, "at", "datetime", {}),
        ({"text": "x", "at": "2024-02-30T00:00:00Z"}, "at", "datetime", {}),
        ({"text": "x", "at": "2024-02-03T00:00:00"}, "at", "timezone_aware", {}),
        ({"text": "x", "at": future()}, "at", "future_time", {}),
        ({"text": "x", "at": "9999-12-31T23:59:59-12:00"}, "at", "datetime", {}),
        ({"text": "x", "place": 5}, "place", "object", {}),
        (
            {"text": "x", "place": {"longitude": 181, "latitude": 0}},
            "place.longitude",
            "less_than_equal",
            {"le": 180.0},
        ),
        (
            {"text": "x", "place": {"longitude": True, "latitude": 0}},
            "place.longitude",
            "number",
            {},
        ),
        ({"text": "x", "kind": "rant"}, "kind", "choice", {}),
        (
            {"text": "x", "category": "No Such"},
            "category",
            "string_pattern_mismatch",
            {"pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"},
        ),
    ],
)
async def test_each_fault_of_a_body_has_its_sentence(
    client: httpx.AsyncClient,
    body: dict[str, Any],
    field: str,
    message: str,
    parameters: dict[str, Any],
) -> None:
    for language, headers in (("zh", {}), ("en", EN)):
        problem = checked(await client.post("/v1/requests", json=body, headers=headers), 422)
        sentence = all_messages()[f"field.{message}"][language].format(**parameters)  # type: ignore[index]
        assert problem["type"] == "/problems/invalid-content"
        assert [(e["field"], e["detail"]) for e in problem["errors"]] == [(field, sentence)]
        assert sentence in problem["detail"]
        assert field in problem["detail"]


async def test_a_choice_lists_what_is_allowed(client: httpx.AsyncClient) -> None:
    problem = checked(await client.post("/v1/requests", json={"text": "x", "kind": "rant"}), 422)
    assert problem["errors"][0]["allowed"] == ["complaint", "question"]


async def test_several_faults_are_all_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/requests", json={"count": 9, "more": 1})
    problem = checked(answer, 422)
    assert {e["field"] for e in problem["errors"]} == {"text", "count", "more"}
    assert "3" in problem["detail"]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"text": ',
        b'{"text": "\xff"}',
        b'{"text": "x", "place": {"longitude": NaN, "latitude": 0}}',
        b'{"text": "\\ud800"}',
        b'{"text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"\x00",
    ],
)
async def test_malformed_json(client: httpx.AsyncClient, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem = checked(await client.post("/v1/requests", content=raw, headers=headers), 422)
    assert problem["type"] == "/problems/malformed-json"


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"7"])
async def test_a_body_that_is_no_object(client: httpx.AsyncClient, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem = checked(await client.post("/v1/requests", content=raw, headers=headers), 422)
    assert problem["type"] == "/problems/not-json"


async def test_a_body_of_another_type_and_none(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "text/plain"}
    problem = checked(await client.post("/v1/requests", content=b"x", headers=headers), 422)
    assert problem["type"] == "/problems/not-json"
    problem = checked(await client.post("/v1/requests"), 422)
    assert problem["errors"] == [{"field": "body", "detail": "请填写此项。"}]


async def test_a_long_name_is_not_repeated_whole(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/requests", json={"text": "x", "名" * 100_000: 1})
    assert len(checked(answer, 422)["errors"][0]["field"]) == 200
    answer = await client.get("/v1/requests?" + "n" * 10_000 + "=1")
    assert len(checked(answer, 422)["errors"][0]["field"]) == 200


async def test_unknown_query_parameters_are_refused(client: httpx.AsyncClient) -> None:
    problem = checked(await client.get("/v1/requests?stat=open&limit=3"), 422)
    error = problem["errors"][0]
    assert error["field"] == "stat"
    assert error["allowed"] == ["cursor", "limit", "state"]
    assert (await client.get("/loose?anything=1")).status_code == 200


async def test_text_is_cleaned_and_times_are_turned_to_utc(client: httpx.AsyncClient) -> None:
    body = {
        "text": " 路灯\x00\x1b\r\n\t不亮\x85 ",
        "at": "2024-05-01T08:30:00.123456+08:00",
        "place": {"longitude": -180, "latitude": 90},
        "area": "440310001",
    }
    answer = (await client.post("/v1/requests", json=body)).json()
    assert answer["text"] == "路灯\n\t不亮"
    assert answer["at"] == "2024-05-01T00:30:00.123000Z"
    longest = await client.post("/v1/requests", json={"text": " " + "长" * 4000 + "\x00"})
    assert longest.status_code == 201


def test_a_problem_says_what_its_raiser_gave() -> None:
    problem = Problem(
        422,
        "unknown-category",
        message="field.choice",
        field="category",
        allowed=["a", "b"],
        where="/v1/categories",
        extra={"more": 1},
    )
    answer = problem.render("en", "/v1/requests")
    assert answer["type"] == "/problems/unknown-category"
    assert answer["allowed"] == ["a", "b"]
    assert answer["where"] == "/v1/categories"
    assert answer["more"] == 1
    assert answer["errors"] == [{"field": "category", "detail": answer["detail"]}]
