"""A task's whole life beside its request's, under any order of commands, records, facts and times.

Both sides are the real pure decisions: what dispatch tells goes to intake's handlers, what intake
tells comes back, each in order but as late as Hypothesis likes, and now and then twice.
"""

import contextlib
from collections import Counter, deque
from datetime import timedelta
from typing import Any, cast

import bson
from bson.codec_options import CodecOptions
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.request_intake import handlers as intake
from services.request_intake import joining, service
from services.request_intake.classification import Classifier
from services.request_intake.locator import Locator
from services.request_intake.state import WORKED, FollowUp, Joining, Reply, RequestState
from services.request_intake.state import Step as Told
from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.handlers import HANDLERS
from services.volunteer_dispatch.service import (
    alerts,
    claims,
    commands,
    groups,
    handing,
    joint_commands,
    life,
)
from services.volunteer_dispatch.service.alerting import AlertTable, Answer
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.group_ids import group_key, group_of, is_group
from services.volunteer_dispatch.service.groups import wants_group
from services.volunteer_dispatch.service.joint_work import Wish, part_of
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import OPEN, Reservation, Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import requests, task_life, task_parts, tasks, units
from shared.contracts.envelope import Event
from shared.contracts.ids import lead_task_id
from shared.contracts.payload import Payload
from shared.contracts.task_parts import PartOrigin
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.messaging.gate import Admission, admit
from shared.messaging.processor import Refused
from shared.storage.aggregates import At, Decision, Seen
from shared.web.problems import Problem
from tests.unit.services.request_intake.test_requests import TABLE
from tests.unit.services.volunteer_dispatch.city import LIMITS, NOON, PATH, context, of_unit

ENDED = (tasks.TaskCompleted, tasks.TaskCancelled, task_life.TaskFinallyAnswered)
ENDS = {
    Status.COMPLETED: ("completed", tasks.TaskCompleted),
    Status.CANCELLED: ("withdrawn", tasks.TaskCancelled),
    Status.FINALLY_ANSWERED: ("finally_answered", task_life.TaskFinallyAnswered),
}
PART_ENDED = (
    task_parts.TaskPartDeclined,
    task_parts.TaskPartDone,
    task_parts.TaskPartCancelled,
)
PART_LATE = (task_parts.TaskPartSilent, task_parts.TaskPartOverdue)
AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
ANSWER = timedelta(days=7)
HOUR = timedelta(hours=1)
TASK = lead_task_id("r1")


def restarted(state: Any) -> Any:
    """The state as the database keeps it and gives it back."""
    kept = bson.decode(bson.encode(state.model_dump()), codec_options=AWARE)
    return type(state).model_validate(kept)


def ids_of(told: tasks.TaskAlerted | tasks.TaskAlertsEnded) -> list[str]:
    """Volunteers and groups, named as in alerts."""
    return [*told.volunteer_ids, *map(group_key, told.group_ids)]


