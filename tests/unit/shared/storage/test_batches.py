"""Batches worked on in a thread while the next one is read."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import pytest

from shared.storage.batches import in_a_thread


async def of(*batches: int) -> AsyncIterator[int]:
    for batch in batches:
        yield batch


async def test_batches_are_worked_on_in_order_and_one_at_a_time() -> None:
    at_work = threading.Lock()
    done: list[int] = []

    def work(batch: int) -> None:
        assert at_work.acquire(blocking=False)
        time.sleep(0.001)
        done.append(batch)
        at_work.release()

    await in_a_thread(of(*range(20)), work)
    assert done == list(range(20))


async def test_the_next_batch_is_read_while_one_is_worked_on() -> None:
    next_read = threading.Event()

    async def batches() -> AsyncIterator[int]:
        yield 1
        next_read.set()
        yield 2

    def work(batch: int) -> None:
        assert next_read.wait(10), batch

    async with asyncio.timeout(20):
        await in_a_thread(batches(), work)


async def test_what_the_work_or_the_reading_raises_is_raised() -> None:
    done: list[int] = []

    def work(batch: int) -> None:
        if batch == 2:
            raise ValueError("batch 2")
        done.append(batch)

    with pytest.raises(ValueError, match="batch 2"):
        await in_a_thread(of(1, 2, 3, 4), work)
    assert done == [1]

    async def away() -> AsyncIterator[int]:
        yield 7
        raise ConnectionError("away")

    with pytest.raises(ConnectionError, match="away"):
        await in_a_thread(away(), work)
    assert done == [1, 7]
