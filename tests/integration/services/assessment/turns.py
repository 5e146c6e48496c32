"""Several actors on one database, one operation at a time, in an order that a test chooses.

A real database behind collections that wait for their turn before each operation. A bulk write
goes in pieces, as it may be cut off in the middle. An actor that is stopped at its turn is one
that was killed between two steps; one that gets no turn for long is a slow one.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

from shared.storage.client import BulkWriteError, Collection, Database, Document


class Turns:
    """Who waits for a turn; `give` lets one go on to its next operation."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.crashes = 0

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start an actor."""

        async def run() -> None:
            await work()

        self._tasks[name] = asyncio.create_task(run(), name=name)

    async def wait(self, name: str) -> None:
        """Wait for the actor's next turn."""
        self._waiting[name] = asyncio.get_running_loop().create_future()
        await self._waiting[name]

    async def alive(self) -> list[str]:
        """The actors that are not done; each of them waits for its turn.

        Raises:
            Exception: what an actor raised.
        """
        while True:
            for name, task in list(self._tasks.items()):
                if task.done():
                    task.result()
                    del self._tasks[name]
            if self._tasks.keys() == self._waiting.keys():
                return sorted(self._tasks)
            await asyncio.sleep(0)

    def give(self, name: str) -> None:
        """Let a waiting actor do one operation."""
        self._waiting.pop(name).set_result(None)

    async def crash(self, name: str) -> None:
        """Kill a waiting actor before its next operation."""
        self.crashes += 1
        self._waiting.pop(name, None)
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def database(self, inner: Database, name: str) -> Database:
        """`inner` as the actor `name` sees it."""
        turns = self

        class Turned:
            name = inner.name

            def __getitem__(self, collection: str) -> Any:
                return TurnedCollection(turns, name, inner[collection])

        return Turned()  # type: ignore[return-value]


class TurnedCursor:
    """A cursor whose reading is one operation: all that it finds, as of one moment."""

    def __init__(self, turns: Turns, name: str, inner: Any) -> None:
        self._turns, self._name, self._inner = turns, name, inner

    def __getattr__(self, method: str) -> Any:
        if method.startswith("__"):  # it is not awaited, and has nothing of the kind
            raise AttributeError(method)
        return lambda *args: TurnedCursor(
            self._turns, self._name, getattr(self._inner, method)(*args)
        )

    async def to_list(self, length: int | None = None) -> list[Document]:
        """Everything found."""
        await self._turns.wait(self._name)
        found: list[Document] = await self._inner.to_list(length)
        return found

    async def __aiter__(self) -> AsyncIterator[Document]:
        for document in await self.to_list(None):
            yield document


class TurnedCollection:
    """A collection whose every operation waits for its actor's turn."""

    def __init__(self, turns: Turns, name: str, inner: Collection) -> None:
        self._turns, self._name, self._inner = turns, name, inner

    def find(self, *args: Any, **more: Any) -> TurnedCursor:
        """As of the collection."""
        return TurnedCursor(self._turns, self._name, self._inner.find(*args, **more))

    def aggregate(self, *args: Any, **more: Any) -> TurnedCursor:
        """As of the collection."""
        return TurnedCursor(self._turns, self._name, self._inner.aggregate(*args, **more))

    def __getattr__(self, method: str) -> Any:
        async def operation(*args: Any, **more: Any) -> Any:
            await self._turns.wait(self._name)
            return await getattr(self._inner, method)(*args, **more)

        return operation

    async def bulk_write(self, requests: Sequence[Any], ordered: bool = True) -> Any:
        """As of the collection, in pieces."""
        assert not ordered
        counts = SimpleNamespace(inserted_count=0, matched_count=0)
        errors: list[Document] = []
        rest = self._turns.chance.sample(list(requests), len(requests))
        while rest:
            size = self._turns.chance.choice((1, 2, len(rest), len(rest)))
            piece, rest = rest[:size], rest[size:]
            await self._turns.wait(self._name)
            try:
                result = await self._inner.bulk_write(piece, ordered=False)
                counts.inserted_count += result.inserted_count
                counts.matched_count += result.matched_count
            except BulkWriteError as error:
                errors += error.details["writeErrors"]
                counts.inserted_count += error.details["nInserted"]
                counts.matched_count += error.details["nMatched"]
        if errors:
            raise BulkWriteError(
                {
                    "writeErrors": errors,
                    "nInserted": counts.inserted_count,
                    "nMatched": counts.matched_count,
                }
            )
        return counts
