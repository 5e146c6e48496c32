"""Whom to ask for help: neighbour grid, joint organization, paired unit, then up."""

from datetime import timedelta
from typing import Any

import pytest

from services.volunteer_dispatch.messages_routing import REASONS
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.help import EACH, Step, help_path
from tests.unit.services.volunteer_dispatch.city import NOON, context, new


def _city() -> Context:
    ctx = context(rules=[{"to": "grid_team"}])
    city = ctx.directory
    city.put("areas", [{"_id": "S1-2", "parent": "S1"}])
    city.put(
        "grids",
        [
            {"_id": "g4", "area": "S1-2", "organization_id": None},
            {"_id": "g3", "area": "S1-1", "organization_id": "org-g3"},
            {"_id": "gone", "area": "S1-1", "organization_id": None, "retired": True},
        ],
    )
    city.put(
        "organizations",
        [
            {"_id": "org-water", "unit_id": "water", "area": "S1"},
            {"_id": "org-agency", "unit_id": "agency", "area": "D"},
            {"_id": "org-s2", "area": "S2"},
            {"_id": "org-d", "area": "D"},
            {"_id": "org-shut", "unit_id": "shut"},
        ],
    )
    return ctx


def _joint(**more: Any) -> dict[str, Any]:
    members = ["org-water", "org-power", "org-shut", "org-d"]
    return {
        "_id": "j1",
        "lead": "org-s1",
        "members": [{"organization_id": id, "left": None} for id in members],
        "retired": False,
    } | more


def _pairing(**more: Any) -> dict[str, Any]:
    return {
        "_id": "p1",
        "giver": "org-agency",
        "taker": "org-s1",
        "since": (NOON - timedelta(days=1)).isoformat().replace("+00:00", "Z"),
        "until": (NOON + timedelta(days=1)).isoformat().replace("+00:00", "Z"),
        "ended": False,
    } | more


def _asked(ctx: Context, **more: Any) -> list[str]:
    path = help_path(new(ctx, **more).state, ctx)
    return [f"{one.step} {one.who.kind}:{one.who.id} {one.through or ''}".strip() for one in path]


UP = [f"above area_duty:{code}" for code in ("S1-1", "S1", "D", "C")]
GRIDS = ["neighbour_grid grid_team:g3", "neighbour_grid grid_team:g4"]


def test_from_the_neighbour_grid_by_joint_organization_and_pairing_upwards() -> None:
    ctx = _city()
    ctx.directory.put("joints", [_joint()])
    ctx.directory.put("pairings", [_pairing()])
    assert _asked(ctx) == [
        *GRIDS,
        "joint unit:water j1",
        "joint unit:power j1",
        "paired unit:agency p1",
        *UP,
    ]


@pytest.mark.parametrize(
    "joint",
    [
        {"retired": True},
        {"lead": "org-s2", "members": [{"organization_id": "org-water", "left": None}]},
        {"members": [{"organization_id": "org-water", "left": NOON.date().isoformat()}]},
    ],
    ids=["retired", "of others", "left today"],
)
def test_a_joint_organization_that_is_not_the_own_or_not_now(joint: dict[str, Any]) -> None:
    ctx = _city()
    ctx.directory.put("joints", [_joint(**joint)])
    assert _asked(ctx) == [*GRIDS, *UP]


@pytest.mark.parametrize(
    "pairing",
    [
        {"ended": True},
        {"until": NOON.isoformat().replace("+00:00", "Z")},
        {"since": (NOON + timedelta(seconds=1)).isoformat()},
        {"taker": "org-s2"},
        {"giver": "org-unknown"},
    ],
    ids=["ended", "over", "to come", "of others", "unknown"],
)
def test_a_pairing_that_is_not_the_own_or_not_now(pairing: dict[str, Any]) -> None:
    ctx = _city()
    ctx.directory.put("pairings", [_pairing(**pairing)])
    assert _asked(ctx) == [*GRIDS, *UP]


def test_another_street_s_organization_is_asked_at_its_duty_officer() -> None:
    ctx = _city()
    ctx.directory.put("pairings", [_pairing(giver="org-s2")])
    assert "paired area_duty:S2 p1" in _asked(ctx)


def test_who_has_the_task_is_not_asked_and_a_step_is_bounded() -> None:
    ctx = _city()
    ctx.directory.put("grids", [{"_id": f"n{n:02}", "area": "S1-1"} for n in range(30)])
    asked = _asked(ctx)
    assert len([one for one in asked if one.startswith("neighbour")]) == EACH
    assert not any(":g1" in one for one in asked)
    assert _asked(ctx, area_path=(), grid_id=None) == []  # the top officer has it already


def test_every_step_has_its_words() -> None:
    assert {f"help-{step.value}" for step in Step} <= set(REASONS)
