"""Scores of one class in one period from the numbers of its subjects; pure.

1. An indicator is *in use* in a class where at least one subject has its minimum sample. One that
   stands in is in use only where no other is.
2. The value is the formula's. A proportion (`solved / contacted` with sample `contacted`) is shrunk
   toward the class mean by empirical Bayes (`service/statistics.py` has the formula): k of n become
   (k + M m) / (n + M). Without any sample that is the class mean. Other values are taken as they
   are; one that is missing is left out, and its weight falls to the others.
3. Points are 100 (value - floor) / (target - floor), from 0 to the cap.
4. The total is the mean of the points by weight; special rules set floors, then caps of it.
5. Ranked is who has the minimum sample for at least `ranked_with` of the weight in use. Ties go to
   more requests, then to the id.

Points and totals are kept to 6 decimals: what is the same by arithmetic must not differ by floating
point. Sums are `fsum`: the order of the subjects does not change a digit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from math import fsum
from operator import mul
from typing import NamedTuple

from services.assessment.schemes.expressions import parse
from services.assessment.schemes.scheme import Grade, Indicator, Scheme, SubjectClass
from services.assessment.service.statistics import Prior, Sample, prior_of, shrunk

DECIMALS = 6
_NOTHING = Sample(0.0, 0.0)
Inputs = Mapping[str, Mapping[str, float | None]]
"""Numbers by subject id."""


class Mark(NamedTuple):
    """What one indicator gives a subject. `own` is the formula's value, `value` the one that
    points are made of: after shrinkage; None: it is left out."""

    own: float | None
    sample: float | None
    value: float | None
    points: float | None


@dataclass(frozen=True, slots=True)
class InUse:
    """An indicator that counts in the class, with what the class says of it.

    The lists have an item a subject, in the order of `Score.place`. Lists of numbers and not a
    tuple a subject: thousands of small objects would keep the garbage collector busy.
    """

    indicator: Indicator
    prior: Prior | None
    """Mean and strength of the class; None: values are not shrunk."""
    own: list[float | None]
    sizes: list[float | None]
    values: list[float | None]
    points: list[float | None]
    enough: list[bool]
    """Who has the minimum sample."""

    @property
    def subjects(self) -> int:
        """How many have a sample (or a value, where the indicator has no sample)."""
        if self.indicator.sample is None:
            return sum(own is not None for own in self.own)
        return sum(bool(size) for size in self.sizes)

    def mark(self, place: int) -> Mark:
        """What it gives one subject."""
        return Mark(self.own[place], self.sizes[place], self.values[place], self.points[place])


@dataclass(slots=True)
class Score:
    """A subject's score. `total` is None where no indicator has a value; `grade` and `rank` are
    None for one under the minimum sample."""

    subject_id: str
    place: int
    """Where its numbers stand in the lists of the indicators in use."""
    covered: float
    """Share of the weight in use for which it has the minimum sample."""
    points: float | None
    """Before special rules."""
    total: float | None
    rules: tuple[str, ...] = ()
    """Ids of the special rules that hold."""
    grade: str | None = None
    rank: int | None = None


@dataclass(frozen=True)
class Scores:
    """The scores of a class: those ranked in order, then the others by id."""

    class_id: str
    in_use: tuple[InUse, ...]
    ranked: Sequence[Score]
    unranked: Sequence[Score]

    def every(self) -> Iterator[Score]:
        """Those ranked, then the others."""
        yield from self.ranked
        yield from self.unranked

    @cached_property
    def _by_id(self) -> dict[str, Score]:
        return {score.subject_id: score for score in self.every()}

    def of(self, subject_id: str) -> Score | None:
        """The score of a subject of the class."""
        return self._by_id.get(subject_id)

    def marks(self, score: Score) -> list[Mark]:
        """What each indicator in use gives a subject."""
        return [used.mark(score.place) for used in self.in_use]

    def sample(self, score: Score) -> int:
        """The largest sample that a subject's score rests on."""
        return int(max((used.sizes[score.place] or 0 for used in self.in_use), default=0))

    @property
    def stand_in(self) -> bool:
        """Whether indicators are in use that stand in for the others."""
        return any(used.indicator.stand_in for used in self.in_use)

    def basis(self, language: str) -> str:
        """The names of the indicators in use; empty where none is."""
        names = (used.indicator.label.said(language) for used in self.in_use)
        return (", " if language == "en" else "、").join(names)


def score_class(scheme: Scheme, class_: SubjectClass, inputs: Inputs) -> Scores:
    """Score and rank the subjects of one class.

    Args:
        inputs: the numbers of every subject of the class, by id.
    """
    ids = sorted(inputs)
    numbers = [inputs[id] for id in ids]
    in_use = _used(scheme, class_, numbers)
    weights = [used.indicator.weight for used in in_use]
    whole = fsum(weights)
    # By subject, what each indicator in use gives.
    points_of = list(zip(*(used.points for used in in_use), strict=True)) or [()] * len(ids)
    enough_of = list(zip(*(used.enough for used in in_use), strict=True)) or [()] * len(ids)
    rules = _Rules(scheme)
    ranked: list[Score] = []
    unranked: list[Score] = []
    for n, id in enumerate(ids):
        enough = enough_of[n]
        if all(enough):
            covered = 1.0 if enough else 0.0
        else:
            covered = fsum(compress(weights, enough)) / whole
        points = _mean(points_of[n], weights, whole)
        score = Score(id, n, covered, points, points)
        rules.apply(score, numbers[n])
        if score.total is not None and covered >= scheme.ranked_with:
            ranked.append(score)
        else:
            score.grade = None
            unranked.append(score)
    ranked.sort(
        key=lambda s: (-(s.total or 0.0), -(numbers[s.place].get("requests") or 0), s.place)
    )
    for rank, score in enumerate(ranked, 1):
        score.rank = rank
    return Scores(class_.id, in_use, ranked, unranked)


