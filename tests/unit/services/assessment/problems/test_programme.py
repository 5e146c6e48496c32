"""A year's "one problem a month"."""

from datetime import UTC, datetime

import pytest

from services.assessment.problems.counts import Cell
from services.assessment.problems.programme import (
    Item,
    ProgrammeState,
    Result,
    course,
    put_item,
    report,
)
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

DISTRICT = Principal("d", Role.AREA_MANAGER, frozenset({"xc"}))
YEAR = ProgrammeState(area="xc", area_path=("bj", "xc"), year=2026, name="每月一题")
JUNE = Item(
    id="june",
    month="2026-06",
    category="noise",
    lead="committee",
    goal="减半",
    at_most=0.5,
    problem_ids=(),
)
DONE = Result(at=datetime(2026, 9, 1, tzinfo=UTC), by="a", words="完成", done=True)


def test_a_problem_is_chosen_changed_and_reported_on() -> None:
    chosen = put_item(YEAR, JUNE, "居民反映最多", DISTRICT)
    assert chosen is not None
    state = report(chosen.state, "june", DONE, DISTRICT).state
    july = JUNE.model_copy(update={"month": "2026-07"})
    changed = put_item(state, july, "推迟一个月", DISTRICT)
    assert changed is not None
    assert [(one.month, one.results) for one in changed.state.items] == [("2026-07", (DONE,))]
    assert put_item(changed.state, july, "同上", DISTRICT) is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(Problem, match="programme-month"):
        put_item(YEAR, JUNE.model_copy(update={"month": "2027-01"}), "理由", DISTRICT)
    with pytest.raises(Problem, match="wrong-area"):
        put_item(YEAR, JUNE, "理由", Principal("s", Role.AREA_MANAGER, frozenset({"s1"})))
    with pytest.raises(Problem, match="programme-item-not-found"):
        report(YEAR, "june", DONE, DISTRICT)


def test_the_course_compares_a_year_before_with_every_month_after() -> None:
    known = [f"2025-{n:02}" for n in range(1, 13)] + [f"2026-{n:02}" for n in range(1, 4)]
    counts = {month: Cell(requests=n) for n, month in enumerate(known)}
    found = course(counts, "2026-02", known)
    # Of 2025-02 to 2026-01: 1 to 12; the chosen month is neither before nor after.
    assert (found.before, found.after) == (6.5, 14)
    assert found.change == pytest.approx(14 / 6.5)
    empty = course({}, "2025-01", known[:1])
    assert (empty.before, empty.after, empty.change) == (None, None, None)
