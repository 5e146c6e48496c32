"""Work that several callers bring at the same time, done together.

The partitions of a busy topic each have a few records at a time. Read and written each by itself
they would cost the database as many commands as records; so what is brought while earlier work
goes on waits and is done in one piece, as a database does with commits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

AT_ONCE = 2
"""Pieces under way: while the database works on one, the other is decided here."""


class Together(Generic[T]):
    """Calls `work` with what callers bring, in the order in which they came.

    Args:
        most: a piece takes further callers' items up to this many.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[None]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[tuple[Sequence[T], asyncio.Future[None]]] = deque()
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, items: Sequence[T]) -> None:
        """Have `items` worked on; return when that is done, or raise what it raised.

        What others bring is never split: all of a piece fails where its work raises. A caller that
        is cancelled leaves its items to be worked on.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, done))
        if self._under_way < AT_ONCE:
            self._under_way += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await done

    async def _run(self) -> None:
        # It begins a turn of the loop later: those that come in the same turn are in the piece.
        try:
            await self._work_off()
        finally:
            # In the same turn in which nothing waits any more: whoever comes next begins anew.
            self._under_way -= 1

    async def _work_off(self) -> None:
        while self._waiting:
            callers = [self._waiting.popleft()]
            size = len(callers[0][0])
            while self._waiting and (size := size + len(self._waiting[0][0])) <= self._most:
                callers.append(self._waiting.popleft())
            try:
                await self._work([item for items, _ in callers for item in items])
            except asyncio.CancelledError:
                for _, done in callers:
                    done.cancel()
                raise
            except Exception as error:
                for _, done in callers:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in callers:
                    if not done.done():
                        done.set_result(None)
