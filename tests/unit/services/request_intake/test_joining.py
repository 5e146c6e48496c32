"""Requests that share a task, as intake decides: who may join whom, what members hear, parting."""

from datetime import timedelta
from typing import Any

import pytest

from services.request_intake import joining, service
from services.request_intake.messages import MESSAGES
from services.request_intake.messages_joins import MESSAGES_JOINS
from services.request_intake.state import Joining, Member, RequestState, Status, Step
from shared.contracts import joins, requests, task_life, tasks
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.web.problems import Problem
from tests.unit.services.request_intake.test_requests import NOW, answer, apply, fact, request

WATER = Assignee(kind=AssigneeKind.UNIT, id="water", unit_id="water")
WEEK = timedelta(days=7)
JOINED_ME = Member(id="r1", join_id="j1")


def lead(**more: Any) -> RequestState:
    return request(id="r0", **{"status": "in_hand", "assignee": WATER.model_dump()} | more)


def intent(to: str = "r0", id: str = "j1") -> Joining:
    return Joining(id=id, lead=to, at=NOW, by="area_manager:m", why="同一路段")


def pair(told: bool = True) -> tuple[RequestState, RequestState]:
    """A lead and a request that is joined to it, confirmed by dispatch where `told`."""
    started = joining.start(request(), intent())
    listed = joining.enlist(lead(), JOINED_ME, 9)
    assert started is not None
    assert listed is not None
    done = joining.finish(started.state, "j1", listed.state, NOW)
    assert done is not None
    member = done.state
    if told:
        confirmed = joining.confirm(member, "j1")
        assert confirmed is not None
        member = confirmed.state
    return listed.state, member


def follow(member: RequestState, of: RequestState) -> RequestState:
    decision = joining.follow(member, of, NOW, WEEK)
    assert decision is not None
    assert decision.events == (), "what the lead hears is no fact of the member"
    return decision.state


def code_of(change: Any) -> str:
    with pytest.raises(Problem) as found:
        change()
    assert found.value.code in MESSAGES | MESSAGES_JOINS, "no sentence that says what to do"
    return found.value.code


def test_joining_is_told_once_and_the_request_is_as_its_lead() -> None:
    of, member = pair()
    assert (member.status, member.assignee, member.steps[-1].step) == ("in_hand", WATER, "joined")
    assert member.joined is not None
    assert (member.joined.lead, of.members) == ("r0", (JOINED_ME,))
    started = joining.start(request(), intent())
    assert started is not None
    assert started.events == (), "nothing is told before the lead said yes"
    done = joining.finish(started.state, "j1", of, NOW)
    assert done is not None
    [told] = done.events
    assert told == joins.RequestJoined(request_id="r1", join_id="j1", lead_request_id="r0")


def test_every_step_can_be_done_again() -> None:
    of, member = pair()
    assert joining.start(member, intent(id="j2")) is None
    assert joining.enlist(of, JOINED_ME, 9) is None
    assert joining.finish(member, "j1", of, NOW) is None
    assert joining.drop(member, "j1") is None
    assert joining.confirm(member, "j1") is None
    assert joining.follow(member, of, NOW, WEEK) is None


@pytest.mark.parametrize(
    ("member", "to", "code"),
    [
        (request(), "r1", "join-itself"),
        (request(status="closed"), "r0", "request-closed"),
        (request(status="completed"), "r0", "join-after-the-work"),
        (pair()[1], "r9", "joined-already"),
        (request(members=[{"id": "r2", "join_id": "j"}]), "r0", "leads-others"),
        (request(joining=intent(id="j9").model_dump()), "r0", "being-joined"),
    ],
)
def test_who_cannot_be_joined_is_told_what_to_do(member: RequestState, to: str, code: str) -> None:
    assert code_of(lambda: joining.start(member, intent(to, "jx"))) == code


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (pair()[1].model_copy(update={"id": "r0"}), "lead-is-joined"),
        (lead(joining=intent("r1", "j9").model_dump()), "being-joined"),
        (lead(status="completed"), "lead-has-ended"),
        (lead(status="closed"), "lead-has-ended"),
        (lead(members=[{"id": f"m{n}", "join_id": "j"} for n in range(3)]), "lead-is-full"),
    ],
)
def test_who_cannot_lead_says_so_and_the_request_stays_as_it_was(
    of: RequestState, code: str
) -> None:
    started = joining.start(request(), intent())
    assert started is not None
    assert code_of(lambda: joining.enlist(of, JOINED_ME, 3)) == code
    dropped = joining.drop(started.state, "j1")
    assert dropped is not None
    assert dropped.state == request()


def test_joins_both_ways_at_once_are_both_refused() -> None:
    one = joining.start(request(), intent("r0", "j1"))
    other = joining.start(lead(), intent("r1", "j2"))
    assert one is not None
    assert other is not None
    assert code_of(lambda: joining.enlist(other.state, JOINED_ME, 9)) == "being-joined"
    back = Member(id="r0", join_id="j2")
    assert code_of(lambda: joining.enlist(one.state, back, 9)) == "being-joined"


