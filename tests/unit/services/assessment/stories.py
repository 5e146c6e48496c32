"""Stories of requests as events: what intake and dispatch publish about one request."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from services.assessment.handlers import HANDLERS
from services.assessment.service.cases import Case, Correction, settled
from shared.contracts import requests as r
from shared.contracts import tasks as t
from shared.contracts.envelope import Event
from shared.contracts.ids import lead_task_id, uuid7
from shared.contracts.joins import RequestJoined, RequestSeparated
from shared.contracts.payload import Payload
from shared.contracts.task_life import TaskFinallyAnswered
from shared.contracts.words import AssigneeKind, Channel, RequestKind, Urgency
from shared.messaging.gate import Admission, admit, inbox_key
from shared.storage.aggregates import Seen

INTAKE, DISPATCH = "/services/request-intake", "/services/volunteer-dispatch"
BEIJING = timezone(timedelta(hours=8))
START = datetime(2026, 4, 28, tzinfo=UTC)
PATHS = (("bj", "xc", "s1", "c1"), ("bj", "xc", "s1", "c2"), ("bj", "xc", "s2", "c3"), ())
LEVELS = {"bj": "city", "xc": "district", "s1": "street", "s2": "street"} | dict.fromkeys(
    ("c1", "c2", "c3"), "community"
)
UNITS = (("u1", "o1"), ("u2", "o2"), ("u3", None), (None, None))


class Teller:
    """Makes the events of one request, each subject numbered 1, 2, 3 …"""

    def __init__(self, request_id: str, task_id: str | None = None) -> None:
        self.id = request_id
        self.task_id = task_id or lead_task_id(request_id)
        self.requests: list[Event] = []
        self.tasks: list[Event] = []

    @property
    def all(self) -> list[Event]:
        """The request's events, then the task's."""
        return [*self.requests, *self.tasks]

    def _tell(
        self, to: list[Event], source: str, subject: str, data: Payload, at: datetime
    ) -> None:
        to.append(
            Event(
                id=uuid7(),
                source=source,
                type=data.full_type(),
                subject=subject,
                sequence=len(to) + 1,
                time=at,
                partition_key=self.id,
                trace_parent=None,
                data=data,
            )
        )

    def request(self, what: type[Payload], at: datetime = START, **fields: Any) -> None:
        """A fact of the request."""
        data = what.model_validate({"request_id": self.id} | fields)
        self._tell(self.requests, INTAKE, self.id, data, at)

    def task(self, what: type[Payload], at: datetime = START, **fields: Any) -> None:
        """A fact of the task."""
        data = what.model_validate({"request_id": self.id, "task_id": self.task_id} | fields)
        self._tell(self.tasks, DISPATCH, self.task_id, data, at)

    def accept(self, at: datetime, path: Sequence[str] = PATHS[0], **more: Any) -> None:
        """The request was taken in at `at`; `more`: what is told of it otherwise than usual."""
        fields = {
            "channel": Channel.WEB,
            "kind": RequestKind.HELP,
            "category": "water",
            "urgency": Urgency.UTILITIES,
            "rules_version": 1,
            "area_path": path,
            "received_at": at,
        }
        self.request(r.RequestAccepted, at, **fields | more)

    def answer(self, satisfied: int, *, solved: bool = True, round: int = 1) -> None:
        """The resident was reached, and said how it went."""
        self.request(
            r.RequestFollowedUp, contacted=True, solved=solved, satisfied=satisfied, round=round
        )

    def assign(self, unit: str | None, organization: str | None = None, round: int = 1) -> None:
        """The task was sent to a unit, or to a volunteer of none."""
        kind = AssigneeKind.VOLUNTEER if unit is None else AssigneeKind.UNIT
        self.task(
            t.TaskAssigned,
            assignee=assignee(kind, unit, organization),
            deadline=START + timedelta(days=3),
            round=round,
            level=0,
        )

    def complete(
        self,
        unit: str | None,
        organization: str | None,
        at: datetime | None,
        in_time: bool | None,
        round: int = 1,
    ) -> None:
        """The work of a round was done."""
        kind = AssigneeKind.VOLUNTEER if unit is None else AssigneeKind.UNIT
        self.task(
            t.TaskCompleted,
            assignee=assignee(kind, unit, organization),
            round=round,
            completed_at=at,
            in_time=in_time,
        )

    def finally_answer(
        self, unit: str | None, organization: str | None, at: datetime, round: int = 1
    ) -> None:
        """A round ended formally (终结答复)."""
        kind = AssigneeKind.VOLUNTEER if unit is None else AssigneeKind.UNIT
        who = assignee(kind, unit, organization)
        self.task(TaskFinallyAnswered, at, assignee=who, ground="no_basis", reason="x", round=round)

    def join(self, lead: str = "lead") -> None:
        """The request shares the task of another one."""
        self.request(RequestJoined, join_id="j", lead_request_id=lead)

    def separate(self, round: int) -> None:
        """It has its own task again, and a round of it begins."""
        self.request(
            RequestSeparated, join_id="j", lead_request_id="lead", round=round, why="staff"
        )


def assignee(kind: AssigneeKind, unit: str | None, organization: str | None) -> t.Assignee:
    """Who holds a task."""
    return t.Assignee(kind=kind, id=unit or "v1", unit_id=unit, organization_id=organization)


def story(random: random.Random, number: int) -> Teller:
    """A request's life, drawn at random: places, units, returns, reopenings, missing values."""
    tell = Teller(f"r{number:05d}")
    at = START + timedelta(milliseconds=random.randrange(6 * 86_400_000))
    tell.accept(at, random.choice(PATHS))
    unit, organization = random.choice(UNITS)
    tell.task(t.TaskCreated, category="water", urgency="utilities", deadline=at)
    first = 1
    if random.random() < 0.4:
        first = _joined(random, tell)
        if not first:
            return tell
    rounds = first - 1 + random.choice((1, 1, 1, 2, 3))
    for round in range(first, rounds + 1):
        tell.assign(unit, organization, round)
        if random.random() < 0.3:
            tell.task(t.TaskDeclined, assignee=assignee(AssigneeKind.UNIT, "u9", None), reason="x")
            unit, organization = random.choice(UNITS)
            tell.assign(unit, organization, round)
        if random.random() < 0.3:
            tell.task(t.TaskOverdue, deadline=at + timedelta(days=1), round=round)
        if random.random() < 0.2:
            break
        done = at + timedelta(milliseconds=random.randrange(-3_600_000, 90_000_000))
        if round == rounds and random.random() < 0.15:
            tell.finally_answer(unit, organization, done, round)
            break
        tell.complete(
            unit,
            organization,
            random.choice((done, done, done, None)),
            random.choice((True, True, False, None)),
            round,
        )
        if random.random() < 0.3:
            break
        tell.request(
            r.RequestFollowedUp,
            contacted=random.random() < 0.8,
            solved=random.choice((True, False, None)),
            satisfied=random.choice((1, 2, 3, 4, 5, None)),
            round=round,
        )
        if round < rounds:
            tell.request(r.RequestReopened, round=round + 1)
    else:
        tell.request(r.RequestClosed, outcome="solved")
    if random.random() < 0.3:
        tell.request(r.RequestLocated, area_path=random.choice(PATHS[:3]))
    if random.random() < 0.1:
        tell.task(t.TaskCancelled, reason="withdrawn")
    return tell


