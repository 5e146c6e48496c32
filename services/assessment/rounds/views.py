"""Rounds and rated subjects as they are answered."""

from collections.abc import Mapping

from services.assessment.ratings.result import PublicResult, Tally
from services.assessment.ratings.table import RatingRules
from services.assessment.rounds.messages import LABELS
from services.assessment.rounds.schemas import (
    ItemView,
    LineView,
    PublicView,
    RatedRow,
    RatedView,
    RoundView,
    SelfRatingView,
    Words,
)
from services.assessment.rounds.state import Rated, Round, Stage
from services.assessment.service.statistics import wilson
from shared.contracts.rounds import RatingLine
from shared.storage.client import Document

_PUBLIC = ("群众测评（本类中无人评价）", "Public rating (nobody rated anyone of the class)")


def round_view(id: str, round: Round, stages: Mapping[str, int]) -> RoundView:
    """A round."""
    return RoundView.model_validate(
        round.model_dump(exclude={"waiting", "terms", "class_ids", "deadlines"})
        | {
            "id": id,
            "classes": round.class_ids,
            "until": round.deadlines.model_dump(),
            "scheme_version": round.terms.scheme_version,
            "steps": round.terms.steps.model_dump(),
            "stages": stages,
        }
    )


def _label(key: str) -> Words:
    zh, en = LABELS.get(key, _PUBLIC)
    return Words(zh=zh, en=en)


def public_view(result: PublicResult | None, tally: Tally, rules: RatingRules) -> PublicView:
    """The public rating; before it is locked without its class."""
    hits, size = tally.sample
    interval = wilson(tally.sample)
    known = {} if result is None else result.model_dump()
    blank = dict.fromkeys(("mean", "strength", "spread", "weight", "points"))
    return PublicView.model_validate(
        {
            "voices": int(size),
            "satisfied": int(hits),
            "few": size < rules.few_voices,
            "share": hits / size if size else None,
            "own_staff_share": tally.own_staff_share,
            "low": interval and interval.low,
            "high": interval and interval.high,
        }
        | blank
        | known
    )


def _lines(state: Rated, round: Round, rules: RatingRules) -> list[LineView]:
    shown = []
    for line in state.subject.lines:
        weight = getattr(round.terms.lines, line.value)
        rating = state.lines.get(line.value)
        view = LineView(
            line=line,
            label=_label(line.value),
            weight=weight,
            points=rating and rating.points,
            reason=rating and rating.reason,
            by=rating and rating.by,
            at=rating and rating.at,
        )
        if line is RatingLine.RECIPIENTS and state.recipients is not None:
            hits, size = state.recipients.sample
            enough = size >= rules.recipients_least
            view.voices, view.points = int(size), 100 * hits / size if enough else None
        shown.append(view)
    return shown


def _self_rating(state: Rated, round: Round) -> SelfRatingView | None:
    given = state.self_rating
    if given is None:
        return None
    items = {item.id: item for item in round.terms.items[state.subject.class_id]}
    return SelfRatingView(
        points=given.points,
        by=given.by,
        at=given.at,
        items=[
            ItemView(
                item=one.item,
                label=Words(**items[one.item].label.model_dump()),
                weight=items[one.item].weight,
                points=one.points,
                evidence=one.evidence,
                references=[reference.model_dump() for reference in one.references],
            )
            for one in given.items
        ],
    )


def rated_view(
    version: int, state: Rated, round: Round, known: Mapping[str, Document], rules: RatingRules
) -> RatedView:
    """A subject with its three ratings."""
    complete = state.stage is Stage.COMPLETE
    grade = next((grade for grade in round.terms.grades if grade.id == state.grade), None)
    public = None if state.tally is None else public_view(state.public, state.tally, rules)
    return RatedView(
        round_id=state.round_id,
        subject_id=state.subject.id,
        name=name_of(state.subject.id, known),
        period=state.period,
        kind=state.kind,
        class_id=state.subject.class_id,
        version=version,
        stage=state.stage.value,
        stage_label=_label(state.stage.value),
        until=state.deadlines.model_dump(),
        system=state.subject.system,
        missing=[_label(one) if one != "public" else Words(zh=_PUBLIC[0], en=_PUBLIC[1])
                 for one in state.missing],
        steps=round.terms.steps.model_dump(),
        self_rating=_self_rating(state, round),
        public_rating=public,
        organizational_rating=state.organizational if complete else None,
        lines=_lines(state, round, rules),
        unlockings=[one.model_dump() for one in state.unlockings],
        total=state.total if complete else None,
        grade=state.grade if complete else None,
        grade_label=Words(**grade.label.model_dump()) if grade and complete else None,
        corrected=state.corrected,
    )  # fmt: skip


def rated_row(state: Rated, known: Mapping[str, Document]) -> RatedRow:
    """A subject in a list."""
    complete = state.stage is Stage.COMPLETE
    return RatedRow(
        subject_id=state.subject.id,
        name=name_of(state.subject.id, known),
        class_id=state.subject.class_id,
        stage=state.stage.value,
        missing=list(state.missing),
        self_rating=state.self_rating and state.self_rating.points,
        public_rating=state.public and state.public.points,
        organizational_rating=state.organizational if complete else None,
        total=state.total if complete else None,
        grade=state.grade if complete else None,
    )


def name_of(id: str, known: Mapping[str, Document]) -> str:
    """The name in the registry; the id while it is not known."""
    return known[id]["name"] if id in known else id
