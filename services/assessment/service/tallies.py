"""Tallies: what the cases of a group add up to, changed by what a case adds more than before.

A tally is kept in whole numbers only, so that adding and taking away is exact: counts, and the
hours as milliseconds, counted by their exact value. The values lie in *steps*: a tally holds how
many lie in each step, and a document for each step of a group holds the values themselves. So a
percentile needs the tally and at most two such documents, however many cases there are.
Steps are 32 to a doubling (a width of 2 to 3 %), which bounds how many a tally has (at most 700
from a second to a month) and keeps those of some hundred thousand values small
(docs/decisions/0007-figures-by-differences.md).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

from services.assessment.service.cases import Measure, Part, parts_of
from services.assessment.service.figures import Sums, place

MILLIS_AN_HOUR = 3_600_000
SUMMED = ("followed_up", "contacted", "solved", "rated", "satisfied", "judged", "in_time")
BITS = 6
"""Leading binary digits of a value that make its step, in a tally made now."""
FORMER_BITS = 8
"""The same in a tally made by a release that did not write it down: it keeps its steps."""


class Counted(Part):
    """What of a case the tallies hold."""

    keys: tuple[str, ...] = ()
    measure: Measure = Measure()


class Change(Part):
    """A case that the tallies are to hold as `now`, and hold as `before`."""

    id: str
    version: int
    """Of the case when it was `now`."""
    before: Counted
    now: Counted


class Batch(Part):
    """A numbered step of the figures loop; everything that it does follows from what is here."""

    number: int = 0
    done: bool = True
    apart: frozenset[str] = frozenset()
    """Areas that have no figures (cities and districts): no tally is kept of them."""
    rebuild: tuple[str, ...] = ()
    """Groups whose tallies are made anew from what their cases hold as counted."""
    changes: tuple[Change, ...] = ()


class Torn(Exception):
    """A tally and its values do not fit: another leader is at work on them, or one is damaged."""


@dataclass(slots=True)
class Difference:
    """What is to be added to a tally: sums by name, and by the milliseconds how many values."""

    sums: Counter[str] = field(default_factory=Counter)
    millis: Counter[int] = field(default_factory=Counter)

    def add(self, measure: Measure, times: int) -> None:
        """Add a case's measure `times` times: 1 or -1."""
        for name in ("requests", *SUMMED):
            self.sums[name] += times * getattr(measure, name)
        millis = millis_of(measure)
        if millis is not None:
            self.millis[millis] += times

    def settle(self) -> None:
        """Leave out what adds nothing."""
        for counter in (self.sums, self.millis):
            for name in [name for name, number in counter.items() if not number]:
                del counter[name]

    def steps(self, bits: int) -> dict[int, dict[int, int]]:
        """Step -> milliseconds -> how many; by the `bits` of the tally."""
        found: dict[int, dict[int, int]] = {}
        for millis, number in self.millis.items():
            found.setdefault(step_of(millis, bits), {})[millis] = number
        return found

    def __bool__(self) -> bool:
        return bool(self.sums or self.millis)


@dataclass(frozen=True)
class Tally:
    """What a group's cases add up to. `steps`: how many timed cases in each step;
    not read (empty) where the figure knows of the same `hours`."""

    key: str
    sums: Mapping[str, int]
    steps: Mapping[int, int]
    hours: int | None = None
    """Number of the batch that changed its values last; None: an earlier release did."""
    whole: bool = True
    """False while it waits to be made anew."""

    @cached_property
    def timed(self) -> int:
        """How many values there are."""
        return sum(self.steps.values())

    @cached_property
    def spots(self) -> dict[int, tuple[int, int]]:
        """Of the places around the percentiles: the step of each, and its place in the step."""
        if not self.timed:
            return {}
        steps = sorted(self.steps)
        ends = list(accumulate(self.steps[step] for step in steps))
        found = {}
        for at in {at for tenths in (5, 9) for at in place(self.timed, tenths)[:2]}:
            index = bisect_right(ends, at)
            found[at] = steps[index], at - (ends[index - 1] if index else 0)
        return found


def millis_of(measure: Measure) -> int | None:
    """The hours in whole milliseconds, which they came from: a double holds them exactly."""
    return None if measure.hours is None else round(measure.hours * MILLIS_AN_HOUR)


def step_of(millis: int, bits: int = BITS) -> int:
    """The step that a value (0 or more) lies in; greater values lie in the same or a higher one."""
    shift = max(0, millis.bit_length() - bits)
    return (shift << (bits - 1)) + (millis >> shift)


def differences(changes: Iterable[Change], apart: frozenset[str]) -> dict[str, Difference]:
    """What the changes add to each group's tally; groups that nothing is added to are left out."""
    found: dict[str, Difference] = {}
    for change in changes:
        for counted, times in ((change.before, -1), (change.now, 1)):
            for key in counted.keys:
                if not is_apart(key, apart):
                    found.setdefault(key, Difference()).add(counted.measure, times)
    for difference in found.values():
        difference.settle()
    return {key: difference for key, difference in found.items() if difference}


def is_apart(key: str, apart: frozenset[str]) -> bool:
    """Whether a group is of an area without figures."""
    group, id, _ = parts_of(key)
    return group == "area" and id in apart


def steps_wanted(tally: Tally) -> set[int]:
    """The steps whose values the percentiles lie in; none of a tally that cannot be."""
    if min(tally.steps.values(), default=1) < 1:
        return set()
    return {step for step, _ in tally.spots.values()}


def sums_of(tally: Tally, values: Mapping[int, Mapping[int, int]]) -> Sums:
    """The sums, with the hours around the percentiles.

    Args:
        values: of each step wanted: milliseconds -> how many.

    Raises:
        Torn: `values` are not those that the tally counts.
    """
    if min(tally.steps.values(), default=1) < 1:
        raise Torn(tally.key)
    spots = tally.spots
    runs = {step: _run(tally, step, values.get(step, {})) for step, _ in spots.values()}

    def hours(at: int) -> float:
        step, offset = spots[at]
        millis, ends = runs[step]
        return millis[bisect_right(ends, offset)] / MILLIS_AN_HOUR

    timed = tally.timed
    around = [(0.0, 0.0), (0.0, 0.0)]
    if timed:
        pairs = (place(timed, 5)[:2], place(timed, 9)[:2])
        around = [(hours(below), hours(above)) for below, above in pairs]
    return replace(counts_of(tally), timed=timed, median=around[0], p90=around[1])


def counts_of(tally: Tally) -> Sums:
    """The sums without hours."""
    counts = {name: tally.sums.get(name, 0) for name in ("requests", *SUMMED)}
    return Sums(median=(0.0, 0.0), p90=(0.0, 0.0), **counts)


def _run(tally: Tally, step: int, values: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """The values of a step in order, and after each how many there are up to it."""
    millis = sorted(value for value, number in values.items() if number)
    numbers = [values[value] for value in millis]
    if sum(numbers) != tally.steps[step] or min(numbers, default=1) < 1:
        raise Torn(tally.key)
    return millis, list(accumulate(numbers))
