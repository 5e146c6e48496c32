"""What plans ask of whom, and what counts as done."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.assessment.schemes.periods import bounds_of
from services.assessment.support.gather import Support
from services.assessment.support.handlers import on_plan_changed
from services.assessment.support.progress import Due, below, dues, missed, rolled_up
from shared.contracts.envelope import Event
from shared.contracts.plans import PlanChanged

BEIJING = ZoneInfo("Asia/Shanghai")
START, END = bounds_of("2026-05", BEIJING)
MID, LATE = datetime(2026, 5, 20, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)


def plan(id: str, area: str, parent: str | None, parts: list[tuple[str, float, datetime]]) -> Any:
    data = PlanChanged.model_validate(
        {
            "plan_id": id,
            "level": "county",
            "area": area,
            "parent": parent,
            "status": "in_force",
            "revision": 1,
            "since": datetime(2026, 1, 1, tzinfo=UTC),
            "targets": [
                {
                    "id": "visits",
                    "work": "household_visit",
                    "quantity": sum(share for _, share, _ in parts),
                    "until": MID,
                    "parts": [{"area": a, "share": n, "by": by} for a, n, by in parts],
                }
            ],
        }
    )
    event = Event(
        id="e",
        source="/services/registry/plans",
        type=data.full_type(),
        subject=id,
        sequence=1,
        time=MID,
        partition_key=id,
        trace_parent=None,
        data=data,
    )
    _, document = on_plan_changed(event)
    return document | {"_id": id}


def asked(document: Any, *places: str) -> list[tuple[str, float]]:
    return [(due.place, due.share) for due in dues(document, places, START, END)]


def test_a_share_is_due_in_the_period_of_its_date_and_of_whom_it_names() -> None:
    district = plan("p", "d", None, [("s1", 200, MID), ("s2", 100, LATE)])
    assert asked(district, "areas/s1", "areas/s2") == [("areas/s1", 200)]
    assert asked(district, "areas/d") == [("areas/d", 300)]
    assert asked(district, "areas/elsewhere") == []


def test_what_is_broken_down_further_is_asked_of_nobody_twice() -> None:
    street = plan("q", "s1", "p", [("c1", 150, MID), ("c2", 50, MID)])
    assert asked(street, "areas/s1", "areas/c1") == [("areas/c1", 150)]


def due(share: float, work: str | None = "household_visit") -> Due:
    return Due("areas/s1", "p", "visits", work, share, START, MID)


def test_a_share_is_missed_only_after_its_date_and_only_where_it_is_counted() -> None:
    assert missed(due(10), 9.0, LATE)
    assert not missed(due(10), 9.0, START)
    assert not missed(due(10), 10.0, LATE)
    assert not missed(due(0.3), 0.1 + 0.2 - 1e-17, LATE)
    assert not missed(due(10, None), None, LATE)


def test_facts_roll_up_from_all_below() -> None:
    parents = {"top": None, "a": "top", "b": "top", "a1": "a", "alone": None, "x": "y", "y": "x"}
    trees = below(["top", "a", "x"], parents)
    assert trees["top"] == {"top", "a", "b", "a1"}
    assert trees["x"] == {"x", "y"}  # a cycle, should there ever be one, ends
    sums = {"top": 1.0, "a": 2.0, "a1": 4.0, "alone": 8.0}
    assert rolled_up(sums, trees) == {"top": 7.0, "a": 6.0, "x": 0.0}


def test_a_period_begins_and_ends_by_the_citys_clock() -> None:
    assert (
        datetime(2026, 4, 30, 16, tzinfo=UTC),
        datetime(2026, 5, 31, 16, tzinfo=UTC),
    ) == (START, END)
    assert bounds_of("2026", BEIJING)[1] == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert bounds_of("2026-Q4", BEIJING)[1] == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_what_is_not_known_is_no_input() -> None:
    assert Support().inputs == {}
    full = Support(funds_promised=10.0, has_venue=False, dues=[(due(1), 0.0)], overdue=1)
    assert full.inputs == {
        "funds_promised": 10.0,
        "funds_given": 0.0,
        "has_venue": 0.0,
        "plans_due": 1.0,
        "plans_overdue": 1.0,
    }
