"""A secretary's yearly statement (述职评议考核); pure (policy, art. 15).

The superior opens it with a date; the system fills the figures in, and they are frozen when the
statement is handed in. Then questions are asked and answered, somebody of the superior attends,
the superior gives a grade with the reason, and members and representatives grade as counts. It is
concluded only with all of these.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.assessment.service.pieces import Piece
from services.assessment.subjects import Subject
from shared.contracts.payload import Payload
from shared.contracts.statements import (
    GradeCounts,
    StatementAttended,
    StatementConcluded,
    StatementOpened,
    StatementOverdue,
    StatementSubmitted,
)
from shared.contracts.words import ReviewGrade
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

QUESTIONS_LIMIT, ATTENDANCES_LIMIT = 100, 50


class Stage(StrEnum):
    """How far a statement is."""

    OPENED = "opened"
    SUBMITTED = "submitted"
    CONCLUDED = "concluded"


STAGES: dict[Stage, tuple[str, str]] = {
    Stage.OPENED: ("待提交", "opened"),
    Stage.SUBMITTED: ("已提交、待评议", "submitted"),
    Stage.CONCLUDED: ("已办结", "concluded"),
}


class Line(Piece):
    """A figure of the year, or of a month of it. `of`: whose (`organization`, `community`, …)."""

    code: str
    of: str
    period: str
    value: float | None
    sample: float | None = None


class Filled(Piece):
    """What the system filled in, and when."""

    at: datetime
    lines: tuple[Line, ...]


class Question(Piece):
    """A question and its answer; texts are sealed."""

    id: str
    at: datetime
    by: str
    words: str
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None


class Attendance(Piece):
    """Somebody sent by the superior was there."""

    person_id: str
    at: datetime
    by: str


class Verdict(Piece):
    """The superior's grade; the reason stands in the history, too."""

    grade: ReviewGrade
    reason: str
    at: datetime
    by: str


class Votes(Piece):
    """How many of those present gave each grade: never who."""

    present: int
    good: int
    fairly_good: int
    average: int
    poor: int
    at: datetime
    by: str


