"""HTTP: rankings inside a class, open to everybody who is signed in: names, rates, scores."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query, Request

from services.assessment.messages import LABELS
from services.assessment.parts import parts_in
from services.assessment.schemas import ClassOut, Kind, Language, Month, PlacedOut, RankingsOut
from services.assessment.service.figures import SubjectKind
from services.assessment.service.rankings import UNREGISTERED, Placed, by_class, rank
from shared.contracts.words import Domain, label
from shared.storage.client import Document
from shared.web.auth import Principal, current_principal
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["rankings"])


@router.get("/rankings")
async def list_rankings(
    request: Request,
    _principal: Annotated[Principal, Depends(current_principal)],
    month: Month,
    kind: Kind,
    class_: Annotated[
        str | None,
        Query(alias="class", max_length=60, description="One domain or level; all without it"),
    ] = None,
    minimum: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="Smallest sample that is ranked")
    ] = None,
    language: Language = "zh",
) -> RankingsOut:
    """Rankings of a month: units and organizations by domain, streets and communities as one
    class each. A subject under the minimum sample is listed apart, and not ranked."""
    parts = parts_in(request)
    classes = _classes(kind)
    if class_ is not None and class_ not in classes:
        raise Problem(422, "unknown-class", field="class", allowed=classes, name=class_)
    minimum = minimum or parts.weights.minimum_sample
    figures = await parts.repository.figures_of(month, kind)
    known = await parts.repository.subjects(kind, [figure.subject_id for figure in figures])
    trait = "level" if kind.group == "area" else "domain"
    grouped = by_class(figures, {id: subject[trait] for id, subject in known.items()})
    shown = []
    for name in classes:
        if name not in grouped or class_ not in (None, name):
            continue
        ranking = rank(grouped[name], parts.weights, minimum)
        shown.append(
            ClassOut(
                name=name,
                label=_class_label(kind, name, language),
                basis=ranking.basis,
                basis_label=_own_label(ranking.basis, language),
                ranked=[_placed(placed, known) for placed in ranking.ranked],
                under_minimum=[_placed(placed, known) for placed in ranking.under_minimum],
            )
        )
    weights = parts.weights.model_dump(include={"response", "resolution", "satisfaction"})
    return RankingsOut(
        month=month,
        kind=kind,
        kind_label=label(kind, language),
        minimum=minimum,
        weights=weights,
        weights_version=parts.weights.version,
        classes=shown,
    )


def _classes(kind: SubjectKind) -> list[str]:
    own = [kind.value] if kind.group == "area" else [domain.value for domain in Domain]
    return [*own, UNREGISTERED]


def _class_label(kind: SubjectKind, name: str, language: Language) -> str:
    if name == UNREGISTERED:
        return _own_label(name, language)
    return label(f"{'area' if kind.group == 'area' else 'domain'}.{name}", language)


def _own_label(key: str, language: Language) -> str:
    return LABELS[key][1 if language == "en" else 0]


def _placed(placed: Placed, known: Mapping[str, Document]) -> PlacedOut:
    figure = placed.figure
    subject = known.get(figure.subject_id)
    return PlacedOut(
        rank=placed.rank,
        id=figure.subject_id,
        name=figure.subject_id if subject is None else subject["name"],
        score=placed.score,
        sample=placed.sample,
        requests=figure.requests,
        response_rate=figure.response_rate,
        resolution_rate=figure.resolution_rate,
        satisfaction_rate=figure.satisfaction_rate,
        in_time_rate=figure.in_time_rate,
    )
