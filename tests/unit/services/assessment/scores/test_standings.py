"""What is told when a grade changes or is about to, and how a period is settled."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.assessment.schemes.periods import end_of
from services.assessment.scores.score import Near
from services.assessment.scores.state import Standing, kept, settle, told
from shared.contracts.scores import GradeChanged, GradeNear, PeriodSettled

AT = datetime(2026, 6, 5, tzinfo=UTC)
NONE = (None, None)


def standing(**more: Any) -> Standing:
    fields = {
        "period": "2026-05",
        "kind": "unit",
        "subject_id": "u1",
        "class_id": "agency",
        "scheme_version": 1,
        "total": 81.5,
        "rank": 3,
        "grade": "good",
    }
    return Standing.model_validate(fields | more)


def test_a_grade_that_changes_is_told_once() -> None:
    first = told(None, standing(), NONE)
    assert first is not None
    (event,) = first.events
    assert isinstance(event, GradeChanged)
    assert (event.before, event.after, event.score, event.rank) == (None, "good", 81.5, 3)
    # The score moves with each event; only a grade is told.
    assert told(first.state, standing(total=83.0, rank=2), NONE) is None
    worse = told(first.state, standing(total=79.0, grade="fair"), NONE)
    assert worse is not None
    (event,) = worse.events
    assert isinstance(event, GradeChanged)
    assert (event.before, event.after) == ("good", "fair")
    assert worse.why == "its figures changed"
    newer = told(first.state, standing(scheme_version=2), NONE)
    assert newer is not None
    assert (list(newer.events), newer.why) == ([], "schemes/2")


def test_a_grade_about_to_change_is_warned_of_once() -> None:
    near = (Near("fair", 0.5), None)
    warned = told(standing(), standing(below="fair"), near)
    assert warned is not None
    (event,) = warned.events
    assert isinstance(event, GradeNear)
    assert (event.grade, event.near, event.direction, event.points) == ("good", "fair", "down", 0.5)
    closer = standing(below="fair", total=80.1)
    assert told(warned.state, closer, (Near("fair", 0.1), None)) is None
    over = told(warned.state, standing(), NONE)
    assert over is not None
    assert list(over.events) == []


def test_a_period_is_settled_in_revisions() -> None:
    asked = settle(None, "2026-05", 3, AT, "administrator:a", "month ended")
    assert asked is not None
    assert (asked.state.revision, asked.state.done, asked.state.shown) == (1, False, 0)
    assert settle(asked.state, "2026-05", 3, AT, "x", "y") is None
    done = kept(asked.state, 1, 40)
    assert done is not None
    assert (done.state.done, done.state.shown, done.state.subjects) == (True, 1, 40)
    assert isinstance(done.events[0], PeriodSettled)
    assert kept(done.state, 1, 40) is None
    again = settle(done.state, "2026-05", 4, AT, "administrator:a", "a corrected case")
    assert again is not None
    assert (again.state.revision, again.state.shown) == (2, 1)
    assert kept(again.state, 1, 40) is None


@pytest.mark.parametrize(
    ("period", "day"),
    [
        ("2026-05", date(2026, 6, 1)),
        ("2026-12", date(2027, 1, 1)),
        ("2026-Q2", date(2026, 7, 1)),
        ("2026", date(2027, 1, 1)),
    ],
)
def test_the_first_day_after_a_period(period: str, day: date) -> None:
    assert end_of(period) == day
