"""HTTP: rankings inside a class, open to everybody who is signed in: names, rates, scores.

A short view of the scores of a month (`/v1/scores` has the whole): by the scheme in force, with
each score as a share of 100 points.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request

from services.assessment.messages import LABELS
from services.assessment.parts import parts_in
from services.assessment.routes import Anyone
from services.assessment.schemas import ClassOut, Kind, Language, Month, PlacedOut, RankingsOut
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.score import Score
from services.assessment.scores.scoring import Board
from services.assessment.scores.views import Beside, beside
from services.assessment.service.figures import RATES
from services.assessment.support.groups import Bounds
from shared.contracts.words import label
from shared.storage.client import Document
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["rankings"])

UNCLASSED = "unclassed"
"""Subjects of whom the registry has not told yet, or for whom the scheme has no class."""


@router.get("/rankings")
async def list_rankings(
    request: Request,
    _principal: Anyone,
    month: Month,
    kind: Kind,
    class_: Annotated[
        str | None,
        Query(alias="class", max_length=60, description="One class of the scheme; else all"),
    ] = None,
    minimum: Annotated[
        int | None,
        Query(ge=1, le=1_000_000, description="Smallest sample that is ranked; else the scheme's"),
    ] = None,
    language: Language = "zh",
) -> RankingsOut:
    """Rankings of a month by the classes of the scheme in force. A subject under the minimum
    sample is listed apart, and not ranked."""
    parts = parts_in(request)
    scoring = parts.scoring
    version = scoring.version(month)
    classes = [one for one in version.scheme.classes if one.kind is kind]
    allowed = [*(one.id for one in classes), UNCLASSED]
    if class_ is not None and class_ not in allowed:
        raise Problem(422, "unknown-class", field="class", allowed=allowed, name=class_)
    if minimum is not None:
        version = _with_minimum(version, minimum)
    grouped, others, known = await scoring.grouped(month, kind, version)
    shown = []
    for one in classes:
        if grouped[one.id] and class_ in (None, one.id):
            board = await scoring.board_of(month, version, one, grouped[one.id])
            shown.append(_class_out(board, known, parts.support.bounds, language))
    if others and class_ in (None, UNCLASSED):
        shown.append(_unclassed(others, known, language))
    return RankingsOut(
        month=month,
        kind=kind,
        kind_label=label(kind, language),
        minimum=minimum or max((i.minimum_sample for i in version.scheme.indicators), default=1),
        weights={one.id: one.weight for one in version.scheme.indicators if not one.stand_in},
        scheme=version.scheme.name.said(language),
        scheme_version=version.version,
        classes=shown,
    )


def _with_minimum(version: SchemeVersion, minimum: int) -> SchemeVersion:
    scheme = version.scheme
    indicators = tuple(
        one if one.sample is None else one.model_copy(update={"minimum_sample": minimum})
        for one in scheme.indicators
    )
    return replace(version, scheme=scheme.model_copy(update={"indicators": indicators}))


def _class_out(
    board: Board,
    known: Mapping[str, Document],
    bounds: Bounds,
    language: Language,
) -> ClassOut:
    around = beside(board, None, bounds)
    scores = board.scores
    return ClassOut(
        name=board.class_.id,
        label=board.class_.label.said(language),
        basis="stand_in" if scores.stand_in else "indicators",
        basis_label=scores.basis(language),
        ranked=[_placed(board, one, known, around) for one in scores.ranked],
        under_minimum=[_placed(board, one, known, around) for one in scores.unranked],
    )


def _placed(board: Board, score: Score, known: Mapping[str, Document], around: Beside) -> PlacedOut:
    id = score.subject_id
    return PlacedOut.model_validate(
        {
            "rank": score.rank,
            "score": None if score.rank is None or score.total is None else score.total / 100,
            "sample": board.scores.sample(score),
            "lacks": list(around.lacking.get(id, ())),
            "rank_among_like": around.likes[id].rank,
        }
        | _numbers(id, board.inputs, known)
    )


def _unclassed(others: Numbers, known: Mapping[str, Document], language: Language) -> ClassOut:
    return ClassOut(
        name=UNCLASSED,
        label=LABELS[UNCLASSED][1 if language == "en" else 0],
        basis="indicators",
        basis_label="",
        ranked=[],
        under_minimum=[
            PlacedOut.model_validate(
                {"rank": None, "score": None, "sample": int(others[id].get("followed_up", 0))}
                | _numbers(id, others, known)
            )
            for id in sorted(others)
        ],
    )


def _numbers(id: str, inputs: Numbers, known: Mapping[str, Document]) -> dict[str, object]:
    subject, numbers = known.get(id), inputs[id]
    return {
        "id": id,
        "name": id if subject is None else subject["name"],
        "requests": int(numbers.get("requests", 0)),
    } | {name: numbers.get(name) for name in RATES}
