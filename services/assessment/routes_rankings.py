"""HTTP: rankings inside a class, open to everybody who is signed in: names, rates, scores.

A short view of the scores of a month (`/v1/scores` has the whole): by the scheme in force, with
each score as a share of 100 points.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query, Request

from services.assessment.messages import LABELS
from services.assessment.parts import parts_in
from services.assessment.schemas import ClassOut, Kind, Language, Month, PlacedOut, RankingsOut
from services.assessment.schemes.scheme import Label, SubjectClass
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.score import Score
from services.assessment.scores.scoring import Board
from services.assessment.service.figures import RATES
from services.assessment.support.groups import Bounds
from services.assessment.support.likes import lacking_of, likes_of
from shared.contracts.words import label
from shared.storage.client import Document
from shared.web.auth import Principal, current_principal
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["rankings"])

UNCLASSED = "unclassed"
"""Subjects of whom the registry has not told yet, or for whom the scheme has no class."""


@router.get("/rankings")
async def list_rankings(
    request: Request,
    _principal: Annotated[Principal, Depends(current_principal)],
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
            shown.append(_class_out(board, one, known, parts.support.bounds, language))
    if others and class_ in (None, UNCLASSED):
        shown.append(_unclassed(others, known, language))
    return RankingsOut(
        month=month,
        kind=kind,
        kind_label=label(kind, language),
        minimum=minimum or max((i.minimum_sample for i in version.scheme.indicators), default=1),
        weights={one.id: one.weight for one in version.scheme.indicators if not one.stand_in},
        scheme=_said(version.scheme.name, language),
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


def _said(text: Label, language: Language) -> str:
    return text.en if language == "en" else text.zh


def _class_out(
    board: Board,
    class_: SubjectClass,
    known: Mapping[str, Document],
    bounds: Bounds,
    language: Language,
) -> ClassOut:
    lacking = lacking_of(board.inputs, bounds)
    likes = likes_of(board.scores, lacking)

    def placed(scores: Iterable[Score]) -> list[PlacedOut]:
        return [
            one.model_copy(
                update={
                    "lacks": list(lacking.get(one.id, ())),
                    "rank_among_like": likes[one.id].rank,
                }
            )
            for one in _placed(board, scores, known)
        ]

    in_use = [used.indicator for used in board.scores.in_use]
    stands_in = any(one.stand_in for one in in_use)
    return ClassOut(
        name=class_.id,
        label=_said(class_.label, language),
        basis="stand_in" if stands_in else "indicators",
        basis_label="、".join(_said(one.label, language) for one in in_use)
        if language == "zh"
        else ", ".join(_said(one.label, language) for one in in_use),
        ranked=placed(board.scores.ranked),
        under_minimum=placed(board.scores.unranked),
    )


def _placed(
    board: Board, scores: Iterable[Score], known: Mapping[str, Document]
) -> list[PlacedOut]:
    samples = [used.sizes for used in board.scores.in_use]
    return [
        PlacedOut.model_validate(
            {
                "rank": score.rank,
                "score": None if score.rank is None or score.total is None else score.total / 100,
                "sample": int(max((sizes[score.place] or 0 for sizes in samples), default=0)),
            }
            | _numbers(score.subject_id, board.inputs, known)
        )
        for score in scores
    ]


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
