"""Where the real tables are, and how the services' lists are read to their end."""

import asyncio
import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.eventually import eventually
from tests.integration.cli.conftest import Run

DATA = Path(os.environ.get("LIANXIN_REAL_DATA") or Path(__file__).parents[3] / "shared" / "data")

needs_the_tables = pytest.mark.skipif(
    not DATA.is_dir(),
    reason="the real tables stand outside the repository: no ../shared/data here "
    "(LIANXIN_REAL_DATA names another folder)",
)


def rows_of(name: str) -> list[dict[str, str]]:
    """A table's rows by column name."""
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def imported(lianxin: Run, *arguments: object, exit: int = 0) -> dict[str, Any]:
    """The summary of `lianxin import requests`."""
    found: dict[str, Any] = orjson.loads(
        lianxin("import", "requests", *arguments, "--json", exit=exit).stdout
    )
    return found


def audited(lianxin: Run) -> dict[str, Any]:
    """The audit's findings once every service has caught up; it is clean, or the test fails."""
    found: dict[str, Any] = orjson.loads(lianxin("audit", "--wait", 600, "--json").stdout)
    return found


class Api:
    """The services' lists, as an administrator reads them."""

    def __init__(self, lianxin: Run, environment: dict[str, str]) -> None:
        token = lianxin("token", "--role", "administrator").stdout.strip()
        self._environment = environment
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **asked: str) -> Any:
        """What assessment answers."""
        url = self._environment["LIANXIN_ASSESSMENT_URL"]
        answer = httpx.get(f"{url}{path}", params=asked, headers=self._headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def months(self) -> list[str]:
        """Months that have figures."""
        found: list[str] = self.get("/v1/months")["items"]
        return found

    def settle(self, month: str) -> None:
        """Settle a month, and wait until its scores are kept."""
        asyncio.run(self._settle(month))

    async def _settle(self, month: str) -> None:
        async with self._assessment() as client:
            body = {"period": month, "reason": "end of the month"}
            asked = await client.post("/v1/settlements", json=body)
            assert asked.status_code == 202, asked.text

            async def done() -> bool:
                items = (await client.get("/v1/settlements")).json()["items"]
                return any(one["period"] == month and one["done"] for one in items)

            await eventually(done, 60, f"{month} settled", interval=0.2)

    def _assessment(self) -> httpx.AsyncClient:
        url = self._environment["LIANXIN_ASSESSMENT_URL"]
        return httpx.AsyncClient(base_url=url, headers=self._headers, timeout=60)

    def looked_at(self, month: str) -> dict[str, Any]:
        """What assessment finds in a month, once it has looked."""
        return asyncio.run(self._looked_at(month))

    async def _looked_at(self, month: str) -> dict[str, Any]:
        async with self._assessment() as client:
            asked = await client.post("/v1/problem-rounds", json={"month": month})
            assert asked.status_code == 202, asked.text

            async def found() -> dict[str, Any] | None:
                answer = await client.get(f"/v1/problem-rounds/{month}")
                return answer.json() if answer.status_code == 200 else None

            looked = await eventually(found, 60, f"{month} looked at", interval=0.2)
            assert looked is not None
            return looked

    def items(self, service: str, path: str, **asked: str) -> Iterator[dict[str, Any]]:
        """Every item of every page."""
        url = self._environment[f"LIANXIN_{service.upper()}_URL"]
        with httpx.Client(base_url=url, headers=self._headers, timeout=60) as client:
            cursor: str | None = ""
            while cursor is not None:
                more = {"cursor": cursor} if cursor else {}
                answer = client.get(path, params=asked | {"limit": "200"} | more)
                assert answer.status_code == 200, answer.text
                page = answer.json()
                yield from page["items"]
                cursor = page.get("next")

    def figures(self, kind: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Every figure of a kind, by subject and month."""
        found = (
            self.items("assessment", "/v1/figures", kind=kind, month=month)
            for month in self.months()
        )
        return {(one["id"], one["month"]): one for page in found for one in page}
