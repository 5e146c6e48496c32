"""Ending tasks that lose a cancellation."""

import asyncio

import pytest

from shared.messaging import ending
from shared.messaging.ending import bounded, end_tasks


async def stubborn(lost: int) -> None:
    """Swallows `lost` cancellations, as drivers do now and then."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if lost == 0:
                raise
            lost -= 1


async def test_a_task_that_loses_cancellations_is_ended() -> None:
    task = asyncio.create_task(stubborn(2))
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.cancelled()


async def test_the_end_is_bounded_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(ending.log, "error", lambda message, **_more: told.append(message))
    task = asyncio.create_task(stubborn(3), name="stubborn one")
    await asyncio.sleep(0)
    await end_tasks([task], 0.5)
    assert not task.done()
    assert told == ["tasks do not end"]
    await end_tasks([task])
    assert task.cancelled()


async def test_bounded_work_gives_its_result_or_its_error() -> None:
    async def good() -> int:
        return 7

    async def bad() -> int:
        raise ValueError("bad")

    assert await bounded(good(), 1) == 7
    with pytest.raises(ValueError, match="bad"):
        await bounded(bad(), 1)
    with pytest.raises(TimeoutError):
        await bounded(stubborn(1), 0.05)
