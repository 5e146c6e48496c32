"""Rules of plans: breakdown, survey first, no one size for all, changes, what is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registry.plans import (
    decisions,
    messages,  # noqa: F401  (registers the sentences)
)
from services.registry.plans.breakdown import Spot
from services.registry.plans.decisions import Around
from services.registry.plans.progress import Group, progress_of, roll_up, tree_of
from services.registry.plans.schemas import PlanBody
from services.registry.plans.state import Place, PlanState
from services.registry.plans.table import PlanTable
from services.registry.records.table import WorkTable
from services.registry.schemas import ReasonBody
from services.registry.tables import SHIPPED
from shared.contracts.plans import PlanBehind, PlanCaughtUp
from shared.contracts.words import OrganizationLevel
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

WORKS = WorkTable.model_validate_json((SHIPPED / "works.json").read_bytes())
RULES = PlanTable.model_validate_json((SHIPPED / "plan-rules.json").read_bytes())
NOW = datetime(2026, 7, 1, tzinfo=UTC)
SINCE, UNTIL = NOW - timedelta(days=50), NOW + timedelta(days=50)
ADMIN = Principal("someone", Role.ADMINISTRATOR)
PATHS = {"d": ("d",), "s1": ("d", "s1"), "s2": ("d", "s2"), "c1": ("d", "s1", "c1"), "x": ("x",)}


def around(place: str = "d", above: PlanState | None = None, **rest: Any) -> Around:
    spots = {f"areas/{id}": Spot(Place(kind="areas", id=id), path) for id, path in PATHS.items()}
    lineages = {"o": (), "o1": ("o",), "o2": ("o",), "o11": ("o1", "o")}
    for id, lineage in lineages.items():
        spot = Spot(Place(kind="organizations", id=id), ("d", "s1"), lineage)
        spots[spot.place.key] = spot
    level = OrganizationLevel.COUNTY if place == "d" else OrganizationLevel.TOWNSHIP
    path = PATHS.get(place, ("d",))
    return Around(spots=spots, level=level, path=path, unit_id=None, above=above, **rest)


def part(area: str | None = None, share: float = 10, **rest: Any) -> dict[str, Any]:
    return {"area": area, "share": share, "by": UNTIL} | rest


def body(parts: list[dict[str, Any]], *, of: dict[str, Any] | None = None, **rest: Any) -> PlanBody:
    target = {
        "id": "visits",
        "work": "household_visit",
        "quantity": 30,
        "until": UNTIL,
        "baseline": {"quantity": 4, "at": SINCE, "source": "入户调查"},
        "parts": parts,
    }
    own = {"area": "d"} if "organization_id" not in rest else {}
    return PlanBody.model_validate(
        {"name": "走访计划", "since": SINCE, "targets": [target | (of or {})]} | own | rest
    )


def drafted(parts: list[dict[str, Any]], **rest: Any) -> PlanState:
    return decisions.draft("p", body(parts, **rest), ADMIN, around(), WORKS).state


def in_force(parts: list[dict[str, Any]], **rest: Any) -> PlanState:
    started = decisions.start(drafted(parts, **rest), "p", ADMIN, None, NOW)
    assert started is not None
    return started.state


def why(problem: pytest.ExceptionInfo[Problem]) -> str:
    return problem.value.code


UNEVEN = [part("s1", 10), part("s2", 20)]


@pytest.mark.parametrize(
    ("parts", "of", "code"),
    [
        ([part("d")], {}, "part-outside"),
        ([part("x")], {}, "part-outside"),
        ([part("s1"), part("c1", 20)], {}, "parts-overlap"),
        ([part("c1"), part("s1", 20)], {}, "parts-overlap"),
        ([part("s1"), part("s1", 20)], {}, "parts-overlap"),
        ([part(organization_id="o1"), part(organization_id="o11")], {}, "parts-overlap"),
        ([part("s1"), part(organization_id="o1")], {}, "parts-mixed"),
        ([part("s1", organization_id="o1")], {}, "one-place"),
        ([part()], {}, "one-place"),
        ([part("s1", by=SINCE)], {}, "part-date"),
        ([part("s1", by=UNTIL + timedelta(days=1))], {}, "part-date"),
        ([part("s1", 15), part("s2", 15)], {}, "one-size"),
        ([part("s1", 15), part("s2", 16)], {}, "added-on"),
        ([], {"work": None}, "one-measure"),
        ([], {"count": "grids"}, "one-measure"),
        ([], {"work": "sleep"}, "unknown-work"),
        ([part(organization_id="o1")], {"work": None, "count": "grids"}, "count-by-areas"),
        ([], {"until": SINCE}, "until-before-since"),
    ],
)
def test_a_breakdown_that_cannot_be_is_refused(
    parts: list[dict[str, Any]], of: dict[str, Any], code: str
) -> None:
    with pytest.raises(Problem) as problem:
        drafted(parts, of=of)
    assert why(problem) == code


@pytest.mark.parametrize("shares", [(15, 15), (20, 30)])
def test_one_size_and_more_than_asked_for_pass_with_a_reason_that_is_kept(
    shares: tuple[float, float],
) -> None:
    parts = [part("s1", shares[0]), part("s2", shares[1])]
    state = drafted(parts, of={"reason": "两街道人口相同"})
    assert state.targets[0].reason == "两街道人口相同"


def test_a_plan_of_an_organization_is_broken_down_to_those_below_it() -> None:
    parts = [part(organization_id="o11", share=30)]
    state = drafted(parts, organization_id="o", level=None)
    assert state.place == Place(kind="organizations", id="o")
    with pytest.raises(Problem) as problem:
        drafted([part(organization_id="o", share=30)], organization_id="o1")
    assert why(problem) == "part-outside"
    with pytest.raises(Problem) as problem:
        drafted([part("s1", share=30)], organization_id="o1")
    assert why(problem) == "part-outside"


@pytest.mark.parametrize(
    ("parts", "of", "code"),
    [
        (UNEVEN, {"baseline": None}, "baseline-needed"),
        ([part("s1", 10), part("s2", 19)], {}, "shares-short"),
    ],
)
def test_it_comes_into_force_surveyed_first_and_adding_up(
    parts: list[dict[str, Any]], of: dict[str, Any], code: str
) -> None:
    with pytest.raises(Problem) as problem:
        decisions.start(drafted(parts, of=of), "p", ADMIN, None, NOW)
    assert why(problem) == code
    assert in_force(UNEVEN).status == "in_force"


def test_shares_that_are_short_are_refused_with_the_difference() -> None:
    with pytest.raises(Problem) as problem:
        decisions.start(drafted([part("s1", 10), part("s2", 19)]), "p", ADMIN, None, NOW)
    assert "还差 1：" in problem.value.render("zh")["detail"]
    assert "add up to 29, 1 less than its 30" in problem.value.render("en")["detail"]


def child(above: PlanState, **changes: Any) -> PlanState:
    wanted = {"area": "s1", "parent": "p"} | changes
    of = wanted.pop("of", {}) | {}
    asked = body([], of={"quantity": 10} | of, **wanted)
    return decisions.draft("q", asked, ADMIN, around("s1", above), WORKS).state


def test_a_part_is_broken_down_by_its_own_level_within_its_share() -> None:
    above = in_force(UNEVEN)
    below = child(above)
    assert below.slot == "p/areas/s1"
    for change, code in (
        ({"of": {"quantity": 9}}, "share-differs"),
        ({"of": {"work": "policy_talk"}}, "share-differs"),
        ({"of": {"id": "other"}}, "no-share"),
        ({"since": SINCE - timedelta(days=1)}, "share-differs"),
        ({"area": "c1"}, "no-share"),
    ):
        with pytest.raises(Problem) as problem:
            child(above, **change)
        assert why(problem) == code
    with pytest.raises(Problem) as problem:
        child(drafted(UNEVEN))
    assert why(problem) == "parent-not-in-force"


def test_a_change_while_in_force_has_a_reason_and_keeps_what_was() -> None:
    state = in_force(UNEVEN)
    new = body([part("s1", 12), part("s2", 18)])
    with pytest.raises(Problem) as problem:
        decisions.change(state, "p", new, ADMIN, around(), WORKS, NOW, "me")
    assert why(problem) == "plan-reason-needed"
    new = new.model_copy(update={"reason": "汛期"})
    decision = decisions.change(state, "p", new, ADMIN, around(), WORKS, NOW, "me")
    assert decision is not None
    changed = decision.state
    assert (changed.revision, decision.why) == (2, "汛期")
    [kept] = changed.revisions
    assert (kept.revision, kept.by, kept.reason, kept.was) == (1, "me", "汛期", state.targets)
    assert decisions.change(changed, "p", new, ADMIN, around(), WORKS, NOW, "me") is None
    only = body([part("s2", 30)], reason="汛期")
    broken = around(below=frozenset({"areas/s1"}))
    with pytest.raises(Problem) as problem:
        decisions.change(changed, "p", only, ADMIN, broken, WORKS, NOW, "me")
    assert why(problem) == "part-broken-down"
    moved = body(UNEVEN, reason="汛期", since=SINCE + timedelta(days=1))
    with pytest.raises(Problem) as problem:
        decisions.change(changed, "p", moved, ADMIN, around(), WORKS, NOW, "me")
    assert why(problem) == "plan-fixed"


def observed(state: PlanState, done: dict[str, float], now: datetime) -> Any:
    tree = tree_of("p", state, "visits", {})
    groups = [Group(PATHS[code], (), quantity) for code, quantity in done.items()]
    progress = progress_of(state, {"visits": roll_up(tree, groups)}, now, RULES)
    return decisions.observe("p", state, progress, now, RULES)


def test_what_is_behind_is_told_once_and_again_when_it_falls_behind_again() -> None:
    def told(state: PlanState) -> list[PlanBehind]:
        return [PlanBehind.model_validate(one.data) for one in state.untold]

    def caught(state: PlanState) -> list[tuple[str | None, datetime]]:
        assert {one.type for one in state.untold} == {PlanCaughtUp.full_type()}
        found = [PlanCaughtUp.model_validate(one.data) for one in state.untold]
        return [(one.area, one.since) for one in found]

    state = in_force(UNEVEN)
    first = observed(state, {"s1": 9}, NOW).state
    assert [(one.area, one.expected) for one in told(first)] == [(None, 15), ("s2", 10)]
    assert first.is_behind
    assert observed(first, {}, NOW) is None  # not due yet
    later = NOW + timedelta(days=1)
    again = observed(first.model_copy(update={"untold": ()}), {"s1": 9}, later).state
    assert told(again) == []
    assert [one.since for one in again.behind] == [NOW, NOW]
    caught_up = observed(again, {"s1": 10, "s2": 20}, later + timedelta(days=1)).state
    assert not caught_up.is_behind
    assert caught_up.behind == ()
    assert caught(caught_up) == [(None, NOW), ("s2", NOW)]
    closed = decisions.close(again, "p", ReasonBody(reason="调整"), ADMIN, later).state
    assert caught(closed) == [(None, NOW), ("s2", NOW)]
    assert closed.next_due() == later  # it is told at once, and then never looked at again
    quiet = caught_up.model_copy(update={"untold": ()})
    anew = observed(quiet, {"s1": 10}, UNTIL).state
    assert [one.area for one in told(anew)] == [None, "s2"]
    assert anew.next_due() == anew.untold[0].at
    assert anew.model_copy(update={"untold": ()}).next_due() is None  # nothing more to compare


def test_who_does_not_answer_for_the_place_cannot_plan_for_it() -> None:
    street = Principal("someone", Role.AREA_MANAGER, areas=frozenset({"s1"}))
    with pytest.raises(Problem) as problem:
        decisions.draft("p", body(UNEVEN), street, around(), WORKS)
    assert why(problem) == "wrong-area"
