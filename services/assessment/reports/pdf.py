"""A report as a PDF to be printed on A4."""

from collections.abc import Sequence

from services.assessment.reports import making
from services.assessment.reports.making import shown
from services.assessment.reports.numbers import change
from services.assessment.reports.pdf_base import GREY, Page
from services.assessment.reports.pdf_charts import drawing_of
from services.assessment.reports.report import Report, Row, Rows, Support
from services.assessment.reports.words import SUPPORT, word
from services.assessment.service.figures import SAMPLES

_SHOWN = (
    "requests",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    "in_time_rate",
    "median_hours",
)
"""Numbers of tables; all are in the workbook."""
_WIDTHS = (1, 1.05, 1.12, 1.22, 0.9, 1.25)
_OVERVIEW = ("requests", *SAMPLES)


def pdf_of(report: Report) -> bytes:
    """The PDF: overview, course, tables with their charts, categories, notes."""
    language = report.language
    page = Page(report.title, language)
    page.add(page.text(report.title, size=17, bold=True, spaceAfter=2))
    page.add(page.text(making.shown_time(report.at), size=8.5, color=GREY))
    page.add(page.rule())
    sentence = making.sentence_of(report.place, language)
    if sentence:
        page.add(page.text(sentence))
    page.head(word("overview", language))
    page.add(_overview(page, report))
    score = None if report.place is None else report.place.score
    _beside(page, [(report.name, score, report.support)], language)
    charts = {chart.id: chart for chart in report.charts}
    page.head(word("course", language))
    page.add(drawing_of(charts.pop("rates"), page.width, 150), page.gap(6))
    page.add(drawing_of(charts.pop("requests"), page.width, 115), page.gap(6))
    units = {column.id: column for column in report.columns}
    page.add(
        page.table(
            [word("month", language), *(units[id].label for id in _SHOWN)],
            [
                [
                    month.month,
                    *(shown(getattr(month.numbers, id), units[id].unit) for id in _SHOWN),
                ]
                for month in report.months
            ],
            [1.2, *([1] * len(_SHOWN))],
        )
    )
    for table in report.tables:
        _table(page, table, report)
        for id in (f"{table.id}.score", f"{table.id}.requests"):
            if id in charts:
                page.add(page.gap(8), drawing_of(charts.pop(id), page.width, 130))
    if report.categories:
        page.head(word("categories", language))
        page.add(
            page.table(
                [word(key, language) for key in ("category", "now", "before", "change")],
                [
                    [
                        row.name,
                        str(row.requests),
                        str(row.requests_before),
                        f"{row.requests - row.requests_before:+d}",
                    ]
                    for row in report.categories
                ],
                [3, 1, 1, 1],
            )
        )
        page.add(page.gap(8), drawing_of(charts.pop("categories"), page.width, 130))
    page.together(
        page.heading(word("notes", language)),
        *(page.text(note, size=8.5, color=GREY) for note in report.notes),
    )
    return page.made()


def _overview(page: Page, report: Report) -> object:
    language = report.language
    units = {column.id: column for column in report.columns}
    rows = []
    for id in _OVERVIEW:
        unit = units[id].unit
        now, earlier = getattr(report.now, id), getattr(report.before, id)
        sample = getattr(report.now, SAMPLES[id]) if id in SAMPLES else None
        rows.append(
            [
                making.labelled(units[id], language),
                shown(now, unit),
                shown(earlier, unit),
                making.difference(change(now, earlier), unit, language),
                "" if sample is None else str(sample),
            ]
        )
    head = [word(key, language) for key in ("figure", "now", "before", "change", "sample")]
    return page.table(head, rows, [2, 1, 1, 1.2, 1], size=9.5)


def _table(page: Page, table: Rows, report: Report) -> None:
    language = report.language
    page.head(table.title)
    if not table.rows:
        page.add(page.text(word("none", language)))
        return
    units = {column.id: column for column in report.columns}
    several = len({row.class_ for row in table.rows}) > 1
    head = [word("rank", language), word("name", language)]
    head += [word("class", language)] if several else []
    head += [word("score", language), *(units[id].label for id in _SHOWN)]

    def cells(row: Row) -> list[str]:
        rank = "—" if row.rank is None else str(row.rank)
        numbers = (shown(getattr(row.numbers, id), units[id].unit) for id in _SHOWN)
        classes = [row.class_label] if several else []
        return [rank, row.marked, *classes, shown(row.score, "score"), *numbers]

    widths = [0.7, 2.1, *([1.2] if several else []), 0.9, *_WIDTHS]
    left = (0, 1, 2) if several else (0, 1)
    page.add(page.table(head, [cells(row) for row in table.rows], widths, left))
    if table.left_out:
        page.add(page.text(word("left_out", language, count=table.left_out), size=8.5))
    _beside(page, [(row.name, row.score, row.support) for row in table.rows], language)


def _beside(
    page: Page, rows: Sequence[tuple[str, float | None, Support | None]], language: str
) -> None:
    """Money and plans beside the scores, of those of whom something is known."""
    known = [row for row in rows if row[2] is not None]
    if not known:
        return
    cells = [
        [name, shown(score, "score"), *making.said_support(support, language)]
        for name, score, support in known
    ]
    head = [word(key, language) for key in ("name", "score", *SUPPORT)]
    page.add(page.gap(4), page.text(word("beside", language), size=9, bold=True))
    page.add(page.table(head, cells, [2.1, 0.9, 1.6, 1.6, 1, 1, 1]))
