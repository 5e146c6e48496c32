"""A small round of last month: the state enterprises rate themselves, the public and the lines
above rate them (policy, art. 14). It is played beside the demo day."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx

from deploy.local.demo.actors import CITY_DUTY, operator
from deploy.local.demo.api import ADMINISTRATOR, Api, Refused, refused
from deploy.local.demo.units import SUPERIOR
from deploy.local.errors import LocalError

CLASS = "state_enterprise"
ITEMS = ("response", "resolution", "satisfaction")
"""Indicators of the shipped scheme that each rates itself by, with evidence."""
UNTIL_SECONDS = (4.0, 13.0, 17.0)
"""When the steps end; a city gives each of them weeks."""
PATIENCES = (1, 3)
"""A machine that was too slow for these is given so many times as long."""
VOICES, STUFFED, SEATS = 9, 3, 10
"""Voices by the code, each from a home of its own (one more within a minute would be a rush), from
one source, and of a panel of recipients, who also live apart."""
STUFFED_UNIT = "utility-east"
PATIENCE_SECONDS = 60.0

Rows = list[dict[str, Any]]


async def play_round(api: Api, month: str, tag: str) -> str | None:
    """Play it to its end; its id, or None where the city's own scheme has no such class."""
    for times in PATIENCES:
        try:
            return await _Round(api, month).play(times, f"demo-{tag}-round-{times}")
        except Refused as said:
            if said.code == "unknown-class":
                return None
            if said.code not in ("step-locked", "step-not-yet") or times == PATIENCES[-1]:
                raise
    return None


class _Round:
    def __init__(self, api: Api, month: str) -> None:
        self._api, self._month = api, month
        self._path = ""

    async def play(self, times: int, key: str) -> str:
        now = datetime.now(UTC)
        steps = ("self_rating", "public_rating", "organizational_rating")
        until = {
            step: (now + times * timedelta(seconds=seconds)).isoformat()
            for step, seconds in zip(steps, UNTIL_SECONDS, strict=True)
        }
        body = {"period": self._month, "kind": "unit", "classes": [CLASS], "until": until}
        opened = await self._api.post("assessment", "/v1/rounds", ADMINISTRATOR, body, key)
        self._path = f"/v1/rounds/{opened['id']}"
        units = await self._at("self", opened["subjects"])
        await _each(units, self._rate_itself)
        await self._at("public", len(units))
        async with _Homes(self._api.urls["assessment"]) as homes:
            await _each(units, lambda unit: self._ask_the_public(unit, homes))
        await self._at("organizational", len(units))
        await _each(units, self._rate_from_above)
        await self._at("complete", len(units))
        id: str = opened["id"]
        return id

    async def _at(self, stage: str, wanted: int) -> Rows:
        """The subjects, once all of them stand at a stage."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            path = f"{self._path}/subjects?limit=200"
            rows: Rows = (await self._api.get("assessment", path))["items"]
            if len(rows) == wanted and all(row["stage"] == stage for row in rows):
                return rows
            if time.monotonic() > end:
                raise LocalError(
                    f"The round of the demo day did not come to {stage} within "
                    f"{PATIENCE_SECONDS:g} seconds: see the log of assessment."
                )
            await asyncio.sleep(0.1)

    async def _rate_itself(self, row: dict[str, Any]) -> None:
        id = row["subject_id"]
        random = Random(f"{id}/self")
        items = [
            {
                "item": item,
                "points": random.randint(85, 98),
                "evidence": "见本月回访记录和办理台账",
                "references": [{"kind": "unit", "id": id}],
            }
            for item in ITEMS
        ]
        path = f"{self._path}/subjects/{id}/self-rating"
        await self._api.call("PUT", "assessment", path, who=operator(id), json={"items": items})

    async def _ask_the_public(self, row: dict[str, Any], homes: "_Homes") -> None:
        """A code at the counter, and where a system manages the unit a panel of recipients."""
        id = row["subject_id"]
        random = Random(f"{id}/public")
        path = f"{self._path}/subjects/{id}"
        made = await self._api.post(
            "assessment", f"{path}/codes", CITY_DUTY, {"place": "营业厅"}, f"code-{path}"
        )
        pleased = random.uniform(0.6, 0.95)
        voices = [
            homes.say(
                made["code"],
                random.choice((4, 5) if random.random() < pleased else (1, 2, 3)),
                home,
                f"home-{home}-{id}",
            )
            for home in range(VOICES)
        ]
        if id == STUFFED_UNIT:
            voices += [
                homes.say(made["code"], 1, SEATS, f"stuffed-{n}-{id}") for n in range(STUFFED)
            ]
        await asyncio.gather(*voices)
        if await self._lines(id) != ["local"]:
            quotas = [{"group": "服务对象", "seats": SEATS}]
            body = {"purpose": "recipients", "quotas": quotas}
            panel = await self._api.post(
                "assessment", f"{path}/panels", CITY_DUTY, body, f"panel-{path}"
            )
            await asyncio.gather(
                *(
                    homes.say(
                        seat["token"], 5 if random.random() < pleased else 2, n,
                        f"seat-{n}-{id}",
                    )
                    for n, seat in enumerate(panel["seats"])
                )
            )  # fmt: skip

    async def _lines(self, id: str) -> list[str]:
        shown = await self._api.get("assessment", f"{self._path}/subjects/{id}")
        return [line["line"] for line in shown["lines"]]

    async def _rate_from_above(self, row: dict[str, Any]) -> None:
        """The place for everybody; the system for those that it manages."""
        id = row["subject_id"]
        random = Random(f"{id}/lines")
        for line in await self._lines(id):
            if line == "recipients":
                continue  # their panel has spoken
            who = CITY_DUTY if line == "local" else operator(SUPERIOR)
            body = {"points": random.randint(80, 95), "reason": "演示：考评组意见"}
            path = f"{self._path}/subjects/{id}/lines/{line}"
            await self._api.call("PUT", "assessment", path, who=who, json=body)


class _Homes:
    """Residents' devices: each home has a network, and so a loopback address, of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stack = AsyncExitStack()
        self._clients: list[httpx.AsyncClient] = []

    async def __aenter__(self) -> "_Homes":
        for home in range(SEATS + 1):
            # Plain HTTP: without `verify` each would load the certificates of the world.
            address = f"127.0.{home + 2}.1"
            transport = httpx.AsyncHTTPTransport(local_address=address, verify=False)
            client = httpx.AsyncClient(base_url=self._url, transport=transport, timeout=30)
            self._clients.append(await self._stack.enter_async_context(client))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def say(self, code: str, rating: int, home: int, device: str) -> None:
        """Give a voice, without a token."""
        body = {"rating": rating, "device": f"device-of-{device}"}
        answer = await self._clients[home].post(f"/v1/ratings/{code}", json=body)
        if not answer.is_success:
            raise refused(answer)


async def _each(rows: Rows, act: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    await asyncio.gather(*(act(row) for row in rows))
