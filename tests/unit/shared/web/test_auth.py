import time
from typing import Any

import httpx
import jwt
import pytest

from shared.web.auth import (
    Principal,
    Role,
    TokenReader,
    issue_token,
    require,
    sees_area,
    sees_unit,
)
from shared.web.problems import Problem
from tests.unit.shared.web.sample import SECRET, bearer


def forged(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> dict[str, str]:
    good = {"sub": "a", "aud": "lianxin", "exp": int(time.time()) + 86_400, "role": "resident"}
    content = {k: v for k, v in (good | claims).items() if v is not None}
    key = secret if algorithm != "none" else ""
    return {"Authorization": f"Bearer {jwt.encode(content, key, algorithm=algorithm)}"}


async def test_a_good_token_is_let_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me", headers=bearer(Role.RESIDENT))
    assert answer.json() == {"subject": "someone", "role": "resident"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "token-missing"),
        ({"Authorization": "Bearer"}, "token-invalid"),
        ({"Authorization": "Basic YTpi"}, "token-invalid"),
        ({"Authorization": "Bearer no.such.token"}, "token-invalid"),
        (forged(secret="other" * 10), "token-invalid"),
        (forged(algorithm="none"), "token-invalid"),
        (forged(algorithm="HS512", secret=SECRET * 2), "token-invalid"),
        (forged(aud="elsewhere"), "token-invalid"),
        (forged(exp=None), "token-invalid"),
        (forged(sub=None), "token-invalid"),
        (forged(role="king"), "token-invalid"),
        (forged(role=None), "token-invalid"),
        (forged(areas="440310"), "token-invalid"),
        (forged(areas=[7]), "token-invalid"),
        (forged(unit={"$gt": ""}), "token-invalid"),
        (forged(exp=int(time.time()) - 1), "token-expired"),
    ],
)
async def test_bad_tokens_are_401(
    client: httpx.AsyncClient, headers: dict[str, str], code: str
) -> None:
    for _ in range(2):  # the second time a remembered token would answer
        answer = await client.get("/v1/me", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["type"] == f"/problems/{code}"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_remembered_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = TokenReader(SECRET)
    token = issue_token(SECRET, Principal("a", Role.RESIDENT), 60)
    assert reader.read(token) is reader.read(token)
    later = time.time() + 61
    monkeypatch.setattr("shared.web.auth.time.time", lambda: later)
    with pytest.raises(Problem, match="token-expired"):
        reader.read(token)


def test_a_token_carries_the_whole_principal() -> None:
    principal = Principal(
        "王", Role.GRID_LEADER, frozenset({"440310001"}), "u1", frozenset({"g1", "g2"}), "v1"
    )
    assert TokenReader(SECRET).read(issue_token(SECRET, principal)) == principal


async def test_role_and_area(client: httpx.AsyncClient) -> None:
    async def ask(role: Role, *areas: str) -> tuple[int, dict[str, Any]]:
        headers = bearer(role, areas=frozenset(areas))
        answer = await client.get("/v1/areas/440310001", headers=headers)
        return answer.status_code, answer.json()

    status, problem = await ask(Role.RESIDENT, "440310001")
    assert status == 403
    assert problem["type"] == "/problems/wrong-role"
    assert problem["allowed"] == ["administrator", "area_manager"]
    status, problem = await ask(Role.AREA_MANAGER, "440310002")
    assert status == 403
    assert problem["type"] == "/problems/wrong-area"
    assert (await ask(Role.AREA_MANAGER, "440310"))[0] == 200
    assert (await ask(Role.AREA_MANAGER, "440310001"))[0] == 200
    assert (await ask(Role.ADMINISTRATOR))[0] == 200
    assert (await client.get("/v1/areas/440310001")).status_code == 401


def test_only_the_administrator_sees_all() -> None:
    manager = Principal("m", Role.AREA_MANAGER, frozenset({"4403"}), unit_id=None)
    administrator = Principal("a", Role.ADMINISTRATOR)
    assert not sees_area(manager, [])
    assert not sees_unit(manager, None)
    assert sees_unit(Principal("o", Role.UNIT_OPERATOR, unit_id="u1"), "u1")
    assert not sees_unit(Principal("o", Role.UNIT_OPERATOR, unit_id="u1"), "u2")
    assert sees_area(administrator, [])
    assert sees_unit(administrator, None)


def test_mistakes_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="at least one"):
        require()
    with pytest.raises(ValueError, match="32"):
        TokenReader("short")
