"""HTTP: scores by class, of one subject, explained; periods settled."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Request

from services.assessment.parts import Parts, parts_in
from services.assessment.routes import Administrator, Anyone, Pages, Reader
from services.assessment.schemes.periods import PATTERN, before, end_of, months_of
from services.assessment.scores import (
    messages,  # noqa: F401  (registers the sentences)
    views,
)
from services.assessment.scores.schemas import (
    ExplanationOut,
    Period,
    ScoreOut,
    ScoresOut,
    SettleBody,
    SettledOut,
    SettlementsOut,
)
from services.assessment.scores.score import Score
from services.assessment.scores.scoring import Board
from services.assessment.scores.state import Settlement, settle
from services.assessment.service.figures import SubjectKind
from services.assessment.visibility import ensure_visible
from shared.web.pages import author
from shared.web.paging import encode_cursor
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["scores"])

InPath = Annotated[str, Path(pattern=PATTERN)]
KindInPath = Annotated[SubjectKind, Path(description="Whose score")]
SubjectInPath = Annotated[str, Path(min_length=1, max_length=120)]


@router.get("/scores")
async def list_scores(
    request: Request,
    _: Anyone,
    pages: Pages,
    period: Period,
    class_: Annotated[str, Query(alias="class", max_length=60, description="Id in the scheme")],
) -> ScoresOut:
    """The scores of a class, those ranked in order, then the others; open to everybody."""
    parts = parts_in(request)
    board = await parts.scoring.board(period, class_)
    after = pages.after.value if pages.after is not None else 0
    start = after if isinstance(after, int) and after > 0 else 0
    every = list(board.scores.every())
    some = every[start : start + pages.limit]
    more = len(every) > start + pages.limit
    names = await _names(parts, board.class_.kind, [score.subject_id for score in some])
    settlement = await parts.scores.settlement(period)
    return ScoresOut.model_validate(
        {
            "period": period,
            "class": class_,
            "label": board.class_.label,
            "scheme_version": board.version.version,
            "settled": settlement and await settled_out(parts, settlement),
            "indicators": views.means_out(board),
            "items": views.scores_out(board, some, names, await _beside(parts, board)),
            "next": encode_cursor(start + pages.limit, "") if more else None,
        }
    )


@router.get("/scores/{period}/{kind}/{subject_id:path}/explanation")
async def explain_score(
    request: Request, principal: Reader, period: InPath, kind: KindInPath, subject_id: SubjectInPath
) -> ExplanationOut:
    """A score down to its cases and events: formulas, inputs, samples, shrinkage, points, rules,
    and every judgement by hand."""
    parts = parts_in(request)
    await ensure_visible(parts.repository, principal, kind, subject_id)
    board, score = await _score(parts, period, kind, subject_id)
    live = board
    if board.revision:
        live = await parts.scoring.board(period, board.class_.id, live=True)
    now = live.scores.of(subject_id)
    names = await _names(parts, kind, [subject_id])
    settlement = await parts.scores.settlement(period)
    corrected = await parts.repository.touched.cases(months_of(period), kind, subject_id)
    fields = views.score_fields(
        board, score, names.get(subject_id, subject_id), await _beside(parts, board)
    )
    return ExplanationOut.model_validate(
        fields
        | {
            "scheme": f"/v1/schemes/{board.version.version}",
            "settled": settlement and await settled_out(parts, settlement),
            "as_of": settlement.at if settlement and board.revision else datetime.now(UTC),
            "inputs": board.inputs[subject_id],
            "indicators": views.indicators_out(board, score),
            "points": score.points,
            "special_rules": views.rules_out(board, score),
            "corrected": views.corrected_out(corrected),
            "cases": views.case_links(board, subject_id),
            "sources": views.sources_out(
                board.inputs[subject_id], await parts.sources(period, kind, subject_id)
            ),
            "now": now and now.total,
            "history": await parts.scores.standings.history(f"{period}/{kind}/{subject_id}"),
        }
    )


@router.get("/scores/{period}/{kind}/{subject_id:path}")
async def read_score(
    request: Request, _: Anyone, period: InPath, kind: KindInPath, subject_id: SubjectInPath
) -> ScoreOut:
    """One score with its trend and warnings; open to everybody."""
    parts = parts_in(request)
    board, score = await _score(parts, period, kind, subject_id)
    names = await _names(parts, kind, [subject_id])
    return views.scores_out(board, [score], names, await _beside(parts, board))[0]


@router.get("/settlements")
async def list_settlements(request: Request, _: Anyone) -> SettlementsOut:
    """Settled periods, the latest first."""
    parts = parts_in(request)
    found = await parts.scores.every_settlement()
    return SettlementsOut(items=[await settled_out(parts, one) for one in found])


@router.post("/settlements", status_code=202)
async def settle_period(request: Request, body: SettleBody, principal: Administrator) -> SettledOut:
    """Keep the scores of a period that is over, with its inputs and scheme; again as a further
    revision, which earlier ones stay beside. Done within seconds, in the background."""
    parts = parts_in(request)
    version = parts.scoring.version(body.period)
    end, now = end_of(body.period), datetime.now(UTC)
    if now.astimezone(parts.zone).date() < end:
        raise Problem(
            409, "period-not-over", field="period", period=body.period, day=end.isoformat()
        )
    by = author(principal)
    await parts.scores.settlements.execute(
        body.period,
        lambda known: settle(known, body.period, version.version, now, by, body.reason),
        by=by,
    )
    asked = await parts.scores.settlement(body.period)
    assert asked is not None
    if (asked.by, asked.reason) != (by, body.reason):
        raise Problem(409, "settling-already", field="period", period=body.period)
    return await settled_out(parts, asked)


async def settled_out(parts: Parts, settlement: Settlement) -> SettledOut:
    """The answer for a settlement, with what has changed since."""
    months = months_of(settlement.period)
    return SettledOut.of(
        settlement,
        await parts.scores.count_outdated(settlement),
        await parts.repository.touched.since(settlement.at, months),
    )


async def _score(
    parts: Parts, period: str, kind: SubjectKind, subject_id: str
) -> tuple[Board, Score]:
    class_id = await parts.scoring.class_of(period, kind, subject_id)
    if class_id is not None:
        board = await parts.scoring.board(period, class_id)
        score = board.scores.of(subject_id)
        if score is not None:
            return board, score
    raise Problem(404, "score-not-found", period=period, id=subject_id)


async def _beside(parts: Parts, board: Board) -> views.Beside:
    months, kind = months_of(board.period), board.class_.kind
    corrected = await parts.repository.touched.counts(months, kind)
    return views.beside(board, await _earlier(parts, board), parts.support.bounds, corrected)


async def _earlier(parts: Parts, board: Board) -> Board | None:
    """The same class in the period before, where there was one."""
    try:
        return await parts.scoring.board(before(board.period), board.class_.id)
    except Problem:
        return None


async def _names(parts: Parts, kind: SubjectKind, ids: list[str]) -> dict[str, str]:
    known = await parts.repository.subjects(kind, ids)
    return {id: subject["name"] for id, subject in known.items()}
