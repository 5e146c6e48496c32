import pytest
from pydantic import ValidationError

from services.volunteer_dispatch.service.routing import route
from services.volunteer_dispatch.service.tables import RoutingTable
from tests.unit.services.volunteer_dispatch.city import context, held, new


def _keys(rules: list[dict[str, object]] | None = None, **more: object) -> list[str]:
    ctx = context(rules=rules)
    return [f"{p.level} {p.key}" for p in route(new(ctx, **more).state, ctx)]


DUTIES = ["area_duty:S1-1", "area_duty:S1", "area_duty:D", "area_duty:C"]


def test_grid_team_first_then_duty_officers_upwards() -> None:
    assert _keys() == ["0 grid_team:g1", *(f"{n} {d}" for n, d in enumerate(DUTIES, 1))]


def test_without_a_grid_the_lowest_duty_officer_is_the_first_place() -> None:
    assert _keys(grid_id=None) == [f"{n} {duty}" for n, duty in enumerate(DUTIES)]


def test_unlocated_goes_to_the_top_area() -> None:
    assert _keys(grid_id=None, area_path=()) == ["0 area_duty:C"]


def test_light_help_goes_to_a_volunteer_but_not_in_danger() -> None:
    assert _keys(category="care")[:2] == ["0 volunteer:", "0 grid_team:g1"]
    assert _keys(category="care", urgency="danger")[0] == "0 grid_team:g1"


def test_units_of_a_domain_nearest_area_first_and_without_retired_ones() -> None:
    keys = _keys([{"to": "domain:state_enterprise"}])
    assert sorted(keys[:2]) == ["0 unit:power", "0 unit:water"]
    assert keys == _keys([{"to": "domain:state_enterprise"}])
    assert keys[2] == "0 grid_team:g1"


def test_the_first_rule_that_fits_decides_by_prefix_and_area() -> None:
    rules: list[dict[str, object]] = [
        {"categories": ["road."], "areas": ["S2"], "to": "unit:agency"},
        {"categories": ["road."], "to": "unit:power"},
        {"to": "area_duty"},
    ]
    assert _keys(rules, category="road.hole")[0] == "0 unit:power"
    elsewhere = {"area_path": ("C", "D", "S2", "S2-1"), "grid_id": "g2"}
    assert _keys(rules, category="road.hole", **elsewhere)[0] == "0 unit:agency"
    assert _keys(rules, category="road")[0] == "0 area_duty:S1-1"


def test_a_retired_unit_is_passed_over() -> None:
    assert _keys([{"to": "unit:shut"}])[0] == "0 grid_team:g1"


def test_a_grid_that_has_ended_is_passed_over() -> None:
    ctx = context(rules=[])
    ctx.directory.put("grids", [{"_id": "old", "organization_id": None, "retired": True}])
    keys = [place.key for place in route(new(ctx, grid_id="old").state, ctx)]
    assert keys == DUTIES


def test_assignees_carry_who_answers_for_them() -> None:
    ctx = context(rules=[{"to": "unit:power"}])
    unit = new(ctx).state.assignee
    assert unit is not None
    assert (unit.unit_id, unit.organization_id) == ("power", "org-power")
    grid = new().state.assignee
    assert grid is not None
    assert (held(new().state), grid.unit_id, grid.organization_id) == (
        "grid_team:g1",
        None,
        "org-g1",
    )
    assert ctx.directory.area_duty("S1").organization_id == "org-s1"
    volunteer = ctx.directory.volunteer("v", "power", "g1")
    assert (volunteer.unit_id, volunteer.organization_id) == ("power", "org-power")
    assert ctx.directory.volunteer("v", None, "g1").organization_id == "org-g1"


@pytest.mark.parametrize("to", ["nobody", "domain:bank", "unit:", "volunteer:v1"])
def test_a_table_with_an_unknown_target_is_refused(to: str) -> None:
    with pytest.raises(ValidationError):
        RoutingTable.model_validate({"rules": [{"to": to}]})
