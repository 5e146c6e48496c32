"""Scores of a period made anew from assessment's own cases: the quick look, within the service."""

import asyncio
from datetime import UTC, timedelta, tzinfo

from services.assessment.repository import Repository
from services.assessment.schemes.periods import bounds_of
from services.assessment.scores.comparing import Comparison, recounted
from services.assessment.scores.kept import COMPARED, KeptClass, KeptScore
from services.assessment.scores.schemas import ReproducedOut
from services.assessment.scores.scoring import Board, Scoring

_DAY = timedelta(days=1)


async def reproduce(
    repository: Repository, scoring: Scoring, zone: tzinfo, period: str
) -> ReproducedOut:
    """Count the period's cases again, make its scores anew and compare.

    What cases do not give (a vacancy, funds) is taken as it was kept: `taken_as_kept` names it.
    """
    first, last = bounds_of(period, UTC)
    # A day more on both sides: which month it is in the city, the recount says.
    recount = await repository.recounted(zone, (first - _DAY, last + _DAY))
    version = await scoring.version_kept(period)
    anew = await asyncio.to_thread(recounted, recount, period)
    revision, classes = await kept_classes(scoring, period)
    comparison = Comparison(period, version.scheme, anew)
    for one in classes:
        await asyncio.to_thread(comparison.add, one)
    for kind in anew:
        comparison.add_others(kind, await repository.subjects(kind, comparison.others(kind)))
    return ReproducedOut(
        scheme_version=version.version,
        revision=revision,
        cases=recount.cases,
        **comparison.result(),
    )


async def kept_classes(scoring: Scoring, period: str) -> tuple[int, list[KeptClass]]:
    """The revision of a period's scores (0: of now), and the scores of every class.

    Raises:
        Problem: no scheme is in force.
    """
    revision, found = 0, []
    for class_ in (await scoring.version_kept(period)).scheme.classes:
        board = await scoring.board(period, class_.id)
        revision = board.revision
        found.append(await asyncio.to_thread(_kept, board))
    return revision, found


def _kept(board: Board) -> KeptClass:
    return KeptClass(
        id=board.class_.id,
        kind=board.class_.kind,
        scores=[
            KeptScore(
                subject_id=score.subject_id,
                inputs=dict(board.inputs[score.subject_id]),
                **{name: getattr(score, name) for name in COMPARED},
            )
            for score in board.scores.every()
        ],
    )
