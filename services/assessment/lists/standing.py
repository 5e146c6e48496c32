"""The numbers of how things stand with subjects, from what was told of posts, places and plans;
pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from services.assessment.lists.facts import (
    TASK,
    Lateness,
    Place,
    Posts,
    gaps_at,
    late_in,
    trainings_overdue,
    vacant_days,
)
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import SubjectKind
from shared.contracts.words import Domain

OF_THE_AREA = (Domain.COMMUNITY.value, Domain.VILLAGE.value)
"""Domains of the organizations that an area's own are of."""
Subjects = Mapping[str, Collection[str]]
"""Ids of the subjects that the facts of an organization, or of an area, count for."""


def owners_of(kind: SubjectKind, organizations: Iterable[Mapping[str, Any]]) -> Subjects:
    """The subjects of a kind by the organization whose facts count for them.

    Args:
        organizations: `_id`, `unit_id`, `area` and `domain` of each.
    """
    field = {SubjectKind.ORGANIZATION: "_id", SubjectKind.UNIT: "unit_id"}.get(kind, "area")
    return {
        one["_id"]: [one[field]]
        for one in organizations
        if one.get(field) is not None and (field != "area" or one.get("domain") in OF_THE_AREA)
    }


def areas_of(
    kind: SubjectKind, organizations: Iterable[Mapping[str, Any]], levels: Mapping[str, str]
) -> Subjects:
    """The subjects of a kind by the area whose gaps and plans count for them.

    Args:
        levels: of every area, by code.
    """
    if kind is SubjectKind.UNIT:
        return {}
    if kind is not SubjectKind.ORGANIZATION:
        return {code: [code] for code, level in levels.items() if level == kind.value}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in organizations:
        if one.get("area") is not None and one.get("domain") in OF_THE_AREA:
            found[one["area"]].append(one["_id"])
    return found


def add_posts(
    found: Numbers, owners: Subjects, posts: Mapping[str, Posts], moment: datetime
) -> None:
    """Add vacancies (the longest counts) and overdue training, by what was told of posts."""
    for id, state in posts.items():
        days, untrained = vacant_days(state, moment), trainings_overdue(state, moment)
        for owner in owners.get(id, ()):
            numbers = found.setdefault(owner, {})
            if days is not None:
                numbers["vacant_days"] = max(days, numbers.get("vacant_days", 0.0))
            _add(numbers, "trainings_overdue", untrained)


def add_places(found: Numbers, areas: Subjects, places: Iterable[Place], moment: datetime) -> None:
    """Add the gaps of places inside areas; nothing told of an area means that it lacks nothing."""
    for owners in areas.values():
        for owner in owners:
            _add(found.setdefault(owner, {}), "coverage_gaps", 0.0)
    for place in places:
        gaps = float(gaps_at(place, moment))
        for code in set(place.area_path) & areas.keys():
            for owner in areas[code]:
                _add(found[owner], "coverage_gaps", gaps)


def add_plans(
    found: Numbers,
    field: Literal["organization_id", "area"],
    subjects: Subjects,
    plans: Iterable[Lateness],
    span: tuple[datetime, datetime],
    moment: datetime,
) -> None:
    """Add targets that are behind at a moment, and tasks that were overdue in a span of time."""
    for state in plans:
        told = {
            (getattr(late, field), late.what)
            for late in late_in(state, *span, moment)
            if getattr(late, field) in subjects
        }
        for whose, what in told:
            name = "tasks_overdue" if what == TASK else "plans_behind"
            for owner in subjects[whose]:
                _add(found.setdefault(owner, {}), name, 1.0)


def add_nothing_late(found: Numbers, *subjects: Subjects) -> None:
    """Say of everybody that nothing more was late."""
    for owner in {owner for some in subjects for own in some.values() for owner in own}:
        for name in ("tasks_overdue", "plans_behind"):
            _add(found.setdefault(owner, {}), name, 0.0)


def _add(numbers: dict[str, float], name: str, value: float) -> None:
    numbers[name] = numbers.get(name, 0.0) + value
