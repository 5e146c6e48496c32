"""Work that a service does for ever, and that waits for the database."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

from shared.storage.client import UNREACHABLE

log = logging.getLogger(__name__)


def _always() -> bool:
    return True


async def for_ever(
    step: Callable[[], Awaitable[object]],
    pause: float,
    waits: str,
    *,
    when: Callable[[], bool] = _always,
    rest: float = 0.0,
    over: tuple[type[Exception], ...] = UNREACHABLE,
) -> NoReturn:
    """Do `step` again and again.

    Args:
        step: does some of the work; what it answers is true where there is more to do at once.
        pause: seconds to the next step, where there is not.
        waits: the sentence of the log for a step that the database had no answer to.
        when: whether this replica is to do it now, as `lambda: leases.leads`.
        rest: the pause is at least so many times as long as the step took, so that it has a share
            of the time only.
        over: errors that are over by themselves; any other one ends the work, and the process.
    """
    while True:
        began = time.perf_counter()
        more: object = False
        if when():
            try:
                more = await step()
            except over as error:
                log.warning(waits, extra={"error": repr(error)})
        took = time.perf_counter() - began
        await asyncio.sleep(max(0.0 if more else pause, rest * took))