class Wire:
    """Facts of one source on their way: in order, as late as you like."""

    def __init__(self, source: str, subject: str, key: str = "r1") -> None:
        self.source, self.subject, self.key = source, subject, key
        self.number = 0
        self.way: deque[Event] = deque()
        self.seen: Seen | None = None

    def send(self, item: Payload | At, now: Any) -> None:
        self.number += 1
        at = isinstance(item, At)
        data = item.data if isinstance(item, At) else item
        self.way.append(
            Event(
                id=f"{self.source}{self.number}",
                source=self.source,
                type=data.full_type(),
                subject=self.subject,
                sequence=self.number,
                time=item.time if at else now,  # type: ignore[union-attr]
                partition_key=self.key,
                trace_parent=None,
                data=data,
            )
        )


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.told: list[Any] = []
        self.state: TaskState | None = None
        self.request: RequestState | None = None
        self.to_task = Wire("/services/request-intake", "r1")
        self.to_request = Wire("/services/volunteer-dispatch", TASK)
        self.tokens = 0
        self.lead_request = RequestState(
            id="r0",
            tracking_code="c0",
            status="in_hand",
            channel="web",
            kind="help",
            category="care",
            urgency="ordinary",
            rules_version=1,
            located=True,
            accepted_at=NOON,
            received_at=NOON,
        )
        self.joins = 0
        self.table: list[dict[str, Any]] | None = None
        self.counted: tuple[Answer, ...] = ()

    # What the runtime does

    def context(self) -> Context:
        return context(self.now, self.table)

    @property
    def task(self) -> TaskState:
        assert self.state is not None
        return self.state

    def take(self, decision: Decision[TaskState] | None) -> None:
        """Write a decision on the task: its state is kept, its facts go out."""
        if decision is None:
            return
        before = self.state
        self.state = decision.state
        for item in decision.events:
            self.to_request.send(item, decision.time or self.now)
            data = item.data if isinstance(item, At) else item
            self.follows_from(data, before)
            self.told.append(data)
            if isinstance(data, tasks.TaskAssigned):
                kept = (decision.state.clock.pause, decision.state.proposal)
                assert kept == (None, None), "a new holder has the last one's pause or proposal"
        if before is not None:
            self.compare(before, decision.state)

    def answer(self, decision: Decision[RequestState] | None) -> None:
        """Write a decision on the request."""
        if decision is None:
            return
        self.request = decision.state
        for item in decision.events:
            self.to_task.send(item, decision.time or self.now)

    def deliver_to_task(self) -> None:
        event = self.to_task.way.popleft()
        assert admit(self.to_task.seen, event) is Admission.APPLY
        self.to_task.seen = Seen(event.sequence, event.id)
        assert event.data is not None
        handler = HANDLERS.get(type(event.data))
        if handler is not None:
            self.take(handler(self.state, event, self.context()))

    def deliver_to_request(self) -> None:
        event = self.to_request.way.popleft()
        assert admit(self.to_request.seen, event) is Admission.APPLY
        self.to_request.seen = Seen(event.sequence, event.id)
        handler = intake.HANDLERS.get(type(event.data))  # type: ignore[arg-type]
        about = intake.Context(
            self.now, Locator({}, ()), Classifier(TABLE, 1), ANSWER, sealed={}, codes={}
        )
        if handler is not None:
            self.answer(handler(self.request, event, about))

    # What may happen

    @precondition(lambda self: self.request is None)
    @rule(
        category=st.sampled_from(["care", "other"]),
        urgency=st.sampled_from(["danger", "utilities", "ordinary", "complex"]),
        where=st.sampled_from([("g1", PATH), (None, PATH), (None, ())]),
        to=st.sampled_from([None, "unit:power", "domain:state_enterprise", "area_duty"]),
        unit=st.sampled_from([None, "power"]),
        days_ago=st.sampled_from([0, 1, 30]),
        assist=st.sampled_from([(), ("unit:agency", "unit:water")]),
    )
    def begin(
        self,
        category: str,
        urgency: str,
        where: Any,
        to: Any,
        unit: Any,
        days_ago: int,
        assist: tuple[str, ...] = (),
    ) -> None:
        self.table = None if to is None else [{"to": to, "assist": assist}]
        grid, path = where
        made = self.now - timedelta(days=days_ago)
        request = RequestState(
            id="r1",
            tracking_code="c",
            channel="web",
            kind="help",
            category=category,
            urgency=urgency,
            rules_version=1,
            grid_id=grid,
            area_path=path,
            located=bool(path),
            accepted_at=made,
            received_at=self.now,
            handling_unit=unit,
        )
        self.answer(service.accept(request))
        self.deliver_to_task()

    @precondition(lambda self: self.request is None)
    @rule()
    def begin_search(self) -> None:
        self.begin("care", "ordinary", ("g1", PATH), None, None, 0)
        assert self.task.status is Status.MATCHING

    @precondition(lambda self: self.state is not None)
    @rule(minutes=st.sampled_from([1, 15, 120, 1440, 10080, 40000]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        undecided = self.task.returns.undecided
        for _ in range(30):
            due = self.task.next_due()
            decision = on_due(self.task, self.context())
            assert (decision is not None) == (due is not None and due <= self.now)
            if decision is None:
                break
            self.take(decision)
        else:
            raise AssertionError("timers never come to rest")
        assert self.task.returns.undecided == undecided, "silence lost the question"
        assert self.request is not None
        self.answer(service.on_due(self.request, self.now))

    @precondition(lambda self: bool(self.to_task.way or self.to_request.way))
    @rule()
    def facts_arrive(self) -> None:
        while self.to_task.way or self.to_request.way:
            if self.to_request.way:
                self.deliver_to_request()
            else:
                self.deliver_to_task()

    @precondition(lambda self: bool(self.to_request.way))
    @rule()
    def a_fact_reaches_the_resident(self) -> None:
        self.deliver_to_request()

    @precondition(lambda self: bool(self.to_task.way))
    @rule()
    def a_fact_reaches_the_task(self) -> None:
        self.deliver_to_task()

    @precondition(lambda self: self.request is not None)
    @rule(solved=st.sampled_from([True, False, False, None]))
    def resident_answers(self, solved: bool | None) -> None:
        assert self.request is not None
        if self.request.status != "completed":
            return
        given = FollowUp(at=self.now, by="r", round=1, contacted=solved is not None, solved=solved)
        self.answer(service.follow_up(self.request, given))

    @precondition(lambda self: self.request is not None and self.request.question is not None)
    @rule()
    def resident_replies(self) -> None:
        assert self.request is not None
        self.answer(
            service.reply(self.request, Reply(at=self.now, by="r", round=1, words="sealed"))
        )

    @precondition(lambda self: self.state is not None)
    @rule()
    def everything_restarts(self) -> None:
        again = restarted(self.task)
        assert again == self.task
        assert again.next_due() == self.task.next_due()
        self.state, self.request = again, restarted(self.request)

    @precondition(lambda self: self.to_task.seen is not None)
    @rule(back=st.integers(0, 3))
    def facts_come_twice(self, back: int) -> None:
        for wire in (self.to_task, self.to_request):
            if wire.seen is not None and wire.seen.sequence > back:
                number = wire.seen.sequence - back
                again = of_unit(units.TaskResult())
                again = Event(
                    id=f"{wire.source}{number}",
                    source=wire.source,
                    type=again.type,
                    subject=wire.subject,
                    sequence=number,
                    time=self.now,
                    partition_key="r1",
                    trace_parent=None,
                    data=again.data,
                )
                assert admit(wire.seen, again) is Admission.DUPLICATE

    @precondition(lambda self: self.state is not None)
    @rule(
        name=st.sampled_from(["accept", "decline", "return", "progress", "complete"]),
        times=st.integers(1, 2),
    )
    def work(self, name: str, times: int) -> None:
        for _ in range(times):  # also when the answer to the first was lost
            self.command(name)

    @precondition(lambda self: self.state is not None and self.state.status is Status.ACCEPTED)
    @rule(
        name=st.sampled_from(
            ["wait-for-resident", "resume", "extend", "defer", "answer-finally", "return"]
        ),
        hours=st.sampled_from([1, 24, 72, 1000, 4000]),
    )
    def ask(self, name: str, hours: int) -> None:
        self.command(name, hours)

    @precondition(lambda self: self.state is not None and self.state.status is Status.ACCEPTED)
    @rule(
        name=st.sampled_from(["wait-for-resident", "extend", "defer", "answer-finally"]),
        then=st.sampled_from(["approve", "complete", "return"]),
    )
    def ask_and_go_on(self, name: str, then: str) -> None:
        self.command(name, 24)
        self.command(then)

    @precondition(lambda self: self.state is not None and self.state.awaits is not None)
    @rule(name=st.sampled_from(["approve", "refuse", "keep", "decide"]))
    def above(self, name: str) -> None:
        self.command(name)

    @precondition(lambda self: self.state is not None and self.state.problem is not None)
    @rule()
    def close_problem(self) -> None:
        problem = self.task.problem
        if problem is not None and problem.open:
            self.take(commands.close_problem(self.task, "f", "m", self.context()))

    def command(self, name: str, hours: float = 1) -> None:
        state, ctx = self.task, self.context()
        if ("decide" if name == "keep" else name) not in commands_of(state):
            return
        review = self.now + timedelta(hours=hours)
        unit = ctx.directory.unit("water")
        does: dict[str, Any] = {
            "accept": lambda: commands.accept(state),
            "decline": lambda: commands.give_back(state, "why", ctx),
            "return": lambda: commands.give_back(state, "why", ctx, "not_my_duty"),
            "progress": lambda: commands.progress(state, "words", "x:me", ctx),
            "complete": lambda: commands.complete(state, "words", None, "x:me", ctx),
            "wait-for-resident": lambda: commands.wait(state, "asks", ctx),
            "resume": lambda: commands.resume(state, None, "x:me", ctx),
            "extend": lambda: commands.extend(state, hours, "why", "x:me", ctx),
            "defer": lambda: commands.defer(state, review, "why", "x:me", ctx),
            "answer-finally": lambda: commands.answer_finally(state, "g", "why", "x:me", ctx),
            "approve": lambda: commands.approve(state, "", ctx),
            "refuse": lambda: commands.refuse(state, "why"),
            "keep": lambda: commands.decide(state, None, "why", ctx),
            "decide": lambda: commands.decide(state, unit, "why", ctx),
        }
        try:
            decision = does[name]()
        except Ruled:
            return  # what rule forbids is tested in test_turns; that it changes nothing is plain
        self.take(decision)

    @precondition(lambda self: self.state is not None and self.state.is_open)
    @rule(kind=st.sampled_from(["unit:water", "grid_team:g2", "area_duty:S1", "volunteer:v0"]))
    def reassign(self, kind: str) -> None:
        ctx = self.context()
        name, _, id = kind.partition(":")
        place = None
        if name == "volunteer":
            assignee = ctx.directory.volunteer(id, None, "g1")
            self.tokens += 1
            place = Reservation(volunteer_id=id, token=str(self.tokens))
        else:
            assignee = ctx.directory.of(AssigneeKind(name), id)
        self.take(commands.reassign(self.task, assignee, place, "why", ctx))

    @precondition(lambda self: self.state is not None and self.state.is_open)
    @rule(who=st.sampled_from(["volunteer:v0", "unit:power", "grid_team:g1"]))
    def claim(self, who: str) -> None:
        """Somebody takes it without being asked; two at once are two in a row."""
        ctx = self.context()
        kind, _, id = who.partition(":")
        place = None
        if kind == "volunteer":
            assignee = ctx.directory.volunteer(id, None, "g1")
            self.tokens += 1
            place = Reservation(volunteer_id=id, token=str(self.tokens))
        else:
            assignee = ctx.directory.of(AssigneeKind(kind), id)
        by = claims.Claimer(
            assignee, grids=frozenset({"g1"}), area="S1", skills=frozenset({"care"})
        )
        try:
            step = claims.claim(self.task, by, place, ctx)
        except Ruled:
            return
        assert self.task.status is not Status.ACCEPTED, "it was taken from somebody"
        self.take(Decision(*step))
        assert (self.task.status, self.task.assignee) == (Status.ACCEPTED, assignee)

    @precondition(lambda self: self.state is not None and self.state.status is Status.ACCEPTED)
    @rule(
        to=st.sampled_from(["volunteer:v0", "unit:power", "unit:water", "grid_team:g1"]),
        answer=st.sampled_from([None, None, "accept", "decline", "withdraw"]),
    )
    def hand_over(self, to: str, answer: str | None) -> None:
        """The holder offers it, where it is not offered; the receiver answers now, or later."""
        ctx, before = self.context(), self.task
        kind, _, id = to.partition(":")
        if "hand-over" in commands_of(self.task):
            receiver = ctx.directory.volunteer(id, None, "g1")
            if kind != "volunteer":
                receiver = ctx.directory.of(AssigneeKind(kind), id)
            try:
                self.take(handing.offer(self.task, receiver, "g1", "why", "x:me", ctx))
            except Ruled:
                return
            assert self.task.holder == before.holder
        made = self.task.offered
        if made is None or answer is None:
            return
        assert "accept-hand-over" in commands_of(self.task)
        if answer != "accept":
            self.take(handing.end(self.task, handing.DECLINED))
            assert (self.task.holder, self.task.offered) == (before.holder, None)
            return
        volunteer, place = None, None
        if made.to.kind is AssigneeKind.VOLUNTEER:
            self.tokens += 1
            volunteer = made.to
            place = Reservation(volunteer_id=made.to.id, token=str(self.tokens))
        self.take(handing.take(self.task, volunteer, place, ctx, made.to.id))
        assert (self.task.status, self.task.lead) == (Status.ACCEPTED, made.to)

    @precondition(lambda self: self.state is not None and self.state.status is Status.MATCHING)
    @rule(found=st.booleans())
    def match(self, found: bool) -> None:
        ctx = self.context()
        if found:
            self.tokens += 1
            id = f"v{self.tokens}"
            place = Reservation(volunteer_id=id, token=str(self.tokens))
            volunteer = ctx.directory.volunteer(id, "power", "g1")
            step = life.matched(self.task, volunteer, place, ctx)
        else:
            step = life.unmatched(self.task, ctx)
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
        if free > 4 and wants_group(state, ctx):
            self.tokens += 1
            given.append(alerts.alert(f"group:{self.tokens}", str(self.tokens), state, ctx))
        for _ in range(min(free, alerts.wanted(state, ctx))):
            self.tokens += 1
            id = f"v{self.tokens}"
            if alerts.asks_alone(state) and state.prefer not in state.alerts.asked:
                id = state.prefer or ""
            given.append(alerts.alert(id, str(self.tokens), state, ctx))
        self.take(Decision(*alerts.ask(state, given, None, ctx)))

    @precondition(lambda self: self.state is not None and self.state.alerts.open)
    @rule(which=st.integers(0, 6), yes=st.booleans())
    def alert_is_answered(self, which: int, yes: bool) -> None:
        assert self.state is not None
        ctx, asked = self.context(), self.state.alerts.open
        id = asked[which % len(asked)].volunteer_id
        if yes:
            self.tokens += 1
            place = Reservation(volunteer_id=id, token=str(self.tokens))
            if is_group(id):
                member = f"m{self.tokens}"
                own = Reservation(volunteer_id=member, token=f"m{self.tokens}")
                who = ctx.directory.volunteer(member, "power", "g1")
                step = groups.accept(self.state, group_of(id), who, own, place, ctx)
                self.take(Decision(*step))
                assert (self.state.reservation, self.state.group) == (own, place)
                return
            volunteer = ctx.directory.volunteer(id, "power", "g1")
            self.take(Decision(*alerts.accept(self.state, volunteer, place, ctx)))
            assert self.state.status is Status.ACCEPTED
            assert self.state.reservation == place
        else:
            self.take(Decision(*alerts.decline(self.state, id)))

    @precondition(lambda self: self.state is not None)
    @rule(
        status=st.sampled_from(["accepted", "in_hand", "declined", "returned", "returned"]),
        result=st.sampled_from([None, None, "done", "withdrawn"]),
        unit=st.sampled_from(["power", "power", "water", "agency"]),
    )
    def unit_record(self, status: str, result: str | None, unit: str) -> None:
        data: units.TaskProgress | units.TaskResult = units.TaskProgress(status=status, reason="r")
        if result is not None:
            data = units.TaskResult(outcome=result)
        record = of_unit(data, unit, time=self.now)
        try:
            self.take(HANDLERS[type(data)](self.state, record, self.context()))
        except Refused:
            assert self.task.assignee is not None
            assert self.task.assignee.unit_id != unit or self.task.status is Status.MATCHING
            assert not any(part.who.unit_id == unit for part in self.task.parts)

    @precondition(lambda self: self.state is not None and joint_commands.may_ask(self.state))
    @rule(
        to=st.sampled_from(
            ["unit:water", "unit:agency", "unit:power", "grid_team:g2", "area_duty:S2"]
        ),
        hours=st.sampled_from([None, 1, 1000]),
        pass_on=st.booleans(),
    )
    def ask_for_help(self, to: str, hours: int | None, pass_on: bool) -> None:
        ctx, (kind, _, id) = self.context(), to.partition(":")
        wish = Wish(
            PartOrigin.ASKED,
            "asks",
            None if hours is None else self.now + hours * HOUR,
            pass_on=pass_on,
        )
        with contextlib.suppress(Ruled):
            who = ctx.directory.of(AssigneeKind(kind), id)
            self.take(joint_commands.ask(self.task, who, wish, ctx))

    @precondition(lambda self: self.state is not None and self.state.open_parts)
    @rule(
        which=st.integers(0, 3),
        name=st.sampled_from(["accept", "decline", "complete", "cancel"]),
        times=st.integers(1, 2),
    )
    def work_on_a_part(self, which: int, name: str, times: int) -> None:
        part = self.task.open_parts[which % len(self.task.open_parts)]
        for _ in range(times):
            self.part_command(part.number, name)

    def part_command(self, number: int, name: str) -> None:
        state, ctx, part = self.task, self.context(), part_of(self.task, number)
        assert part is not None
        if name not in joint_commands.commands_of(state, part):
            return
        does: dict[str, Any] = {
            "accept": lambda: joint_commands.accept(state, part),
            "decline": lambda: joint_commands.decline(state, part, "why", "x:me", ctx),
            "complete": lambda: joint_commands.complete(state, part, "words", "x:me", ctx),
            "cancel": lambda: joint_commands.cancel(state, part, "why", "x:me", ctx),
        }
        self.take(does[name]())

    @precondition(lambda self: self.state is not None)
    @rule(area=st.sampled_from([PATH, ("C", "D", "S2", "S2-1")]))
    def locate(self, area: tuple[str, ...]) -> None:
        self.to_task.send(
            requests.RequestLocated(request_id="r1", grid_id="g1", area_path=area), self.now
        )

    # The request shares the task of another one, of which only what its resident reads is played

    @precondition(lambda self: self.request is not None and self.request.status in WORKED)
    @rule()
    def join(self) -> None:
        self.joins += 1
        intent = Joining(id=f"j{self.joins}", lead="r0", at=self.now, by="x")
        if self.request is not None and self.request.joined is None:
            self.answer(joining.start(self.request, intent))
            self.answer(joining.finish(self.request, intent.id, self.lead_request, self.now))

    @precondition(lambda self: self.request is not None and self.request.joined is not None)
    @rule(what=st.sampled_from(["progressed", "completed", "reopened", "deferred", "withdrawn"]))
    def the_lead_hears(self, what: str) -> None:
        assert self.request is not None
        joined = self.request.joined
        assert joined is not None
        if joined.heard > self.lead_request.steps_ever:
            return
        after = {"completed": "completed", "withdrawn": "closed"}.get(what, "in_hand")
        self.lead_request = self.lead_request.with_step(
            Told(at=self.now, step=what), status=after, deadline=self.now + HOUR
        )
        self.hear()
        if what == "withdrawn":  # the next joining is to one that is worked again
            self.lead_request = self.lead_request.model_copy(update={"status": "in_hand"})

    def hear(self) -> None:
        assert self.request is not None
        self.answer(joining.follow(self.request, self.lead_request, self.now, ANSWER))

    @precondition(lambda self: self.request is not None and self.request.joined is not None)
    @rule()
    def separate(self) -> None:
        assert self.request is not None
        try:
            self.answer(joining.separate(self.request, "why", self.now))
        except Problem:
            return  # dispatch has not confirmed it

    # What must hold of each step

    def follows_from(self, told: Any, before: TaskState | None) -> None:
        if isinstance(told, ENDED):
            assert not self.open_as_told(), "a task ends with an open part"
        assert not any(isinstance(t, task_life.TaskFinallyAnswered) for t in self.told) or (
            isinstance(told, tasks.TaskLocated | task_life.TaskProblemClosed)
        ), "after the final answer nothing follows"
        if isinstance(told, tasks.TaskReturned | tasks.TaskDeclined):
            assert before is not None
            assert told.assignee == before.assignee
            assert not before.returns.bound, "a decision binds"
        if isinstance(told, task_life.TaskExtended):
            assert told.number <= LIMITS.extensions_at_most
        if isinstance(told, task_life.TaskFinallyAnswered | task_life.TaskExtended):
            assert before is not None
            assert before.proposal is not None, "nobody above was asked"

    def open_as_told(self) -> set[int]:
        """Parts that listeners know as open."""
        asked = {t.part for t in self.told if isinstance(t, task_parts.TaskPartAsked)}
        return asked - {t.part for t in self.told if isinstance(t, PART_ENDED)}

    def compare(self, before: TaskState, after: TaskState) -> None:
        if before.is_open and before.round == after.round:
            assert after.level >= before.level
        if before.reservation is not None:
            kept = after.reservation == before.reservation
            assert kept or before.reservation in after.releases
        if before.group is not None:
            assert after.group == before.group or before.group in after.releases
        assert after.returns.number <= LIMITS.returns_at_most
        if before.round != after.round:
            return
        was, now = before.clock.pause, after.clock.pause
        assert before.deadline is not None
        assert after.deadline is not None
        if was is None:
            assert after.deadline >= before.deadline, "a deadline comes nearer"
        elif now is None:
            assert after.deadline >= was.deadline, "a pause brought the deadline nearer"
        assert now is None or now.deadline <= after.deadline

    # What must hold always

    @invariant()
    def never_lost(self) -> None:
        if self.state is None:
            return
        state = self.state
        assert state.assignee is not None
        assert state.deadline is not None
        assert state.status is not Status.EARLY
        assert (state.next_due() is None) or state.status in OPEN
        if state.offered is not None:
            assert state.status is Status.ACCEPTED
            assert state.lead == state.holder, "somebody else leads before it is accepted"
            assert state.next_due() is not None, "an offer without end"
        if not state.is_open:
            assert (state.clock.pause, state.proposal, state.awaits) == (None, None, None)
            return
        at_top = state.assignee.kind is AssigneeKind.AREA_DUTY and state.assignee.id == "C"
        if state.status is Status.ASSIGNED and state.accept_by is None:
            # Nobody is waited for without end but the top area's duty officer.
            assert at_top
        if state.next_due() is None and state.status is not Status.MATCHING:
            # Its time has run out, and somebody above watches over it, or there is only the top.
            assert state.overdue
            assert state.clock.supervisor is not None or at_top
        if state.assignee.kind is AssigneeKind.VOLUNTEER:
            assert state.reservation is not None
            assert state.reservation.volunteer_id == state.assignee.id
        if state.group is not None:
            assert state.reservation is not None, "a group's place without its member's"

    @invariant()
    def one_lead_as_told(self) -> None:
        given = [t for t in self.told if isinstance(t, tasks.TaskAssigned)]
        told_of = (Status.ASSIGNED, Status.ACCEPTED, *ENDS)
        if self.state is None or self.state.status not in told_of:
            return
        if self.state.status is not Status.CANCELLED or given:
            assert self.lead() == self.state.assignee
        assert sum(isinstance(t, tasks.TaskCreated) for t in self.told) == 1

    def lead(self) -> Assignee:
        """Who leads as every listener knows it."""
        last = next(t for t in reversed(self.told) if isinstance(t, tasks.TaskAssigned))
        return last.assignee

    @invariant()
    def asks_as_told(self) -> None:
        """Alerts are open while a volunteer is looked for only; each is told of, ended once, and
        its answer counted once; a search waits for somebody, for the morning, or for the loop."""
        if self.state is None:
            return
        kept = self.state.alerts
        asked = [id for t in self.told if isinstance(t, tasks.TaskAlerted) for id in ids_of(t)]
        ended = Counter(
            (id, t.reason)
            for t in self.told
            if isinstance(t, tasks.TaskAlertsEnded)
            for id in ids_of(t)
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
        warned = [(t.round, t.percent) for t in self.told if isinstance(t, task_life.TaskWarned)]
        assert warned == sorted(set(warned))
        ended = [t for t in self.told if isinstance(t, ENDED)]
        assert self.state is None or len(ended) <= self.state.round

    @invariant()
    def no_end_without_an_answer(self) -> None:
        """Once every fact has arrived, the resident reads that it ended, and how."""
        if self.state is None or self.to_task.way or self.to_request.way:
            return
        assert self.request is not None
        status = self.state.status
        if self.request.joined is not None:
            # Its own task ended for it, or the request ended with the lead's answer.
            assert self.request.joined.told
            assert status is Status.JOINED
            return
        if self.state.is_open:
            assert self.request.status not in ("completed", "closed")
            waits = self.state.clock.pause is not None and self.state.clock.pause.kind == "resident"
            assert (self.request.question is not None) == waits
            if self.state.status is not Status.MATCHING:  # who will have it, hears the new one
                assert self.request.deadline == self.state.deadline
            return
        assert self.request.status in ("completed", "closed")
        assert self.request.question is None
        assert status in ENDS, "it was closed, and nobody has ended it"
        step, fact = ENDS[status]
        assert isinstance(next(t for t in reversed(self.told) if isinstance(t, ENDED)), fact)
        assert any(one.step == step for one in self.request.steps)
        assert self.request.final == (status is Status.FINALLY_ANSWERED)

    @invariant()
    def parts_as_told(self) -> None:
        """Parts end with their task; each is asked, ended, told silent and overdue once; none is
        due after its task; somebody hears of each that is late."""
        if self.state is None:
            return
        state = self.state
        assert state.is_open or not (state.open_parts or state.held)
        assert {part.number for part in state.open_parts} == self.open_as_told()
        assert all(part.round == state.round for part in state.open_parts)
        for kinds in (task_parts.TaskPartAsked, PART_ENDED, *PART_LATE):
            numbers = [t.part for t in self.told if isinstance(t, kinds)]
            assert len(numbers) == len(set(numbers))
        if state.open_parts and not state.clock.pause:
            late = [part for part in state.open_parts if part.overdue]
            assert len(late) == len(state.open_parts) or state.next_due() is not None
        for part in state.open_parts:
            assert part.key in state.helping
            if part.deadline is not None and state.deadline is not None and not state.overdue:
                # Asked when no time of the task was left, it is due when an answer is.
                assert part.deadline <= state.deadline or part.asked_at >= state.deadline
        if state.held is not None:
            assert state.status is Status.ACCEPTED
            assert state.open_parts, "nobody is waited for, and the task goes on"

    def the_lead_can_end_it(self) -> None:
        """No part holds a task that somebody has: its lead ends the parts, then the task."""
        if self.task.clock.pause is not None:
            self.command("resume")
        for part in self.task.open_parts:
            self.part_command(part.number, "cancel")
        if self.task.status is Status.ACCEPTED:
            self.command("complete")
        assert self.task.status is not Status.ACCEPTED

    def teardown(self) -> None:
        if self.state is not None:
            self.facts_arrive()
            self.the_lead_can_end_it()
            self.facts_arrive()
            self.parts_as_told()
            self.never_lost()
            self.one_lead_as_told()
            self.no_end_without_an_answer()


TestLife = cast(Any, Life).TestCase
TestLife.settings = settings(max_examples=250, stateful_step_count=40)
