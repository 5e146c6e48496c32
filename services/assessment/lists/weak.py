"""The life of a listed organization (软弱涣散); pure.

Criteria of the scheme find it, a person confirms or refuses; a help plan with a responsible leader
follows, then a check by somebody else, and only then it leaves. One document a subject holds all
its stays on the list, so that a relapse shows where it is found. Never by quota: nothing here
counts how many are listed (`quota.py`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.assessment.lists.table import ListRules
from services.assessment.service.figures import SubjectKind
from services.assessment.service.pieces import Piece
from services.assessment.subjects import Subject
from shared.contracts.lists import (
    WeakChecked,
    WeakDecided,
    WeakDecisionMissing,
    WeakFound,
    WeakLeft,
    WeakPlanMissing,
    WeakPlanned,
    WeakReviewDue,
)
from shared.contracts.payload import Payload
from shared.spans import add_months
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem


class Stage(StrEnum):
    """How far a stay on the list is."""

    FOUND = "found"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    PLANNED = "planned"
    LEFT = "left"


OPEN = frozenset({Stage.FOUND, Stage.CONFIRMED, Stage.PLANNED})


class Met(Piece):
    """A criterion of a scheme as it was judged, with the numbers of each period, oldest first.

    `holds` None: some period had no sample, so that nobody can say.
    """

    id: str
    zh: str
    en: str
    when: str
    periods: tuple[str, ...]
    values: tuple[dict[str, float], ...]
    holds: bool | None


class Judged(Piece):
    """All criteria of a scheme's version for one subject, up to a period."""

    period: str
    scheme: str
    criteria: tuple[Met, ...]

    def holding(self) -> tuple[str, ...]:
        """Ids of the criteria that hold."""
        return tuple(each.id for each in self.criteria if each.holds)

    def unsettled(self, listed: Sequence[str]) -> tuple[str, ...]:
        """What keeps it from leaving: criteria that hold, and of those that put it on the list
        the ones that nobody can judge now, or that the scheme has no more."""
        known = {each.id: each.holds for each in self.criteria}
        doubted = [id for id in listed if known.get(id) is None]
        return tuple(dict.fromkeys([*self.holding(), *doubted]))


class Measure(Piece):
    """What the plan will do, and by when; `words` are sealed."""

    words: str
    by: datetime


class Plan(Piece):
    """A help plan; texts are sealed. `leader`: the registry id of the person responsible."""

    revision: int
    at: datetime
    by: str
    leader: str
    goals: tuple[str, ...]
    measures: tuple[Measure, ...]
    until: datetime


class Check(Piece):
    """Somebody went and looked; `findings` are sealed."""

    at: datetime
    by: str
    checker: str
    findings: str
    passed: bool
    revision: int
    """The plan's, at that time."""


class Stay(Piece):
    """One time on the list."""

    number: int
    stage: Stage
    found_at: datetime
    judged: Judged
    """What put it on the list."""
    latest: Judged
    """As it was judged last."""
    relapse: int = 0
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    """Why it was confirmed or refused."""
    plan: Plan | None = None
    checks: tuple[Check, ...] = ()
    left_at: datetime | None = None
    left_reason: str | None = None
    although: tuple[str, ...] = ()
    decision_due: datetime | None = None
    """When a missing decision is told of; None once it was, or where there is one."""
    plan_due: datetime | None = None
    """When a missing plan is told of; None once it was, or where there is one."""
    review_due: datetime | None = None

    @property
    def check(self) -> Check | None:
        """The last check of the plan as it stands."""
        revision = self.plan and self.plan.revision
        return next((c for c in reversed(self.checks) if c.revision == revision), None)


class Weak(State):
    """A subject that is or was listed."""

    kind: SubjectKind
    subject_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    stage: Stage = Stage.FOUND
    """The last stay's, for the lists."""
    stays: tuple[Stay, ...]

    @property
    def stay(self) -> Stay:
        """The last one."""
        return self.stays[-1]

    def next_due(self) -> datetime | None:
        """See `State.next_due`."""
        dates = (self.stay.decision_due, self.stay.plan_due, self.stay.review_due)
        return min((at for at in dates if at is not None), default=None)


Decide = Callable[[Weak], Decision[Weak]]


def weak_id(kind: str, id: str) -> str:
    """Id of a subject's document, and the subject of its events."""
    return f"{kind}/{id}"


