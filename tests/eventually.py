"""Waiting for something to become true, with a deadline in place of a sleep."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


async def eventually(
    predicate: Callable[[], Awaitable[T]],
    deadline: float = 30.0,
    message: str = "",
    interval: float = 0.02,
) -> T:
    """The first truthy value of `predicate()`, asked again until `deadline` seconds are over.

    An exception counts as "not yet", one of a failed assertion too. When the time is up the
    test fails, with `message` and what was seen last.
    """
    end = time.monotonic() + deadline
    while True:
        try:
            async with asyncio.timeout_at(_loop_time(end)):
                value = await predicate()
            if value:
                return value
            last = f"last value: {value!r}"
        except (Exception, pytest.fail.Exception) as error:
            last = f"last error: {type(error).__name__}: {error}"
        if time.monotonic() + interval > end:
            what = message or getattr(predicate, "__qualname__", "the condition")
            pytest.fail(f"not within {deadline:g} s: {what}; {last}", pytrace=False)
        await asyncio.sleep(interval)


def _loop_time(end: float) -> float:
    return asyncio.get_running_loop().time() + max(0.0, end - time.monotonic())
