from itertools import product
from typing import Any

import pytest

from services.request_intake import access
from services.request_intake.state import RequestState
from shared.web.auth import Principal, Role
from tests.unit.services.request_intake.test_requests import request

REQUESTS = [
    request(
        submitted_by=by,
        area_path=path,
        grid_id="g1" if path else None,
        located=bool(path),
        reporting_unit=reporter,
        assignee=holder,
    )
    for by, path, reporter, holder in product(
        ("me", None),
        (("s1", "c1"), ("s2",), ()),
        ("water", None),
        (
            None,
            {"kind": "unit", "id": "water", "unit_id": "water"},
            {"kind": "volunteer", "id": "v1", "unit_id": "water"},
        ),
    )
]
CALLERS = [
    Principal("me", Role.RESIDENT),
    Principal("other", Role.RESIDENT),
    Principal("v", Role.VOLUNTEER, volunteer_id="v1"),
    Principal("v", Role.VOLUNTEER),
    Principal("u", Role.UNIT_OPERATOR, unit_id="water"),
    Principal("u", Role.UNIT_OPERATOR),
    Principal("l", Role.GRID_LEADER, grids=frozenset({"g1"})),
    Principal("l", Role.GRID_LEADER, areas=frozenset({"s2"})),
    Principal("m", Role.AREA_MANAGER, areas=frozenset({"s1"})),
    Principal("a", Role.ADMINISTRATOR),
]


def passes(state: RequestState, filter: dict[str, Any]) -> bool:
    """What MongoDB makes of the few forms that `scope` uses."""
    if not filter:
        return True
    if "$or" in filter:
        return any(passes(state, part) for part in filter["$or"])
    [(path, wanted)] = filter.items()
    value: Any = state.model_dump(mode="json")
    for name in path.split(".")[1:]:
        value = None if value is None else value[name]
    if isinstance(wanted, dict):
        return not set(wanted["$in"]).isdisjoint(value if isinstance(value, list) else [value])
    return bool(value == wanted)


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_lists_show_what_may_be_read_and_nothing_else(caller: Principal) -> None:
    for state in REQUESTS:
        assert passes(state, access.scope(caller)) == access.sees(caller, state), state


def test_who_asks_is_shown_to_few() -> None:
    resident, _, volunteer, _, operator, _, leader, _, manager, administrator = CALLERS
    held = request(area_path=("s1",), grid_id="g1", assignee={"kind": "unit", "id": "water"})
    for caller in (operator, leader, manager, administrator):
        assert access.sees_requester(caller, held)
    for caller in (resident, volunteer):
        assert not access.sees_requester(caller, held)
    only_reported = request(reporting_unit="water")
    assert access.sees(operator, only_reported)
    assert not access.sees_requester(operator, only_reported)
