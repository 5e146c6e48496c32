"""An area cannot report more than its parts: for any tree of places and any records (art. 16)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.plans.breakdown import Spot, check_parts
from services.registry.plans.progress import Branch, Group, elapsed, progress_of, roll_up, tree_of
from services.registry.plans.state import Part, Place, PlanState, Target
from services.registry.plans.table import PlanTable
from shared.contracts.words import OrganizationLevel
from shared.web.problems import Problem

NOW = datetime(2026, 7, 1, tzinfo=UTC)
BEGIN, END = NOW - timedelta(days=50), NOW + timedelta(days=50)
RULES = PlanTable(tolerance=0.1, from_share=0.1, check_minutes=60)

Tree = dict[str, tuple[str, ...]]
"""The path of each place, from the top down to itself."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Any tree of at most 14 places."""
    tree: Tree = {"0": ("0",)}
    for number in range(1, draw(st.integers(1, 14))):
        above = draw(st.sampled_from(sorted(tree)))
        tree[str(number)] = (*tree[above], str(number))
    return tree


def target(places: list[Place], quantity: float = 100) -> Target:
    share = quantity / max(1, len(places))
    return Target(
        id="visits",
        work="household_visit",
        count=None,
        quantity=quantity,
        until=END,
        baseline=None,
        parts=tuple(Part(place=place, share=share, by=END) for place in places),
        reason="as drawn",
    )


def plan(place: Place, parts: list[Place], parent: str | None = None) -> PlanState:
    return PlanState(
        name="plan",
        level=OrganizationLevel.COUNTY,
        place=place,
        area_path=(),
        unit_id=None,
        parent=parent,
        slot=None,
        status="in_force",
        since=BEGIN,
        targets=(target(parts),),
        places=(),
        next_check=NOW,
    )


def disjoint(tree: Tree, plan_place: Place, wanted: list[str]) -> list[Place]:
    """Those of `wanted` that the rules of a breakdown let through, taken one by one."""
    taken: list[Place] = []
    for id in wanted:
        place = Place(kind=plan_place.kind, id=id)
        spots = {f"{plan_place.kind}/{code}": _spot(plan_place, tree, code) for code in tree}
        try:
            check_parts(plan_place, target([*taken, place]), spots, "targets.0")
        except Problem:
            continue
        taken.append(place)
    return taken


def _spot(like: Place, tree: Tree, code: str) -> Spot:
    place, path = Place(kind=like.kind, id=code), tree[code]
    return Spot(place, path) if like.kind == "areas" else Spot(place, (), path[-2::-1])


Plans = dict[str, PlanState]


@st.composite
def breakdowns(draw: st.DrawFn) -> tuple[Tree, Plans, list[Group], str]:
    """A tree, plans from level to level that break it down, and records anywhere in it."""
    tree = draw(trees())
    kind = draw(st.sampled_from(["areas", "organizations"]))
    codes = st.lists(st.sampled_from(sorted(tree)), max_size=6, unique=True)
    plans: Plans = {}

    def break_down(place: Place, parent: str | None) -> None:
        parts = disjoint(tree, place, draw(codes))
        id = f"plan-{place.id}"
        plans[id] = plan(place, parts, parent)
        for part in parts:
            if draw(st.booleans()):
                break_down(part, id)

    break_down(Place(kind=kind, id="0"), None)
    places = st.sampled_from(sorted(tree))
    groups = [
        Group(
            path=tree[code] if kind == "areas" else (),
            organizations=() if kind == "areas" else tree[code][::-1],
            quantity=draw(st.integers(0, 1000)),
        )
        for code in draw(st.lists(places, max_size=30))
    ]
    return tree, plans, groups, kind


def counted(plans: Plans, groups: list[Group]) -> Branch:
    children: dict[str, dict[str, tuple[str, PlanState]]] = {}
    for id, state in plans.items():
        if state.parent is not None:
            children.setdefault(state.parent, {})[state.place.key] = (id, state)
    root = next(id for id, state in plans.items() if state.parent is None)
    return roll_up(tree_of(root, plans[root], "visits", children), groups)


