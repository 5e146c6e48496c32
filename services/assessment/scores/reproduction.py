"""Scores of a period made anew: the recount of the bare facts, then the scheme; compared with the
scores as they were kept."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo
from math import isclose
from typing import Any

from services.assessment.repository import Repository
from services.assessment.schemes.periods import bounds_of, months_of
from services.assessment.scores.figures import with_rates
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.schemas import ReproducedOut
from services.assessment.scores.score import Score, Scores, score_class
from services.assessment.scores.scoring import Board, Scoring, class_of
from services.assessment.service.figures import COUNTS, HOURS, RATES, SubjectKind
from services.assessment.service.recount import Pile, Recount, added_up, numbers

_SHOWN = 100
_DAY = timedelta(days=1)
_FROM_CASES = frozenset((*COUNTS, *HOURS, *RATES))


async def reproduce(
    repository: Repository, scoring: Scoring, zone: tzinfo, period: str
) -> ReproducedOut:
    """Make the scores of a period anew and compare.

    What cases do not give (a vacancy, funds) is taken as it was kept: `taken_as_kept` names it.
    """
    first, last = bounds_of(period, UTC)
    # A day more on both sides: which month it is in the city, the recount says.
    recount = await repository.recounted(zone, (first - _DAY, last + _DAY))
    version = await scoring.version_kept(period)
    anew = await asyncio.to_thread(recounted, recount, period)
    differing: list[dict[str, Any]] = []
    subjects, as_kept, revision = 0, set[str](), 0
    known: dict[SubjectKind, set[str]] = {kind: set() for kind in SubjectKind}
    for class_ in version.scheme.classes:
        board = await scoring.board(period, class_.id)
        revision, subjects = board.revision, subjects + len(board.inputs)
        known[class_.kind] |= set(board.inputs)
        inputs = {id: _again(of, anew[class_.kind].get(id)) for id, of in board.inputs.items()}
        as_kept |= {name for of in board.inputs.values() for name in of} - _FROM_CASES
        made = await asyncio.to_thread(score_class, version.scheme, class_, inputs)
        differing += _differences(board, made, inputs)
    for kind, found in anew.items():
        registered = await repository.subjects(kind, sorted(set(found) - known[kind]))
        for id in sorted(set(found) - known[kind]):
            if class_of(version.scheme, kind, registered.get(id)) is not None:
                requests = {"requests": [None, found[id]["requests"]]}
                differing.append({"id": f"{period}/{kind}/{id}", "numbers": requests})
    return ReproducedOut(
        period=period,
        scheme_version=version.version,
        revision=revision,
        subjects=subjects,
        cases=recount.cases,
        taken_as_kept=sorted(as_kept),
        same=not differing,
        differing_total=len(differing),
        differing=differing[:_SHOWN],
    )


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


def _again(kept: Mapping[str, float], anew: Mapping[str, float] | None) -> dict[str, float]:
    """The inputs of a subject with what cases give counted again."""
    own = {name: value for name, value in kept.items() if name not in _FROM_CASES}
    return own | dict(anew or {})


def _differences(board: Board, made: Scores, inputs: Numbers) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for score in board.scores.every():
        again = made.of(score.subject_id)
        wrong = {name: [one, other] for name, one, other in _pairs(score, again) if one != other}
        kept, counted = board.inputs[score.subject_id], inputs[score.subject_id]
        for name in sorted({*kept, *counted}):
            one, other = kept.get(name), counted.get(name)
            # Hours are interpolated in two ways, which may differ in the sixteenth digit.
            if one is None or other is None or not isclose(one, other, rel_tol=1e-12):
                wrong[name] = [one, other]
        if wrong:
            found.append({"id": f"{board.period}/{board.class_.kind}/{score.subject_id}"})
            found[-1]["numbers"] = wrong
    return found


def _pairs(score: Score, again: Score | None) -> Iterable[tuple[str, Any, Any]]:
    for name in ("total", "points", "grade", "rank", "covered"):
        yield name, getattr(score, name), None if again is None else getattr(again, name)