def _joined(random: random.Random, tell: Teller) -> int:
    """It is joined, now and then more than once: the round of its own that follows, 0: none."""
    round = 1
    for _ in range(random.choice((1, 1, 2))):
        if random.random() < 0.5:
            first, its = random.choice(UNITS)
            tell.assign(first, its, round)
        tell.join()
        if random.random() < 0.3:  # its own work had ended before dispatch heard of it
            unit, organization = random.choice(UNITS)
            tell.complete(unit, organization, START + timedelta(days=9), True, round)
        if random.random() < 0.4:
            round += 1
            tell.separate(round)
            continue
        unit, organization = random.choice(UNITS)
        by = assignee(AssigneeKind.UNIT, unit, organization)
        tell.request(
            r.RequestFollowedUp,
            contacted=True,
            solved=random.choice((True, False)),
            satisfied=random.choice((1, 5, None)),
            round=round,
            handled_by=by,
        )
        if random.random() < 0.5:
            tell.request(r.RequestClosed, outcome="solved")
            return 0
        round += 1
        tell.request(r.RequestReopened, round=round, handled_by=by)
    return round


def shuffled(random: random.Random, tellers: Iterable[Teller]) -> list[Event]:
    """The events in any order of arrival that Kafka could give, with some told again.

    Each subject's own order holds; a part of a subject's events may come again, as in a replay.
    """
    streams = []
    for tell in tellers:
        for events in (tell.requests, tell.tasks):
            again = random.randrange(len(events) + 1) if events else 0
            streams.append([*events, *events[again:]])
    arrivals: list[Event] = []
    while streams := [stream for stream in streams if stream]:
        arrivals.append(random.choice(streams).pop(0))
    return arrivals


class Consumer:
    """The runtime's rules on plain dictionaries: the gate, then the handlers."""

    def __init__(self) -> None:
        self.cases: dict[str, Case | None] = {}
        self._seen: dict[str, Seen] = {}
        self.applied: dict[str, list[int]] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Apply events as they come; one that comes too early would be asked for again."""
        for event in events:
            key = inbox_key(event.source, event.subject)
            if admit(self._seen.get(key), event) is not Admission.APPLY:
                continue
            id = event.partition_key
            handler = HANDLERS.get(type(event.data))  # type: ignore[arg-type]
            decision = None if handler is None else handler(self.cases.get(id), event, BEIJING)
            if decision is not None:
                self.cases[id] = decision.state
            self._seen[key] = Seen(event.sequence, event.id)
            self.applied.setdefault(key, []).append(event.sequence)

    def correct(self, request_id: str, corrections: Sequence[Correction]) -> None:
        """Corrections of a case, as a command between two facts."""
        case = self.cases.get(request_id) or Case()
        with_them = case.model_copy(update={"corrections": tuple(corrections)})
        self.cases[request_id] = settled(with_them, BEIJING)

    def known(self) -> dict[str, Case | None]:
        """The cases without what only tells how they came about."""
        how = {"past_keys": (), "touched": ()}
        return {
            id: None if case is None else case.model_copy(update=how)
            for id, case in self.cases.items()
        }