def all_of(branch: Branch) -> Iterator[Branch]:
    yield branch
    for part in branch.parts.values():
        yield from all_of(part)


@given(breakdowns())
def test_a_parent_is_the_sum_of_its_parts_and_what_is_in_none(
    drawn: tuple[Tree, Plans, list[Group], str],
) -> None:
    _, plans, groups, _ = drawn
    root = counted(plans, groups)
    assert root.recorded == sum(group.quantity for group in groups)
    for branch in all_of(root):
        parts = branch.parts.values()
        assert 0 <= branch.reported <= branch.recorded
        if branch.parts:
            assert branch.recorded == sum(part.recorded for part in parts) + branch.in_no_part
            assert branch.reported == sum(part.reported for part in parts)
        else:
            assert (branch.reported, branch.in_no_part) == (branch.recorded, 0)


@given(breakdowns())
def test_each_place_has_the_records_inside_it_and_no_others(
    drawn: tuple[Tree, Plans, list[Group], str],
) -> None:
    """Against a direct count, which knows nothing of branches."""
    _, plans, groups, kind = drawn

    def inside(group: Group, place: Place) -> bool:
        return place.id in (group.path if kind == "areas" else group.organizations)

    for branch in all_of(counted(plans, groups)):
        assert branch.recorded == sum(g.quantity for g in groups if inside(g, branch.place))


@given(breakdowns())
def test_each_record_is_reported_at_most_once(
    drawn: tuple[Tree, Plans, list[Group], str],
) -> None:
    _, plans, groups, _ = drawn
    for group in groups:
        leaves = [b for b in all_of(counted(plans, [group])) if not b.parts and b.reported]
        assert len(leaves) <= 1


@given(trees(), st.data())
def test_no_two_parts_hold_one_place(tree: Tree, data: st.DataObject) -> None:
    """Whatever is asked for, in whatever order: no place lies in two parts."""
    wanted = data.draw(st.permutations(sorted(tree)))
    for kind in ("areas", "organizations"):
        parts = {place.id for place in disjoint(tree, Place(kind=kind, id="0"), wanted)}
        for path in tree.values():
            assert len(parts & set(path)) <= 1


def test_where_areas_came_to_overlap_later_a_record_still_counts_once() -> None:
    """An area that was moved into another since: the innermost part holds the record."""
    street, community = Place(kind="areas", id="s"), Place(kind="areas", id="c")
    tree = tree_of("p", plan(Place(kind="areas", id="d"), [street, community]), "visits", {})
    root = roll_up(tree, [Group(("d", "s", "c"), (), 5), Group(("d", "s"), (), 2)])
    assert {key: part.reported for key, part in root.parts.items()} == {"areas/s": 2, "areas/c": 5}
    assert root.reported == root.recorded == 7


@pytest.mark.parametrize(
    ("reported", "days", "behind"),
    [
        (0, -50, False),  # it has just begun
        (0, -45, False),  # so early nothing is behind
        (44, 0, True),
        (45, 0, False),  # half of the time has passed, 10 % less than half is let pass
        (99, 50, True),  # at the end nothing may be missing
        (100, 50, False),
        (99, 99, True),
    ],
)
def test_behind_compares_with_the_share_of_time_that_passed(
    reported: float, days: int, behind: bool
) -> None:
    now = NOW + timedelta(days=days)
    state = plan(Place(kind="areas", id="d"), [])
    root = roll_up(
        tree_of("p", state, "visits", {}), [Group(("d",), (), reported)] if reported else []
    )
    [figures] = progress_of(state, {"visits": root}, now, RULES)
    assert figures.behind is behind
    assert figures.elapsed == elapsed(BEGIN, END, now)
    assert 0 <= figures.elapsed <= 1
