from datetime import UTC, datetime, timedelta
from typing import Any

from services.request_intake.unit_reports import Read, UnitReportState, number, read
from shared.web.problems import FieldError

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def given(**change: Any) -> dict[str, Any]:
    return {
        "type": "task_result",
        "subject": "case/1",
        "id": "e1",
        "time": "2026-04-30T08:00:00+08:00",
        "data": {},
    } | change


def good(**change: Any) -> Read:
    found = read(given(**change), NOW)
    assert isinstance(found, Read), found
    return found


def wrong(**change: Any) -> str:
    found = read(given(**change), NOW)
    assert isinstance(found, FieldError)
    return found.field


def test_short_and_full_types_are_the_same_event() -> None:
    names = ("task_result", "lianxin.unit.task_result", "lianxin.unit.task_result.v1")
    assert len({good(type=name).fingerprint for name in names}) == 1


def test_wrong_events_name_their_field() -> None:
    assert wrong(type="task_done") == "type"
    assert wrong(subject="1") == "subject"
    assert wrong(time="yesterday") == "time"
    assert wrong(data={"colour": 1}) == "data.colour"
    later = (NOW + timedelta(days=1)).isoformat()
    assert wrong(data={"completed_at": later}) == "data.completed_at"
    assert wrong(sequence=0) == "sequence"
    assert wrong(type="request_reported", subject="task/1", data={"text": "x"}) == "subject"


def test_numbers_follow_and_known_events_are_known_again() -> None:
    state: UnitReportState | None = None
    for last in range(3):
        verdict = number(state, last, good(id=f"e{last}"))
        assert verdict.decision is not None
        assert verdict.sequence == last + 1
        state = verdict.decision.state
    again = number(state, 3, good(id="e1"))
    assert (again.sequence, again.duplicate) == (2, True)
    without_id = number(state, 3, good(id=None, sequence=3))
    assert (without_id.sequence, without_id.duplicate) == (3, True)
    reused = number(state, 3, good(id="e1", data={"outcome": "withdrawn"}))
    assert reused.error is not None
    assert reused.error.field == "id"
    gap = number(state, 3, good(id="new", sequence=6))
    assert gap.error is not None
    assert gap.error.parameters == {"expected": 4}


def test_a_case_is_reported_once() -> None:
    report = good(type="request_reported", data={"category": "noise"})
    assert number(None, 0, report).sequence == 1
    second = good(type="request_reported", data={"category": "other"}, id="e2")
    verdict = number(UnitReportState(), 1, second)
    assert verdict.error is not None
    assert verdict.error.message == "field.reported_before"
