"""Places in joint organizations, entries and the tree pass to a successor."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.registry.groups.decisions import Groups, GroupState
from services.registry.handover import Passing
from services.registry.joint.handover import hand_over, roles_of
from services.registry.joint.states import (
    Council,
    JointState,
    Lists,
    Member,
    Need,
    Project,
    Resource,
    on_duty,
)
from services.registry.service.base import Known, Reference, Referred
from services.registry.service.grids import Grids
from services.registry.service.people import People
from services.registry.standing import Standing
from services.registry.states import GridState, OrganizationState, PersonState, naming
from services.registry.succession.children import under
from services.registry.succession.entries import given as pass_entry
from services.registry.venues.decisions import Venues, VenueState
from shared.contracts.registry import GridChanged, JointChanged, OrganizationChanged
from shared.contracts.words import Domain, Founding, OrganizationLevel, ResourceKind
from shared.storage.encryption import FieldCipher

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = "2026-03-01"
CIPHER = FieldCipher.from_secret("x" * 32)


def passing(old: str, new: str, domain: Domain = Domain.COMMUNITY) -> Passing:
    standing = Standing(
        organization_id=new,
        domain=domain,
        level=OrganizationLevel.GRASSROOTS,
        unit_id=f"u-{new}",
        path=("city", new),
        scope=("city", new),
        lineage=(),
    )
    return Passing(old, standing, NOW, "succession", f"successor of {old}", f"u-{old}")


def member(id: str, left: str | None = None) -> Member:
    return Member(organization_id=id, unit_id=f"u-{id}", joined="2026-01-01", left=left)


def joint(*members: str, lead: str = "street", **more: Any) -> JointState:
    return JointState(
        **naming("联合党委"),
        form=Founding.JOINT_AREA,
        area="s",
        lead=lead,
        members=tuple(member(id) for id in members),
        **more,
    )


def lists(who: str, other: str) -> Lists:
    need = Need(id="n", organization_id=who, kind=None, words="", at=NOW)
    resource = Resource(
        id="r", organization_id=who, kind=ResourceKind.HOURS, words="", quantity=3, left=1, at=NOW
    )
    project = Project(
        id="p", need_id="m", need_by=other, resource_id="r", resource_by=who, quantity=2, at=NOW,
        kind=ResourceKind.HOURS, resource_words="", resource_origin="r",
    )  # fmt: skip
    return Lists(needs=(need,), resources=(resource,), projects=(project,))


# Joint organizations


def test_the_successor_takes_the_place_and_the_former_days_stay() -> None:
    state = joint("a", "c", open=lists("a", "c"))
    moved = hand_over("j", state, passing("a", "b"), DAY)
    assert moved is not None
    new = moved.state
    assert [(one.organization_id, one.joined, one.left) for one in new.members] == [
        ("a", "2026-01-01", DAY), ("c", "2026-01-01", None), ("b", DAY, None),
    ]  # fmt: skip
    assert new.members[-1].unit_id == "u-b"
    assert (new.open.needs[0].organization_id, new.open.resources[0].organization_id) == ("b", "b")
    assert (new.open.projects[0].need_by, new.open.projects[0].resource_by) == ("c", "b")
    assert new.open.resources[0].left == 1
    assert [(one.role, one.organization_id, one.to) for one in new.handovers] == [
        ("member", "a", "b"), ("lists", "a", "b"),
    ]  # fmt: skip
    [told] = moved.events
    assert isinstance(told, JointChanged)
    assert [one.organization_id for one in told.members if one.left is None] == ["c", "b"]
    assert hand_over("j", new, passing("a", "b"), DAY) is None
    assert roles_of(new, "a") == []
    # One that is a member already is so once, with its own first day.
    both = hand_over("j", joint("a", "b"), passing("a", "b"), DAY)
    assert both is not None
    assert [one.joined for one in both.state.members if one.left is None] == ["2026-01-01"]
    # In need of what another one helps with, the successor is so now.
    needy = hand_over("j", joint("a", "c", open=lists("c", "a")), passing("a", "b"), DAY)
    assert needy is not None
    assert (needy.state.open.projects[0].need_by, needy.state.open.projects[0].resource_by) == (
        "b", "c",
    )  # fmt: skip
    # One that has left gives only what is still open in its name; a dissolved one gives nothing.
    left = joint(open=Lists(projects=lists("a", "c").projects), lead="c")
    after = hand_over("j", left, passing("a", "b"), DAY)
    assert after is not None
    assert (after.state.members, after.state.open.projects[0].resource_by) == ((), "b")
    assert (
        hand_over("j", state.model_copy(update={"retired": True}), passing("a", "b"), DAY) is None
    )


def test_the_lead_passes_only_to_a_street_or_community_and_else_waits_for_a_person() -> None:
    state = joint("c", lead="a", open=lists("a", "c"))
    led = hand_over("j", state, passing("a", "b"), DAY)
    assert led is not None
    assert (led.state.lead, led.state.lead_unit_id) == ("b", "u-b")
    assert [one.organization_id for one in led.state.members] == ["c"]
    company = passing("a", "b", Domain.PRIVATE_ENTERPRISE)
    stays = hand_over("j", state, company, DAY)
    assert stays is not None
    assert (stays.state.lead, roles_of(stays.state, "a")) == ("a", ["lead"])
    # What it had open is the successor's all the same, which is a member for that.
    assert stays.state.open.needs[0].organization_id == "b"
    assert [one.organization_id for one in stays.state.members] == ["c", "b"]
    assert [one.role for one in stays.state.handovers] == ["member", "lists"]
    assert hand_over("j", stays.state, company, DAY) is None
    # One that is a member already has its turn all the same.
    turns = (Council(order=("a", "c"), start="2026-01-05", days=7),)
    member = joint("c", lead="a", councils=turns)
    turned = hand_over("j", member, passing("a", "c", Domain.PRIVATE_ENTERPRISE), DAY)
    assert turned is not None
    assert (turned.state.councils[-1].order, roles_of(turned.state, "a")) == (("c",), ["lead"])
    assert [one.role for one in turned.state.handovers] == ["duty"]


@given(
    st.permutations(["a", "b", "c", "d"]).flatmap(
        lambda order: st.integers(1, 4).map(lambda number: order[:number])
    ),
    st.integers(1, 9),
    st.integers(-20, 60),
    st.none() | st.integers(1, 40),
)
def test_the_turns_of_duty_go_on_with_the_successor_and_who_had_duty_stays_known(
    order: list[str], days: int, began: int, later: int | None
) -> None:
    assume("a" in order)
    day = date.fromisoformat(DAY)
    start = day - timedelta(days=began)
    councils = [Council(order=tuple(order), start=start.isoformat(), days=days)]
    if later is not None:
        start = start + timedelta(days=later)
        councils.append(Council(order=tuple(order), start=start.isoformat(), days=days + 1))
    state = joint(*order, councils=tuple(councils))
    moved = hand_over("j", state, passing("a", "b"), DAY)
    assert moved is not None
    new = moved.state.councils
    for n in range(-30, 0):
        then = day + timedelta(days=n)
        assert on_duty(new, then) == on_duty(councils, then)
    coming = [day + timedelta(days=n) for n in range(90)]
    assert "a" not in {on_duty(new, then) for then in coming}
    holder = on_duty(councils, day)
    assert on_duty(new, day) == ("b" if holder == "a" else holder)
    if holder != "a" and "b" not in order:
        expected = [on_duty(councils, then) for then in coming]
        assert [on_duty(new, then) for then in coming] == [
            "b" if who == "a" else who for who in expected
        ]


# Entries


def test_a_grid_its_groups_and_venues_pass_and_say_so() -> None:
    grid = GridState(**naming("网格"), area="s", organization_id="a")
    moved = pass_entry(Grids(), "g", grid, passing("a", "b"))
    assert moved is not None
    [told] = moved.events
    assert isinstance(told, GridChanged)
    assert (told.grid_id, told.organization_id) == ("g", "b")
    assert pass_entry(Grids(), "g", moved.state, passing("a", "b")) is None
    ended = grid.model_copy(update={"retired": True})
    assert pass_entry(Grids(), "g", ended, passing("a", "b")) is None
    group = GroupState(**naming("医生队"), area="s", organization_id="a", unit_id="u-before")
    there = pass_entry(Groups(), "q", group, passing("a", "b"))
    assert there is not None
    assert (there.state.organization_id, there.state.unit_id) == ("b", "u-b")


@pytest.mark.parametrize(("unit", "after"), [("u-a", "u-b"), ("u-x", "u-x"), (None, None)])
def test_a_venue_of_another_unit_stays_with_it(unit: str | None, after: str | None) -> None:
    kind = Venues(lambda: (), UTC)  # type: ignore[arg-type]  # no hours are looked at
    venue = VenueState(**naming("活动室"), area="s", organization_id="a", unit_id=unit)
    moved = pass_entry(kind, "v", venue, passing("a", "b"))
    assert moved is not None
    assert (moved.state.organization_id, moved.state.unit_id) == ("b", after)
    own = venue.model_copy(update={"organization_id": None})
    assert pass_entry(kind, "v", own, passing("a", "b")) is None


def test_a_person_passes_with_the_employer_as_it_is_unless_a_units_system_reports_it() -> None:
    person = PersonState(
        name="x", name_index="x", grid_id="g", capacity=1, available=True, organization_id="a",
        unit_id="u-a",
    )  # fmt: skip
    moved = pass_entry(People(CIPHER), "p", person, passing("a", "b"))
    assert moved is not None
    assert (moved.state.organization_id, moved.state.unit_id) == ("b", "u-a")
    owned = person.model_copy(update={"owner": "u-a"})
    assert pass_entry(People(CIPHER), "p", owned, passing("a", "b")) is None


# The tree

NAMES = [f"o{n}" for n in range(7)]


def organization(parent: str | None) -> OrganizationState:
    return OrganizationState(
        **naming("党委"), domain=Domain.COMMUNITY, level=OrganizationLevel.GRASSROOTS, parent=parent
    )


def known(tree: dict[str, str | None]) -> Known:
    entries = {Reference("organizations", id): Referred(parent=up) for id, up in tree.items()}
    return Known(entries)


def above(id: str, tree: dict[str, str | None]) -> list[str]:
    found: list[str] = []
    up = tree[id]
    while up is not None:
        assert up not in found, "a cycle"
        found.append(up)
        up = tree[up]
    return found


def test_who_is_above_the_successor_takes_the_place_of_the_retired_one() -> None:
    tree = {"top": None, "old": "top", "child": "old", "new": "child", "other": "old"}
    heads = {}
    for id in ("child", "other", "new"):
        decision = under(id, organization(tree[id]), passing("old", "new"), known(tree))
        heads[id] = None if decision is None else decision.state.parent
        if decision is not None:
            [told] = decision.events
            assert isinstance(told, OrganizationChanged)
            assert told.parent == heads[id]
    assert heads == {"child": "top", "other": "new", "new": None}
    # The successor itself stood under it.
    own = under("child", organization("old"), passing("old", "child"), known(tree))
    assert own is not None
    assert own.state.parent == "top"
    gone = organization("old").model_copy(update={"retired": True})
    assert under("other", gone, passing("old", "new"), known(tree)) is None


def test_one_does_not_come_under_a_successor_of_a_lower_level() -> None:
    table = known({"top": None, "old": "top", "child": "old", "new": None})
    county = organization("old").model_copy(update={"level": OrganizationLevel.COUNTY})
    for level, parent in (("county", "new"), ("township", "top")):
        table.entries[Reference("organizations", "new")] = Referred(level=level)
        decision = under("child", county, passing("old", "new"), table)
        assert decision is not None
        assert decision.state.parent == parent


@given(
    st.lists(st.integers(-1, 5), min_size=len(NAMES), max_size=len(NAMES)),
    st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True),
    st.permutations(NAMES),
)
def test_in_any_tree_all_come_elsewhere_and_no_cycle_is_made(
    parents: list[int], ends: list[str], order: list[str]
) -> None:
    tree = {
        id: None if up < 0 or up >= n else NAMES[up]
        for n, (id, up) in enumerate(zip(NAMES, parents, strict=True))
    }
    old, new = ends
    for id in order:
        decision = under(id, organization(tree[id]), passing(old, new), known(tree))
        if decision is not None:
            tree[id] = decision.state.parent
        for each in NAMES:
            assert each not in above(each, tree)
    assert old not in tree.values()
