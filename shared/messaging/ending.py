"""Ending tasks for sure: a cancellation can be lost on its way.

PyMongo's asynchronous driver and aiokafka both swallow some (`asyncio.wait_for` does too before
Python 3.12): a task cancelled once may go on for ever, and whoever waits for its end with it.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

_AGAIN_SECONDS = 0.3


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"], seconds: float = 10.0) -> None:
    """Cancel `tasks`, again and again until each has ended or `seconds` are over."""
    running = {task for task in tasks if not task.done()}
    end = asyncio.get_running_loop().time() + seconds
    while running and asyncio.get_running_loop().time() < end:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_AGAIN_SECONDS)
    if running:
        log.error("tasks do not end", extra={"tasks": sorted(t.get_name() for t in running)})


async def bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """What `work` returns. Raises TimeoutError where it takes longer, and has then ended it."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task], timeout=seconds)
        if task.done():
            return task.result()
    finally:
        await end_tasks([task])
    raise TimeoutError(f"not done within {seconds:g} s")
