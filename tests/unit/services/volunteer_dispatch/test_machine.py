"""A task's whole life under any order of commands, records, facts and times."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.service import alerts, commands, life
from services.volunteer_dispatch.service.alerting import AlertTable, Answer
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import OPEN, Reservation, Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import requests, tasks, units
from shared.contracts.words import AssigneeKind
from shared.messaging.processor import Refused
from shared.storage.aggregates import At, Decision
from tests.unit.services.volunteer_dispatch.city import (
    NOON,
    PATH,
    accepted,
    context,
    event,
    handle,
    of_unit,
    payload_of,
)

ENDED = (tasks.TaskCompleted, tasks.TaskCancelled)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.told: list[Any] = []
        self.state: TaskState | None = None
        self.tokens = 0
        self.table: list[dict[str, Any]] | None = None
        self.requests_round = 1
        self.counted: tuple[Answer, ...] = ()

    def context(self) -> Context:
        return context(self.now, self.table)

    def take(self, decision: Decision[TaskState] | None) -> None:
        if decision is None:
            return
        before = self.state
        self.state = decision.state
        self.told += [payload_of(item) for item in decision.events]
        assert all(isinstance(item, At) or item for item in decision.events)
        if before is not None and before.is_open and before.round == decision.state.round:
            assert decision.state.level >= before.level
        if before is not None and before.reservation is not None:
            kept = decision.state.reservation == before.reservation
            assert kept or before.reservation in decision.state.releases

    @precondition(lambda self: self.state is None)
    @rule(
        category=st.sampled_from(["care", "other"]),
        urgency=st.sampled_from(["danger", "utilities", "ordinary", "complex"]),
        where=st.sampled_from([{}, {"grid_id": None}, {"grid_id": None, "area_path": ()}]),
        to=st.sampled_from([None, "unit:power", "domain:state_enterprise", "area_duty"]),
        unit=st.sampled_from([None, "power"]),
        days_ago=st.integers(0, 30),
    )
    def begin(
        self, category: str, urgency: str, where: Any, to: Any, unit: Any, days_ago: int
    ) -> None:
        self.table = None if to is None else [{"to": to}]
        request = accepted(
            category=category, urgency=urgency, handling_unit=unit, received_at=self.now, **where
        )
        fact = event(request, time=self.now - timedelta(days=days_ago))
        self.take(handle(None, fact, self.context()))

    @precondition(lambda self: self.state is None)
    @rule()
    def begin_search(self) -> None:
        self.take(handle(None, event(accepted(category="care")), self.context()))
        assert self.state is not None
        assert self.state.status is Status.MATCHING

    @precondition(lambda self: self.state is not None)
    @rule(minutes=st.sampled_from([1, 15, 120, 1440, 10080, 40000]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for _ in range(20):
            assert self.state is not None
            due = self.state.next_due()
            decision = on_due(self.state, self.context())
            assert (decision is not None) == (due is not None and due <= self.now)
            if decision is None:
                return
            self.take(decision)
        raise AssertionError("timers never come to rest")

    @precondition(lambda self: self.state is not None)
    @rule(name=st.sampled_from(["accept", "give_back", "progress", "complete"]))
    def command(self, name: str) -> None:
        assert self.state is not None
        possible = commands_of(self.state)
        if name == "accept" and "accept" in possible:
            self.take(commands.accept(self.state))
        elif name == "give_back" and {"decline", "return"} & set(possible):
            try:
                self.take(commands.give_back(self.state, "why", self.context()))
            except commands.NobodyAbove:
                assert self.state.assignee is not None
                assert self.state.assignee.kind is AssigneeKind.AREA_DUTY
        elif name == "progress" and "progress" in possible:
            self.take(commands.progress(self.state, "words", "me", self.context()))
        elif name == "complete" and "complete" in possible:
            self.take(commands.complete(self.state, "words", None, "me", self.context()))

    @precondition(lambda self: self.state is not None and self.state.is_open)
    @rule(kind=st.sampled_from(["unit:water", "grid_team:g2", "area_duty:S1", "volunteer:v0"]))
    def reassign(self, kind: str) -> None:
        assert self.state is not None
        ctx = self.context()
        name, _, id = kind.partition(":")
        place = None
        if name == "volunteer":
            assignee = ctx.directory.volunteer(id, None, "g1")
            self.tokens += 1
            place = Reservation(volunteer_id=id, token=str(self.tokens))
        else:
            assignee = ctx.directory.of(AssigneeKind(name), id)
        self.take(commands.reassign(self.state, assignee, place, "why", ctx))

    @precondition(lambda self: self.state is not None and self.state.status is Status.MATCHING)
    @rule(found=st.booleans())
    def match(self, found: bool) -> None:
        assert self.state is not None
        ctx = self.context()
        if found:
            self.tokens += 1
            id = f"v{self.tokens}"
            place = Reservation(volunteer_id=id, token=str(self.tokens))
            step = life.matched(self.state, ctx.directory.volunteer(id, "power", "g1"), place, ctx)
        else:
            step = life.unmatched(self.state, ctx)
        self.take(Decision(*step))

    @precondition(lambda self: self.state is not None and self.state.todo)
    @rule(free=st.integers(0, 8))
    def loop_of_matching(self, free: int) -> None:
        """As `Matcher` does, with so many volunteers who can be asked."""
        assert self.state is not None
        state, ctx = self.state, self.context()
        self.counted += state.alerts.answers
        state = state.having(releases=(), alerts=state.alerts.having(answers=()))
        if state.status is not Status.MATCHING or state.alerts.full:
            self.take(Decision(state))
            return
        until = alerts.quiet_ends(state, ctx)
        if until is not None:
            self.take(Decision(alerts.rest(state, until)))
            return
        given = []
        for _ in range(min(free, alerts.wanted(state, ctx))):
            self.tokens += 1
            id = f"v{self.tokens}"
            if alerts.asks_alone(state) and state.prefer not in state.alerts.asked:
                id = state.prefer or ""
            given.append(alerts.alert(id, str(self.tokens), state, ctx))
        self.take(Decision(*alerts.ask(state, given, None, ctx)))

    @precondition(lambda self: self.state is not None and self.state.alerts.open)
    @rule(which=st.integers(0, 6), yes=st.booleans())
    def answer(self, which: int, yes: bool) -> None:
        assert self.state is not None
        ctx, asked = self.context(), self.state.alerts.open
        id = asked[which % len(asked)].volunteer_id
        if yes:
            self.tokens += 1
            place = Reservation(volunteer_id=id, token=str(self.tokens))
            volunteer = ctx.directory.volunteer(id, "power", "g1")
            self.take(Decision(*alerts.accept(self.state, volunteer, place, ctx)))
            assert self.state.status is Status.ACCEPTED
            assert self.state.reservation == place
        else:
            self.take(Decision(*alerts.decline(self.state, id)))

    @precondition(lambda self: self.state is not None)
    @rule(
        status=st.sampled_from(["accepted", "in_hand", "declined", "returned"]),
        result=st.sampled_from([None, "done", "withdrawn"]),
    )
    def unit_record(self, status: str, result: str | None) -> None:
        data: units.TaskProgress | units.TaskResult = units.TaskProgress(status=status, reason="r")
        if result is not None:
            data = units.TaskResult(outcome=result)
        try:
            self.take(handle(self.state, of_unit(data, time=self.now), self.context()))
        except Refused:
            assert self.state is not None
            assert self.state.assignee is not None
            assert self.state.assignee.unit_id != "power" or self.state.status is Status.MATCHING

    @precondition(lambda self: self.state is not None and not self.state.is_open)
    @rule()
    def reopen(self) -> None:
        self.requests_round += 1
        data = requests.RequestReopened(request_id="r1", round=self.requests_round)
        self.take(handle(self.state, event(data, time=self.now), self.context()))

    @precondition(lambda self: self.state is not None)
    @rule(area=st.sampled_from([PATH, ("C", "D", "S2", "S2-1")]))
    def locate(self, area: tuple[str, ...]) -> None:
        data = requests.RequestLocated(request_id="r1", grid_id="g1", area_path=area)
        self.take(handle(self.state, event(data, time=self.now), self.context()))

    @precondition(lambda self: self.state is not None)
    @rule()
    def close(self) -> None:
        data = requests.RequestClosed(request_id="r1", outcome="solved")
        self.take(handle(self.state, event(data, time=self.now), self.context()))

    @invariant()
    def never_lost(self) -> None:
        if self.state is None:
            return
        assert self.state.assignee is not None
        assert self.state.deadline is not None
        assert self.state.status is not Status.EARLY
        if self.state.status is Status.ASSIGNED and self.state.accept_by is None:
            # Nobody is waited for without end but the top area's duty officer.
            assert self.state.assignee.kind is AssigneeKind.AREA_DUTY
        assert (self.state.next_due() is None) or self.state.status in OPEN
        if self.state.assignee.kind is AssigneeKind.VOLUNTEER and self.state.is_open:
            assert self.state.reservation is not None
            assert self.state.reservation.volunteer_id == self.state.assignee.id

    @invariant()
    def one_lead_as_told(self) -> None:
        given = [t for t in self.told if isinstance(t, tasks.TaskAssigned)]
        told_of = (Status.ASSIGNED, Status.ACCEPTED, Status.COMPLETED)
        if self.state is None or self.state.status not in told_of:
            return
        assert given[-1].assignee == self.state.assignee
        assert sum(isinstance(t, tasks.TaskCreated) for t in self.told) == 1

    @invariant()
    def asks_as_told(self) -> None:
        """Alerts are open while a volunteer is looked for only; each is told of, ended once, and
        its answer counted once; a search waits for somebody, for the morning, or for the loop."""
        if self.state is None:
            return
        kept = self.state.alerts
        asked = [
            id for t in self.told if isinstance(t, tasks.TaskAlerted) for id in t.volunteer_ids
        ]
        ended = Counter(
            (id, t.reason)
            for t in self.told
            if isinstance(t, tasks.TaskAlertsEnded)
            for id in t.volunteer_ids
        )
        if kept.open:
            assert self.state.status is Status.MATCHING
        waiting = {one.volunteer_id for one in kept.open if not one.silent}
        assert waiting <= set(asked)
        assert len(set(kept.asked)) == len(kept.asked) <= AlertTable().most_asked
        if self.state.status is Status.MATCHING and kept.full:
            assert kept.waiting or kept.wake is not None
            assert self.state.next_due() is not None
        said = Counter((one.token, one.said) for one in (*self.counted, *kept.answers))
        assert all(number == 1 for number in said.values())
        told_of = Counter(id for id, _ in ended.elements())
        # Silence is told, and once more what came of it; nothing else is told twice a round.
        assert all(told_of[id] <= 2 * asked.count(id) for id in told_of)

    @invariant()
    def told_once(self) -> None:
        overdue = [t.round for t in self.told if isinstance(t, tasks.TaskOverdue)]
        assert len(overdue) == len(set(overdue))
        ended = [t for t in self.told if isinstance(t, ENDED)]
        assert len(ended) <= self.requests_round


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
