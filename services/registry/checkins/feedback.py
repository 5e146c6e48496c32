"""Feedback to the employing unit's organization: periods, and what of a check-in falls in one.

Practice of Zhongjiang (feedback each quarter) and Foshan (report each half-year), DOMAIN.md.
"""

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

from services.registry.checkins.states import Checkin
from shared.web.problems import Problem

_PERIOD = re.compile(r"(\d{4})-(?:Q([1-4])|H([12]))")


class Period(NamedTuple):
    """A quarter or half-year of the city's calendar, from `since` to before `until`."""

    code: str
    since: datetime
    until: datetime


def period_of(code: str, zone: tzinfo) -> Period:
    """The period of a code, as `2026-Q1` or `2026-H2`. Raises `Problem` 422."""
    found = _PERIOD.fullmatch(code)
    if found is None or not 2000 <= int(found[1]) <= 9000:
        raise Problem(422, "period-unknown", field="period", period=code)
    months, number = (3, int(found[2])) if found[2] else (6, int(found[3]))
    first, after = months * (number - 1), months * number
    year = int(found[1])
    return Period(
        code,
        datetime(year, first + 1, 1, tzinfo=zone),
        datetime(year + after // 12, after % 12 + 1, 1, tzinfo=zone),
    )


def current_code(now: datetime, months: int, zone: tzinfo) -> str:
    """The code of the period of `months` (3 or 6) that `now` falls in."""
    local = now.astimezone(zone)
    return f"{local.year}-{'Q' if months == 3 else 'H'}{(local.month - 1) // months + 1}"


def falls_in(checkin: Checkin, period: Period) -> bool:
    """Whether it was on at any time of the period."""
    over = checkin.ended_at is not None and checkin.ended_at < period.since
    return checkin.since < period.until and not over


def reported_in(checkin: Checkin, period: Period) -> bool:
    """Whether a report was made within the period."""
    return any(period.since <= one.at < period.until for one in checkin.reports)
