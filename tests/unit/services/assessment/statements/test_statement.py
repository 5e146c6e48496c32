"""A yearly statement: frozen figures, questions, attendance, grades; concluded only with all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from services.assessment.service.figures import SubjectKind
from services.assessment.statements import statement as s
from services.assessment.statements.statement import (
    Attendance,
    Filled,
    Line,
    Question,
    Stage,
    Statement,
    Verdict,
    Votes,
)
from services.assessment.subjects import Subject
from shared.contracts.statements import StatementConcluded, StatementOpened, StatementOverdue
from shared.contracts.words import ReviewGrade
from shared.web.problems import Problem
from tests.unit.services.assessment.decided import done, refused

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DUE = NOW + timedelta(days=20)
VILLAGE = Subject(SubjectKind.ORGANIZATION, "o1", "石滩村党支部", ("bj", "s1", "c1"))
FILLED = Filled(at=NOW, lines=(Line(code="requests", of="organization", period="2026", value=9),))


def opened() -> Statement:
    return done(s.open_one(None, VILLAGE, 2026, DUE, NOW))


def submitted() -> Statement:
    return done(s.submit(opened(), "sealed", FILLED, "unit_operator:wang", NOW))


def votes(**counts: int) -> Votes:
    given = {"present": 31, "good": 20, "fairly_good": 9, "average": 2, "poor": 0} | counts
    return Votes.model_validate(given | {"at": NOW, "by": "area_manager:li"})


ATTENDANCE = Attendance(person_id="zhao", at=NOW, by="area_manager:li")
VERDICT = Verdict(grade=ReviewGrade.FAIRLY_GOOD, reason="扎实", at=NOW, by="area_manager:li")
QUESTION = Question(id="q1", at=NOW, by="area_manager:li", words="sealed")
STEPS: dict[str, Any] = {
    "attendance": lambda state: done(s.attend(state, ATTENDANCE)),
    "verdict": lambda state: s.evaluate(state, VERDICT).state,
    "votes": lambda state: s.count_votes(state, votes()).state,
    "answers": lambda state: s.answer(state, "q1", "sealed", "by", NOW).state,
}


@pytest.mark.parametrize("left_out", [c for n in range(1, 5) for c in combinations(STEPS, n)])
def test_it_is_concluded_only_with_attendance_grades_and_answers(left_out: tuple[str, ...]) -> None:
    state = done(s.ask(submitted(), QUESTION))
    for step, take in STEPS.items():
        if step not in left_out:
            state = take(state)
    with pytest.raises(Problem) as problem:
        s.conclude(state, NOW)
    assert problem.value.extra["missing"] == [step for step in STEPS if step in left_out]


def test_concluded_it_tells_the_grade_and_the_counts_and_nothing_changes_any_more() -> None:
    state = done(s.ask(submitted(), QUESTION))
    for take in STEPS.values():
        state = take(state)
    decision = s.conclude(state, NOW)
    [told] = decision.events
    assert isinstance(told, StatementConcluded)
    assert told.counts.model_dump() == {"good": 20, "fairly_good": 9, "average": 2, "poor": 0}
    acts: list[Callable[[], object]] = [
        lambda: s.attend(decision.state, ATTENDANCE),
        lambda: s.evaluate(decision.state, VERDICT),
        lambda: s.count_votes(decision.state, votes()),
        lambda: s.answer(decision.state, "q1", "x", "by", NOW),
        lambda: s.submit(decision.state, "x", FILLED, "by", NOW),
        lambda: s.conclude(decision.state, NOW),
    ]
    for act in acts:
        with refused("statement-wrong-stage"):
            act()


def test_figures_are_frozen_when_it_is_handed_in_and_it_is_handed_in_once() -> None:
    state = submitted()
    assert (state.stage, state.filled) == (Stage.SUBMITTED, FILLED)
    with pytest.raises(Problem):
        s.submit(state, "again", Filled(at=NOW, lines=()), "by", NOW)


def test_opening_again_moves_the_date_of_one_not_handed_in() -> None:
    assert s.open_one(opened(), VILLAGE, 2026, DUE, NOW) is None
    later = DUE + timedelta(days=5)
    moved = s.open_one(opened(), VILLAGE, 2026, later, NOW)
    assert moved is not None
    assert isinstance(moved.events[0], StatementOpened)
    assert moved.state.next_due() == later
    assert s.open_one(submitted(), VILLAGE, 2026, later, NOW) is None
    with pytest.raises(Problem):
        s.open_one(None, VILLAGE, 2026, NOW, NOW)


def test_what_is_not_handed_in_by_its_date_is_told_once() -> None:
    assert s.on_due(opened(), NOW) is None
    late = s.on_due(opened(), DUE)
    assert late is not None
    assert isinstance(late.events[0], StatementOverdue)
    assert (late.state.next_due(), s.on_due(late.state, DUE)) == (None, None)
    assert submitted().next_due() is None


def test_votes_are_counts_of_those_present() -> None:
    for counts, code in (
        ({"present": 30}, "more-votes-than-present"),
        ({"good": 0, "fairly_good": 0, "average": 0}, "no-votes"),
    ):
        with refused(code):
            s.count_votes(submitted(), votes(**counts))


def test_nobody_attended_before_it_was_opened_and_the_same_is_recorded_once() -> None:
    early = ATTENDANCE.model_copy(update={"at": NOW - timedelta(days=1)})
    with pytest.raises(Problem):
        s.attend(submitted(), early)
    assert s.attend(done(s.attend(submitted(), ATTENDANCE)), ATTENDANCE) is None


def test_a_question_asked_twice_with_the_same_key_is_one() -> None:
    asked = done(s.ask(submitted(), QUESTION))
    assert s.ask(asked, QUESTION) is None
    with pytest.raises(Problem) as problem:
        s.answer(asked, "q2", "x", "by", NOW)
    assert problem.value.status == 404
