"""What a place is compared with: the other places of its level; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from services.assessment.problems.counts import NOTHING, Cell, Counts


class Beside:
    """What the other places of a level tell of one: the month's level of a category is theirs,
    the size of a place is its requests of all categories in the window.

    The category itself is part of the size: without it the size of a place where it is most of
    what is asked would hang on whatever else there is. That makes a large excess look smaller.

    Args:
        all: of all categories in the window, by place.
        size: the sum of it over the places of the level.
        counts: of the category, at the places of the level.
    """

    def __init__(
        self, all: Mapping[str, Cell], size: int, counts: Counts, window: Sequence[str]
    ) -> None:
        self._all, self._counts, self._size = all, counts, size
        self._in_month: Counter[str] = Counter()
        for months in counts.values():
            for month in window:
                self._in_month[month] += months.get(month, NOTHING).requests

    def expected(self, place: str, month: str) -> tuple[float, float]:
        """What is expected of a place in a month, and on how many requests elsewhere that rests
        (half a request more than there are: none elsewhere is no proof that there are none)."""
        months = self._counts.get(place, {})
        elsewhere = self._in_month[month] - months.get(month, NOTHING).requests + 0.5
        size = self._all.get(place, NOTHING).requests
        others = self._size - size
        return (elsewhere * size / others if others else 0.0), elsewhere
