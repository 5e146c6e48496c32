"""Idempotency keys, entity tags and paging."""

import base64
import contextlib
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.auth import Role
from shared.web.idempotency import Idempotency, fingerprint_of
from shared.web.paging import Cursor, Scalar, decode_cursor, encode_cursor
from shared.web.problems import Problem
from tests.unit.shared.web.sample import bearer


async def key_of(client: httpx.AsyncClient, **headers: str) -> str | None:
    answer = await client.post("/v1/requests", json={"text": "x"}, headers=headers)
    assert answer.status_code == 201
    key: str | None = answer.json()["key"]
    return key


async def test_a_key_stands_for_caller_and_header(client: httpx.AsyncClient) -> None:
    assert await key_of(client) is None
    first = await key_of(client, **{"Idempotency-Key": "a"})
    assert first == await key_of(client, **{"Idempotency-Key": "a"})
    assert first != await key_of(client, **{"Idempotency-Key": "b"})
    assert first != await key_of(client, **{"Idempotency-Key": "a"}, **bearer(Role.RESIDENT))


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é"])
async def test_a_malformed_key_is_400(client: httpx.AsyncClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = await client.post("/v1/requests", json={"text": "x"}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-invalid"
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_the_fingerprint_is_of_the_content() -> None:
    assert fingerprint_of(b'{"a": 1, "b": [2]}') == fingerprint_of(b'{"b":[2],"a":1}')
    assert fingerprint_of(b'{"a": 1}') != fingerprint_of(b'{"a": 2}')
    assert fingerprint_of(b"not json") != fingerprint_of(b"not  json")
    kept = Idempotency("k", fingerprint_of(b"1"))
    kept.check(fingerprint_of(b" 1 "))
    with pytest.raises(Problem, match="422 idempotency-key-reused"):
        kept.check(fingerprint_of(b"2"))


@pytest.mark.parametrize(
    ("given_tag", "status", "code"),
    [
        (None, 428, "precondition-required"),
        ('"6"', 412, "precondition-failed"),
        ('"7"', 200, None),
        ('W/"7"', 200, None),
        ("*", 200, None),
        ("7", 400, "if-match-invalid"),
        ('"7", "8"', 400, "if-match-invalid"),
        ('"' + "9" * 400 + '"', 400, "if-match-invalid"),
    ],
)
async def test_if_match(
    client: httpx.AsyncClient, given_tag: str | None, status: int, code: str | None
) -> None:
    headers = {"If-Match": given_tag} if given_tag else {}
    answer = await client.put("/v1/requests/1", headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("etag") == {200: '"8"', 412: '"7"'}.get(status)
    if code:
        assert answer.json()["type"] == f"/problems/{code}"


async def test_pages_follow_each_other_to_the_end(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = (await client.get(f"/v1/requests{query}")).json()
        seen += page["items"]
        cursor = page["next"]
        pages += 1
    assert seen == [0, 1, 2, 3, 4]
    assert pages == 3


@pytest.mark.parametrize("limit", ["0", "201", "many"])
async def test_limit_is_bounded(client: httpx.AsyncClient, limit: str) -> None:
    answer = await client.get(f"/v1/requests?limit={limit}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "limit"


@given(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_a_cursor_comes_back(value: Scalar, row_id: str) -> None:
    text = encode_cursor(value, row_id)
    assert text.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(text) == Cursor(value, row_id)


@given(st.text() | st.binary().map(lambda raw: encode_cursor("x", "y") + raw.hex()))
def test_a_spoilt_cursor_is_a_problem_or_a_scalar(text: str) -> None:
    with contextlib.suppress(Problem):  # any other exception fails
        assert not isinstance(decode_cursor(text).value, dict | list)


@pytest.mark.parametrize(
    "parts", [[{"$gt": ""}, "id"], ["a", {"$ne": 1}], ["a"], {}, ["x", "i", "t"]]
)
async def test_a_forged_cursor_is_400(client: httpx.AsyncClient, parts: object) -> None:
    cursor = base64.urlsafe_b64encode(orjson.dumps(parts)).decode()
    answer = await client.get("/v1/requests", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/invalid-cursor"


def test_a_cursor_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        encode_cursor(datetime(2026, 5, 1), "x")
