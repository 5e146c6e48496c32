"""HTTP: rankings inside a class, open to everybody who is signed in: names, rates, scores.

A short view of the scores of a month (`/v1/scores` has the whole): as settled where the month is,
else as of now by the scheme in force, with each score as a share of 100 points.
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
from services.assessment.scores.routes import settled_out
from services.assessment.scores.score import Score
from services.assessment.scores.scoring import Board
from services.assessment.scores.views import Beside, beside
from services.assessment.service.figures import RATES
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
    """Rankings of a month by the classes of its scheme: those of `/v1/scores`, unless another
    `minimum` is asked for, which is reckoned as of now. A subject under the minimum sample is
    listed apart, and not ranked."""
    parts = parts_in(request)
    scoring = parts.scoring
    version = await scoring.version_kept(month) if minimum is None else scoring.version(month)
    classes = [one for one in version.scheme.classes if one.kind is kind]
    allowed = [*(one.id for one in classes), UNCLASSED]
    if class_ is not None and class_ not in allowed:
        raise Problem(422, "unknown-class", field="class", allowed=allowed, name=class_)
    if minimum is not None:
        version = _with_minimum(version, minimum)
    grouped, others, known = await scoring.grouped(month, kind, version)
    boards = None if minimum is not None else await scoring.boards_settled(month, kind)
    settlement = None
    if boards is None:
        boards = [
            await scoring.board_of(month, version, one, grouped[one.id])
            for one in classes
            if class_ in (None, one.id)
        ]
    else:  # somebody may be scored there and have no numbers any more
        gone = [id for board in boards for id in board.inputs if id not in known]
        known = {**known, **await parts.repository.subjects(kind, gone)}
        settlement = await parts.scores.settlement(month)
    corrected = await parts.repository.touched.counts([month], kind)
    shown = [
        _class_out(board, known, beside(board, None, parts.support.bounds, corrected), language)
        for board in boards
        if board.inputs and class_ in (None, board.class_.id)
    ]
    if others and class_ in (None, UNCLASSED):
        shown.append(_unclassed(others, known, corrected, language))
    return RankingsOut(
        month=month,
        kind=kind,
        kind_label=label(kind, language),
        minimum=minimum or max((i.minimum_sample for i in version.scheme.indicators), default=1),
        weights={one.id: one.weight for one in version.scheme.indicators if not one.stand_in},
        scheme=version.scheme.name.said(language),
        scheme_version=version.version,
        settled=settlement and await settled_out(parts, settlement),
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
    around: Beside,
    language: Language,
) -> ClassOut:
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
            "corrected_cases": around.corrected.get(id, 0),
        }
        | _numbers(id, board.inputs, known)
    )


def _unclassed(
    others: Numbers,
    known: Mapping[str, Document],
    corrected: Mapping[str, int],
    language: Language,
) -> ClassOut:
    return ClassOut(
        name=UNCLASSED,
        label=LABELS[UNCLASSED][1 if language == "en" else 0],
        basis="indicators",
        basis_label="",
        ranked=[],
        under_minimum=[
            PlacedOut.model_validate(
                {
                    "rank": None,
                    "score": None,
                    "sample": int(others[id].get("followed_up", 0)),
                    "corrected_cases": corrected.get(id, 0),
                }
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
