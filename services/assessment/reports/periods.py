"""Periods of reports: a month (`2026-05`) or a year (`2026`)."""

from services.assessment.schemes.periods import before, months_of

PERIOD = r"^\d{4}(-(0[1-9]|1[0-2]))?$"
_ENGLISH = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def is_year(period: str) -> bool:
    """Whether it is a year; else a month."""
    return len(period) == 4


def trend_of(period: str, months: int) -> list[str]:
    """The months that the course is shown of: those of a year, or the last up to a month."""
    if is_year(period):
        return list(months_of(period))
    found = [period]
    while len(found) < months:
        found.insert(0, before(found[0]))
    return found


def said(period: str, language: str) -> str:
    """The period in words, as 2026年5月."""
    if is_year(period):
        return period if language == "en" else f"{period}年"
    if language == "en":
        return f"{_ENGLISH[int(period[5:]) - 1]} {period[:4]}"
    return f"{period[:4]}年{int(period[5:])}月"
