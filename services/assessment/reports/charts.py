"""The charts of reports as series; pure. XLSX and PDF draw what is here, a web page may too."""

from collections.abc import Sequence

from services.assessment.reports.report import CategoryRow, Chart, MonthRow, Rows, Series
from services.assessment.reports.words import word
from services.assessment.service.figures import RATES


def course(months: Sequence[MonthRow], language: str) -> list[Chart]:
    """The four rates, and the requests, by month."""
    x = [row.month for row in months]
    rates = [_series(id, [getattr(row.numbers, id) for row in months], language) for id in RATES]
    requests = _series("requests", [row.numbers.requests for row in months], language)
    return [
        Chart(
            id="rates",
            title=word("chart.rates", language),
            type="line",
            unit="share",
            x=x,
            series=rates,
        ),
        Chart(
            id="requests",
            title=word("chart.requests", language),
            type="bar",
            unit="count",
            x=x,
            series=[requests],
        ),
    ]


def compared(table: Rows, most: int, language: str) -> Chart:
    """The scores of a table's rows now and before, in its order; requests where none is ranked."""
    rows = [row for row in table.rows if row.score is not None][:most]
    if rows:
        return Chart(
            id=f"{table.id}.score",
            title=word("chart.rows", language, what=table.title),
            type="bar",
            unit="score",
            x=[row.name for row in rows],
            series=[
                _series("before", [row.score_before for row in rows], language),
                _series("now", [row.score for row in rows], language),
            ],
        )
    rows = table.rows[:most]
    return Chart(
        id=f"{table.id}.requests",
        title=word("chart.rows.requests", language, what=table.title),
        type="bar",
        unit="count",
        x=[row.name for row in rows],
        series=[_series("requests", [row.numbers.requests for row in rows], language)],
    )


def by_category(rows: Sequence[CategoryRow], most: int, language: str) -> list[Chart]:
    """Requests by category now and before; nothing without categories."""
    rows = rows[:most]
    if not rows:
        return []
    return [
        Chart(
            id="categories",
            title=word("chart.categories", language),
            type="bar",
            unit="count",
            x=[row.name for row in rows],
            series=[
                _series("before", [row.requests_before for row in rows], language),
                _series("now", [row.requests for row in rows], language),
            ],
        )
    ]


def _series(id: str, values: Sequence[float | None], language: str) -> Series:
    return Series(id=id, name=word(id, language), values=list(values))
