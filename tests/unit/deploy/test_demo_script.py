"""How the holders of a task behave on the demo day."""

from typing import Any

from deploy.local.demo.actors import holder
from deploy.local.demo.cases import Script
from shared.web.auth import Role


def task(status: str, kind: str = "grid_team", id: str = "g-1", level: int = 0) -> dict[str, Any]:
    return {"status": status, "assignee": {"kind": kind, "id": id}, "level": level}


def test_who_declines_and_who_returns_does_so_once() -> None:
    script = Script(decline=True, give_back=True)
    steps = [script.next(task(status)) for status in
             ("assigned", "assigned", "accepted", "assigned", "accepted", "completed")]  # fmt: skip
    assert steps == ["decline", "accept", "return", "accept", "complete", "end"]


def test_nobody_returns_what_has_risen_to_a_duty_officer() -> None:
    script = Script(decline=False, give_back=True)
    assert script.next(task("accepted", "area_duty", "9901", level=1)) == "complete"


def test_a_unit_with_a_system_of_its_own_reports_once_and_is_waited_for() -> None:
    script = Script(decline=True, give_back=True)
    mine = task("assigned", "unit", "utility-east")
    assert [script.next(mine), script.next(mine)] == ["report", "wait"]
    assert script.next(task("completed", "unit", "utility-east")) == "end"


def test_volunteers_who_are_asked_answer_one_after_the_other() -> None:
    searching: dict[str, Any] = {"status": "matching", "assignee": None, "asked": [], "level": 0}
    script = Script(decline=True, give_back=False)
    assert script.next(searching) == "wait"
    asked = searching | {"asked": [{"volunteer_id": "v-1"}]}
    assert [script.next(asked), script.next(asked)] == ["decline", "accept"]


def test_each_holder_acts_in_the_own_role() -> None:
    def role(kind: str) -> Role:
        return holder({"kind": kind, "id": "x"}).role

    assert role("unit") is Role.UNIT_OPERATOR
    assert role("grid_team") is Role.GRID_LEADER
    assert role("volunteer") is Role.VOLUNTEER
    assert role("area_duty") is Role.AREA_MANAGER
