"""A case: what is known of one request (facts.py), as corrections judge it, and what it adds to
which figures (docs/assessment.md says what is counted; docs/decisions/0007 how)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.storage.aggregates import State


class Part(BaseModel):
    """A part of a case; frozen."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Responsible(Part):
    """Who answers for a case or a round of its work; None: nobody."""

    unit_id: str | None = None
    organization_id: str | None = None


class FollowUp(Part):
    """What the resident answered in one round."""

    contacted: bool
    solved: bool | None = None
    satisfied: int | None = None
    at: datetime | None = None
    """Event time; None of one that was kept before it was."""
    by: Literal["resident", "staff"] | None = None
    device: str | None = None
    network: str | None = None
    asker: str | None = None
    staff_path: tuple[str, ...] = ()
    """These five as `request.followed_up` has them."""
    handled_by: Responsible | None = None
    """Who did the work, where it was another request's task."""


class Round(Part):
    """How the lead task went in one round of work."""

    responsible: Responsible | None = None
    """Who completed it; None while nobody has, or of one that was kept before this was."""
    completed: bool = False
    completed_at: datetime | None = None
    in_time: bool | None = None
    overdue: bool = False


class Measure(Part):
    """What the case adds to each figure that it counts in: numbers to be summed, and its hours."""

    requests: int = 1
    """0 while it shares another request's task: the group counts once, as its lead."""
    followed_up: int = 0
    contacted: int = 0
    solved: int = 0
    rated: int = 0
    satisfied: int = 0
    judged: int = 0
    in_time: int = 0
    hours: float | None = None
    """From the request's time to completion; None where that is not known."""


class Voided(Part):
    """A correction was taken back."""

    at: datetime
    by: str
    reason: str


class Correction(Part):
    """How a case is judged otherwise than its facts say; None: as they say.

    What is said of the resident's answer holds for the answer of round `answer_round`, the verdict
    for the work of round `work_round`: what a later round brings counts as it comes.
    """

    number: int
    at: datetime
    by: str
    reason: str
    excluded: bool | None = None
    """It counts for nobody."""
    answer_round: int | None = None
    without_answer: bool | None = None
    """The answer counts as not given."""
    contacted: bool | None = None
    solved: bool | None = None
    satisfied: int | None = None
    work_round: int | None = None
    verdict: Literal["in_time", "late", "not_judged"] | None = None
    responsible: Responsible | None = None
    voided: Voided | None = None


class Case(State):
    """A request as assessment knows it. Rounds are keyed by their number as text (BSON)."""

    accepted_at: datetime | None = None
    """Event time of `request.accepted`, cut to milliseconds, as the database keeps it."""
    channel: str | None = None
    kind: str | None = None
    category: str | None = None
    urgency: str | None = None
    area_path: tuple[str, ...] = ()
    grid_id: str | None = None
    reporting_unit: str | None = None
    follow_ups: dict[str, FollowUp] = Field(default={})
    closed: str | None = None
    """Outcome, while closed."""
    joined: bool = False
    """It shares another request's task: its own counts for nothing, its resident's answers do."""
    shared_unit_id: str | None = None
    shared_organization_id: str | None = None
    """Who did the shared work, as the resident's answer says."""

    unit_id: str | None = None
    organization_id: str | None = None
    """Who answers for it: of the lead task's assignee who completed, else of the last one."""
    rounds: dict[str, Round] = Field(default={})
    cancelled: bool = False

    round: int = 1
    """The latest round of work that any fact names."""
    reopened: int = 0
    """How often it was reopened."""

    month: str | None = None
    """Month of the accepted time in the city's time zone, as 2026-05; None: not counted yet."""
    keys: tuple[str, ...] = ()
    """The groups that it counts in: `area/{code}/{month}`, `unit/…`, `organization/…`."""
    past_keys: tuple[str, ...] = ()
    """Groups that it once counted in, to be found where somebody asks why a figure fell, and those
    who did the work of an answered round, whom that answer rates (rounds/follow_ups.py)."""
    measure: Measure = Measure()
    corrections: tuple[Correction, ...] = ()
    """In the order of their making; of two that say something of the same the later one holds."""
    corrections_told: int = 0
    """Of how many facts went out: those of before that were not told of stand in no journal."""
    corrected: bool = False
    """One of them holds."""
    touched: tuple[str, ...] = ()
    """Groups that corrections ever touched: those it counted in by its facts, and as judged."""
    rejudged_at: datetime | None = None
    """When a correction was last made or taken back."""
    dirty: bool = True
    """It changed after its figures were last told; the figures loop clears it."""


def key_of(group: str, id: str, month: str) -> str:
    """Key of a group: `group` is area, unit or organization. Ids may hold a slash."""
    return f"{group}/{id}/{month}"


def parts_of(key: str) -> tuple[str, str, str]:
    """Group, id and month of a key."""
    head, _, month = key.rpartition("/")
    group, _, id = head.partition("/")
    return group, id, month


def month_of(moment: datetime, zone: tzinfo) -> str:
    """The month of `moment` in `zone`, as 2026-05."""
    return moment.astimezone(zone).strftime("%Y-%m")


