"""Scores made anew from numbers counted again, compared with those kept to the last digit; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import isclose
from typing import Any

from services.assessment.schemes.periods import months_of
from services.assessment.schemes.scheme import Scheme
from services.assessment.scores.figures import with_rates
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.kept import COMPARED, KeptClass, KeptScore
from services.assessment.scores.score import Score, score_class
from services.assessment.service.figures import COUNTS, HOURS, RATES, SubjectKind
from services.assessment.service.recount import Pile, Recount, added_up, numbers

SHOWN = 100
FROM_CASES = frozenset((*COUNTS, *HOURS, *RATES))
"""Inputs that cases give."""
Anew = Mapping[SubjectKind, Numbers]


class Comparison:
    """Classes as they were kept beside the same made anew.

    Args:
        anew: the numbers counted again, by kind and subject.
        given: their names: a number of such a name that was not counted again is none. Others are
            taken as they were kept; `taken_as_kept` names them.
    """

    def __init__(
        self, period: str, scheme: Scheme, anew: Anew, given: Collection[str] = FROM_CASES
    ) -> None:
        self._period = period
        self._scheme = scheme
        self._anew = anew
        self._given = given
        self._kept: dict[SubjectKind, set[str]] = {kind: set() for kind in SubjectKind}
        self._classes = {one.id: one for one in scheme.classes}
        self.subjects = 0
        self.taken_as_kept: set[str] = set()
        self.differing: list[dict[str, Any]] = []
        """`id`, and by name `[kept, made anew]`."""

    def add(self, kept: KeptClass) -> None:
        """Make the scores of a class anew, and compare."""
        inputs: Numbers = {}
        for score in kept.scores:
            known = {name: value for name, value in score.inputs.items() if value is not None}
            own = {name: value for name, value in known.items() if name not in self._given}
            self.taken_as_kept |= own.keys()
            inputs[score.subject_id] = own | self._anew[kept.kind].get(score.subject_id, {})
        made = score_class(self._scheme, self._classes[kept.id], inputs)
        for score in kept.scores:
            id = score.subject_id
            if wrong := _differences(score, made.of(id), inputs[id]):
                self._note(kept.kind, id, wrong)
        self.subjects += len(kept.scores)
        self._kept[kept.kind] |= inputs.keys()

    def others(self, kind: SubjectKind) -> list[str]:
        """Subjects that something was counted for and that have no score."""
        return sorted(set(self._anew[kind]) - self._kept[kind])

    def add_others(self, kind: SubjectKind, known: Mapping[str, Mapping[str, Any]]) -> None:
        """Note those of them that should have one: a class takes them.

        Args:
            known: `domain` and `level` of those that the registry knows.
        """
        for id in self.others(kind):
            traits = known.get(id)
            if traits is None:
                continue
            if self._scheme.class_of(kind, traits.get("domain"), traits.get("level")) is None:
                continue
            counted = self._anew[kind][id]
            self._note(kind, id, {name: [None, counted[name]] for name in sorted(counted)})

    def _note(self, kind: SubjectKind, id: str, wrong: dict[str, list[Any]]) -> None:
        self.differing.append({"id": f"{self._period}/{kind}/{id}", "numbers": wrong})

    def result(self) -> dict[str, Any]:
        """What came of it, under the names of `ReproducedOut`."""
        return {
            "period": self._period,
            "subjects": self.subjects,
            "taken_as_kept": sorted(self.taken_as_kept),
            "same": not self.differing,
            "differing_total": len(self.differing),
            "differing": self.differing[:SHOWN],
        }


def recounted(recount: Recount, period: str) -> dict[SubjectKind, Numbers]:
    """The recount's numbers of a period under the names of the figures' inputs, by kind."""
    months = set(months_of(period))
    piles: dict[tuple[SubjectKind, str], list[Pile]] = {}
    for (month, kind, id), some in recount.subjects().items():
        if month in months:
            piles.setdefault((SubjectKind(kind), id), []).extend(some)
    found: dict[SubjectKind, Numbers] = {kind: {} for kind in SubjectKind}
    for (of_kind, id), some in piles.items():
        counted = _numbers(some, hours=len(months) == 1)
        if counted["requests"] or counted["followed_up"]:
            found[of_kind][id] = counted
    return found


def _numbers(piles: Sequence[Pile], *, hours: bool) -> dict[str, float]:
    timed = sum(len(pile.millis) for pile in piles)
    sums = dict(zip(COUNTS, map(float, (*added_up(piles), timed)), strict=True))
    if hours:
        values = numbers(piles)
        sums |= {name: value for name in HOURS if (value := values[name]) is not None}
    return with_rates(sums)


def _differences(
    kept: KeptScore, made: Score | None, counted: Mapping[str, float]
) -> dict[str, list[Any]]:
    found = {name: [one, other] for name, one, other in _pairs(kept, made) if one != other}
    for name in sorted({*kept.inputs, *counted}):
        one, other = kept.inputs.get(name), counted.get(name)
        if one is other:
            continue
        # Hours are interpolated in two ways, which may differ in the sixteenth digit.
        if one is None or other is None or not isclose(one, other, rel_tol=1e-12):
            found[name] = [one, other]
    return found


def _pairs(kept: KeptScore, made: Score | None) -> Iterable[tuple[str, Any, Any]]:
    for name in COMPARED:
        yield name, getattr(kept, name), None if made is None else getattr(made, name)
