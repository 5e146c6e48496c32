"""What everybody may know of a request and of the city's services. Pure.

Shown are the kind of request, where it stands, who is responsible, the times and, rounded, the
place: what events carry too. Never shown: who asks, the words (they may hold names and telephone
numbers), the exact point, the tracking code, the unit's own case number.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from services.request_intake.classification import Classifier
from services.request_intake.read_models import City
from services.request_intake.state import Status, Step
from shared.contracts.payload import Point
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind, Urgency, label
from shared.web.messages import Language, knows, say
from shared.web.problems import Problem

SPAN = timedelta(days=90)
"""Longest span of a query, and the default one (GeoReport v2, GET Service Requests)."""
ROWS = 1000
"""Most requests of one answer (the same)."""
_WORDS, _EXAMPLES = 12, 4
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+ -]\d\d:\d\d)")


class Shown(BaseModel):
    """What is read of a request for the public; the rest never leaves the database."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    status: str
    outcome: str | None = None
    overdue: bool = False
    category: str
    urgency: str
    assignee: Assignee | None = None
    accepted_at: datetime
    deadline: datetime | None = None
    area_path: tuple[str, ...] = ()
    point: Point | None = None
    steps: tuple[Step, ...] = ()
    """At least the last one."""


def show(
    seen: Shown, city: City, classifier: Classifier, language: Language, zone: ZoneInfo
) -> dict[str, Any]:
    """A request as `ServiceRequest` has it."""
    name = classifier.label(seen.category, language)
    category = classifier.categories.get(seen.category)
    placed = category is not None and category.public_space and seen.urgency != Urgency.DANGER
    point = seen.point.rounded() if seen.point and placed else None
    path = seen.area_path if placed else ()
    names = [city.areas[code].name for code in reversed(path) if code in city.areas]
    return {
        "service_request_id": seen.id,
        "status": "closed" if seen.status == Status.CLOSED else "open",
        "status_notes": _notes(seen, language),
        "service_name": name,
        "service_code": seen.category,
        "description": name,
        "agency_responsible": _agency(seen.assignee, city, placed),
        "service_notice": None,
        "requested_datetime": written(seen.accepted_at, zone),
        "updated_datetime": written(seen.steps[-1].at if seen.steps else seen.accepted_at, zone),
        "expected_datetime": written(seen.deadline, zone) if seen.deadline else None,
        "address": ("，" if language == "zh" else ", ").join(names) or None,
        "address_id": path[-1] if path else None,
        "zipcode": None,
        "lat": point.latitude if point else None,
        "long": point.longitude if point else None,
        "media_url": None,
    }


def _notes(seen: Shown, language: Language) -> str:
    closed = f"open311.closed_{seen.outcome}"
    if seen.status == Status.CLOSED and knows(closed):
        return say(closed, language)
    status = say(f"status.{seen.status}", language)
    late = seen.overdue and seen.status not in (Status.COMPLETED, Status.CLOSED)
    return say("open311.overdue", language, {"status": status}) if late else status


def _agency(assignee: Assignee | None, city: City, placed: bool) -> str | None:
    """The unit, grid or area; None for a volunteer, who is a person, and for what would say where
    a request is that is not `placed`.
    """
    if assignee is None or assignee.kind is AssigneeKind.VOLUNTEER:
        return None
    if not placed and assignee.kind is not AssigneeKind.UNIT:
        return None
    unit = assignee.unit_id
    return city.name_of(assignee.kind.value, assignee.id) or (
        city.name_of("unit", unit) if unit else None
    )


def services(classifier: Classifier, language: Language) -> list[dict[str, Any]]:
    """The categories as `Service` has them; keywords are the words that the rules look for."""
    words: dict[str, list[str]] = {code: [] for code in classifier.categories}
    # Danger last: examples invite, and danger is for the telephone.
    for rule in sorted(classifier.table.rules, key=lambda rule: rule.urgency == Urgency.DANGER):
        found = words[rule.category]
        found += [w for w in rule.any if w.isascii() is (language == "en") and w not in found]
    return [
        {
            "service_code": category.code,
            "service_name": classifier.label(category.code, language),
            "description": _about(
                classifier.label(category.code, language), words[category.code], language
            ),
            "metadata": False,
            "type": "realtime",
            "keywords": ", ".join(words[category.code][:_WORDS]),
            "group": label(f"urgency.{category.urgency}", language),
        }
        for category in classifier.table.categories
    ]


def _about(name: str, words: Sequence[str], language: Language) -> str:
    if not words:
        return name
    examples = ("、" if language == "zh" else ", ").join(words[:_EXAMPLES])
    return say("open311.about", language, {"label": name, "words": examples})


def written(moment: datetime, zone: ZoneInfo) -> str:
    """A W3C date-time with the city's offset, as `2026-05-01T08:30:00+08:00`."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def span(given: Mapping[str, str | None], zone: ZoneInfo, now: datetime) -> list[datetime]:
    """First and last moment that a query asks for: 90 days where one of them or both are left out.

    Raises `Problem` 400 for what is no time, for an end before the start, and for over 90 days.
    """
    start = _moment("start_date", given.get("start_date"), zone, time.min)
    end = _moment("end_date", given.get("end_date"), zone, time.max)
    try:
        if end is None:
            end = now if start is None else start + SPAN
        if start is None:
            start = end - SPAN
    except OverflowError:
        raise Problem(400, "open311-span", days=SPAN.days) from None
    # Of dates alone the last one counts as a whole day.
    longest = SPAN + timedelta(days=1) if _DATE.fullmatch(given.get("end_date") or "") else SPAN
    if not start <= end or end - start > longest:
        raise Problem(400, "open311-span", days=SPAN.days)
    return [start, end]


def _moment(name: str, text: str | None, zone: ZoneInfo, at: time) -> datetime | None:
    if text is None:
        return None
    wrong = Problem(400, "open311-date", name=name)
    try:
        if _DATE.fullmatch(text):
            found = datetime.combine(date.fromisoformat(text), at, zone)
        elif parts := _TIME.fullmatch(text):
            # A client that does not encode + sends a space.
            found = datetime.fromisoformat(parts[1] + parts[2].replace(" ", "+"))
        else:
            raise wrong
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
