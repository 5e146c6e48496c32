"""So many reports are made at once, so many wait, the rest are refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.web.problems import Problem

AT_ONCE, WAITING = 1, 8


class Building:
    """Turns of a process, as reports read thousands of figures and take a core while drawn."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._limit = at_once + waiting
        self._turns = asyncio.Semaphore(at_once)
        self._there = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn. Raises `Problem` 503 where too many wait already."""
        if self._there >= self._limit:
            raise Problem(503, "reports-busy", headers={"Retry-After": "5"})
        self._there += 1
        try:
            async with self._turns:
                yield
        finally:
            self._there -= 1
