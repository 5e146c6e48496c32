"""Parts of a task: who is asked, until when, how they end, and what that does to the task."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.volunteer_dispatch.access import (
    may_answer,
    may_coordinate,
    sees,
    sees_whole,
)
from services.volunteer_dispatch.handlers import HANDLERS
from services.volunteer_dispatch.messages_joint import JOINT
from services.volunteer_dispatch.messages_routing import REASONS
from services.volunteer_dispatch.service import commands, joint_commands, joint_work
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint import KEPT, JointPart, PartStatus
from services.volunteer_dispatch.service.joint_work import Wish
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import requests, units
from shared.contracts.task_parts import PartOrigin
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role
from tests.unit.services.volunteer_dispatch.city import (
    DAY,
    HOUR,
    NOON,
    PATH,
    context,
    event,
    handle,
    names,
    new,
    of_unit,
    payload_of,
)

RULE: list[dict[str, Any]] = [{"to": "unit:power", "assist": ["unit:water"]}]
ALONE: list[dict[str, Any]] = [{"to": "unit:power"}]


def at(now: Any = NOON, rules: list[dict[str, Any]] = RULE) -> Context:
    """The city, with a member of a joint organization and a pairing to ask."""
    ctx = context(now, rules)
    city = ctx.directory
    city.put("organizations", [{"_id": "org-agency", "unit_id": "agency"}])
    city.put("organizations", [{"_id": "org-water", "unit_id": "water"}])
    members = [{"organization_id": "org-water", "left": None}]
    city.put("joints", [{"_id": "j1", "lead": "org-s1", "members": members}])
    runs = {"since": (NOON - DAY).isoformat(), "until": (NOON + 400 * DAY).isoformat()}
    city.put("pairings", [{"_id": "p1", "giver": "org-agency", "taker": "org-s1"} | runs])
    return ctx


def taken(rules: list[dict[str, Any]] = RULE, **more: Any) -> TaskState:
    """A task of unit power, accepted; due in 168 hours."""
    return commands.accept(new(at(rules=rules), **more).state).state


def ask(
    state: TaskState, to: str, ctx: Context, asks: str = "asks", **more: Any
) -> Decision[TaskState]:
    kind, _, id = to.partition(":")
    wish = Wish(PartOrigin.ASKED, asks, by="x:lead", **more)
    return joint_commands.ask(state, ctx.directory.of(AssigneeKind(kind), id), wish, ctx)


def only(state: TaskState) -> JointPart:
    (part,) = state.open_parts
    return part


def fired(state: TaskState, ctx: Context) -> Decision[TaskState]:
    decision = on_due(state, ctx)
    assert decision is not None
    return decision


def test_the_rule_s_assisting_units_have_parts_from_the_first_moment() -> None:
    decision = new(at())
    assert names(decision) == ["TaskCreated", "TaskAssigned", "TaskPartAsked"]
    told, part = payload_of(decision.events[-1]), only(decision.state)
    assert (part.key, part.origin, part.deadline) == ("unit:water", PartOrigin.RULE, None)
    assert (told.deadline, told.accept_by) == (decision.state.deadline, NOON + 24 * HOUR)
    # Once in the task's life: also where the task goes on to the next place.
    given = commands.give_back(decision.state, "why", at())
    assert "TaskPartAsked" not in names(given)


def test_a_volunteer_s_search_is_assisted_too() -> None:
    ctx = at(rules=[{"to": "volunteer", "assist": ["unit:water"]}])
    decision = new(ctx, category="care")
    assert decision.state.status is Status.MATCHING
    assert only(decision.state).key == "unit:water"


def test_a_task_in_a_unit_s_hand_already_asks_nobody() -> None:
    assert new(at(), handling_unit="power").state.parts == ()


def test_the_lead_asks_on_the_way_to_help_and_that_is_explained() -> None:
    decision = ask(taken(ALONE), "unit:agency", at())
    part = only(decision.state)
    assert (part.step, part.through, part.areas) == ("paired", "p1", ("C", "D"))
    explained = decision.state.explained[-1]
    assert (explained.kind, explained.why, explained.chosen) == ("help", "help-asked", part.key)
    assert [(one.key, one.note, one.through) for one in explained.candidates][:2] == [
        ("unit:water", "joint", "j1"),
        ("unit:agency", "paired", "p1"),
    ]
    # Whoever is not on the way can be named too.
    named = only(ask(taken(ALONE), "grid_team:g2", at()).state)
    assert (named.step, named.areas) == (None, ("C", "D", "S2", "S2-1"))


@pytest.mark.parametrize(
    ("to", "more", "code"),
    [
        ("unit:power", {}, "part-for-holder"),
        ("unit:water", {}, "part-open-already"),
        ("unit:agency", {"deadline": NOON}, "part-deadline-past"),
        ("unit:agency", {"deadline": NOON + timedelta(hours=169)}, "part-deadline-after"),
    ],
)
def test_who_and_until_when_nobody_is_asked(to: str, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Ruled) as rule:
        ask(taken(), to, at(), **more)
    assert rule.value.code == code
    assert code in JOINT


def test_a_round_has_as_many_parts_as_the_table_says() -> None:
    state, ctx = taken(), at()
    for n in range(2, ctx.limits.parts_at_most + 1):
        ctx.directory.put("areas", [{"_id": f"X{n}", "parent": "C"}])
        state = ask(state, f"area_duty:X{n}", ctx).state
    with pytest.raises(Ruled) as rule:
        ask(state, "unit:agency", ctx)
    assert rule.value.code == "parts-too-many"


def test_a_part_without_its_own_deadline_moves_with_the_task_s() -> None:
    own = NOON + 100 * HOUR
    state = ask(taken(), "unit:agency", at(), deadline=own).state
    before = state.deadline
    assert before is not None
    paused = commands.wait(state, "asks?", at(NOON + HOUR)).state
    assert paused.part_due_at() is None  # the clock stands still, for parts too
    state = commands.resume(paused, None, "x:me", at(NOON + 11 * HOUR)).state
    assert [part.due(state.deadline) for part in state.parts] == [
        before + 10 * HOUR,
        own + 10 * HOUR,
    ]
    assert {part.accept_by for part in state.parts} == {NOON + 34 * HOUR}


def test_for_an_overdue_task_a_part_is_due_when_an_answer_is() -> None:
    late = NOON + 200 * HOUR
    state = fired(taken(ALONE), at(late)).state
    part = only(ask(state, "unit:agency", at(late)).state)
    assert part.deadline == part.accept_by == late + 24 * HOUR
    with pytest.raises(Ruled):
        ask(state, "unit:agency", at(late), deadline=late + HOUR)


def test_silence_and_lateness_are_told_once_to_the_lead_and_who_stands_above() -> None:
    state = taken()
    assert on_due(state, at(NOON + 23 * HOUR)) is None
    silent = fired(state, at(NOON + 24 * HOUR))
    told = payload_of(silent.events[0])
    assert names(silent) == ["TaskPartSilent"]
    assert (told.lead.id, told.supervisor.id, told.suggested.id) == ("power", "S1-1", "agency")
    assert on_due(silent.state, at(NOON + 25 * HOUR)) is None
    later = silent.state
    seen: list[str] = []
    while (decision := on_due(later, at(NOON + 400 * HOUR))) is not None:
        seen += names(decision)
        later = decision.state
    assert seen == ["TaskOverdue", "TaskPartOverdue"]
    assert only(later).overdue
    ended = joint_commands.cancel(later, only(later), "why", "x:lead", at(NOON + 400 * HOUR))
    assert commands.complete(ended.state, "w", None, "x:me", at(NOON + 400 * HOUR))


@pytest.mark.parametrize(
    "ends",
    [
        lambda state: commands.complete(state, "words", None, "x:me", at()),
        lambda state: commands.answer_finally(state, "no_basis", "why", "x:me", at()),
    ],
    ids=["complete", "answer finally"],
)
def test_a_lead_is_done_only_when_every_part_has_ended(ends: Callable[[TaskState], Any]) -> None:
    with pytest.raises(Ruled) as rule:
        ends(taken())
    assert (rule.value.code, rule.value.parameters) == ("parts-open", {"parts": "1 unit:water"})


def test_a_final_answer_is_not_approved_while_a_part_is_open() -> None:
    asked = commands.answer_finally(taken(ALONE), "no_basis", "why", "x:me", at()).state
    state = ask(asked, "unit:water", at()).state
    with pytest.raises(Ruled):
        commands.approve(state, "", at())
    cancelled = joint_commands.cancel(state, only(state), "why", "x:lead", at())
    assert commands.approve(cancelled.state, "", at()).state.status is Status.FINALLY_ANSWERED


def test_the_work_is_complete_no_earlier_than_its_last_part() -> None:
    later = NOON + 5 * HOUR
    done = joint_commands.complete(taken(), only(taken()), "words", "x:water", at(later))
    assert names(done) == ["TaskPartAccepted", "TaskPartDone"]
    assert done.state.parts[0].result == "sealed:words"
    completed = commands.complete(done.state, "w", NOON + HOUR, "x:me", at(NOON + 6 * HOUR))
    assert completed.state.completed_at == later


def test_after_a_no_the_next_up_the_way_is_suggested_or_asked() -> None:
    plain = joint_commands.decline(taken(), only(taken()), "why", "x:water", at())
    assert names(plain) == ["TaskPartDeclined"]
    suggested = plain.state.parts[0].suggested
    assert suggested is not None
    assert suggested.id == "agency"
    state, seen = ask(taken(ALONE), "unit:water", at(), pass_on=True).state, []
    while state.open_parts:
        seen.append(only(state).key)
        state = joint_commands.decline(state, only(state), "why", "x:w", at()).state
    # To the end of the way, and no further.
    assert seen == [
        "unit:water",
        "unit:agency",
        *[f"area_duty:{code}" for code in reversed(PATH)],
    ]
    assert state.parts[-1].suggested is None


def of(state: TaskState, data: Any, unit: str) -> Decision[TaskState]:
    decision = HANDLERS[type(data)](state, of_unit(data, unit), at())
    assert decision is not None
    return decision


def test_a_unit_s_record_works_on_its_part_and_later_ones_change_nothing() -> None:
    state = of(taken(), units.TaskProgress(status="in_hand"), "water").state
    assert only(state).status is PartStatus.ACCEPTED
    done = of(state, units.TaskResult(words="w"), "water")
    assert names(done) == ["TaskPartDone"]
    assert (done.state.status, done.state.words) == (Status.ACCEPTED, ())
    assert of(done.state, units.TaskResult(), "water").events == ()
    declined = of(taken(), units.TaskProgress(status="declined", reason="r"), "water")
    assert names(declined) == ["TaskPartDeclined"]


def test_the_lead_s_record_waits_for_the_last_part() -> None:
    state = of(taken(), units.TaskResult(completed_at=NOON), "power").state
    assert (state.status, state.held is not None) == (Status.ACCEPTED, True)
    cancelled = joint_commands.cancel(state, only(state), "why", "x:lead", at(NOON + HOUR))
    assert names(cancelled) == ["TaskPartCancelled", "TaskCompleted"]
    assert cancelled.state.completed_at == NOON
    # A new holder is not done because the last one was.
    given = commands.give_back(state, "why", at(), "not_my_duty").state
    assert given.held is None
    # A record of the past waits for nobody.
    past = of(taken(), units.TaskResult(ask_resident=False), "power")
    assert names(past) == ["TaskPartCancelled", "TaskCompleted"]


def test_a_request_that_ends_ends_its_parts() -> None:
    closed = handle(taken(), event(requests.RequestClosed(request_id="r1", outcome="solved")))
    assert closed.state.parts[0].reason == "request_closed"
    withdrawn = of(taken(), units.TaskResult(outcome="withdrawn"), "power")
    assert names(withdrawn)[-2:] == ["TaskPartCancelled", "TaskCancelled"]


def test_opened_again_who_did_a_part_or_still_had_one_is_asked_again() -> None:
    state, ctx = taken(), at()
    state = joint_commands.complete(state, only(state), "w", "x:water", ctx).state
    for to, end in (("unit:agency", "decline"), ("area_duty:S2", "cancel")):
        state = ask(state, to, ctx).state
        does = getattr(joint_commands, end)
        state = does(state, only(state), "why", "x:y", ctx).state
    state = ask(state, "grid_team:g2", ctx, asks="still").state
    again = handle(state, event(requests.RequestReopened(request_id="r1", round=2)), at())
    kinds = names(again)
    assert kinds == ["TaskPartCancelled", "TaskAssigned", "TaskPartAsked", "TaskPartAsked"]
    new_ones = again.state.open_parts
    assert [(p.number, p.key, p.asks, p.origin) for p in new_ones] == [
        (5, "unit:water", None, "reopened"),
        (6, "grid_team:g2", "still", "reopened"),
    ]
    assert again.state.parts[3].reason == joint_work.REOPENED
    # A unit that is not there any more is not asked.
    ctx.directory.put("units", [{"_id": "water", "area": "S1", "retired": True}])
    fact = event(requests.RequestReopened(request_id="r1", round=2))
    gone = HANDLERS[requests.RequestReopened](state, fact, ctx)
    assert gone is not None
    assert [part.key for part in gone.state.open_parts] == ["grid_team:g2"]


def test_who_helps_sees_the_task_as_long_as_it_helps() -> None:
    state = ask(taken(), "grid_team:g2", at()).state
    water = Principal("w", Role.UNIT_OPERATOR, unit_id="water")
    leader = Principal("l", Role.GRID_LEADER, grids=frozenset({"g2"}))
    street = Principal("s", Role.AREA_MANAGER, areas=frozenset({"S2"}))
    lead = Principal("p", Role.UNIT_OPERATOR, unit_id="power")
    above = Principal("a", Role.AREA_MANAGER, areas=frozenset({"S1"}))
    of_water, of_grid = state.parts
    assert [may_answer(who, of_water) for who in (water, leader, street, lead, above)] == [
        *(True, False, False, False, True),
    ]
    assert [may_answer(who, of_grid) for who in (water, leader, street, lead, above)] == [
        *(False, True, True, False, False),
    ]
    for who in (water, leader, street):
        assert (sees(who, state), sees_whole(who, state)) == (True, False)
        assert not may_coordinate(who, state)
    for who in (lead, above):
        assert sees_whole(who, state)
        assert may_coordinate(who, state)
    for part in state.open_parts:
        state = joint_commands.cancel(state, part, "why", "x:lead", at()).state
    assert [sees(who, state) for who in (water, leader, street, lead)] == [False] * 3 + [True]


def test_parts_kept_are_bounded_and_numbers_are_never_used_again() -> None:
    state, ctx = taken(), at()
    state = joint_commands.cancel(state, only(state), "why", "x:lead", ctx).state
    for _ in range(KEPT + 5):
        step = joint_work.ask(state, ctx.directory.unit("agency"), Wish(PartOrigin.ASKED), ctx)
        state = joint_commands.cancel(step[0], only(step[0]), "why", "x:lead", ctx).state
    assert len(state.parts) <= KEPT + 1
    assert state.parts[-1].number == KEPT + 6


def test_everything_has_its_words() -> None:
    said = {**JOINT, **REASONS}
    assert {f"part-origin-{origin.value}" for origin in PartOrigin} <= set(said)
    for reason in (joint_work.REQUEST_CLOSED, joint_work.REPORTED_DONE, joint_work.REOPENED):
        assert f"part-ended-{reason}" in said
    for step in ("neighbour_grid", "joint", "paired", "above"):
        assert f"considered-{step}" in said


def test_a_task_of_before_there_were_parts_is_read_as_one_without() -> None:
    kept = taken(ALONE).model_dump()
    for name in ("parts", "held", "helping"):
        del kept[name]
    assert TaskState.model_validate(kept).open_parts == ()