def test_a_request_whose_work_ends_before_the_joining_is_done_is_not_joined() -> None:
    started = joining.start(request(), intent())
    assert started is not None
    done, _ = apply(started.state, fact(tasks.TaskCompleted))
    left = joining.finish(done, "j1", lead(members=[JOINED_ME.model_dump()]), NOW)
    assert left is not None
    assert (left.events, left.state.joined, left.state.joining) == ((), None, None)
    assert left.state.status == Status.COMPLETED


def test_a_joining_that_was_left_and_finished_after_the_leads_end_hears_of_it() -> None:
    started = joining.start(request(), intent())
    listed = joining.enlist(lead(), JOINED_ME, 9)
    assert started is not None
    assert listed is not None
    ended, _ = apply_to(listed.state, fact(tasks.TaskCompleted, round=1))
    done = joining.finish(started.state, "j1", ended, NOW)
    assert done is not None
    confirmed = joining.confirm(done.state, "j1")
    assert confirmed is not None
    assert follow(confirmed.state, ended).status == Status.COMPLETED


def apply_to(of: RequestState, told: Any) -> tuple[RequestState, list[Any]]:
    """A fact of the lead's own task."""
    from services.request_intake.handlers import HANDLERS
    from shared.contracts.ids import lead_task_id
    from tests.unit.services.request_intake.test_requests import context, event

    data = told.data.model_copy(update={"task_id": lead_task_id(of.id), "request_id": of.id})
    decision = HANDLERS[type(data)](of, event(data), context())
    return (of, []) if decision is None else (decision.state, list(decision.events))


def test_the_member_reads_of_the_shared_work_and_is_asked_for_himself() -> None:
    of, member = pair()
    for told in (task_life.TaskExtended, tasks.TaskOverdue, tasks.TaskCompleted):
        of, _ = apply_to(of, fact(told))
        assert of.untold
    member = follow(member, of)
    assert [step.step for step in member.steps] == [
        "joined", "extended", "overdue", "completed", "asked",
    ]  # fmt: skip
    assert (member.status, member.follow_up_until) == (Status.COMPLETED, NOW + WEEK)
    assert (member.assignee, member.overdue) == (of.assignee, True)
    closed = service.follow_up(member, answer(True))
    [heard, ended] = closed.events
    assert isinstance(heard, requests.RequestFollowedUp)
    assert heard.handled_by == of.assignee
    assert isinstance(ended, requests.RequestClosed)
    assert of.status == Status.COMPLETED, "each answers for himself"


def test_what_is_asked_of_the_leads_resident_is_not_asked_of_others() -> None:
    of, member = pair()
    of, _ = apply_to(of, fact(task_life.TaskWaiting))
    member = follow(member, of)
    assert (member.steps[-1].step, member.question) == ("waiting_for_another", None)


def test_a_final_answer_is_each_ones_and_not_solved_then_closes() -> None:
    of, member = pair()
    of, _ = apply_to(of, fact(task_life.TaskFinallyAnswered))
    member = follow(member, of)
    assert member.final
    closed = service.follow_up(member, answer(False))
    assert (closed.state.status, closed.state.outcome) == (Status.CLOSED, "final")


def test_a_deferral_is_read_by_every_member() -> None:
    of, member = pair()
    of, _ = apply_to(of, fact(task_life.TaskDeferred))
    member = follow(member, of)
    assert (member.steps[-1].step, member.deadline) == ("deferred", of.deadline)


def test_when_the_lead_is_redone_those_who_have_not_answered_go_along() -> None:
    of, member = pair()
    of, _ = apply_to(of, fact(tasks.TaskCompleted))
    member = follow(member, of)
    of = service.follow_up(of, answer(False)).state
    member = follow(member, of)
    assert (member.status, member.steps[-1].step) == (Status.REOPENED, "reopened_for_another")
    assert (member.round, member.follow_up_until, member.next_due()) == (1, None, None)
    of, _ = apply_to(of, fact(tasks.TaskCompleted, round=2))
    assert follow(member, of).status == Status.COMPLETED


def test_not_solved_gives_this_one_a_task_of_its_own_and_leaves_the_others_alone() -> None:
    of, member = pair()
    of, _ = apply_to(of, fact(tasks.TaskCompleted))
    member = follow(member, of)
    decision = service.follow_up(member, answer(False))
    apart = decision.state
    assert (apart.joined, apart.status, apart.round) == (None, Status.REOPENED, 2)
    assert decision.events[1] == requests.RequestReopened(
        request_id="r1", round=2, handled_by=of.assignee
    )
    assert joining.follow(apart, of, NOW, WEEK) is None


