"""How things stand with subjects, made anew from what the registry's journal holds; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.assessment.lists import standing
from services.assessment.lists.handlers import LATENESS, PLACES, POSTS
from services.assessment.scores.anew import Entry, folded
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import AREA_KINDS, SubjectKind
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.registry import AreaChanged, OrganizationChanged, UnitChanged

SUBJECTS = (AreaChanged, UnitChanged, OrganizationChanged)
STANDING = (topics.BACKBONE.name, topics.COVERAGE.name, topics.PLANS.name)
"""The topics of the facts that say how things stand."""


@dataclass
class Registered:
    """Subjects by what the registry says of them now: a journal holds the newest state only."""

    levels: dict[str, str] = field(default_factory=dict)
    """Of areas, by code."""
    traits: dict[SubjectKind, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {kind: {} for kind in SubjectKind}
    )
    """By kind and id: `domain`; of organizations also `_id`, `level`, `unit_id`, `area`."""

    def add(self, event: Event) -> None:
        """Take in a state of `SUBJECTS`."""
        id = event.subject
        match event.data:
            case AreaChanged() as area:
                level = self.levels[id] = area.level.value
                if level in AREA_KINDS:
                    self.traits[SubjectKind(level)][id] = {}
            case UnitChanged() as unit:
                self.traits[SubjectKind.UNIT][id] = {"domain": unit.domain.value}
            case OrganizationChanged() as one:
                self.traits[SubjectKind.ORGANIZATION][id] = {
                    "_id": id,
                    "domain": one.domain.value,
                    "level": one.level.value,
                    "unit_id": one.unit_id,
                    "area": one.area,
                }


def standing_of(
    known: Registered,
    told: Mapping[str, Iterable[Entry]],
    span: tuple[datetime, datetime],
    moment: datetime,
    until: datetime | None = None,
) -> dict[SubjectKind, Numbers]:
    """Vacancies, overdue training, gaps and plans behind as they stood at a moment, tasks overdue
    in a span of time; see `inputs.StandingInputs`.

    Args:
        told: by topic of `STANDING`, each subject's facts in order.
        until: what was told later is not counted; None: everything is.
    """
    posts = folded(told[topics.BACKBONE.name], POSTS, until)
    places = folded(told[topics.COVERAGE.name], PLACES, until).values()
    late = folded(told[topics.PLANS.name], LATENESS, until).values()
    organizations = list(known.traits[SubjectKind.ORGANIZATION].values())
    found: dict[SubjectKind, Numbers] = {kind: {} for kind in SubjectKind}
    for kind, numbers in found.items():
        owners = standing.owners_of(kind, organizations)
        areas = standing.areas_of(kind, organizations, known.levels)
        standing.add_posts(numbers, owners, posts, moment)
        standing.add_places(numbers, areas, places, moment)
        standing.add_plans(numbers, "organization_id", owners, late, span, moment)
        standing.add_plans(numbers, "area", areas, late, span, moment)
        standing.add_nothing_late(numbers, owners, areas)
    return found
