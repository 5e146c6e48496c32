"""The request's state machine, by example and by chance."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.request_intake import service
from services.request_intake.classification import Category, Classifier, Table
from services.request_intake.handlers import HANDLERS, Context, target
from services.request_intake.locator import Locator, Placement
from services.request_intake.state import FollowUp, Reply, RequestState, Status
from shared.contracts import requests, task_life, task_parts, tasks
from shared.contracts.envelope import Event
from shared.contracts.ids import lead_task_id, reported_request_id
from shared.contracts.payload import Payload
from shared.contracts.units import RequestReported, TaskResult
from shared.messaging.processor import Refused
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

NOW = datetime(2026, 5, 1, tzinfo=UTC)
TABLE = Table(
    default="other", categories=(Category(code="other", zh="其他", en="Other"),), rules=()
)
UNIT = {"kind": "unit", "id": "water", "unit_id": "water"}


class Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "7K3M-9QWX-2BTD"


def context(now: datetime = NOW) -> Context:
    return Context(now, Locator({}, ()), Classifier(TABLE, 1), timedelta(days=7), {}, Known())


def request(**change: Any) -> RequestState:
    given = {
        "id": "r1",
        "tracking_code": "7K3M-9QWX-2BTD",
        "channel": "web",
        "kind": "help",
        "category": "other",
        "urgency": "ordinary",
        "rules_version": 1,
        "located": True,
        "accepted_at": NOW,
        "received_at": NOW,
    }
    return RequestState.model_validate(given | change)


def event(data: Payload, subject: str = "t", source: str = "/services/volunteer-dispatch") -> Event:
    return Event("e", source, data.full_type(), subject, 1, NOW, "r1", None, data)


def fact(kind: type[tasks.TaskFact], task_id: str = lead_task_id("r1"), **more: Any) -> Event:
    base: dict[str, Any] = {
        "task_id": task_id,
        "request_id": "r1",
        "assignee": UNIT,
        "reason": "不属于我单位",
    }
    base |= {
        "reason": "不属于我单位",
        "round": 1,
        "level": 1,
        "deadline": NOW,
        "category": "other",
        "urgency": "ordinary",
    }
    base |= {
        "asks": "哪一层？",
        "until": NOW,
        "review_at": NOW,
        "why": "answered",
        "kind": "resident",
        "number": 1,
        "ground": "no_basis",
        "owner_area": "S",
        "join_id": "j1",
        "lead_request_id": "r0",
        "lead_task_id": lead_task_id("r0"),
        "part": 1,
        "who": UNIT,
        "in_time": True,
    }
    if kind is tasks.TaskEscalated:
        base["reason"] = "overdue"
    if kind is task_life.TaskProblemRaised:
        base["reason"] = "redone"
    return event(kind.model_validate(base | more))


def apply(state: RequestState, told: Event) -> tuple[RequestState, list[Any]]:
    decision = HANDLERS[type(told.data)](state, told, context())  # type: ignore[index]
    return (state, []) if decision is None else (decision.state, list(decision.events))


def answer(solved: bool | None = True, contacted: bool = True) -> FollowUp:
    return FollowUp(at=NOW, by="x", round=1, contacted=contacted, solved=solved)


def test_tracking_codes_are_long_and_readable_as_typed() -> None:
    codes = {service.new_tracking_code() for _ in range(1000)}
    assert len(codes) == 1000
    for code in codes:
        assert service.read_tracking_code(code.lower().replace("-", " ")) == code
        assert not set(code) & set("ILOU")
    assert service.read_tracking_code("O1Il-aaaa-bbbb") == "0111-AAAA-BBBB"


def test_points_leave_rounded_and_nothing_personal_leaves() -> None:
    state = request(point={"longitude": 114.05123, "latitude": 22.98765}, text="sealed")
    [told] = service.accept(state).events
    assert isinstance(told, requests.RequestAccepted)
    assert told.point is not None
    assert (told.point.longitude, told.point.latitude) == (114.051, 22.988)


def test_the_way_of_a_request() -> None:
    state = request()
    way: list[tuple[type[tasks.TaskFact], Status]] = [
        (tasks.TaskCreated, Status.ACCEPTED),
        (tasks.TaskAssigned, Status.ASSIGNED),
        (tasks.TaskDeclined, Status.ASSIGNED),
        (tasks.TaskEscalated, Status.ASSIGNED),
        (tasks.TaskAssigned, Status.ASSIGNED),
        (tasks.TaskAccepted, Status.IN_HAND),
        (tasks.TaskReturned, Status.ASSIGNED),
        (tasks.TaskProgressed, Status.IN_HAND),
        (tasks.TaskOverdue, Status.IN_HAND),
        (tasks.TaskCompleted, Status.COMPLETED),
    ]
    for kind, status in way:
        state, events = apply(state, fact(kind))
        assert (state.status, events) == (status, [])
    assert state.overdue
    assert state.next_due() == NOW + timedelta(days=7)
    assert [step.step for step in state.steps] == [
        "assigned", "declined", "escalated", "assigned", "taken", "returned", "progressed",
        "overdue", "completed", "asked",
    ]  # fmt: skip


def test_the_resident_reads_who_assists_and_that_it_is_done() -> None:
    state, _ = apply(request(status="in_hand"), fact(task_parts.TaskPartAccepted))
    state, _ = apply(state, fact(task_parts.TaskPartDone))
    assert [(step.step, step.who and step.who.id) for step in state.steps] == [
        ("helping", UNIT["id"]),
        ("helped", UNIT["id"]),
    ]
    assert state.status == "in_hand"


def test_assisting_tasks_and_past_rounds_change_nothing() -> None:
    state = request(round=2, status="reopened")
    assert apply(state, fact(tasks.TaskAssigned, task_id="other", round=2)) == (state, [])
    assert apply(state, fact(tasks.TaskCompleted, round=1)) == (state, [])
    assert apply(state, fact(tasks.TaskCompleted, round=2))[0].status == Status.COMPLETED


def test_a_withdrawn_case_is_closed_and_stays_so() -> None:
    state, events = apply(request(), fact(tasks.TaskCancelled))
    assert events == [requests.RequestClosed(request_id="r1", outcome="reported")]
    assert apply(state, fact(tasks.TaskCompleted)) == (state, [])


def test_a_fact_of_an_unknown_request_is_refused() -> None:
    with pytest.raises(Refused):
        HANDLERS[tasks.TaskCreated](None, fact(tasks.TaskCreated), context())


def test_the_timer_closes_once_and_only_when_due() -> None:
    state, _ = apply(request(), fact(tasks.TaskCompleted))
    due = state.next_due()
    assert due is not None
    assert service.on_due(state, due - timedelta(seconds=1)) is None
    decision = service.on_due(state, due)
    assert decision is not None
    assert decision.state.outcome == "no_answer"
    assert service.on_due(decision.state, due) is None


def test_only_an_unlocated_request_is_placed() -> None:
    decision = service.place(request(located=False), Placement("g", ("s",)), NOW)
    assert (decision.state.grid_id, decision.state.located) == ("g", True)
    with pytest.raises(Problem):
        service.place(decision.state, Placement("h", ("s",)), NOW)


def test_whose_business_a_fact_is() -> None:
    report = event(RequestReported(category="x"), "case/1", "/units/water")
    assert target(report) == reported_request_id("/units/water", "case/1")
    assert target(event(TaskResult(), "case/1", "/units/water")) is None
    assert target(fact(tasks.TaskCreated)) == "r1"


class Life(RuleBasedStateMachine):
    """Whatever comes in whatever order, the request keeps these promises."""

    def __init__(self) -> None:
        super().__init__()
        first: Decision[RequestState] = service.accept(request())
        self.state = first.state
        self.told: list[Any] = list(first.events)

    def take(self, decision: Decision[RequestState] | None) -> None:
        if decision is not None:
            self.state = decision.state
            self.told += decision.events

    @rule(
        kind=st.sampled_from([kind for kind in HANDLERS if kind is not RequestReported]),
        round=st.integers(1, 3),
        lead=st.booleans(),
        ask=st.booleans(),
    )
    def task_fact(self, kind: type[tasks.TaskFact], round: int, lead: bool, ask: bool) -> None:
        task_id = lead_task_id("r1") if lead else "assisting"
        told = fact(kind, task_id=task_id, round=round, ask_resident=ask)
        self.take(HANDLERS[kind](self.state, told, context()))

    @precondition(lambda self: self.state.status == Status.COMPLETED)
    @rule(solved=st.sampled_from([True, False, None]))
    def answered(self, solved: bool | None) -> None:
        self.take(service.follow_up(self.state, answer(solved, contacted=solved is not None)))

    @precondition(lambda self: self.state.status != Status.COMPLETED)
    @rule()
    def answered_at_the_wrong_time(self) -> None:
        with pytest.raises(Problem) as refused:
            service.follow_up(self.state, answer())
        assert refused.value.status == 409

    @rule()
    def replied(self) -> None:
        given = Reply(at=NOW, by="resident", round=1, words="sealed")
        if self.state.question is not None:
            self.take(service.reply(self.state, given))
            assert self.state.question is None
            return
        with pytest.raises(Problem) as refused:
            service.reply(self.state, given)
        assert refused.value.status == 409

    @rule(days=st.integers(0, 10))
    def time_passes(self, days: int) -> None:
        self.take(service.on_due(self.state, NOW + timedelta(days=days)))

    @invariant()
    def closed_is_told_once_and_last(self) -> None:
        closed = [told for told in self.told if isinstance(told, requests.RequestClosed)]
        assert len(closed) == (self.state.status == Status.CLOSED)
        assert not closed or self.told[-1] is closed[0]

    @invariant()
    def rounds_are_told_one_by_one(self) -> None:
        rounds = [told.round for told in self.told if isinstance(told, requests.RequestReopened)]
        assert rounds == list(range(2, self.state.round + 1))

    @invariant()
    def nothing_is_asked_once_it_is_done(self) -> None:
        done = self.state.status in (Status.COMPLETED, Status.CLOSED)
        assert self.state.question is None or not done

    @invariant()
    def a_final_answer_stands(self) -> None:
        if self.state.final:
            assert self.state.status in (Status.COMPLETED, Status.CLOSED)

    @invariant()
    def a_timer_runs_only_while_the_resident_is_asked(self) -> None:
        waiting = self.state.status == Status.COMPLETED
        assert (self.state.next_due() is not None) == waiting


TestLife = Life.TestCase
TestLife.settings = hypothesis_settings(max_examples=60, stateful_step_count=25)
