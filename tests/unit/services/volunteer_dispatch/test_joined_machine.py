"""Three requests, their tasks and their cases, joined and parted in any order.

The real decisions of intake, dispatch and assessment. What is one write in the service is one step
here; several people, the loop and dead processes take turns between any two steps, and facts come
as late as Hypothesis likes.
"""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.assessment.handlers import HANDLERS as ASSESSED
from services.assessment.service.cases import Case
from services.request_intake import handlers as intake
from services.request_intake import joining, service
from services.request_intake.classification import Classifier
from services.request_intake.locator import Locator
from services.request_intake.state import WORKED, FollowUp, Joining, Member, RequestState
from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.handlers import HANDLERS
from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import units
from shared.contracts.ids import lead_task_id
from shared.messaging.processor import Refused
from shared.storage.aggregates import Decision
from shared.web.problems import Problem
from tests.unit.services.assessment.stories import BEIJING
from tests.unit.services.request_intake.test_requests import TABLE
from tests.unit.services.volunteer_dispatch.city import NOON, PATH, context, of_unit
from tests.unit.services.volunteer_dispatch.test_machine import ANSWER, Wire, restarted

IDS = ("r0", "r1", "r2")
NUMBERS = st.sampled_from(IDS)
Steps = Generator[None, None, None]
TO_POWER = [{"to": "unit:power"}]