def test_a_withdrawn_lead_leaves_each_member_with_a_task_of_its_own() -> None:
    of, member = pair(told=False)
    of, _ = apply_to(of, fact(tasks.TaskCancelled))
    assert joining.follow(member, of, NOW, WEEK) is None, "dispatch has not confirmed it yet"
    assert joining.waits(member, of)
    confirmed = joining.confirm(member, "j1")
    assert confirmed is not None
    decision = joining.follow(confirmed.state, of, NOW, WEEK)
    assert decision is not None
    [told] = decision.events
    assert isinstance(told, joins.RequestSeparated)
    assert (told.why, told.round) == ("lead_withdrawn", 2)


def test_the_end_is_heard_only_once_dispatch_ended_the_own_task() -> None:
    of, member = pair(told=False)
    of, _ = apply_to(of, fact(tasks.TaskProgressed))
    of, _ = apply_to(of, fact(tasks.TaskCompleted))
    member = follow(member, of)
    assert (member.status, joining.waits(member, of)) == (Status.IN_HAND, True)
    confirmed = joining.confirm(member, "j1")
    assert confirmed is not None
    assert follow(confirmed.state, of).status == Status.COMPLETED


def test_facts_of_its_own_task_do_not_touch_a_joined_request() -> None:
    _, member = pair(told=False)
    for kind in (tasks.TaskAssigned, tasks.TaskAccepted, tasks.TaskOverdue):
        assert apply(member, fact(kind)) == (member, [])
    told, _ = apply(member, fact(joins.TaskJoined))
    assert told.joined is not None
    assert told.joined.told


def test_the_word_of_an_earlier_joining_confirms_nothing() -> None:
    _, member = pair(told=False)
    assert apply(member, fact(joins.TaskJoined, join_id="j0")) == (member, [])
    alone = request()
    assert apply(alone, fact(joins.TaskJoined)) == (alone, [])


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (tasks.TaskCompleted, "completed"),
        (task_life.TaskFinallyAnswered, "completed"),
        (tasks.TaskCancelled, "closed"),
    ],
)
def test_own_work_that_ended_before_the_joining_voids_it(end: Any, status: str) -> None:
    _, member = pair(told=False)
    after, events = apply(member, fact(end))
    assert (after.joined, after.status, after.round) == (None, status, 1)
    assert isinstance(events[0], joins.RequestSeparated)
    assert (events[0].why, events[0].round) == ("own_done", 1)


def test_separated_it_is_open_again_and_says_why() -> None:
    of, member = pair()
    of, _ = apply_to(of, fact(tasks.TaskCompleted))
    decision = joining.separate(follow(member, of), "不是同一处", NOW)
    after = decision.state
    assert (after.joined, after.status, after.round) == (None, Status.ACCEPTED, 2)
    assert (after.follow_up_until, after.completed_at, after.assignee) == (None, None, None)
    assert decision.why == "不是同一处"
    assert "不是" not in str(decision.events)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (request(), "not-joined"),
        (pair(told=False)[1], "being-joined"),
        (pair()[1].model_copy(update={"status": "closed"}), "request-closed"),
    ],
)
def test_what_cannot_be_separated_says_what_to_do(state: RequestState, code: str) -> None:
    assert code_of(lambda: joining.separate(state, "x", NOW)) == code


def test_news_while_members_are_told_is_told_again_and_who_has_gone_is_taken_off() -> None:
    of, _ = pair()
    of, _ = apply_to(of, fact(tasks.TaskProgressed))
    done = joining.heard_all(of, of, (), False)
    assert done is not None
    assert not done.state.untold
    later, _ = apply_to(of, fact(tasks.TaskCompleted))
    assert joining.heard_all(later, of, (), False) is None, "still to be told"
    gone = joining.heard_all(of, of, (JOINED_ME,), False)
    assert gone is not None
    assert gone.state.members == ()


def test_only_requests_that_are_worked_and_not_joined_are_found_nearby() -> None:
    place = {"area_path": ("S", "C1"), "point": {"longitude": 114.05, "latitude": 22.05}}
    assert request(**place).near == ("cell:2205,11405", "in:C1")
    assert request(**place, status="completed").near == ()
    joined = pair()[1].model_copy(update={"area_path": ("S", "C1")})
    assert joined.near == ()


def test_a_request_of_before_there_was_joining_counts_its_steps_from_now() -> None:
    old = lead(steps=[Step(at=NOW, step="accepted").model_dump()] * 3)
    listed = joining.enlist(old, JOINED_ME, 9)
    started = joining.start(request(), intent())
    assert listed is not None
    assert started is not None
    done = joining.finish(started.state, "j1", listed.state, NOW)
    assert done is not None
    of, _ = apply_to(listed.state, fact(tasks.TaskProgressed))
    assert [step.step for step in follow(done.state, of).steps] == ["joined", "progressed"]