class Statement(State):
    """A year's statement; `words` are sealed."""

    organization_id: str
    year: int
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    stage: Stage = Stage.OPENED
    opened_at: datetime
    due: datetime
    told_overdue: bool = False
    words: str | None = None
    submitted_at: datetime | None = None
    submitted_by: str | None = None
    filled: Filled | None = None
    questions: tuple[Question, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    verdict: Verdict | None = None
    votes: Votes | None = None
    concluded_at: datetime | None = None

    def next_due(self) -> datetime | None:
        """See `State.next_due`: its date, until it is told of or handed in."""
        return self.due if self.stage is Stage.OPENED and not self.told_overdue else None


def statement_id(organization_id: str, year: int) -> str:
    """Id of a statement, and the subject of its events."""
    return f"{organization_id}/{year}"


def _about(state: Statement) -> dict[str, Any]:
    return {
        "organization_id": state.organization_id,
        "year": state.year,
        "area_path": state.area_path,
    }


def _changed(state: Statement, why: str, *events: Payload, **changes: Any) -> Decision[Statement]:
    return Decision(state.model_copy(update=changes), events, why)


def _ensure(state: Statement, *stages: Stage) -> None:
    if state.stage not in stages:
        zh, en = STAGES[state.stage]
        raise Problem(409, "statement-wrong-stage", extra={"stage": state.stage}, zh=zh, en=en)


def open_one(
    state: Statement | None, organization: Subject, year: int, due: datetime, now: datetime
) -> Decision[Statement] | None:
    """Ask an organization's secretary for the year's statement; None where that was done.

    Another date moves that of one not handed in yet. Raises `Problem` 422.
    """
    if due <= now:
        raise Problem(422, "statement-due-past", field="due")
    if state is not None:
        if state.stage is not Stage.OPENED or state.due == due:
            return None
        told = StatementOpened(**_about(state), due=due)
        return _changed(state, "another date", told, due=due, told_overdue=False)
    new = Statement(
        organization_id=organization.id,
        year=year,
        area_path=organization.path,
        unit_id=organization.unit_id,
        opened_at=now,
        due=due,
    )
    return Decision(new, [StatementOpened(**_about(new), due=due)], "opened")


def submit(
    state: Statement, words: str, filled: Filled, by: str, now: datetime
) -> Decision[Statement]:
    """Hand it in; from here on the figures stand as they are now. Raises `Problem` 409."""
    _ensure(state, Stage.OPENED)
    return _changed(
        state,
        "handed in",
        StatementSubmitted(**_about(state)),
        stage=Stage.SUBMITTED,
        words=words,
        filled=filled,
        submitted_at=now,
        submitted_by=by,
    )


def ask(state: Statement, question: Question) -> Decision[Statement] | None:
    """Ask a question, once for its id. Raises `Problem` 409."""
    if any(each.id == question.id for each in state.questions):
        return None
    _ensure(state, Stage.SUBMITTED)
    if len(state.questions) >= QUESTIONS_LIMIT:
        raise Problem(409, "too-many-questions", limit=QUESTIONS_LIMIT)
    return _changed(state, "asked", questions=(*state.questions, question))


def answer(state: Statement, id: str, words: str, by: str, now: datetime) -> Decision[Statement]:
    """Answer a question. Raises `Problem` 404, 409."""
    _ensure(state, Stage.SUBMITTED)
    if all(each.id != id for each in state.questions):
        raise Problem(404, "question-not-found", id=id)
    questions = tuple(
        each.model_copy(update={"answer": words, "answered_at": now, "answered_by": by})
        if each.id == id
        else each
        for each in state.questions
    )
    return _changed(state, "answered", questions=questions)


def attend(state: Statement, attendance: Attendance) -> Decision[Statement] | None:
    """Record who attended for the superior; None where that was done. Raises `Problem` 409, 422."""
    _ensure(state, Stage.SUBMITTED)
    if attendance.at < state.opened_at:
        raise Problem(422, "attended-before-opened", field="at")
    if any(
        (each.person_id, each.at) == (attendance.person_id, attendance.at)
        for each in state.attendances
    ):
        return None
    if len(state.attendances) >= ATTENDANCES_LIMIT:
        raise Problem(409, "too-many-attendances", limit=ATTENDANCES_LIMIT)
    told = StatementAttended(**_about(state), person_id=attendance.person_id, at=attendance.at)
    return _changed(state, "attended", told, attendances=(*state.attendances, attendance))


def evaluate(state: Statement, verdict: Verdict) -> Decision[Statement]:
    """The superior's grade; another one replaces it, with its reason. Raises `Problem` 409."""
    _ensure(state, Stage.SUBMITTED)
    return _changed(state, f"{verdict.grade.value}: {verdict.reason}", verdict=verdict)


def count_votes(state: Statement, votes: Votes) -> Decision[Statement]:
    """Take in how members and representatives graded. Raises `Problem` 409, 422."""
    _ensure(state, Stage.SUBMITTED)
    given = votes.good + votes.fairly_good + votes.average + votes.poor
    if given == 0:
        raise Problem(422, "no-votes", field="good")
    if given > votes.present:
        raise Problem(422, "more-votes-than-present", field="present", given=given)
    return _changed(state, "members graded", votes=votes)


MISSING: dict[str, tuple[str, str]] = {
    "attendance": ("上级派人参加的记录（第15条）", "the superior's attendance (art. 15)"),
    "verdict": ("上级评价等次", "the superior's grade"),
    "votes": ("党员群众评议票数", "the members' and representatives' grades"),
    "answers": ("尚未答复的提问", "answers to questions"),
}


def missing(state: Statement) -> Sequence[str]:
    """What it lacks to be concluded: keys of `MISSING`."""
    lacks = {
        "attendance": not state.attendances,
        "verdict": state.verdict is None,
        "votes": state.votes is None,
        "answers": any(each.answer is None for each in state.questions),
    }
    return [what for what, so in lacks.items() if so]


def conclude(state: Statement, now: datetime) -> Decision[Statement]:
    """Close it for good. Raises `Problem` 409 where something is missing."""
    _ensure(state, Stage.SUBMITTED)
    if lacks := missing(state):
        raise Problem(
            409,
            "statement-incomplete",
            extra={"missing": list(lacks)},
            missing_zh="、".join(MISSING[what][0] for what in lacks),
            missing_en=", ".join(MISSING[what][1] for what in lacks),
        )
    assert state.verdict is not None and state.votes is not None  # noqa: PT018
    told = StatementConcluded(
        **_about(state),
        grade=state.verdict.grade,
        counts=GradeCounts(**state.votes.model_dump(include=set(GradeCounts.model_fields))),
    )
    return _changed(state, "concluded", told, stage=Stage.CONCLUDED, concluded_at=now)


def on_due(state: Statement, now: datetime) -> Decision[Statement] | None:
    """Tell once that the date came and nothing was handed in."""
    if state.next_due() is None or now < state.due:
        return None
    told = StatementOverdue(**_about(state), due=state.due)
    return _changed(state, "not handed in", told, told_overdue=True)