class Group(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.requests: dict[str, RequestState] = {}
        self.tasks: dict[str, TaskState] = {}
        self.cases: dict[str, Case] = {}
        self.to_task = {id: Wire("/services/request-intake", id, id) for id in IDS}
        self.to_case = {id: Wire("/services/request-intake", id, id) for id in IDS}
        self.to_request = {
            id: Wire("/services/volunteer-dispatch", lead_task_id(id), id) for id in IDS
        }
        self.at_work: list[Steps] = []
        self.joins = 0
        for id in IDS:
            self.accept(id)

    def accept(self, id: str) -> None:
        request = RequestState(
            id=id,
            tracking_code=id,
            channel="web",
            kind="help",
            category="other",
            urgency="ordinary",
            rules_version=1,
            grid_id="g1",
            area_path=PATH,
            located=True,
            accepted_at=NOON,
            received_at=NOON,
        )
        self.write(id, service.accept(request))

    # Writes: one document each

    def write(self, id: str, decision: Decision[RequestState] | None) -> None:
        if decision is None:
            return
        self.requests[id] = restarted(decision.state)
        for item in decision.events:
            self.to_task[id].send(item, decision.time or self.now)
            self.to_case[id].send(item, decision.time or self.now)

    def write_task(self, id: str, decision: Decision[TaskState] | None) -> None:
        if decision is None:
            return
        self.tasks[id] = decision.state
        for item in decision.events:
            self.to_request[id].send(item, decision.time or self.now)

    def context(self) -> Context:
        return context(self.now, TO_POWER)

    # Facts

    def deliver(self, id: str) -> bool:
        if self.to_task[id].way:
            event = self.to_task[id].way.popleft()
            handler = HANDLERS.get(type(event.data))  # type: ignore[arg-type]
            if handler is not None:
                self.write_task(id, handler(self.tasks.get(id), event, self.context()))
            return True
        if self.to_request[id].way:
            event = self.to_request[id].way.popleft()
            told = intake.HANDLERS.get(type(event.data))  # type: ignore[arg-type]
            about = intake.Context(
                self.now, Locator({}, ()), Classifier(TABLE, 1), ANSWER, sealed={}, codes={}
            )
            if told is not None:
                self.write(id, told(self.requests[id], event, about))
            self.assess(id, event)
            return True
        if self.to_case[id].way:
            self.assess(id, self.to_case[id].way.popleft())
            return True
        return False

    def assess(self, id: str, event: Any) -> None:
        handler = ASSESSED.get(type(event.data))
        decision = None if handler is None else handler(self.cases.get(id), event, BEIJING)
        if decision is not None:
            self.cases[id] = decision.state

    @rule(id=NUMBERS)
    def a_fact_arrives(self, id: str) -> None:
        self.deliver(id)

    @rule()
    def facts_arrive(self) -> None:
        while any(self.deliver(id) for id in IDS):
            pass

    # What `Joiner` does, a step a write

    def go_on(self, id: str, intent: Joining) -> Steps:
        try:
            self.write(
                intent.lead,
                joining.enlist(
                    self.requests[intent.lead], Member(id=id, join_id=intent.id), at_most=9
                ),
            )
        except Problem:
            yield
            self.write(id, joining.drop(self.requests[id], intent.id))
            return
        lead = self.requests[intent.lead]
        yield
        self.write(id, joining.finish(self.requests[id], intent.id, lead, self.now))

    def tell(self, id: str) -> Steps:
        lead = self.requests[id]
        gone, later = [], False
        for member in lead.members:
            yield
            state = self.requests[member.id]
            if state.joining is not None and state.joining.id == member.join_id:
                self.write(member.id, joining.finish(state, member.join_id, lead, self.now))
                yield
                state = self.requests[member.id]
            if state.joined is None or state.joined.id != member.join_id:
                gone.append(member)
                continue
            self.write(member.id, joining.follow(state, lead, self.now, ANSWER))
            state = self.requests[member.id]
            mine = state.joined is not None and state.joined.id == member.join_id
            later = later or (mine and joining.waits(state, lead))
        yield
        self.write(id, joining.heard_all(self.requests[id], lead, tuple(gone), later))

    @rule(id=NUMBERS, lead=NUMBERS, whole=st.booleans())
    def somebody_joins(self, id: str, lead: str, whole: bool) -> None:
        self.joins += 1
        intent = Joining(id=f"j{self.joins}", lead=lead, at=self.now, by="x")
        try:
            decision = joining.start(self.requests[id], intent)
        except Problem:
            return
        self.write(id, decision)
        if decision is not None:
            work = self.go_on(id, intent)
            if whole:
                list(work)
            else:
                self.at_work.append(work)

    @rule(id=NUMBERS)
    def the_loop_comes(self, id: str) -> None:
        state = self.requests[id]
        if state.joining is not None:
            self.at_work.append(self.go_on(id, state.joining))
        if state.untold:
            self.at_work.append(self.tell(id))

    @precondition(lambda self: bool(self.at_work))
    @rule(which=st.integers(0, 9))
    def somebody_goes_on(self, which: int) -> None:
        work = self.at_work[which % len(self.at_work)]
        try:
            next(work)
        except StopIteration:
            self.at_work.remove(work)

    @precondition(lambda self: bool(self.at_work))
    @rule(which=st.integers(0, 9))
    def a_process_dies(self, which: int) -> None:
        self.at_work.pop(which % len(self.at_work))

    @rule(id=NUMBERS)
    def staff_separates(self, id: str) -> None:
        try:
            self.write(id, joining.separate(self.requests[id], "x", self.now))
        except Problem:
            return

    def all_go_on(self) -> None:
        for work in self.at_work:
            for _step in work:
                pass
        self.at_work = []

    # What chance alone seldom brings about

    @rule(id=NUMBERS, lead=NUMBERS, how=st.sampled_from(["complete", "final", "away"]))
    def its_own_work_ends_as_it_is_joined(self, id: str, lead: str, how: str) -> None:
        self.facts_arrive()
        self.work(id, "accept")
        self.work(id, how)
        self.somebody_joins(id, lead, whole=True)

    @rule(
        id=NUMBERS,
        lead=NUMBERS,
        own=st.sampled_from(["", "accept", "complete", "final", "away"]),
        how=st.sampled_from(["complete", "final", "away"]),
        then=st.sampled_from(["", "answer", "separate"]),
    )
    def the_lead_ends_before_dispatch_hears_of_the_joining(
        self, id: str, lead: str, own: str, how: str, then: str
    ) -> None:
        self.facts_arrive()
        if own:
            self.work(id, "accept")
            self.work(id, own)
        self.somebody_joins(id, lead, whole=True)
        self.work(lead, "accept")
        self.work(lead, how)
        while id != lead and self.deliver(lead):
            pass
        self.the_loop_comes(lead)
        self.all_go_on()
        if then == "answer":
            self.resident_answers(id, False)
        if then == "separate":
            self.staff_separates(id)

    @rule(id=NUMBERS, lead=NUMBERS, dies=st.booleans(), how=st.sampled_from(["complete", "away"]))
    def the_lead_ends_between_two_steps(self, id: str, lead: str, dies: bool, how: str) -> None:
        self.facts_arrive()
        self.somebody_joins(id, lead, whole=False)
        if not self.at_work:
            return
        work = self.at_work[-1]
        next(work, None)
        self.work(lead, "accept")
        self.work(lead, how)
        self.facts_arrive()
        if dies:
            self.at_work.remove(work)

    @rule(id=NUMBERS, lead=NUMBERS, steps=st.integers(0, 3))
    def the_lead_hears_more_while_its_members_are_told(
        self, id: str, lead: str, steps: int
    ) -> None:
        self.somebody_joins(id, lead, whole=True)
        self.facts_arrive()
        self.work(lead, "accept")
        self.facts_arrive()
        tell = self.tell(lead)
        for _ in range(steps):
            next(tell, None)
        self.work(lead, "complete")
        self.facts_arrive()
        self.at_work.append(tell)
        self.all_go_on()

    # Work and answers

    @rule(id=NUMBERS, name=st.sampled_from(["accept", "complete", "complete", "final", "away"]))
    def work(self, id: str, name: str) -> None:
        state, ctx = self.tasks.get(id), self.context()
        if state is None:
            return
        if name == "away":
            record = of_unit(
                units.TaskResult(outcome="withdrawn"), "power", f"task/{lead_task_id(id)}", self.now
            )
            try:
                self.write_task(id, HANDLERS[units.TaskResult](state, record, ctx))
            except Refused:
                return
            return
        does: dict[str, Callable[[], Decision[TaskState]]] = {
            "accept": lambda: commands.accept(state),
            "complete": lambda: commands.complete(state, "w", None, "x:me", ctx),
            "final": lambda: commands.approve(
                commands.answer_finally(state, "g", "why", "x:me", ctx).state, "", ctx
            ),
        }
        needs = {"final": "answer-finally"}.get(name, name)
        if needs in commands_of(state):
            self.write_task(id, does[name]())

    @rule(id=NUMBERS, solved=st.sampled_from([True, False]))
    def resident_answers(self, id: str, solved: bool) -> None:
        if self.requests[id].status == "completed":
            given = FollowUp(at=self.now, by="r", round=1, contacted=True, solved=solved)
            self.write(id, service.follow_up(self.requests[id], given))

    @rule(hours=st.sampled_from([1, 48, 200]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        for id in IDS:
            self.write(id, service.on_due(self.requests[id], self.now))
            for _ in range(30):
                task = self.tasks.get(id)
                decision = None if task is None else on_due(task, self.context())
                if decision is None:
                    break
                self.write_task(id, decision)

    # What must hold always

    @invariant()
    def nobody_is_joined_to_a_joined_one(self) -> None:
        for id, state in self.requests.items():
            if state.members:
                assert (state.joined, state.joining) == (None, None), id
            if state.joined is not None:
                assert state.joined.lead != id
                lead = self.requests[state.joined.lead]
                assert lead.joined is None
                assert Member(id=id, join_id=state.joined.id) in lead.members

    # What must hold once all facts have arrived and the loop has come round

    def teardown(self) -> None:
        for _ in range(60):
            self.all_go_on()
            self.facts_arrive()
            for id in IDS:
                self.the_loop_comes(id)
            if not self.at_work and not any(state.todo for state in self.requests.values()):
                break
        else:
            raise AssertionError("the loop does not come to rest")
        for id, state in self.requests.items():
            self.check(state, self.tasks[id], self.cases[id])

    def check(self, state: RequestState, task: TaskState, case: Case) -> None:
        """No request is lost, and everybody knows the same of it."""
        joined = state.joined
        assert state.joining is None
        assert case.joined == (joined is not None)
        assert case.measure.requests == (0 if joined else 1)
        if joined is None:
            assert task.status is not Status.JOINED
            assert task.is_open == (state.status in WORKED), "nobody works on it"
            assert task.round == state.round or not task.is_open
            return
        lead = self.requests[joined.lead]
        assert joined.told, "dispatch never confirmed it"
        assert task.status is Status.JOINED
        if state.status in WORKED:
            # It follows the one task that is worked.
            assert self.tasks[lead.id].is_open
            assert (state.status, state.deadline) == (lead.status, lead.deadline)
        else:
            # Its resident was asked for himself or herself.
            assert any(step.step == "asked" for step in state.steps)
            assert state.status == "closed" or state.follow_up_until is not None


TestGroup = cast(Any, Group).TestCase
TestGroup.settings = settings(max_examples=300, stateful_step_count=15)
