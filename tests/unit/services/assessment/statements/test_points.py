"""Leaders' contact points: visits, what was promised, and long silence told once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.service.figures import SubjectKind
from services.assessment.statements import points as p
from services.assessment.statements.points import ContactPoint, Promised, Visit
from services.assessment.statements.table import StatementRules
from services.assessment.tables import SHIPPED
from shared.contracts.statements import ContactPointSilent
from shared.web.problems import Problem
from tests.unit.services.assessment.decided import done

RULES = StatementRules.model_validate_json((SHIPPED / "statement-rules.json").read_bytes())
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SILENCE = timedelta(days=RULES.visit_days)


def opened() -> ContactPoint:
    new = ContactPoint(
        point_id="cp1", leader="zhao", kind=SubjectKind.COMMUNITY, place_id="c1", opened_at=NOW
    )
    return p.open_point(new, RULES).state


def visit(id: str, day: int, *items: str) -> Visit:
    at = NOW + day * DAY
    promised = tuple(Promised(id=item, words="sealed", by=at + 30 * DAY) for item in items)
    return Visit(id=id, at=at, by="by", found="sealed", promised=promised)


def test_silence_counts_from_the_opening_then_from_the_last_visit_and_is_told_once() -> None:
    state = opened()
    assert state.silent_at == NOW + SILENCE
    silent = p.on_due(state, NOW + SILENCE, RULES)
    assert silent is not None
    assert isinstance(silent.events[0], ContactPointSilent)
    assert silent.state.next_due() is None
    assert p.on_due(silent.state, NOW + SILENCE + DAY, RULES) is None
    seen = done(p.visit(silent.state, visit("v1", 95), RULES))
    assert seen.next_due() == seen.silent_at == NOW + 95 * DAY + SILENCE
    again = p.on_due(seen, seen.silent_at or NOW, RULES)
    assert again is not None
    assert len(again.events) == 1


def test_a_visit_entered_late_does_not_end_a_silence_that_it_lies_before() -> None:
    seen = done(p.visit(opened(), visit("v1", 50), RULES))
    late = done(p.visit(seen, visit("v0", 10), RULES))
    assert [each.id for each in late.visits] == ["v0", "v1"]
    assert late.silent_at == seen.silent_at


def test_another_table_counts_from_the_last_visit() -> None:
    longer = RULES.model_copy(update={"visit_days": RULES.visit_days + 30})
    moved = p.on_due(opened(), NOW + SILENCE, longer)
    assert moved is not None
    assert moved.events == []
    assert moved.state.silent_at == NOW + SILENCE + 30 * DAY


def test_what_was_promised_is_open_until_it_is_said_what_came_of_it() -> None:
    state = done(p.visit(opened(), visit("v1", 1, "i1", "i2"), RULES))
    assert state.open_items == 2
    kept = p.settle_item(state, "i1", True, "sealed", "by", NOW, RULES).state
    closed = done(p.close(kept, "换届", RULES))
    assert (closed.open_items, closed.silent_at) == (1, None)
    broken = p.settle_item(closed, "i2", False, "sealed", "by", NOW, RULES).state
    assert (broken.open_items, broken.silent_at) == (0, None)
    for item, status in (("i1", 409), ("i9", 404)):
        with pytest.raises(Problem) as problem:
            p.settle_item(broken, item, True, "x", "by", NOW, RULES)
        assert problem.value.status == status


def test_a_closed_point_takes_no_visits_and_a_visit_counts_once() -> None:
    seen = done(p.visit(opened(), visit("v1", 1), RULES))
    assert p.visit(seen, visit("v1", 1), RULES) is None
    with pytest.raises(Problem):
        p.visit(done(p.close(seen, "x", RULES)), visit("v2", 2), RULES)
    assert p.close(done(p.close(seen, "x", RULES)), "x", RULES) is None


def test_nothing_is_promised_for_before_the_visit() -> None:
    made = visit("v1", 50, "i1")
    early = made.promised[0].model_copy(update={"by": NOW})
    with pytest.raises(Problem):
        p.visit(opened(), made.model_copy(update={"promised": (early,)}), RULES)


@given(st.lists(st.integers(0, 400), max_size=6, unique=True), st.integers(0, 600))
def test_silent_is_who_had_no_visit_for_the_tables_time(days: list[int], day: int) -> None:
    state = opened()
    for each in days:
        state = done(p.visit(state, visit(f"v{each}", each), RULES))
    last = max([0, *days])
    assert state.silent_at is not None
    assert (state.silent_at <= NOW + day * DAY) is (day - last >= RULES.visit_days)
