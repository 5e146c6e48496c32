"""Long readings: each batch is worked on in a thread while the next one is read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")

AN_ANSWER = 1000
"""Documents in one answer of the database: while it makes one, the embedded engine does nothing
else, and thousands take it a tenth of a second."""


async def in_a_thread(batches: AsyncIterator[T], work: Callable[[T], None]) -> None:
    """Call `work` with each batch, one after the other and in order.

    The event loop goes on meanwhile: it waits for the interpreter for as long as the longest call
    of C code in `work`, so a batch must not be too large. Raises what either of the two raises.
    """
    working: asyncio.Future[None] | None = None
    try:
        async for batch in batches:
            if working is not None:
                await working
            working = asyncio.ensure_future(asyncio.to_thread(work, batch))
    finally:
        # A thread goes on whatever happens here; nobody may read what it writes before it ends.
        if working is not None:
            await working
