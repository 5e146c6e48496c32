import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.routing import route
from services.volunteer_dispatch.service.state import Gap
from services.volunteer_dispatch.service.tables import RoutingTable
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts.tasks import TaskAssigned
from shared.contracts.words import Urgency
from tests.unit.services.volunteer_dispatch.city import PATH, context, held, new, payload_of


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


def test_a_team_whose_organization_is_retired_carries_who_took_over_or_nobody() -> None:
    city = context().directory

    def answers(*organizations: tuple[str, tuple[str, ...]]) -> str | None:
        """Of grid g1, after these were retired with their successors."""
        rows = [
            {"_id": id, "area": "S1-1", "retired": True, "successors": list(successors)}
            for id, successors in organizations
        ]
        city.put("organizations", rows)
        return city.grid_team("g1").organization_id

    assert answers() == "org-g1"
    assert answers(("org-g1", ("org-s1",))) == "org-s1"
    assert city.volunteer("v", None, "g1").organization_id == "org-s1"
    assert answers(("org-s1", ("org-power",))) == "org-power"
    # Split, ended with its successor, or ended with nobody to take over: nobody, not the dead one.
    assert answers(("org-g1", ("org-power", "org-x"))) is None
    assert answers(("org-g1", ("org-s1",)), ("org-s1", ())) is None
    assert answers(("org-g1", ())) is None


@pytest.mark.parametrize("to", ["nobody", "domain:bank", "unit:", "volunteer:v1"])
def test_a_table_with_an_unknown_target_is_refused(to: str) -> None:
    with pytest.raises(ValidationError):
        RoutingTable.model_validate({"rules": [{"to": to}]})


# Several of one rule, who assists, gaps, explanations


def test_what_no_rule_covers_goes_to_the_duty_officer_as_a_gap_of_the_table() -> None:
    rules: list[dict[str, object]] = [{"categories": ["road."], "to": "unit:power"}]
    ctx = context(rules=rules)
    state = new(ctx).state
    assert (held(state), state.level, state.gap) == ("area_duty:S1-1", 0, Gap.NO_RULE)
    assert new(ctx, category="road.hole").state.gap is None
    unlocated = new(ctx, area_path=(), grid_id=None).state
    assert (held(unlocated), unlocated.gap) == ("area_duty:C", None)


def test_the_shipped_table_has_no_gap() -> None:
    for category in ("care", "other", "road.hole"):
        for urgency in Urgency:
            assert new(category=category, urgency=urgency).state.gap is None
            assert new(category=category, urgency=urgency, grid_id=None).state.gap is None


def test_a_rule_that_names_nobody_who_is_there_is_a_gap_too() -> None:
    state = new(context(rules=[{"to": "unit:shut", "then": ["domain:university"]}])).state
    assert (held(state), state.gap) == ("grid_team:g1", Gap.NO_TARGET)
    by_choice = new(context(rules=[{"to": "area_duty"}])).state
    assert (held(by_choice), by_choice.gap) == ("area_duty:S1-1", None)


def test_targets_of_one_rule_come_one_after_another() -> None:
    rules: list[dict[str, object]] = [{"to": "unit:water", "then": ["unit:shut", "unit:power"]}]
    assert _keys(rules)[:3] == ["0 unit:water", "0 unit:power", "0 grid_team:g1"]
    rules = [{"to": "unit:water", "then": ["area_duty", "unit:power"]}]
    assert _keys(rules)[:2] == ["0 unit:water", "1 area_duty:S1-1"]


def test_the_first_receiver_leads_until_another_accepts_and_who_assists_is_told() -> None:
    rules: list[dict[str, object]] = [
        {
            "to": "unit:water",
            "then": ["unit:power"],
            "assist": ["domain:agency", "unit:shut", "unit:water"],
        }
    ]
    ctx = context(rules=rules)
    decision = new(ctx)
    given_, asked = [payload_of(event) for event in decision.events[-2:]]
    assert isinstance(given_, TaskAssigned)
    assert (type(asked).__name__, asked.who.id) == ("TaskPartAsked", "agency")
    assert [one.id for one in given_.assisting] == ["agency"]
    first = decision.state.lead
    declined = commands.give_back(decision.state, "不归我管", ctx).state
    assert (held(declined), declined.lead) == ("unit:power", first)
    assert declined.units == ("power", "water", "agency")
    taken = commands.accept(declined).state
    assert taken.lead == taken.assignee
    assert taken.units == ("power", "agency")


def test_a_route_and_what_follows_are_explained() -> None:
    rules: list[dict[str, object]] = [
        {"categories": ["road."], "to": "unit:agency"},
        {"to": "unit:water", "then": ["unit:power"], "shares": [0.7, 0.2], "cases": 12},
    ]
    ctx = context(rules=rules)
    state = commands.give_back(new(ctx).state, "不归我管", ctx).state
    first, second = state.explained
    assert (first.kind, first.why, first.table, first.rule) == ("route", "routed", "routing", "2")
    assert [(c.key, c.score, c.note) for c in first.candidates][:3] == [
        ("unit:water", 0.7, "chosen"),
        ("unit:power", 0.2, "next"),
        ("grid_team:g1", None, "next"),
    ]
    assert (second.kind, second.why, second.chosen) == ("escalation", "declined", "unit:power")
    assert [c.note for c in second.candidates][:3] == ["tried", "chosen", "next"]


def test_the_reason_of_each_step_is_named() -> None:
    ctx = context(rules=[{"to": "unit:water", "then": ["unit:power"]}])
    state = new(ctx).state
    assert state.accept_by is not None
    later = context(state.accept_by, [{"to": "unit:water", "then": ["unit:power"]}])
    silent = on_due(state, later)
    assert silent is not None
    assert state.deadline is not None
    late = on_due(silent.state, context(state.deadline, rules=[{"to": "unit:water"}]))
    assert late is not None
    taken = commands.accept(late.state).state
    back = commands.give_back(taken, "不归我管", ctx).state
    assert [one.why for one in back.explained] == ["routed", "silent", "overdue", "returned"]
    overdue = back.explained[2]
    assert overdue.chosen == "area_duty:S1-1"
    assert [c.note for c in overdue.candidates] == ["tried", "passed_over", "chosen", *["next"] * 3]


def test_who_decides_is_shown_what_the_past_suggests() -> None:
    rule = {"to": "area_duty", "then": ["unit:water", "unit:power"], "shares": [0, 0.4, 0.3]}
    [explained] = new(context(rules=[rule])).state.explained
    assert explained.chosen == "area_duty:S1-1"
    suggested = [(c.key, c.score) for c in explained.candidates if c.note == "suggested"]
    assert suggested == [("unit:water", 0.4), ("unit:power", 0.3)]


CODES = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=3).map(".".join)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "categories": st.lists(
                st.one_of(CODES, CODES.map(lambda code: f"{code}.")).filter(bool), max_size=2
            ),
            "areas": st.lists(st.sampled_from([*PATH, "S2"]), max_size=2),
            "urgencies": st.lists(st.sampled_from(list(Urgency)), max_size=2),
            "to": st.just("area_duty"),
        }
    ),
    max_size=12,
)


@given(rules=RULES, category=CODES, urgency=st.sampled_from(list(Urgency)))
def test_the_index_finds_the_rule_that_reading_from_above_finds(
    rules: list[dict[str, object]], category: str, urgency: Urgency
) -> None:
    table = RoutingTable.model_validate({"rules": rules})
    numbered = enumerate(table.rules, 1)
    expected = next(((n, r) for n, r in numbered if r.fits(category, PATH, urgency)), None)
    assert table.rule_for(category, PATH, urgency) == expected