def _used(
    scheme: Scheme, class_: SubjectClass, numbers: Sequence[Mapping[str, float | None]]
) -> tuple[InUse, ...]:
    indicators = scheme.indicators_of(class_.id)
    for stand_in in (False, True):
        found = [_measured(scheme, i, numbers) for i in indicators if i.stand_in is stand_in]
        if used := tuple(each for each in found if any(each.enough)):
            return used
    return ()


def _measured(
    scheme: Scheme, indicator: Indicator, numbers: Sequence[Mapping[str, float | None]]
) -> InUse:
    formula = parse(indicator.formula).value
    own = [formula(of) for of in numbers]
    sizes: list[float | None] = [None] * len(own)
    enough = [value is not None for value in own]
    if indicator.sample is not None:
        sample, least = parse(indicator.sample).value, indicator.minimum_sample
        sizes = [sample(of) for of in numbers]
        enough = [
            has and size is not None and size >= least
            for has, size in zip(enough, sizes, strict=True)
        ]
    prior, values = None, own
    if indicator.proportion:
        samples = [sample_of(value, size) for value, size in zip(own, sizes, strict=True)]
        prior = prior_of(samples, scheme.shrinkage.at_least, scheme.shrinkage.at_most)
        if prior is not None:
            values = [shrunk(sample, prior) for sample in samples]
    floor, cap, span = indicator.floor, indicator.cap, indicator.target - indicator.floor
    points = [
        None if value is None else round(min(cap, max(0.0, 100 * (value - floor) / span)), DECIMALS)
        for value in values
    ]
    return InUse(indicator, prior, own, sizes, values, points, enough)


def sample_of(own: float | None, size: float | None) -> Sample:
    """The sample of a proportion from the formula's value and its size; none where one lacks."""
    if own is None or size is None or size <= 0:
        return _NOTHING
    # The share times its sample is the number of hits, but for the last bits.
    return Sample(round(min(1.0, max(0.0, own)) * size, DECIMALS), size)


def _mean(points: Sequence[float | None], weights: Sequence[float], whole: float) -> float | None:
    known = [p for p in points if p is not None]
    if len(known) < len(points):
        weights = [w for w, p in zip(weights, points, strict=True) if p is not None]
        whole = fsum(weights)
    return round(fsum(map(mul, known, weights)) / whole, DECIMALS) if known else None


class _Rules:
    """The special rules and grades of a scheme, ready for many subjects."""

    def __init__(self, scheme: Scheme) -> None:
        self._rules = [(parse(rule.when).holds, rule) for rule in scheme.rules]
        self._grades = [grade.id for grade in scheme.grades]
        self._bounds = [grade.at_least for grade in scheme.grades]
        self._places = {grade.id: n for n, grade in enumerate(scheme.grades)}

    def apply(self, score: Score, numbers: Mapping[str, float | None]) -> None:
        """Let the rules set the total, and give the grade."""
        total = score.points
        if total is None:
            return
        held = [rule for holds, rule in self._rules if holds(numbers)]
        if held:
            total = max([total, *(rule.floor for rule in held if rule.floor is not None)])
            total = min([total, *(rule.cap for rule in held if rule.cap is not None)])
            score.rules = tuple(rule.id for rule in held)
        score.total = total
        place = 0
        while total < self._bounds[place]:
            place += 1
        for rule in held:
            if rule.grade_at_most is not None:
                place = max(place, self._places[rule.grade_at_most])
        score.grade = self._grades[place]


def place_of(scheme: Scheme, grade: str) -> int:
    """The number of a grade, 1 is the best."""
    return 1 + next(n for n, one in enumerate(scheme.grades) if one.id == grade)


class Near(NamedTuple):
    """A grade that is about to come: its id, and how many points are missing until then."""

    grade: str
    points: float


def about_to_change(scheme: Scheme, score: Score) -> tuple[Near | None, Near | None]:
    """The grade below and the grade above, where the bound is within the scheme's margin."""
    if score.grade is None or score.total is None:
        return None, None
    place = place_of(scheme, score.grade)
    grade, margin = scheme.grades[place - 1], scheme.warning_margin
    by_points = scheme.grade_of(score.total).id == score.grade
    below = above = None
    left = round(score.total - grade.at_least, DECIMALS)
    if by_points and place < len(scheme.grades) and left < margin:
        below = Near(scheme.grades[place].id, left)
    if by_points and place > 1:
        better: Grade = scheme.grades[place - 2]
        missing = round(better.at_least - score.total, DECIMALS)
        if missing <= margin:
            above = Near(better.id, missing)
    return below, above


def outcomes(scheme: Scheme, scores: Scores, score: Score) -> dict[str, float]:
    """What the score comes to, under the names of `inputs.OUTCOMES`."""
    known = {
        "score": score.total,
        "rank": score.rank,
        "ranked": len(scores.ranked),
        "grade": None if score.grade is None else place_of(scheme, score.grade),
    }
    return {name: float(value) for name, value in known.items() if value is not None}
