"""A listed organization's life as a state machine: whatever is done in whatever order."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from services.assessment.lists import weak
from services.assessment.lists.weak import OPEN, Stage, Weak
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
from shared.storage.aggregates import At, Decision
from shared.web.problems import Problem
from tests.unit.services.assessment.lists import stories
from tests.unit.services.assessment.lists.stories import (
    DAY,
    START,
    VILLAGE,
    ZONE,
    check,
    judged,
    plan,
)

RULES = stories.RULES.model_copy(update={"relapse_months": 3})
"""A short time, so that some leave it."""
F = TypeVar("F", bound=Callable[..., Any])
holds = st.sampled_from([True, False, None, True])


def at(*stages: Stage | None) -> Callable[[F], F]:
    """Only at these stages; None: never listed. `out_of_turn` tries the rest."""
    return precondition(lambda life: (life.state and life.state.stage) in stages)


class Life(RuleBasedStateMachine):
    """Criteria come and go, people decide, time passes."""

    @initialize(listed=st.sampled_from([True, True, True, False]))
    def begin(self, listed: bool) -> None:
        self.now: datetime = START
        self.state: Weak | None = None
        self.told: list[Payload] = []
        self.criteria = judged(a=listed, b=False)
        self.looked: bool | None = None
        """What the last check of the plan as it stands said."""
        self.leader = ""
        self.take(weak.find(None, VILLAGE, self.criteria, self.now, RULES, ZONE))

    def take(self, decision: Decision[Weak] | None) -> None:
        if decision is None:
            return
        before = self.state
        self.state = Weak.model_validate(decision.state.model_dump())
        assert self.state == decision.state, "stored and read again it is the same"
        for event in decision.events:
            assert not isinstance(event, At)
            self.told.append(event)
        if before is not None:
            assert self.state.stays[: len(before.stays) - 1] == before.stays[:-1], "the past stands"

    # What happens

    @rule(days=st.integers(1, 120))
    def time_passes(self, days: int) -> None:
        """Timers fire on the way, each at its time."""
        until = self.now + timedelta(days=days)
        while self.state is not None and (due := self.state.next_due()) and due <= until:
            self.now = max(self.now, due)
            decision = weak.on_due(self.state, self.now)
            assert decision is not None, "what is due does something"
            self.take(decision)
            after = self.state.next_due()
            assert after is None or after > due, "and does it once"
        self.now = until

    @at(None, Stage.PLANNED, Stage.LEFT, Stage.REFUSED)
    @rule(a=holds, b=holds)
    def criteria_are_judged(self, a: bool | None, b: bool | None) -> None:
        self.criteria = judged(f"{self.now.year}-{self.now.month:02d}", a=a, b=b)
        was = self.state
        self.take(weak.find(was, VILLAGE, self.criteria, self.now, RULES, ZONE))
        again = weak.find(self.state, VILLAGE, self.criteria, self.now, RULES, ZONE)
        assert again is None, "judged again it is the same"
        listed_before = was is not None and was.stage in OPEN
        newly = self.state is not None and self.state.stage in OPEN and not listed_before
        if newly:
            assert self.criteria.holding(), "nobody is listed without a criterion that holds"
        if self.criteria.holding() and (was is None or was.stage is Stage.LEFT):
            assert newly, "criteria that hold always list"

    @at(Stage.FOUND)
    @rule(confirmed=st.booleans())
    def a_person_decides(self, confirmed: bool) -> None:
        if self.state is None:
            return
        with contextlib.suppress(Problem):
            self.take(
                weak.decide(self.state, confirmed, "去看过", "area_manager:li", self.now, RULES)
            )

    @at(Stage.CONFIRMED, Stage.PLANNED)
    @rule(days=st.integers(-5, 200), leader=st.sampled_from(["leader", "checker"]))
    def help_is_planned(self, days: int, leader: str) -> None:
        if self.state is None:
            return
        with contextlib.suppress(Problem):
            self.take(weak.plan(self.state, plan(self.now, days, leader), "为何", self.now))
            self.looked, self.leader = None, leader

    @at(Stage.PLANNED)
    @rule(passed=st.booleans(), checker=st.sampled_from(["leader", "checker"]))
    def somebody_checks(self, passed: bool, checker: str) -> None:
        if self.state is None:
            return
        with contextlib.suppress(Problem):
            self.take(weak.check(self.state, check(self.now, passed, checker)))
            assert checker != self.leader, "nobody checks the own help"
            self.looked = passed

    @at(Stage.PLANNED)
    @rule(although=st.sampled_from([None, "已撤并"]))
    def it_leaves(self, although: str | None) -> None:
        if self.state is None:
            return
        stay = self.state.stay
        listed_by = stay.judged.holding()
        try:
            decision = weak.leave(self.state, self.criteria, "达标", although, self.now)
        except Problem as problem:
            if problem.code == "criteria-hold":
                assert although is None, "a named reason lets it go"
            return
        assert self.looked, "nobody leaves without a check of the plan as it stands, and passed"
        now = {each.id: each.holds for each in self.criteria.criteria}
        held = any(now.values()) or any(now[id] is None for id in listed_by)
        assert not held or although is not None, "nor while criteria hold without a reason"
        assert bool(decision.state.stay.although) is held
        self.take(decision)

    @at(Stage.FOUND, Stage.PLANNED)
    @rule(chance=st.integers(0, 9))
    def the_registry_retires_it(self, chance: int) -> None:
        if chance == 0 and self.state is not None:
            self.take(weak.retire(self.state, (), self.now))

    @at(Stage.FOUND, Stage.CONFIRMED, Stage.PLANNED)
    @rule(
        although=st.sampled_from([None, "已撤并"]),
        a=st.sampled_from([False, False, True, None]),
        days=st.integers(0, 60),
        passed=st.booleans(),
        again=st.booleans(),
    )
    def it_is_helped_and_checked(
        self, although: str | None, a: bool | None, days: int, passed: bool, again: bool
    ) -> None:
        """The ordinary way, in one go: it leads to what comes after."""
        self.a_person_decides(confirmed=True)
        self.help_is_planned(90, "leader")
        self.time_passes(days)
        self.somebody_checks(passed=passed, checker="checker")
        if again:
            self.help_is_planned(30, "leader")
        self.criteria = judged(f"{self.now.year}-{self.now.month:02d}", a=a, b=False)
        self.it_leaves(although)

    @rule(
        what=st.sampled_from(["decide", "plan", "check", "leave"]),
        passed=st.booleans(),
        checker=st.sampled_from(["leader", "checker"]),
    )
    def something_is_tried_out_of_turn(self, what: str, passed: bool, checker: str) -> None:
        match what:
            case "decide":
                self.a_person_decides(passed)
            case "plan":
                self.help_is_planned(30, checker)
            case "check":
                self.somebody_checks(passed, checker)
            case _:
                self.it_leaves("x" if passed else None)

    # What always holds

    @invariant()
    def each_stay_is_told_of_in_order(self) -> None:
        if not hasattr(self, "told") or self.state is None:
            return
        for stay in self.state.stays:
            told = [e for e in self.told if getattr(e, "stay", None) == stay.number]
            kinds = [type(e) for e in told]
            assert kinds[0] is WeakFound
            assert kinds.count(WeakFound) == 1
            assert kinds.count(WeakDecided) == (stay.decided_at is not None)
            assert kinds.count(WeakLeft) == (stay.left_at is not None)
            assert kinds.count(WeakDecisionMissing) <= 1
            assert kinds.count(WeakPlanMissing) <= 1
            assert kinds.count(WeakPlanned) == (stay.plan.revision if stay.plan else 0)
            assert kinds.count(WeakChecked) == len(stay.checks)
            assert kinds.count(WeakReviewDue) <= kinds.count(WeakPlanned)
            if WeakPlanMissing in kinds and WeakPlanned in kinds:
                assert kinds.index(WeakPlanMissing) < kinds.index(WeakPlanned)

    @invariant()
    def one_stay_at_most_is_open_and_relapses_are_counted(self) -> None:
        if not hasattr(self, "state") or self.state is None:
            return
        assert all(stay.stage not in OPEN for stay in self.state.stays[:-1])
        assert self.state.stage is self.state.stay.stage
        for number, stay in enumerate(self.state.stays):
            since = add_months(stay.found_at, -RULES.relapse_months, ZONE)
            before = [s for s in self.state.stays[:number] if s.left_at and s.left_at >= since]
            assert stay.relapse == len(before)

    @invariant()
    def a_timer_waits_only_for_what_is_missing(self) -> None:
        if not hasattr(self, "state") or self.state is None:
            return
        stay = self.state.stay
        assert (stay.decision_due is None) or stay.stage is Stage.FOUND
        assert (stay.plan_due is None) or (stay.stage is Stage.CONFIRMED and stay.plan is None)
        assert (stay.review_due is None) or stay.stage is Stage.PLANNED
        if stay.stage is Stage.CONFIRMED:
            assert stay.decided_at is not None
            late = self.now > stay.decided_at + timedelta(days=RULES.plan_days) + DAY
            assert not (late and stay.plan_due), "a missing plan was told of"


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=30)
