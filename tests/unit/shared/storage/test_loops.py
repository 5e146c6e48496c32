"""Work for ever: what it waits for, when it goes on at once, and what ends it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from pymongo.errors import AutoReconnect

from shared.storage.loops import for_ever


class Enough(Exception):
    """The test has seen what it wanted."""


def steps(*answers: object) -> Callable[[], Awaitable[object]]:
    """A step that answers, or raises, one after the other; then it is enough."""
    left = list(answers)

    async def step() -> object:
        answer = left.pop(0) if left else Enough()
        if isinstance(answer, Exception):
            raise answer
        return answer

    return step


async def test_there_is_no_pause_while_there_is_more() -> None:
    began = time.monotonic()
    with pytest.raises(Enough):
        await for_ever(steps(True, 7, "more"), 30.0, "waits")
    assert time.monotonic() - began < 5


async def test_a_database_that_is_away_is_told_of_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(Enough):
        await for_ever(steps(AutoReconnect("away"), None), 0.0, "it waits")
    assert [record.message for record in caplog.records] == ["it waits"]


async def test_what_is_over_by_itself_is_the_callers_to_say() -> None:
    with pytest.raises(KeyError):
        await for_ever(steps(KeyError("x")), 0.0, "waits")
    with pytest.raises(Enough):
        await for_ever(steps(KeyError("x")), 0.0, "waits", over=(KeyError,))


async def test_it_pauses_where_there_is_no_more_and_rests_as_long_as_it_worked() -> None:
    async def slow() -> bool:
        await asyncio.sleep(0.05)
        return True

    for step, pause, rest in ((steps(*[None] * 99), 30.0, 0.0), (slow, 0.0, 600.0)):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await for_ever(step, pause, "waits", rest=rest)


async def test_who_is_not_to_do_it_does_nothing() -> None:
    asked: list[int] = []

    def when() -> bool:
        asked.append(len(asked))
        return len(asked) == 3

    with pytest.raises(Enough):
        await for_ever(steps(), 0.0, "waits", when=when)
    assert asked == [0, 1, 2]