def _about(state: Weak, stay: Stay) -> dict[str, Any]:
    return {
        "subject_kind": state.kind.value,
        "subject_id": state.subject_id,
        "area_path": state.area_path,
        "stay": stay.number,
    }


def _with(state: Weak, events: Sequence[Payload], why: str, **changes: Any) -> Decision[Weak]:
    stay = state.stay.model_copy(update=changes)
    new = state.model_copy(update={"stays": (*state.stays[:-1], stay), "stage": stay.stage})
    return Decision(new, events, why)


def find(
    state: Weak | None,
    subject: Subject,
    judged: Judged,
    now: datetime,
    rules: ListRules,
    zone: ZoneInfo,
) -> Decision[Weak] | None:
    """Take in how the criteria were judged; None where that changes nothing.

    Where some hold, the subject is listed: to be confirmed or refused by a person. What a person
    refused is not found again for the table's time unless by another criterion.
    """
    known = {"area_path": subject.path, "unit_id": subject.unit_id}
    if state is not None and state.stay.stage in OPEN:
        told = state.stay.latest
        if (told.holding(), told.period, told.scheme) == (
            judged.holding(),
            judged.period,
            judged.scheme,
        ):
            return None
        return _with(state.model_copy(update=known), [], "judged", latest=judged)
    if not judged.holding():
        return None
    if state is not None and state.stay.stage is Stage.REFUSED:
        decided = state.stay.decided_at
        assert decided is not None  # no refusal without
        again = set(judged.holding()) <= set(state.stay.judged.holding())
        if again and now < decided + timedelta(days=rules.refusal_days):
            return None
    before = state.stays if state is not None else ()
    since = add_months(now, -rules.relapse_months, zone)
    relapse = sum(1 for stay in before if stay.left_at is not None and stay.left_at >= since)
    stay = Stay(
        number=len(before) + 1,
        stage=Stage.FOUND,
        found_at=now,
        judged=judged,
        latest=judged,
        relapse=relapse,
        decision_due=now + timedelta(days=rules.decision_days),
    )
    base = state or Weak(kind=subject.kind, subject_id=subject.id, stays=(stay,))
    new = base.model_copy(update={"stays": (*before, stay), "stage": stay.stage} | known)
    event = WeakFound(
        **_about(new, stay),
        period=judged.period,
        scheme=judged.scheme,
        criteria=judged.holding(),
        relapse=relapse,
    )
    return Decision(new, [event], "criteria hold: " + ", ".join(judged.holding()))


def _ensure(state: Weak, *stages: Stage) -> Stay:
    if state.stay.stage not in stages:
        zh, en = STAGES[state.stay.stage]
        raise Problem(409, "weak-wrong-stage", extra={"stage": state.stay.stage}, zh=zh, en=en)
    return state.stay


STAGES: dict[Stage, tuple[str, str]] = {
    Stage.FOUND: ("待确认", "found, to be confirmed"),
    Stage.REFUSED: ("已否定", "refused"),
    Stage.CONFIRMED: ("已确认、待制定帮扶计划", "confirmed, without a help plan"),
    Stage.PLANNED: ("帮扶整顿中", "being helped"),
    Stage.LEFT: ("已销号", "left"),
}


def decide(
    state: Weak, confirmed: bool, reason: str, by: str, now: datetime, rules: ListRules
) -> Decision[Weak]:
    """Confirm what was found, or refuse it. Raises `Problem` 409."""
    stay = _ensure(state, Stage.FOUND)
    event = WeakDecided(**_about(state, stay), confirmed=confirmed)
    changes: dict[str, Any] = {
        "decided_at": now,
        "decided_by": by,
        "reason": reason,
        "decision_due": None,
    }
    if confirmed:
        changes |= {
            "stage": Stage.CONFIRMED,
            "plan_due": now + timedelta(days=rules.plan_days),
        }
    else:
        changes["stage"] = Stage.REFUSED
    return _with(state, [event], reason, **changes)