def to_millis(moment: datetime) -> datetime:
    """UTC, cut to milliseconds: what is computed now must not differ once it was stored."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def measured(case: Case) -> Measure:
    """What the case adds to its figures."""
    latest = max(case.follow_ups, key=int, default=None)
    answer = None if latest is None else case.follow_ups[latest]
    contacted = answer is not None and answer.contacted
    rating = None if answer is None else answer.satisfied
    work = case.rounds.get(str(case.round), Round())
    if case.cancelled or case.joined:
        verdict = None
    elif work.completed:
        verdict = work.in_time
    else:
        verdict = False if work.overdue else None
    return Measure(
        requests=int(not case.joined),
        followed_up=int(answer is not None),
        contacted=int(contacted),
        solved=int(contacted and answer is not None and answer.solved is True),
        rated=int(rating is not None),
        satisfied=int(rating is not None and rating >= 4),
        judged=int(verdict is not None),
        in_time=int(verdict is True),
        hours=_hours(case, work),
    )


def _hours(case: Case, work: Round) -> float | None:
    if case.cancelled or case.joined or case.accepted_at is None or work.completed_at is None:
        return None
    hours = (work.completed_at - case.accepted_at) / timedelta(hours=1)
    return hours if hours >= 0 else None


def settled(case: Case, zone: tzinfo) -> Case:
    """`case` with what follows from its facts: month, groups, measure; marked as changed."""
    month: str | None = None
    keys: tuple[str, ...] = ()
    corrections = holding(case)
    judged = as_judged(case, corrections)
    if case.accepted_at is not None:
        month = month_of(case.accepted_at, zone)
        if not is_excluded(corrections):
            keys = tuple(_keys(judged, month))
    answered = () if month is None else tuple(_answered(judged, month))
    past = dict.fromkeys(key for key in (*case.past_keys, *case.keys, *answered) if key not in keys)
    touched = case.touched
    if case.corrections and month is not None:
        touched = tuple(dict.fromkeys((*touched, *_keys(case, month), *keys)))
    return case.model_copy(
        update={
            "month": month,
            "keys": keys,
            "past_keys": tuple(past),
            "measure": measured(judged),
            "corrected": bool(corrections),
            "touched": touched,
            "rejudged_at": max(
                (one.at if one.voided is None else one.voided.at for one in case.corrections),
                default=None,
            ),
            "dirty": True,
        }
    )


def holding(case: Case) -> list[Correction]:
    """Its corrections that were not taken back."""
    return [correction for correction in case.corrections if correction.voided is None]


def is_excluded(corrections: Sequence[Correction]) -> bool:
    """Whether the case counts for nobody."""
    return bool(_last(corrections, "excluded"))


def as_judged(case: Case, corrections: Sequence[Correction]) -> Case:
    """The case with the facts that the corrections put in place of its own.

    The facts stay as they are, so that corrections hold whatever comes before or after them.
    """
    if not corrections:
        return case
    answers, rounds = dict(case.follow_ups), dict(case.rounds)
    changes: dict[str, object] = {"follow_ups": answers, "rounds": rounds}
    for one in corrections:
        key = str(one.answer_round)
        if (answer := answers.get(key)) is not None:
            said = one.model_dump(include=_OF_ANSWERS, exclude_none=True)
            answers[key] = answer.model_copy(update=said)
        if one.verdict is not None:
            work = rounds.get(str(one.work_round), Round())
            rounds[str(one.work_round)] = work.model_copy(update=_VERDICTS[one.verdict])
        if one.responsible is not None:
            who = one.responsible.model_dump()
            changes |= who | {f"shared_{name}": id for name, id in who.items()}
            for number, answer in answers.items():
                answers[number] = answer.model_copy(update={"handled_by": one.responsible})
    # Of two corrections of the same answer the later one may give it back.
    for key in {str(one.answer_round) for one in corrections} & set(answers):
        if _last([one for one in corrections if str(one.answer_round) == key], "without_answer"):
            del answers[key]
    return case.model_copy(update=changes)


_OF_ANSWERS = {"contacted", "solved", "satisfied"}
_VERDICTS: dict[str, dict[str, object]] = {
    # One that is still open is judged by `overdue` alone.
    "in_time": {"in_time": True, "overdue": False},
    "late": {"in_time": False, "overdue": True},
    "not_judged": {"in_time": None, "overdue": False},
}


def _last(corrections: Iterable[Correction], field: str) -> object:
    """What the last correction that says something of `field` says."""
    said = [value for one in corrections if (value := getattr(one, field)) is not None]
    return said[-1] if said else None


def _keys(case: Case, month: str) -> Iterable[str]:
    # A path names an area once; a path that does not must not count its case twice.
    for code in dict.fromkeys(case.area_path):
        yield key_of("area", code, month)
    unit, organization = case.unit_id, case.organization_id
    if case.joined:
        unit, organization = case.shared_unit_id, case.shared_organization_id
    if unit is not None:
        yield key_of("unit", unit, month)
    if organization is not None:
        yield key_of("organization", organization, month)


def _answered(case: Case, month: str) -> Iterable[str]:
    for number in case.follow_ups:
        who = responsible_for(case, number)
        for group, id in (("unit", who.unit_id), ("organization", who.organization_id)):
            if id is not None:
                yield key_of(group, id, month)


def responsible_for(case: Case, number: str) -> Responsible:
    """Whom the answer of a round rates: who did that round's work, whoever has the case later."""
    shared = case.follow_ups[number].handled_by
    known = shared or case.rounds.get(number, Round()).responsible
    if known is not None:
        return known
    if case.joined:
        unit, organization = case.shared_unit_id, case.shared_organization_id
        return Responsible(unit_id=unit, organization_id=organization)
    return Responsible(unit_id=case.unit_id, organization_id=case.organization_id)
