"""What facts say of how things stand: at any moment, whatever was told later."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.lists.facts import (
    Lateness,
    Place,
    Posts,
    gaps_at,
    late_in,
    post_at,
    trainings_overdue,
    vacant_days,
)
from services.assessment.lists.handlers import LATENESS, PLACES, POSTS
from shared.contracts import backbone as b
from shared.contracts import coverage as c
from shared.contracts import plans as p
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ORGANIZATION = {"organization_id": "o1", "area_path": ("bj", "s1"), "post": "secretary"}


def event(data: Payload, day: float) -> Event:
    return Event(
        id="e",
        source="/services/registry/backbone",
        type=data.full_type(),
        subject="o1",
        sequence=1,
        time=START + day * DAY,
        partition_key="backbone/o1",
        trace_parent=None,
        data=data,
    )


def told(facts: Sequence[tuple[Payload, float]], handlers: Any) -> Any:
    state = None
    for data, day in facts:
        decision = handlers[type(data)](state, event(data, day), None)
        state = state if decision is None else decision.state
    return state


def term(id: str, since: int, until: int) -> b.Appointed:
    return b.Appointed.model_validate(
        ORGANIZATION
        | {"term_id": id, "person_id": "p1", "chosen": "elected"}
        | {"since": START + since * DAY, "until": START + until * DAY}
    )


def ended(id: str, day: int) -> b.TermEnded:
    about = {"term_id": id, "person_id": "p1", "at": START + day * DAY, "reason": "resigned"}
    return b.TermEnded.model_validate(ORGANIZATION | about)


def days(facts: Sequence[tuple[Payload, float]], day: int) -> float | None:
    return vacant_days(told(facts, POSTS) or Posts(), START + day * DAY)


def test_a_vacancy_counts_from_the_end_of_the_last_term() -> None:
    facts = [(term("t1", 0, 1000), 0), (ended("t1", 10), 10)]
    assert days(facts, 5) == 0
    assert days(facts, 10) == 0
    assert days(facts, 101) == 91
    filled = [*facts, (term("t2", 120, 900), 115)]
    assert (days(filled, 110), days(filled, 120)) == (100, 0)


def test_one_that_never_had_a_secretary_is_known_once_it_is_told_of() -> None:
    overdue = b.VacancyOverdue.model_validate(ORGANIZATION | {"since": START})
    filled = b.VacancyEnded.model_validate(ORGANIZATION | {"since": START, "how": "filled"})
    assert days([], 200) is None
    assert days([(overdue, 90)], 200) == 200
    facts = [(overdue, 90), (term("t1", 100, 900), 99), (filled, 100)]
    assert (days(facts, 95), days(facts, 150)) == (95, 0)


def test_a_vacancy_that_was_a_mistake_of_the_entry_never_was() -> None:
    overdue = b.VacancyOverdue.model_validate(ORGANIZATION | {"since": START})
    wrong = b.VacancyEnded.model_validate(ORGANIZATION | {"since": START, "how": "corrected"})
    facts = [(overdue, 90), (term("t1", 20, 30), 95), (wrong, 95)]
    assert days(facts, 100) == 70


def test_a_term_taken_back_and_a_first_secretary_hold_nothing() -> None:
    voided = b.AppointmentVoided.model_validate(ORGANIZATION | {"term_id": "t2", "person_id": "p1"})
    first = term("t3", 0, 900).model_copy(update={"post": "first_secretary"})
    facts = [(term("t1", 0, 10), 0), (term("t2", 10, 900), 9), (voided, 50), (first, 51)]
    assert days(facts, 110) == 100


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), max_size=6),
    st.integers(0, 500),
)
def test_held_or_vacant_is_as_the_terms_say(terms: list[tuple[int, int]], day: int) -> None:
    """Against the plain definition, for terms that come one after the other."""
    facts: list[tuple[Payload, float]] = []
    spans, at = [], 0
    for number, (gap, length) in enumerate(terms):
        since, until = at + gap, at + gap + length
        facts.append((term(f"t{number}", since, until), since))
        spans.append((since, until))
        at = until
    over = [until for _, until in spans if until <= day]
    held = any(since <= day < until for since, until in spans)
    expected = 0 if held else (day - max(over) if over else None)
    assert days(facts, day) == expected


def test_overdue_training_counts_from_when_it_was_due_until_it_was_done() -> None:
    about = ORGANIZATION | {"person_id": "p1", "due": START + 10 * DAY}
    facts: list[tuple[Payload, float]] = [(b.TrainingOverdue.model_validate(about), 10)]
    state = told(facts, POSTS)
    assert [trainings_overdue(state, START + d * DAY) for d in (9, 10, 99)] == [0, 1, 1]
    state = told([*facts, (b.TrainingCaughtUp.model_validate(about), 50)], POSTS)
    assert [trainings_overdue(state, START + d * DAY) for d in (49, 50)] == [1, 0]


def test_what_says_how_a_post_stood_names_the_event_that_told_of_it() -> None:
    facts = [(term("t1", 0, 1000), 0), (ended("t1", 10), 10), (term("t2", 120, 900), 115)]
    state = told(facts, POSTS)

    def told_at(day: int) -> tuple[str, datetime] | None:
        said = post_at(state, START + day * DAY)
        return None if said is None or said.told is None else (said.told.type, said.told.time)

    ending = ("lianxin.backbone.term_ended.v1", START + 10 * DAY)
    assert [told_at(day) for day in (-1, 5, 100)] == [None, ending, ending]
    assert told_at(150) == ("lianxin.backbone.appointed.v1", START + 115 * DAY)


def test_gaps_of_a_place_at_a_moment() -> None:
    about = {"place": "grid", "place_id": "g1", "area_path": ("bj", "s1", "c1")}
    found = c.GapFound.model_validate(about | {"gap": "no_leader"})
    other = c.GapFound.model_validate(about | {"gap": "nobody_reachable"})
    closed = c.GapClosed.model_validate(about | {"gap": "no_leader", "since": START})
    state: Place = told([(found, 1), (other, 2), (closed, 5)], PLACES)
    assert [gaps_at(state, START + d * DAY) for d in (0, 1, 2, 5)] == [0, 1, 2, 1]
    assert state.area_path == ("bj", "s1", "c1")


def test_plans_behind_and_tasks_overdue_keep_whose_they_are() -> None:
    behind = p.PlanBehind.model_validate(
        {"plan_id": "p", "target": "1", "organization_id": "o1"}
        | {"quantity": 10, "reported": 1, "expected": 5}
    )
    overdue = p.AssignmentOverdue.model_validate(
        {"assignment_id": "a", "assigner": "o0", "receiver": "o1", "until": START}
    )
    state: Lateness = told([(behind, 3), (overdue, 4)], LATENESS)
    assert [(late.what, late.organization_id) for late in state.behind] == [
        ("1", "o1"),
        ("task", "o1"),
    ]
    assert state.behind[1].at == START


def test_a_plan_counts_as_behind_until_it_has_caught_up_and_again_when_it_falls_behind() -> None:
    of = {"plan_id": "p", "target": "1", "area": "s1"}
    amounts = {"quantity": 10, "reported": 1, "expected": 5}
    behind = p.PlanBehind.model_validate(of | amounts)
    other = p.PlanBehind.model_validate(of | amounts | {"area": "s2"})
    caught_up = p.PlanCaughtUp.model_validate(of | {"since": START})
    facts = [(behind, 3), (other, 4), (caught_up, 40), (behind, 50)]
    state: Lateness = told(facts, LATENESS)

    def areas(day: float) -> list[str | None]:
        moment = START + day * DAY
        return [late.area for late in late_in(state, moment - DAY, moment, moment)]

    # Behind since an earlier month is behind still; what caught up is not.
    assert [areas(day) for day in (2, 3, 35, 40, 49, 50)] == [
        [], ["s1"], ["s1", "s2"], ["s2"], ["s2"], ["s2", "s1"],
    ]  # fmt: skip


def test_a_task_is_overdue_in_the_period_of_its_date() -> None:
    overdue = p.AssignmentOverdue.model_validate(
        {"assignment_id": "a", "assigner": "o0", "receiver": "o1", "until": START}
    )
    state: Lateness = told([(overdue, 4)], LATENESS)
    for begin, number in ((START, 1), (START + DAY, 0), (START - DAY, 0)):
        assert len(late_in(state, begin, begin + DAY, begin + DAY)) == number
