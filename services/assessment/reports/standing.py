"""Where each subject stands in its class, by its score; pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.assessment.schemes.scheme import Label, Scheme, SubjectClass
from services.assessment.scores.score import Scores, score_class
from services.assessment.service.figures import COUNTS, HOURS, RATES, Figure, SubjectKind
from services.assessment.support.likes import likes_of


@dataclass(frozen=True, slots=True)
class Stand:
    """A subject's place in its class; rank, total and grade are None for one that is not ranked.

    `apart`: it lacks promised support. Its rank among all of its class stays what it is
    everywhere; beside it stands its place among those of its class with the same support.
    """

    class_: str
    label: Label
    basis: Label
    """The indicators that the score is made of."""
    stand_in: bool
    rank: int | None
    of: int
    total: float | None
    grade: Label | None
    sample: int
    apart: bool
    group_rank: int | None
    group_of: int


def stands_of(
    scheme: Scheme, class_: SubjectClass, scores: Scores, lacking: Collection[str]
) -> dict[str, Stand]:
    """The place of each subject of a class; `lacking`: who lacks promised support."""
    basis = Label(zh=scores.basis("zh") or "—", en=scores.basis("en") or "—")
    grades = {grade.id: grade.label for grade in scheme.grades}
    likes = likes_of(scores, lacking)
    found = {}
    for score in scores.every():
        ranked, like = score.rank is not None, likes[score.subject_id]
        found[score.subject_id] = Stand(
            class_=class_.id,
            label=class_.label,
            basis=basis,
            stand_in=scores.stand_in,
            rank=score.rank,
            of=len(scores.ranked),
            total=score.total if ranked else None,
            grade=grades[score.grade] if ranked and score.grade is not None else None,
            sample=scores.sample(score),
            apart=score.subject_id in lacking,
            group_rank=like.rank,
            group_of=like.of,
        )
    return found


def stands_among(
    scheme: Scheme,
    kind: SubjectKind,
    figures: Mapping[str, Figure],
    domains: Mapping[str, str],
    lacking: Collection[str],
) -> dict[str, Stand]:
    """Places among some figures alone, as of the units that worked for one street."""
    classes: dict[str, dict[str, dict[str, float]]] = {}
    for id, figure in figures.items():
        class_ = scheme.class_of(kind, domains.get(id))
        if class_ is not None and id in domains:
            classes.setdefault(class_.id, {})[id] = numbers_of(figure)
    found: dict[str, Stand] = {}
    for class_ in scheme.classes:
        if class_.id in classes:
            scores = score_class(scheme, class_, classes[class_.id])
            found |= stands_of(scheme, class_, scores, lacking)
    return found


def numbers_of(figure: Figure) -> dict[str, float]:
    """A figure as formulas see it; what has no sample is left out."""
    known = {name: getattr(figure, name) for name in (*COUNTS, *RATES, *HOURS)}
    return {name: float(value) for name, value in known.items() if value is not None}
