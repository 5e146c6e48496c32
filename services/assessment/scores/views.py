"""Answers from boards: scores in lists, and explanations."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.assessment.heard import Sources
from services.assessment.schemes.expressions import parse
from services.assessment.schemes.periods import months_of
from services.assessment.schemes.scheme import Scheme
from services.assessment.scores.schemas import (
    GradeOut,
    IndicatorOut,
    JudgementOut,
    MeanOut,
    RuleOut,
    ScoreOut,
    SourceOut,
    TrendOut,
    WarningOut,
)
from services.assessment.scores.score import DECIMALS, Score, about_to_change, sample_of
from services.assessment.scores.scoring import Board
from services.assessment.service.statistics import Sample, weight_of, wilson
from services.assessment.support.groups import Bounds, Lack, lacking_of
from services.assessment.support.likes import Like, likes_of
from shared.storage.client import Document


def grade_out(scheme: Scheme, id: str | None) -> GradeOut | None:
    """The answer for a grade."""
    if id is None:
        return None
    return GradeOut(id=id, label=next(one.label for one in scheme.grades if one.id == id))


class Beside(NamedTuple):
    """What is shown beside the scores of a board: what each lacks, and its place among its like."""

    earlier: Board | None
    """The class in the period before, where there is one."""
    lacking: Mapping[str, tuple[Lack, ...]]
    likes: Mapping[str, Like]
    corrected: Mapping[str, int]
    """How many corrected cases touch each that any does."""


def beside(
    board: Board, earlier: Board | None, bounds: Bounds, corrected: Mapping[str, int]
) -> Beside:
    """What is shown beside the scores of a board."""
    lacking = lacking_of(board.inputs, bounds)
    return Beside(earlier, lacking, likes_of(board.scores, lacking), corrected)


def score_fields(board: Board, score: Score, name: str, beside: Beside) -> dict[str, Any]:
    """The fields of `ScoreOut` of a subject."""
    kind, like = board.class_.kind, beside.likes[score.subject_id]
    return {
        "id": f"{board.period}/{kind}/{score.subject_id}",
        "period": board.period,
        "kind": kind,
        "subject_id": score.subject_id,
        "name": name,
        "class": board.class_.id,
        "score": score.total,
        "rank": score.rank,
        "ranked": len(board.scores.ranked),
        "grade": grade_out(board.scheme, score.grade),
        "covered": score.covered,
        "rules": list(score.rules),
        "trend": trend_out(board, score, beside.earlier),
        "warnings": warnings_out(board.scheme, score),
        "lacks": list(beside.lacking.get(score.subject_id, ())),
        "rank_among_like": like.rank,
        "ranked_like": like.of,
        "corrected_cases": beside.corrected.get(score.subject_id, 0),
    }


def scores_out(
    board: Board, scores: Sequence[Score], names: dict[str, str], beside: Beside
) -> list[ScoreOut]:
    """The answers for some scores of a board."""
    return [
        ScoreOut.model_validate(
            score_fields(board, one, names.get(one.subject_id, one.subject_id), beside)
        )
        for one in scores
    ]


def trend_out(board: Board, score: Score, earlier: Board | None) -> TrendOut | None:
    """How it was in the period before; None where there is nothing to compare with."""
    then = None if earlier is None else earlier.scores.of(score.subject_id)
    if earlier is None or then is None:
        return None
    change = None
    if score.total is not None and then.total is not None:
        change = round(score.total - then.total, DECIMALS)
    steady = board.scheme.steady_within
    return TrendOut(
        period=earlier.period,
        score=then.total,
        grade=grade_out(earlier.scheme, then.grade),
        rank=then.rank,
        change=change,
        direction=None
        if change is None
        else "steady"
        if abs(change) <= steady
        else "up"
        if change > 0
        else "down",
        scheme_changed=earlier.version.version != board.version.version,
    )


def warnings_out(scheme: Scheme, score: Score) -> list[WarningOut]:
    """Which grades are near."""
    below, above = about_to_change(scheme, score)
    found = []
    for direction, near in (("down", below), ("up", above)):
        if near is not None:
            about = {"grade": grade_out(scheme, near.grade), "points": near.points}
            found.append(WarningOut.model_validate({"direction": direction} | about))
    return found


def means_out(board: Board) -> list[MeanOut]:
    """What the class says of each indicator in use."""
    return [
        MeanOut(
            indicator=used.indicator.id,
            subjects=used.subjects,
            mean=used.prior and used.prior.mean,
            strength=used.prior and used.prior.strength,
            spread=used.prior and used.prior.spread,
        )
        for used in board.scores.in_use
    ]


def indicators_out(board: Board, score: Score) -> list[IndicatorOut]:
    """How each indicator in use came to its points."""
    numbers = board.inputs[score.subject_id]
    marks = board.scores.marks(score)
    whole = sum(
        used.indicator.weight
        for used, mark in zip(board.scores.in_use, marks, strict=True)
        if mark.points is not None
    )
    found = []
    for used, mark in zip(board.scores.in_use, marks, strict=True):
        one, prior = used.indicator, used.prior
        around = wilson(sample_of(mark.own, mark.sample)) if one.proportion else None
        names = parse(one.formula).names | (parse(one.sample).names if one.sample else set())
        found.append(
            IndicatorOut(
                id=one.id,
                label=one.label,
                formula=one.formula,
                sample_formula=one.sample,
                inputs={name: numbers.get(name) for name in sorted(names)},
                own=mark.own,
                low=around and around.low,
                high=around and around.high,
                sample=mark.sample,
                minimum_sample=one.minimum_sample,
                enough=used.enough[score.place],
                class_mean=prior and prior.mean,
                strength=prior and prior.strength,
                spread=prior and prior.spread,
                own_weight=prior and weight_of(Sample(0.0, mark.sample or 0.0), prior),
                value=mark.value,
                direction=one.direction,
                floor=one.floor,
                target=one.target,
                cap=one.cap,
                points=mark.points,
                weight=None if mark.points is None else one.weight / whole,
            )
        )
    return found


def rules_out(board: Board, score: Score) -> list[RuleOut]:
    """Every special rule of the scheme, and whether it holds."""
    return [
        RuleOut(holds=rule.id in score.rules, **rule.model_dump()) for rule in board.scheme.rules
    ]


def corrected_out(documents: Sequence[Document]) -> list[JudgementOut]:
    """The corrected cases of a subject."""
    return [
        JudgementOut(
            request_id=document["_id"],
            case=f"/v1/cases/{document['_id']}",
            corrections=document["state"]["corrections"],
        )
        for document in documents
    ]


def sources_out(inputs: Mapping[str, float], sources: Sources) -> dict[str, list[SourceOut]]:
    """Where the inputs come from that cases do not give; those that nothing was told of have
    none."""
    return {
        name: [
            SourceOut(
                subject=one.subject,
                type=one.told and one.told.type,
                sequence=one.told and one.told.sequence,
                event_id=one.told and one.told.event_id,
                time=one.told and one.told.time,
                link=one.link,
            )
            for one in sources[name]
        ]
        for name in sorted(inputs.keys() & sources.keys())
    }


def case_links(board: Board, subject_id: str) -> list[str]:
    """Where the cases of a subject are listed."""
    kind = board.class_.kind
    return [
        f"/v1/cases?month={month}&kind={kind}&id={subject_id}" for month in months_of(board.period)
    ]