def plan(state: Weak, made: Plan, reason: str, now: datetime) -> Decision[Weak]:
    """Make the help plan, or put it anew: its time and its check begin again.

    Raises:
        Problem: 409 at another stage, 422 for dates that do not fit.
    """
    stay = _ensure(state, Stage.CONFIRMED, Stage.PLANNED)
    if made.until <= now:
        raise Problem(422, "plan-past", field="until")
    for number, measure in enumerate(made.measures):
        if measure.by > made.until:
            raise Problem(422, "measure-after-plan", field=f"measures.{number}.by")
    made = made.model_copy(update={"revision": stay.plan.revision + 1 if stay.plan else 1})
    event = WeakPlanned(
        **_about(state, stay), revision=made.revision, leader=made.leader, until=made.until
    )
    return _with(
        state,
        [event],
        reason,
        stage=Stage.PLANNED,
        plan=made,
        plan_due=None,
        review_due=made.until,
    )


def check(state: Weak, made: Check) -> Decision[Weak]:
    """Take in a check. Raises `Problem` 409, 422: the leader responsible does not check."""
    stay = _ensure(state, Stage.PLANNED)
    assert stay.plan is not None  # no help without
    if made.checker == stay.plan.leader:
        raise Problem(422, "checker-is-leader", field="checker")
    if made.at < stay.plan.at:
        raise Problem(422, "check-before-plan", field="at")
    made = made.model_copy(update={"revision": stay.plan.revision})
    event = WeakChecked(**_about(state, stay), checker=made.checker, passed=made.passed)
    why = "check passed" if made.passed else "check not passed"
    return _with(state, [event], why, checks=(*stay.checks, made), review_due=None)


def leave(
    state: Weak, judged: Judged, reason: str, although: str | None, now: datetime
) -> Decision[Weak]:
    """Take it off the list, after a check of the plan as it stands that was passed.

    Args:
        judged: the criteria as they are now.
        although: why it leaves while criteria hold or cannot be judged.

    Raises:
        Problem: 409 without such a check, or where criteria hold and `although` is not given.
    """
    stay = _ensure(state, Stage.PLANNED)
    if stay.check is None or not stay.check.passed:
        raise Problem(409, "check-needed")
    held = judged.unsettled(stay.judged.holding())
    if held and although is None:
        raise Problem(
            409,
            "criteria-hold",
            field="although",
            extra={"criteria": list(held)},
            names_zh="、".join(_names(judged, stay, held, "zh")),
            names_en=", ".join(_names(judged, stay, held, "en")),
        )
    event = WeakLeft(**_about(state, stay), since=stay.found_at, although=held)
    why = reason if not held else f"{reason}; although: {although}"
    return _with(
        state,
        [event],
        why,
        stage=Stage.LEFT,
        left_at=now,
        left_reason=why,
        although=held,
        latest=judged,
        review_due=None,
    )


def _names(judged: Judged, stay: Stay, ids: Sequence[str], language: str) -> list[str]:
    known = {each.id: each for each in (*stay.judged.criteria, *judged.criteria)}
    return [getattr(known[id], language) if id in known else id for id in ids]


def retire(state: Weak, successors: Sequence[str], now: datetime) -> Decision[Weak] | None:
    """The registry retired the subject: nobody is left to be helped.

    Who took over is named and not listed for it: it is judged by its own facts.
    """
    if state.stage not in OPEN:
        return None
    why = "retired in the registry"
    if successors:
        why += f"; taken over by {', '.join(successors)}"
    event = WeakLeft(**_about(state, state.stay), since=state.stay.found_at)
    return _with(
        state,
        [event],
        why,
        stage=Stage.LEFT,
        left_at=now,
        left_reason=why,
        decision_due=None,
        plan_due=None,
        review_due=None,
    )


def on_due(state: Weak, now: datetime) -> Decision[Weak] | None:
    """Tell once of a decision or a plan that is missing, or of a plan whose time is over."""
    stay = state.stay
    if stay.decision_due is not None and stay.decision_due <= now:
        undecided = WeakDecisionMissing(**_about(state, stay), since=stay.found_at)
        return _with(state, [undecided], "no decision in time", decision_due=None)
    if stay.plan_due is not None and stay.plan_due <= now:
        assert stay.decided_at is not None  # confirmed
        missing = WeakPlanMissing(**_about(state, stay), since=stay.decided_at)
        return _with(state, [missing], "no help plan in time", plan_due=None)
    if stay.review_due is not None and stay.review_due <= now:
        assert stay.plan is not None  # only a plan has a time
        due = WeakReviewDue(**_about(state, stay), leader=stay.plan.leader, until=stay.plan.until)
        return _with(state, [due], "the plan's time is over", review_due=None)
    return None
