"""Which of the facts told just before scores were made had come to assessment by then; pure.

A fact is in its owner's journal a moment before assessment hears of it and counts it, so that the
journals do not say of the last ones whether they are in the scores. The counts that were kept do:
of each case that something was told of in the last minute the facts are sought with which all
counts come out. What was left out is named. Steps are taken while they bring the counts closer,
one case at a time; each case touches few subjects, and few cases of a subject are so fresh.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

from services.assessment.service.recount import Recount, added_up

Key = tuple[str, str]
"""Kind and id of a subject."""
Counts = tuple[float, ...]
"""As `figures.COUNTS` names them."""
Facts = tuple[Any, ...]
_MOST_VARIANTS = 256
_MOST_AT_ONCE = (1000, 30, 8, 4)
"""Among how many cases one is changed, two at once, three, four."""


def counts_of(recount: Recount) -> dict[Key, Counts]:
    """The counts of each subject, of all months together."""
    found: dict[Key, Counts] = {}
    for (_, kind, id), piles in recount.subjects().items():
        counts = (*added_up(piles), sum(len(pile.millis) for pile in piles))
        found[kind, id] = _sum(found.get((kind, id)), counts)
    return found


def _sum(one: Counts | None, other: Counts) -> Counts:
    return other if one is None else tuple(a + b for a, b in zip(one, other, strict=True))


@dataclass(frozen=True, slots=True)
class Variant:
    """A case by a part of its facts: `without` those last ones."""

    case: Mapping[str, Any] | None
    without: Facts
    counts: Mapping[Key, Counts]


@dataclass
class Fresh:
    """A case that something was told of in the last seconds.

    `made` makes a variant of the facts that came and those that did not; `before` are sure to have
    come, `last` are the others of each of its subjects, in order.
    """

    made: Callable[[Facts, Facts], Variant]
    before: Facts
    last: Sequence[Facts]

    @cached_property
    def whole(self) -> Variant:
        """With all facts."""
        return self.made((*self.before, *(fact for facts in self.last for fact in facts)), ())

    @cached_property
    def variants(self) -> list[Variant]:
        """With ever less of the last facts, as far as the counts differ; each subject's facts come
        in order."""
        found: list[Variant] = []
        for number in product(*(range(len(facts) + 1) for facts in self.last)):
            pairs = list(zip(self.last, number, strict=True))
            came = [fact for facts, left in pairs for fact in facts[: len(facts) - left]]
            out = [fact for facts, left in pairs for fact in facts[len(facts) - left :]]
            made = self.made((*self.before, *came), tuple(out))
            if all(made.counts != one.counts for one in found):
                found.append(made)
            if len(found) == _MOST_VARIANTS:
                break
        return found


def chosen(fresh: Sequence[Fresh], sure: Recount, kept: Mapping[Key, Counts]) -> list[Variant]:
    """The variant of each fresh case with which the counts are those kept; with all their facts
    where there is none.

    Args:
        sure: all other cases.
        kept: the counts of each subject that has a score, or would have one.
    """
    whole = [one.whole for one in fresh]
    took, counted = list(whole), counts_of(sure)
    nothing = (0.0,) * len(next(iter(kept.values()), ()))
    left = {key: _less(counts, counted.get(key, nothing)) for key, counts in kept.items()}
    absent = [Variant(None, (), {})] * len(took)
    left |= _moved(left, absent, took, nothing)
    while any(map(any, left.values())):
        if not _closer(fresh, took, left, nothing):
            return whole
    return took


def _closer(
    fresh: Sequence[Fresh], took: list[Variant], left: dict[Key, Counts], nothing: Counts
) -> bool:
    """Take other variants of one case with which the counts are closer; of two, three or four at
    once where no fewer do."""
    astray_first = sorted(range(len(fresh)), key=lambda n: not _touches(fresh[n], left))
    for at_once, most in enumerate(_MOST_AT_ONCE, 1):
        for some in combinations(astray_first[:most], at_once):
            for others in product(*(fresh[n].variants for n in some)):
                moved = _moved(left, [took[n] for n in some], others, nothing)
                if _cost(moved.values()) < _cost(left[key] for key in moved):
                    left |= moved
                    for n, other in zip(some, others, strict=True):
                        took[n] = other
                    return True
    return False


def _touches(fresh: Fresh, left: Mapping[Key, Counts]) -> bool:
    """Whether one of its variants counts for somebody whose counts do not come out."""
    return any(any(left.get(key, ())) for variant in fresh.variants for key in variant.counts)


def _moved(
    left: Mapping[Key, Counts],
    was: Sequence[Variant],
    now: Sequence[Variant],
    nothing: Counts,
) -> dict[Key, Counts]:
    """What would be left of the subjects that other variants touch."""
    moved: dict[Key, Counts] = {}
    for one, other in zip(was, now, strict=True):
        if one is other:
            continue
        for key in left.keys() & {*one.counts, *other.counts}:
            change = _less(other.counts.get(key, nothing), one.counts.get(key, nothing))
            moved[key] = _less(moved.get(key, left[key]), change)
    return moved


def _cost(left: Iterable[Counts]) -> float:
    """How far counts are from those kept."""
    return sum(abs(number) for counts in left for number in counts)


def _less(one: Counts, other: Counts) -> Counts:
    return tuple(a - b for a, b in zip(one, other, strict=True))
