"""The rules on secretaries' terms, vacancies and training (policy, art. 7)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.registry.backbone.decisions import appoint, end, observe, on_due, void
from services.registry.backbone.state import (
    Backbone,
    Course,
    Rules,
    Tenure,
    ending,
    held,
    in_office,
    must_be_trained,
    trained_until,
    vacancies,
)
from services.registry.backbone.table import BackboneRules
from services.registry.registered import Registered
from services.registry.tables import SHIPPED
from shared.contracts.backbone import (
    Appointed,
    AppointmentVoided,
    TermEnded,
    TrainingCaughtUp,
    TrainingOverdue,
    VacancyEnded,
    VacancyOverdue,
)
from shared.contracts.words import Chosen, Domain, Post, TermEnd, VacancyEnd
from shared.spans import Span
from shared.storage.aggregates import Decision, IdempotencyConflict
from shared.web.problems import Problem

ZONE = ZoneInfo("Asia/Shanghai")
TABLE = BackboneRules.model_validate_json((SHIPPED / "backbone-rules.json").read_bytes())
RULES = Rules(TABLE, 1, ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+08:00").astimezone(UTC)


def tenure(since: str, until: str, **more: Any) -> Tenure:
    said: dict[str, Any] = {
        "id": f"t-{since}",
        "post": Post.SECRETARY,
        "person_id": "p1",
        "chosen": Chosen.ELECTED,
    }
    return Tenure(since=at(since), until=at(until), **said | more)


def blank(counted_from: str = "2026-01-01") -> Backbone:
    return Backbone(organization_id="o1", area_path=("4403",), counted_from=at(counted_from))


def with_terms(now: str, *tenures: Tenure) -> Backbone:
    state = blank()
    for each in tenures:
        state = done(appoint(state, each, at(now), RULES)).state
    return state


def registered(since: str) -> Registered:
    return Registered("o1", ("4403",), None, Domain.COMMUNITY, False, at(since))


def done(decision: Decision[Backbone] | None) -> Decision[Backbone]:
    assert decision is not None
    return decision


def kinds(decision: Decision[Backbone]) -> list[type]:
    return [type(event) for event in decision.events]


def test_an_appointment_fills_the_post_and_is_told_without_a_name() -> None:
    decision = done(appoint(blank(), tenure("2026-02-01", "2031-02-01"), at("2026-03-01"), RULES))
    state = decision.state
    assert kinds(decision) == [Appointed]
    assert in_office(state, Post.SECRETARY, at("2026-03-01")) is not None
    assert (state.vacancy, state.holders) == (None, ("p1",))
    assert state.ends_at == at("2031-02-01")
    assert state.next_due() == state.training_due == at("2029-02-01")
    assert vacancies(state, at("2026-03-01")) == [Span(at("2026-01-01"), at("2026-02-01"))]


@pytest.mark.parametrize(
    ("since", "until", "more", "code"),
    [
        ("2026-02-01", "2026-02-01", {}, "term-order"),
        ("2030-01-01", "2032-01-01", {}, "term-overlaps"),
        ("2020-01-01", "2026-02-02", {}, "term-overlaps"),
        ("2027-01-01", "2028-01-01", {}, "term-overlaps"),
        ("2031-02-01", "2032-02-01", {"chosen": Chosen.SENT}, "sent-from-unit"),
        ("2031-02-01", "2032-02-01", {"from_unit": "u1"}, "sent-from-unit"),
        ("2026-03-01", "2028-03-01", {"post": Post.FIRST_SECRETARY}, "first-secretary-sent"),
    ],
)
def test_what_cannot_be_is_refused(since: str, until: str, more: dict[str, Any], code: str) -> None:
    state = with_terms("2026-03-01", tenure("2026-02-01", "2031-02-01"))
    with pytest.raises(Problem) as refused:
        appoint(state, tenure(since, until, id="new", **more), at("2026-03-01"), RULES)
    assert refused.value.code == code


def test_a_first_secretary_is_sent_beside_the_secretary_and_the_next_term_may_follow_at_once() -> (
    None
):
    state = with_terms(
        "2026-03-01",
        tenure("2026-02-01", "2031-02-01"),
        tenure("2031-02-01", "2036-02-01", person_id="p2"),
        tenure(
            "2026-03-01",
            "2026-05-01",
            id="first",
            post=Post.FIRST_SECRETARY,
            person_id="p3",
            chosen=Chosen.SENT,
            from_unit="u1",
        ),
    )
    assert [each.id for each in ending(state, at("2026-03-01"))] == ["first"]
    assert state.ends_at == at("2026-05-01")
    assert state.holders == ("p1", "p2", "p3")
    assert [each.person_id for each, _ in must_be_trained(state, at("2026-03-01"), RULES)] == ["p1"]


def test_the_same_attempt_is_taken_once() -> None:
    made = tenure("2026-02-01", "2031-02-01", attempt="a")
    state = with_terms("2026-03-01", made)
    assert appoint(state, made, at("2026-03-02"), RULES) is None
    with pytest.raises(IdempotencyConflict):
        appoint(state, made.model_copy(update={"attempt": "b"}), at("2026-03-02"), RULES)


def test_a_vacancy_is_told_once_after_three_months_and_again_when_it_is_filled() -> None:
    organization = registered("2026-01-31")
    first = done(observe(None, organization, {}, at("2020-01-01"), at("2026-01-31"), RULES))
    assert first.state.vacancy is not None
    assert first.state.vacancy.since == at("2026-01-31")
    assert first.state.next_due() == at("2026-04-30")
    assert kinds(first) == []
    late = on_due(first.state, at("2026-04-30"), RULES)
    assert kinds(late) == [VacancyOverdue]
    assert late.state.next_due() is None
    assert kinds(on_due(late.state, at("2026-08-01"), RULES)) == []
    same = observe(late.state, organization, {}, at("2020-01-01"), at("2026-08-01"), RULES)
    assert same is None
    filled = done(appoint(late.state, tenure("2026-08-01", "2029-08-01"), at("2026-08-01"), RULES))
    assert kinds(filled) == [Appointed, VacancyEnded]
    # A future term fills nothing before it begins: the timer tells it then.
    later = done(appoint(late.state, tenure("2026-09-01", "2029-09-01"), at("2026-08-01"), RULES))
    assert kinds(later) == [Appointed]
    assert later.state.next_due() == at("2026-09-01")
    [ended] = on_due(later.state, at("2026-09-01"), RULES).events
    assert isinstance(ended, VacancyEnded)
    assert ended.how is VacancyEnd.FILLED


def test_a_vacancy_counts_from_when_the_rule_began_and_only_in_service() -> None:
    old = registered("2019-01-01")
    began = at("2026-01-01")
    state = done(observe(None, old, {}, began, at("2026-02-01"), RULES)).state
    assert state.vacancy is not None
    assert state.vacancy.since == began
    told = on_due(state, at("2026-04-01"), RULES).state
    gone = done(observe(told, old._replace(retired=True), {}, began, at("2026-05-01"), RULES))
    [event] = gone.events
    assert isinstance(event, VacancyEnded)
    assert event.how is VacancyEnd.OUT_OF_SERVICE
    assert (gone.state.vacancy, gone.state.next_due()) == (None, None)
    back = done(observe(gone.state, old, {}, began, at("2026-06-01"), RULES)).state
    assert back.vacancy is not None
    assert back.vacancy.since == at("2026-06-01")


def test_a_term_is_over_by_the_clock_and_the_post_is_vacant_from_then() -> None:
    state = with_terms("2026-02-01", tenure("2026-02-01", "2026-03-01"))
    over = on_due(state, at("2026-03-05"), RULES)
    [event] = over.events
    assert isinstance(event, TermEnded)
    assert (event.at, event.reason) == (at("2026-03-01"), TermEnd.TERM)
    assert over.state.vacancy is not None
    assert over.state.vacancy.since == at("2026-03-01")
    assert over.state.next_due() == at("2026-06-01")
    assert over.state.holders == ()


def test_a_term_ends_early_now_or_later() -> None:
    state = with_terms("2026-02-01", tenure("2026-02-01", "2031-02-01"))
    term = state.tenures[0].id
    now = at("2026-05-01")
    for moment in ("2026-02-01", "2031-02-02"):
        with pytest.raises(Problem, match="end-outside"):
            end(state, term, at(moment), TermEnd.RESIGNED, now, RULES)
    with pytest.raises(Problem, match="404"):
        end(state, "none", now, TermEnd.RESIGNED, now, RULES)
    at_once = done(end(state, term, now, TermEnd.TRANSFERRED, now, RULES))
    assert kinds(at_once) == [TermEnded]
    assert end(at_once.state, term, now, TermEnd.TRANSFERRED, now, RULES) is None
    with pytest.raises(Problem, match="term-over"):
        end(at_once.state, term, now, TermEnd.OTHER, now, RULES)
    announced = done(end(state, term, at("2026-06-01"), TermEnd.PENSION, now, RULES))
    assert kinds(announced) == []
    assert announced.state.ends_at == announced.state.next_due() == at("2026-06-01")
    [event] = on_due(announced.state, at("2026-06-01"), RULES).events
    assert isinstance(event, TermEnded)
    assert event.reason is TermEnd.PENSION


def test_a_voided_term_never_was() -> None:
    state = with_terms("2026-05-01", tenure("2026-02-01", "2031-02-01"))
    voided = done(void(state, state.tenures[0].id, "输错", at("2026-05-01"), RULES))
    assert kinds(voided) == [AppointmentVoided, VacancyOverdue]
    assert held(voided.state, Post.SECRETARY) == []
    assert void(voided.state, state.tenures[0].id, "again", at("2026-05-01"), RULES) is None


def test_a_term_entered_late_corrects_what_was_told() -> None:
    told = on_due(with_terms("2026-01-01"), at("2026-06-01"), RULES).state
    past = done(appoint(told, tenure("2026-01-01", "2026-05-15"), at("2026-06-01"), RULES))
    assert kinds(past) == [Appointed, TermEnded, VacancyEnded]
    ended = past.events[-1]
    assert isinstance(ended, VacancyEnded)
    assert ended.how is VacancyEnd.CORRECTED
    assert past.state.next_due() == at("2026-08-15")


def course(text: str, hours: float) -> Course:
    return Course(at(text), hours)


@pytest.mark.parametrize(
    ("courses", "until"),
    [
        ([], None),
        ([course("2026-01-01", 7)], None),
        ([course("2026-01-01", 8)], "2029-01-01"),
        # The older of the two that are enough together drops out first.
        ([course("2025-01-01", 4), course("2026-01-01", 4)], "2028-01-01"),
        ([course("2020-01-01", 40), course("2026-01-01", 4)], "2023-01-01"),
        ([course("2020-01-01", 40), course("2026-01-01", 8)], "2029-01-01"),
    ],
)
def test_training_counts_for_three_years(courses: list[Course], until: str | None) -> None:
    assert trained_until(courses, 8, 3, ZONE) == (until and at(until))


def test_overdue_training_is_told_once_and_again_when_it_was_done() -> None:
    state = with_terms("2026-02-01", tenure("2026-02-01", "2031-02-01"))
    late = on_due(state, at("2029-02-01"), RULES)
    [told] = late.events
    assert isinstance(told, TrainingOverdue)
    assert (told.person_id, told.due) == ("p1", at("2029-02-01"))
    assert kinds(on_due(late.state, at("2029-03-01"), RULES)) == []
    hours = RULES.table.training_hours
    trained = observe(
        late.state,
        registered("2026-01-01"),
        {"p1": [Course(at("2029-03-02"), hours)]},
        at("2026-01-01"),
        at("2029-03-03"),
        RULES,
    )
    assert kinds(done(trained)) == [TrainingCaughtUp]
    assert done(trained).state.next_due() == at("2031-02-01")


def test_training_is_due_three_years_after_taking_office_or_the_last_training() -> None:
    state = with_terms(
        "2026-01-01",
        tenure("2020-01-01", "2025-01-01"),
        tenure("2025-01-01", "2030-01-01"),
    )
    # Elected again: the time goes on from the first term.
    assert state.training_due == at("2023-01-01")
    organization = registered("2019-01-01")
    trained = done(
        observe(
            state,
            organization,
            {"p1": [course("2025-06-01", 16)]},
            at("2019-01-01"),
            at("2026-01-01"),
            RULES,
        )
    ).state
    assert trained.training_due == at("2028-06-01")
    assert trained.trainings[0].last == at("2025-06-01")


DAY = timedelta(days=1)
START = at("2026-01-01")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("appoint"), st.integers(-60, 400), st.integers(1, 200)),
        st.tuples(st.just("end"), st.integers(0, 9), st.integers(1, 200)),
        st.tuples(st.just("void"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 90), st.just(0)),
    ),
    max_size=15,
)


Step = tuple[str, int, int]


def take(state: Backbone, step: Step, number: int, now: datetime) -> Decision[Backbone] | None:
    """One of the steps; what is refused changes nothing."""
    what, first, second = step
    since = START + first * DAY
    made = Tenure(
        id=f"t{number}",
        post=Post.SECRETARY,
        person_id=f"p{number}",
        chosen=Chosen.APPOINTED,
        since=since,
        until=since + second * DAY,
    )
    terms = state.tenures
    try:
        match what:
            case "appoint":
                return appoint(state, made, now, RULES)
            case "wait":
                return on_due(state, now, RULES)
            case "end" if terms:
                term = terms[first % len(terms)]
                moment = term.since + second * DAY
                return end(state, term.id, moment, TermEnd.OTHER, now, RULES)
            case "void" if terms:
                return void(state, terms[first % len(terms)].id, "x", now, RULES)
    except Problem:
        pass
    return None


def check_tiles(state: Backbone, now: datetime) -> None:
    """Terms and vacancies follow each other without a hole and without a common moment."""
    spans = [each.span for each in held(state, Post.SECRETARY)]
    free = vacancies(state, now)
    pieces = sorted([*spans, *free])
    assert all(one.until <= other.since for one, other in pairwise(pieces))
    reached = min([state.counted_from, *(each.since for each in spans)])
    for piece in pieces:
        if piece.since < now:
            assert piece.since == reached
            reached = piece.until
    assert reached >= now
    vacant = in_office(state, Post.SECRETARY, now) is None
    assert (state.vacancy is not None) is vacant
    if state.vacancy is not None and state.vacancy.since < now:
        assert free[-1] == Span(state.vacancy.since, now)


@given(steps)
@example(  # an end that is put later again, when another was appointed to follow
    [("appoint", 0, 1), ("appoint", 1, 2), ("end", 1, 1), ("appoint", 2, 1), ("end", 1, 2)]
)
def test_never_two_at_once_and_terms_and_vacancies_tile_the_time(steps: list[Step]) -> None:
    state, now, open_told = blank(), START, False
    for number, step in enumerate(steps):
        if step[0] == "wait":
            now += step[1] * DAY
        decision = take(state, step, number, now)
        if decision is None:
            continue
        state = decision.state
        for event in decision.events:
            if isinstance(event, VacancyOverdue | VacancyEnded):
                # Told of, and told that it is over, in turn.
                assert isinstance(event, VacancyOverdue) is not open_told
                open_told = isinstance(event, VacancyOverdue)
        check_tiles(state, now)
        due = state.next_due()
        assert due is None or due > now
