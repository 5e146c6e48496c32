"""Decisions and bulk rows as functions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registry.bulk import Row, parents_first, read_rows, whole
from services.registry.schemas import (
    AreaBody,
    GridBody,
    OrganizationBody,
    PersonBody,
    UnitBody,
)
from services.registry.service import Areas, Grids, Organizations, People, Units, all_kinds
from services.registry.service.base import Known, Reference, Referred
from shared.contracts.registry import AreaChanged, VolunteerChanged
from shared.contracts.words import AreaLevel
from shared.storage.encryption import FieldCipher
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

ADMIN = Principal("root", Role.ADMINISTRATOR)
CIPHER = FieldCipher.from_secret("k" * 40)
PATH = ("c", "d")


def known(**entries: Referred) -> Known:
    """`areas_d=Referred(...)` as the area `d`."""
    table = {}
    for name, referred in entries.items():
        kind, _, id = name.partition("_")
        table[Reference(kind, id)] = referred
    return Known(table)


DISTRICT = known(areas_d=Referred(PATH, level=AreaLevel.DISTRICT))


def code_of(call: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.status, raised.value.code


def test_an_area_has_the_path_of_its_parent() -> None:
    body = AreaBody(name="坪山街道", level=AreaLevel.STREET, parent="d")
    decision = Areas().decide("s", body, None, DISTRICT, ADMIN)
    assert decision is not None
    [event] = decision.events
    assert isinstance(event, AreaChanged)
    assert event.path == ("c", "d", "s")
    assert Areas().decide("s", body, decision.state, Known(), ADMIN) is None


def test_an_area_in_use_may_be_renamed_but_not_moved() -> None:
    areas = Areas()
    body = AreaBody(name="坪山街道", level=AreaLevel.STREET, parent="d")
    decision = areas.decide("s", body, None, DISTRICT, ADMIN)
    assert decision is not None
    used = Known(dict(DISTRICT.entries), frozenset({"s"}))
    renamed = body.model_copy(update={"name": "新名"})
    assert areas.decide("s", renamed, decision.state, used, ADMIN) is not None
    moved = body.model_copy(update={"level": AreaLevel.COMMUNITY})
    assert code_of(lambda: areas.decide("s", moved, decision.state, used, ADMIN)) == (
        409,
        "in-use",
    )


def test_a_reference_that_stays_may_be_retired_a_new_one_may_not() -> None:
    units = Units()
    body = UnitBody.model_validate({"name": "甲", "domain": "agency", "area": "d"})
    decision = units.decide("u", body, None, DISTRICT, ADMIN)
    assert decision is not None
    gone = known(areas_d=Referred(PATH, retired=True), areas_e=Referred(("c", "e"), retired=True))
    renamed = body.model_copy(update={"name": "乙"})
    changed = units.decide("u", renamed, decision.state, gone, ADMIN)
    assert changed is not None
    assert changed.state.area_path == PATH
    elsewhere = body.model_copy(update={"area": "e"})
    assert code_of(lambda: units.decide("u", elsewhere, decision.state, gone, ADMIN)) == (
        422,
        "unknown-reference",
    )


def test_a_long_chain_of_parents_back_to_oneself_is_a_cycle() -> None:
    chain = {f"organizations_o{n}": Referred(parent=f"o{n + 1}") for n in range(1, 9)}
    table = known(**chain, organizations_o9=Referred(parent="o0"), **{"areas_d": Referred(PATH)})
    body = OrganizationBody.model_validate(
        {"name": "总支", "domain": "agency", "level": "county", "area": "d", "parent": "o1"}
    )
    assert code_of(lambda: Organizations().decide("o0", body, None, table, ADMIN)) == (
        422,
        "parent-cycle",
    )
    assert Organizations().decide("other", body, None, table, ADMIN) is not None


def test_a_unit_is_not_above_itself_in_its_system() -> None:
    table = known(units_b=Referred(parent="c"), units_c=Referred(parent="a"))
    body = UnitBody.model_validate({"name": "甲", "domain": "agency", "superior_unit_id": "b"})
    units = Units()
    assert code_of(lambda: units.decide("a", body, None, table, ADMIN)) == (422, "parent-cycle")
    assert units.decide("other", body, None, table, ADMIN) is not None


@pytest.mark.parametrize(
    ("own", "above", "below", "code"),
    [
        ("county", "city", ["grassroots"], None),
        ("grassroots", "grassroots", ["grassroots"], None),  # a branch under its committee
        ("county", "grassroots", [], "level-above-parent"),
        ("county", None, ["grassroots", "city"], "level-below-children"),
        ("county", None, ["county"], None),
    ],
)
def test_an_organization_is_not_below_those_under_it(
    own: str, above: str | None, below: list[str], code: str | None
) -> None:
    table = known(organizations_up=Referred(PATH, level=above), areas_d=Referred(PATH))
    table.below = {"o": below}
    values = {"name": "党委", "domain": "agency", "level": own, "area": "d"}
    body = OrganizationBody.model_validate(values | ({"parent": "up"} if above else {}))
    organizations = Organizations()
    if code is None:
        assert organizations.decide("o", body, None, table, ADMIN) is not None
    else:
        assert code_of(lambda: organizations.decide("o", body, None, table, ADMIN)) == (422, code)


def test_a_stored_cycle_of_others_does_not_hang() -> None:
    table = known(
        organizations_a=Referred(parent="b"), organizations_b=Referred(parent="a"),
        areas_d=Referred(PATH),
    )  # fmt: skip
    body = OrganizationBody.model_validate(
        {"name": "总支", "domain": "agency", "level": "county", "area": "d", "parent": "a"}
    )
    assert Organizations().decide("new", body, None, table, ADMIN) is not None


def test_a_grid_takes_only_communities_of_its_area() -> None:
    table = known(areas_d=Referred(PATH), areas_x=Referred(("c", "e", "x")))
    body = GridBody(name="格", area="d", communities=["x"])
    assert code_of(lambda: Grids().decide("g", body, None, table, ADMIN)) == (
        422,
        "community-outside",
    )


def test_a_volunteer_is_locked_and_unchanged_when_the_same_comes_again() -> None:
    volunteers = People(CIPHER)
    table = known(grids_g=Referred(PATH))
    body = PersonBody.model_validate(
        {"name": "王芳", "telephone": "+86 138-0000-1234", "grid_id": "g",
         "service_point": {"longitude": 114.31249, "latitude": 22.65}}
    )  # fmt: skip
    decision = volunteers.decide("v", body, None, table, ADMIN)
    assert decision is not None
    assert "王芳" not in repr(decision)
    assert "1380" not in repr(decision)
    [event] = decision.events
    assert isinstance(event, VolunteerChanged)
    assert event.service_point is not None
    assert event.service_point.longitude == 114.312
    assert volunteers.decide("v", body, decision.state, Known(), ADMIN) is None
    renamed = body.model_copy(update={"name": "王方"})
    changed = volunteers.decide("v", renamed, decision.state, Known(), ADMIN)
    assert changed is not None
    assert changed.state.telephone == decision.state.telephone
    assert volunteers.view("v", 1, changed.state, ADMIN).name == "王方"


def test_a_rotated_key_locks_anew_and_still_finds() -> None:
    old = People(CIPHER)
    new = People(FieldCipher.from_secret(f"2={'n' * 40},1={'k' * 40}"))
    body = PersonBody.model_validate({"name": "王芳", "telephone": "13800001234", "grid_id": "g"})
    first = old.decide("v", body, None, known(grids_g=Referred(PATH)), ADMIN)
    assert first is not None
    again = new.decide("v", body, first.state, Known(), ADMIN)
    assert again is not None
    assert again.state.telephone != first.state.telephone
    assert again.state.telephone_index == first.state.telephone_index
    assert old.import_id(body) == new.import_id(body)


def test_parents_come_first_and_the_rest_keep_their_order() -> None:
    def row(number: int, id: str, parent: str | None) -> Row:
        body = AreaBody(id=id, name=id, level=AreaLevel.STREET, parent=parent)
        return Row(number, id, body)

    rows = [row(1, "c", "b"), row(2, "x", "y"), row(3, "b", "a"), row(4, "a", None)]
    assert [r.id for r in parents_first(Areas(), rows)] == ["a", "b", "c", "x"]
    looped = [row(1, "p", "q"), row(2, "q", "p"), row(3, "p", "q")]
    assert sorted(r.number for r in parents_first(Areas(), looped)) == [1, 2, 3]


def test_rows_that_cannot_be_read_say_why_in_both_languages() -> None:
    kinds = {kind.name: kind for kind in all_kinds(CIPHER)}
    rows: list[dict[str, Any]] = [
        {"id": "v1", "name": "甲", "grid_id": "g", "capacity": "4", "available": "false"},
        {"id": "v2", "name": "乙", "grid_id": "g", "capacity": "99"},
        {"name": "丙", "grid_id": "g"},
        {"id": "v4", "name": "丁", "grid_id": "g", "age": 3},
    ]
    readable, results = read_rows(kinds["people"], rows)
    assert [(r.number, r.body.capacity, r.body.available) for r in readable] == [(1, 4, False)]
    assert {n: r.field for n, r in results.items()} == {2: "capacity", 3: "id", 4: "age"}
    reason = results[2].reason
    assert reason is not None
    assert reason.zh == "capacity：应不大于 50。"
    assert reason.en == "capacity: Give a value of at most 50."


def told(kind: Any, current: Any, **values: Any) -> Any:
    """The body that an imported row of `values` asks for."""
    return whole(kind, Row(1, "x", kind.body.model_validate(values)), current)


def test_a_row_leaves_what_it_does_not_tell_and_clears_what_it_tells_to_be_nothing() -> None:
    table = known(
        areas_d=Referred(PATH), units_u=Referred(PATH, area="d"), units_top=Referred(PATH),
        organizations_top=Referred(PATH), areas_e=Referred(("c", "e")),
        units_v=Referred(("c", "e"), area="e"),
    )  # fmt: skip
    row = {"name": "支部", "domain": "agency", "level": "grassroots", "unit_id": "u"}
    body = OrganizationBody.model_validate(
        row | {"founding": "trade", "founded": "2026-03-01", "retired": True, "successors": ["top"]}
    )
    decision = Organizations().decide("x", body, None, table, ADMIN)
    assert decision is not None
    state = decision.state
    same = told(Organizations(), state, **row)
    assert Organizations().decide("x", same, state, Known(), ADMIN) is None
    cleared = told(Organizations(), state, **row, founding=None, successors=[])
    assert (cleared.founding, cleared.founded, cleared.successors) == (None, "2026-03-01", [])
    back = told(Organizations(), state, **row, retired=False)
    assert (back.retired, back.successors) == (False, [])
    moved = told(Organizations(), state, **row | {"unit_id": "v"})
    assert Organizations().build("x", moved, state, table).area_path == ("c", "e")

    unit = {"name": "税务局", "domain": "agency", "area": "d"}
    office = UnitBody.model_validate(unit | {"system": "tax", "superior_unit_id": "top"})
    there = Units().decide("x", office, None, table, ADMIN)
    assert there is not None
    same = told(Units(), there.state, **unit)
    assert Units().decide("x", same, there.state, Known(), ADMIN) is None


def test_a_row_without_a_polygon_keeps_it_and_plans_nothing() -> None:
    square = {
        "type": "Polygon",
        "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]],
    }
    body = GridBody.model_validate({"name": "格", "area": "d", "geometry": square})
    decision = Grids().decide("x", body, None, DISTRICT, ADMIN)
    assert decision is not None
    same = told(Grids(), decision.state, name="格", area="d")
    assert same.geometry is not None
    assert same.valid_from is None
    later = Known(now=datetime.now(UTC) + timedelta(days=1))
    assert Grids().decide("x", same, decision.state, later, ADMIN) is None


def test_a_person_belongs_where_the_home_grid_is_now() -> None:
    people = People(CIPHER)
    body = PersonBody(name="王芳", grid_id="g")
    decision = people.decide("x", body, None, known(grids_g=Referred(PATH)), ADMIN)
    assert decision is not None
    moved = known(grids_g=Referred(("c", "e"), retired=True))
    again = people.decide("x", body, decision.state, moved, ADMIN)
    assert again is not None
    assert again.state.area_path == ("c", "e")
    along = people.taken_along("x", decision.state, ("c", "e"))
    assert along is not None
    assert along.state == again.state
    [event] = along.events
    assert isinstance(event, VolunteerChanged)
    assert event.area_path == ("c", "e")
    assert people.taken_along("x", along.state, ("c", "e")) is None
    assert people.taken_along("x", along.state, None) is None
