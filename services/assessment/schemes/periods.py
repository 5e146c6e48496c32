"""Periods that schemes assess: months (`2026-05`), quarters (`2026-Q2`), years (`2026`)."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from typing import get_args

from services.assessment.schemes.scheme import Period

PATTERN = r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$"
_SHAPE = re.compile(PATTERN)


def kind_of(period: str) -> Period:
    """Which kind of period it is. Raises `ValueError` where it is none."""
    if not _SHAPE.match(period):
        raise ValueError(f"no period: {period!r}")
    return "year" if len(period) == 4 else "quarter" if period[5] == "Q" else "month"


def period_of(month: str, kind: Period) -> str:
    """The period of a kind that `month` lies in."""
    if kind == "month":
        return month
    return month[:4] if kind == "year" else f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


def periods_with(month: str) -> tuple[str, ...]:
    """The month, quarter and year that `month` lies in."""
    return tuple(period_of(month, kind) for kind in get_args(Period))


def months_of(period: str) -> tuple[str, ...]:
    """Its months in order."""
    kind = kind_of(period)
    if kind == "month":
        return (period,)
    first, count = (1, 12) if kind == "year" else (int(period[6]) * 3 - 2, 3)
    return tuple(f"{period[:4]}-{n:02d}" for n in range(first, first + count))


def before(period: str) -> str:
    """The period of the same kind before it."""
    year = int(period[:4])
    match kind_of(period):
        case "year":
            return f"{year - 1:04d}"
        case "quarter":
            n = int(period[6])
            return f"{year:04d}-Q{n - 1}" if n > 1 else f"{year - 1:04d}-Q4"
        case _:
            n = int(period[5:])
            return f"{year:04d}-{n - 1:02d}" if n > 1 else f"{year - 1:04d}-12"


def end_of(period: str) -> date:
    """The first day after a period."""
    year, month = map(int, months_of(period)[-1].split("-"))
    return date(year + month // 12, month % 12 + 1, 1)


def bounds_of(period: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """When a period begins in `zone`, and when the next one does (UTC)."""
    first = date.fromisoformat(f"{months_of(period)[0]}-01")
    begin, end = (datetime.combine(day, time(), zone) for day in (first, end_of(period)))
    return begin.astimezone(UTC), end.astimezone(UTC)
