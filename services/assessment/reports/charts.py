"""The charts of reports as series; pure. XLSX and PDF draw what is here, a web page may too."""

from collections.abc import Sequence

from services.assessment.reports.report import CategoryRow, Chart, MonthRow, Rows, Series
from services.assessment.reports.words import word
from services.assessment.service.figures import RATES


def course(months: Sequence[MonthRow], language: str) -> list[Chart]:
    """The four rates, and the requests, by month."""
    x = [row.month for row in months]
    rates = [
        Series(
            id=id,
            name=word(id, language),
            values=[getattr(row.numbers, id) for row in months],
        )
        for id in RATES
    ]
    requests = Series(
        id="requests",
        name=word("requests", language),
        values=[row.numbers.requests for row in months],
    )
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
                Series(
                    id="before",
                    name=word("before", language),
                    values=[row.score_before for row in rows],
                ),
                Series(id="now", name=word("now", language), values=[row.score for row in rows]),
            ],
        )
    rows = table.rows[:most]
    return Chart(
        id=f"{table.id}.requests",
        title=word("chart.rows.requests", language, what=table.title),
        type="bar",
        unit="count",
        x=[row.name for row in rows],
        series=[
            Series(
                id="requests",
                name=word("requests", language),
                values=[row.numbers.requests for row in rows],
            )
        ],
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
                Series(
                    id="before",
                    name=word("before", language),
                    values=[row.requests_before for row in rows],
                ),
                Series(id="now", name=word("now", language), values=[row.requests for row in rows]),
            ],
        )
    ]
