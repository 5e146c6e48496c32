"""Work of several callers, done together."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.messaging.together import AT_ONCE, Together


class Pieces:
    """Work that goes on until it is let go."""

    def __init__(self, most: int = 100) -> None:
        self.begun: list[list[int]] = []
        self.go = asyncio.Event()
        self.together = Together(self._work, most)

    async def _work(self, items: Sequence[int]) -> None:
        self.begun.append(list(items))
        await self.go.wait()
        if any(item < 0 for item in items):
            raise ValueError(f"a piece of {len(items)}")

    def bring(self, *callers: Sequence[int]) -> list[asyncio.Task[None]]:
        """A caller for each; they come in the same turn of the loop."""
        return [asyncio.create_task(self.together.do(items)) for items in callers]

    async def under_way(self) -> None:
        """Let whatever can begin do so."""
        for _ in range(10):
            await asyncio.sleep(0)


async def test_what_comes_in_one_turn_is_one_piece_in_the_order_in_which_it_came() -> None:
    pieces = Pieces()
    callers = pieces.bring([1, 2], [3], [4, 5])
    await pieces.under_way()
    assert pieces.begun == [[1, 2, 3, 4, 5]]
    pieces.go.set()
    assert await asyncio.gather(*callers) == [None, None, None]


async def test_what_comes_while_as_many_as_may_are_under_way_waits_and_is_one_piece() -> None:
    pieces = Pieces()
    callers = []
    for number in range(AT_ONCE):
        callers += pieces.bring([number])
        await pieces.under_way()
    assert pieces.begun == [[number] for number in range(AT_ONCE)]
    for number in (10, 11, 12):
        callers += pieces.bring([number])
        await pieces.under_way()
    assert len(pieces.begun) == AT_ONCE
    pieces.go.set()
    await asyncio.gather(*callers)
    assert pieces.begun[AT_ONCE:] == [[10, 11, 12]]
    # What comes afterwards begins again by itself.
    await asyncio.gather(*pieces.bring([20]))
    assert pieces.begun[-1] == [20]


async def test_a_piece_takes_so_many_items_and_no_caller_is_split() -> None:
    pieces = Pieces(most=3)
    pieces.go.set()
    await asyncio.gather(*pieces.bring([1, 2], [3], [4], [5, 6, 7, 8], [9]))
    assert pieces.begun == [[1, 2, 3], [4], [5, 6, 7, 8], [9]]


async def test_what_a_piece_raises_comes_to_each_of_its_callers_and_to_no_other() -> None:
    pieces = Pieces(most=2)
    callers = pieces.bring([1], [-1], [2], [3])
    await pieces.under_way()
    assert pieces.begun == [[1, -1], [2, 3]]
    pieces.go.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [repr(result) for result in results] == [
        "ValueError('a piece of 2')",
        "ValueError('a piece of 2')",
        "None",
        "None",
    ]


async def test_a_caller_that_is_cancelled_takes_nothing_from_the_others() -> None:
    pieces = Pieces()
    gone, stays = pieces.bring([1], [2])
    await pieces.under_way()
    gone.cancel()
    await pieces.under_way()
    assert gone.cancelled()
    pieces.go.set()
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_whoever_comes_again_when_all_pieces_end_in_one_turn_is_not_left_waiting() -> None:
    pieces = Pieces()

    async def twice() -> None:
        await pieces.together.do([1])
        await pieces.together.do([2])

    callers = [asyncio.create_task(twice())]
    await pieces.under_way()
    for number in range(10, 9 + AT_ONCE):
        callers += pieces.bring([number])
        await pieces.under_way()
    assert len(pieces.begun) == AT_ONCE
    pieces.go.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*callers)
    assert pieces.begun[-1] == [2]
