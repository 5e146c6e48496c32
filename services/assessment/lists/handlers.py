"""Which facts of the registry go to which store of the lists (decisions/0008)."""

from collections.abc import Mapping
from typing import Any

from services.assessment.listening import Listened
from services.assessment.lists import facts
from services.assessment.lists.facts import Lateness, Place, Posts
from shared.contracts import backbone, coverage, plans, topics
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.messaging.processor import FactHandler
from shared.storage.aggregates import AggregateStore

POSTS: Mapping[type[Payload], FactHandler[Any, Any]] = {
    backbone.Appointed: facts.on_appointed,
    backbone.AppointmentVoided: facts.on_appointment_voided,
    backbone.TermEnded: facts.on_term_ended,
    backbone.VacancyOverdue: facts.on_vacancy_overdue,
    backbone.VacancyEnded: facts.on_vacancy_ended,
    backbone.TrainingOverdue: facts.on_training_overdue,
    backbone.TrainingCaughtUp: facts.on_training_caught_up,
}
PLACES: Mapping[type[Payload], FactHandler[Any, Any]] = {
    coverage.GapFound: facts.on_gap_found,
    coverage.GapClosed: facts.on_gap_closed,
}
LATENESS: Mapping[type[Payload], FactHandler[Any, Any]] = {
    plans.PlanBehind: facts.on_plan_behind,
    plans.PlanCaughtUp: facts.on_plan_caught_up,
    plans.AssignmentOverdue: facts.on_assignment_overdue,
}


def _subject(event: Event) -> str:
    return event.subject


def _plan_or_task(event: Event) -> str | None:
    """Pairings are told of on the same topic, and are nothing to the lists."""
    return event.subject if event.subject.startswith(("plans/", "assignments/")) else None


def listened(
    posts: AggregateStore[Posts],
    places: AggregateStore[Place],
    lateness: AggregateStore[Lateness],
) -> tuple[Listened, ...]:
    """What the lists listen to."""
    return (
        Listened(topics.BACKBONE.name, posts, _subject, POSTS),
        Listened(topics.COVERAGE.name, places, _subject, PLACES),
        Listened(topics.PLANS.name, lateness, _plan_or_task, LATENESS),
    )
