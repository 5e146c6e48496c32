"""Opening hours: by weekday, with exceptions on dates; on the city's clock. Pure.

Ours: art. 8 wants rooms used for much, and says nothing of hours.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from shared.contracts.registry import DaySpans, OpenSpan, WeekdaySpan
from shared.storage.client import Document


def overlap(spans: Iterable[OpenSpan]) -> bool:
    """Whether two of the spans of a day have a minute in common."""
    ordered = sorted(spans, key=lambda span: span.opens)
    return any(first.closes > second.opens for first, second in pairwise(ordered))


def clock(moment: datetime, zone: ZoneInfo) -> tuple[str, int, int]:
    """Date, weekday (1 Monday) and minute of the day that the city's clocks show."""
    local = moment.astimezone(zone)
    return local.date().isoformat(), local.isoweekday(), local.hour * 60 + local.minute


def is_open(
    weekly: Sequence[WeekdaySpan],
    exceptions: Sequence[DaySpans],
    moment: datetime,
    zone: ZoneInfo,
) -> bool:
    """Whether it is open. What is said of a date holds in place of the week's hours."""
    date, weekday, minute = clock(moment, zone)
    spans: Iterable[OpenSpan] = [span for span in weekly if span.weekday == weekday]
    for exception in exceptions:
        if exception.date == date:
            spans = exception.spans
    return any(span.opens <= minute < span.closes for span in spans)


def open_at(moment: datetime, zone: ZoneInfo) -> Document:
    """The condition on documents of venues that says the same as `is_open`."""
    date, weekday, minute = clock(moment, zone)
    covers = {"opens": {"$lte": minute}, "closes": {"$gt": minute}}
    on_the_date = {"$elemMatch": {"date": date, "spans": {"$elemMatch": covers}}}
    return {
        "$or": [
            {"state.exceptions": on_the_date},
            {
                "state.exceptions.date": {"$ne": date},
                "state.weekly": {"$elemMatch": {"weekday": weekday} | covers},
            },
        ]
    }
