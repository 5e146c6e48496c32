"""Where organizations stand, and which pairings and tasks may go between them (art. 12, 14)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registry.assignments.rules import check_channel, check_line, check_money
from services.registry.assignments.schemas import AssignmentBody
from services.registry.assignments.table import AssignmentTable
from services.registry.service.base import Known, Reference, Referred
from services.registry.standing import (
    Line,
    Standing,
    line_between,
    lineage_of,
    scope_of,
    system_of,
)
from services.registry.tables import SHIPPED
from shared.contracts.words import AreaLevel, Domain, OrganizationLevel
from shared.web.problems import Problem

LEVELS = {
    "city": AreaLevel.CITY,
    "d": AreaLevel.DISTRICT,
    "s": AreaLevel.STREET,
    "c": AreaLevel.COMMUNITY,
}
PATH = ("city", "d", "s", "c")
TABLE = AssignmentTable.model_validate_json((SHIPPED / "assignment-kinds.json").read_bytes())
UNTIL = datetime(2026, 7, 1, tzinfo=UTC)


def standing(
    id: str,
    level: OrganizationLevel,
    path: tuple[str, ...] = PATH,
    domain: Domain = Domain.COMMUNITY,
    lineage: tuple[str, ...] = (),
    system: tuple[str, ...] = (),
) -> Standing:
    scope = scope_of(level, path, LEVELS)
    return Standing(id, domain, level, None, path, scope, lineage, system)


@pytest.mark.parametrize(
    ("level", "path", "scope"),
    [
        (OrganizationLevel.GRASSROOTS, PATH, PATH),
        (OrganizationLevel.TOWNSHIP, PATH, ("city", "d", "s")),
        (OrganizationLevel.COUNTY, PATH, ("city", "d")),
        (OrganizationLevel.CITY, PATH, ("city",)),
        (OrganizationLevel.PROVINCE, PATH, ("city",)),
        (OrganizationLevel.GRASSROOTS, ("city", "d", "s"), ("city", "d", "s")),
        (OrganizationLevel.COUNTY, (), ()),
    ],
)
def test_an_organization_answers_for_the_area_of_its_level(
    level: OrganizationLevel, path: tuple[str, ...], scope: tuple[str, ...]
) -> None:
    assert scope_of(level, path, LEVELS) == scope


def test_those_above_are_found_the_nearest_first_and_a_cycle_ends() -> None:
    assert lineage_of("a", {"a": "b", "b": "c", "c": None}) == ("b", "c")
    assert lineage_of("a", {"a": "b", "b": "c", "c": "b"}) == ("b", "c")
    assert lineage_of("a", {"a": "a"}) == ()
    assert lineage_of("a", {"a": "gone"}) == ("gone",)


def test_one_organization_is_above_another_by_its_system_or_by_its_place() -> None:
    below = standing("below", OrganizationLevel.GRASSROOTS, lineage=("street", "district"))
    for above, line in (
        (standing("district", OrganizationLevel.COUNTY, ("far",)), Line.SYSTEM),
        (standing("bureau", OrganizationLevel.COUNTY, ("city", "d", "s2")), Line.PLACE),
        (standing("street2", OrganizationLevel.TOWNSHIP, ("city", "d", "s2")), None),
        (standing("province", OrganizationLevel.PROVINCE, ()), Line.PLACE),
        (standing("nowhere", OrganizationLevel.COUNTY, ()), None),
    ):
        assert line_between(above, below) is line


def test_a_unit_under_vertical_management_is_reached_by_its_system_too() -> None:
    parents = {"office": "street", "street": "district", "bureau": "works", "works": None}
    superiors = {"office": "bureau", "bureau": "ministry", "ministry": None}
    assert system_of("office", parents, superiors) == ("bureau", "ministry")
    assert system_of("office", parents, {"office": "bureau"}) == ("bureau", "works")
    assert system_of("street", parents, superiors) == ()
    assert system_of("a", {}, {"a": "b", "b": "a"}) == ("b",)
    office = standing(
        "office", OrganizationLevel.GRASSROOTS, lineage=("street",), system=("bureau",)
    )
    far = ("city", "d2")
    assert line_between(standing("bureau", OrganizationLevel.COUNTY, far), office) is Line.SYSTEM
    assert line_between(standing("street", OrganizationLevel.TOWNSHIP, far), office) is Line.SYSTEM
    assert line_between(standing("other", OrganizationLevel.COUNTY, far), office) is None
    assert check_line(standing("bureau", OrganizationLevel.COUNTY, far), office) is Line.SYSTEM


@pytest.mark.parametrize("level", list(OrganizationLevel))
def test_a_task_goes_from_a_higher_level_to_a_lower_one_only(level: OrganizationLevel) -> None:
    same = standing("same", level)
    with pytest.raises(Problem, match="not-a-lower-level"):
        check_line(same, standing("below", level))
    if level is not OrganizationLevel.GRASSROOTS:
        assert check_line(same, standing("below", OrganizationLevel.GRASSROOTS)) is Line.PLACE


def task(**changes: Any) -> AssignmentBody:
    body = {"kind": "other", "assigner": "a", "receiver": "r", "words": "x", "until": UNTIL}
    return AssignmentBody.model_validate(body | changes)


FUNDS = [{"source": "fiscal", "yuan": 1, "by": UNTIL + timedelta(days=1)}]
HOURS = [{"kind": "hours", "quantity": 3}]


@pytest.mark.parametrize("level", [OrganizationLevel.TOWNSHIP, OrganizationLevel.GRASSROOTS])
@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        ({}, "other", "funds-needed"),
        ({}, "study", "funds-needed"),
        ({"funds": FUNDS}, "other", None),
        ({"resources": HOURS}, "other", None),
        ({"no_cost_reason": "宣读"}, "study", None),
        ({"no_cost_reason": "宣读"}, "other", "cost-free-kind-only"),
    ],
)
def test_money_follows_the_task(
    level: OrganizationLevel, given: dict[str, Any], kind: str, code: str | None
) -> None:
    receiver = standing("r", level)
    body = task(kind=kind, **given)
    if code is None:
        check_money(body, TABLE.kind(kind), receiver, TABLE)
    else:
        with pytest.raises(Problem, match=code):
            check_money(body, TABLE.kind(kind), receiver, TABLE)


def test_a_task_for_a_county_need_not_bring_money() -> None:
    county = standing("r", OrganizationLevel.COUNTY, domain=Domain.AGENCY)
    check_money(task(), TABLE.kind("other"), county, TABLE)


@pytest.mark.parametrize(
    ("receiver", "through"),
    [
        (standing("community", OrganizationLevel.GRASSROOTS), True),
        (standing("street", OrganizationLevel.TOWNSHIP), True),
        (standing("county", OrganizationLevel.COUNTY, domain=Domain.AGENCY), True),
        (standing("shop", OrganizationLevel.GRASSROOTS, domain=Domain.PRIVATE_ENTERPRISE), False),
        (standing("school", OrganizationLevel.TOWNSHIP, domain=Domain.UNIVERSITY), False),
        (standing("other", OrganizationLevel.GRASSROOTS, ("city", "d", "s", "c2")), False),
    ],
)
def test_a_task_for_residents_goes_through_the_grassroots_organization(
    receiver: Standing, through: bool
) -> None:
    areas = Known({Reference("areas", "c"): Referred(PATH)})
    body = task(residents_of="c")
    if through:
        check_channel(body, TABLE.kind("survey"), receiver, TABLE, areas)
    else:
        with pytest.raises(Problem, match="around-the-organization"):
            check_channel(body, TABLE.kind("survey"), receiver, TABLE, areas)
