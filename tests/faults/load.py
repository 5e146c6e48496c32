"""Requests in flight: posted steadily, each tried again until it is answered 201."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.contracts.ids import uuid7


@dataclass
class Load:
    """Posts `total` requests, `rate` a second, to whichever intake lives.

    A resident's app does the same: it keeps its `Idempotency-Key` and tries again.
    """

    url: Callable[[], str]
    headers: dict[str, str]
    body: Callable[[int], dict[str, Any]]
    total: int
    rate: float
    answered: dict[int, str] = field(default_factory=dict)
    """Ids from 201 answers, by number of the request."""
    retries: int = 0

    async def run(self) -> None:
        """Post them all."""
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(timeout=20, limits=limits) as client:
            numbers = iter(range(self.total))
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(self._worker(client, numbers, began) for _ in range(32)))

    async def _worker(self, client: httpx.AsyncClient, numbers: Any, began: float) -> None:
        for number in numbers:
            due = began + number / self.rate
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            await self._post(client, number, uuid7())

    async def _post(self, client: httpx.AsyncClient, number: int, key: str) -> None:
        headers = self.headers | {"Idempotency-Key": key}
        for attempt in itertools.count():
            try:
                answer = await client.post(
                    f"{self.url()}/v1/requests", json=self.body(number), headers=headers
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 201:
                self.answered[number] = answer.json()["id"]
                return
            if answer is not None and answer.status_code < 500:
                raise AssertionError(f"{answer.status_code}: {answer.text}")
            self.retries += 1
            if attempt > 600:
                raise AssertionError(f"request {number} was never answered")
            await asyncio.sleep(0.2)
