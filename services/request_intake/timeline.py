"""The resident's view of a request: each step with its time, in words. Pure."""

from datetime import timedelta, timezone
from typing import Any

from services.request_intake.classification import Classifier
from services.request_intake.read_models import City
from services.request_intake.state import RequestState, Status, Step
from shared.contracts.tasks import Assignee
from shared.contracts.words import label
from shared.web.messages import Language, say

_CHINA = timezone(timedelta(hours=8))


def show(
    state: RequestState, city: City, classifier: Classifier, language: Language
) -> dict[str, Any]:
    """The timeline as it is answered. Names of people never stand in it."""
    return {
        "tracking_code": state.tracking_code,
        "status": state.status,
        "status_words": say(f"status.{state.status}", language),
        "category": state.category,
        "category_words": classifier.label(state.category, language),
        "urgency": state.urgency,
        "urgency_words": label(f"urgency.{state.urgency}", language),
        "accepted_at": state.accepted_at,
        "deadline": state.deadline,
        "overdue": state.overdue,
        "answer_awaited": state.status == Status.COMPLETED,
        "answer_until": state.follow_up_until,
        "question": None if state.question is None else state.question.model_dump(),
        "final": state.final,
        "joined": state.joined is not None,
        "joined_by": len(state.members),
        "steps": [_step(step, city, language) for step in state.steps],
    }


def _step(step: Step, city: City, language: Language) -> dict[str, Any]:
    who = None if step.who is None else _who(step.who, city, language)
    words = {
        "who": who["words"] if who else _nobody(language),
        "reason": step.reason or "—",
        "until": f"{step.until.astimezone(_CHINA):%Y-%m-%d %H:%M}" if step.until else "—",
    }
    return {
        "at": step.at,
        "step": step.step,
        "words": say(f"timeline.{step.step}", language, words),
        "who": who,
    }


def _nobody(language: Language) -> str:
    return "承办方" if language == "zh" else "Those in charge"


def _who(assignee: Assignee, city: City, language: Language) -> dict[str, Any]:
    kind = assignee.kind.value
    kind_words = label(f"assignee.{kind}", language)
    name = city.name_of(kind, assignee.id)
    if name is None and assignee.unit_id is not None:
        name = city.name_of("unit", assignee.unit_id)
    if name is None:
        words = kind_words
    elif language == "zh":
        words = f"{name}（{kind_words}）"
    else:
        words = f"{name} ({kind_words})"
    return {"kind": kind, "kind_words": kind_words, "name": name, "words": words}
