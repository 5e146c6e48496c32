"""A report as an XLSX workbook: the numbers as numbers, the charts as the sheet's own."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from services.assessment.reports import making
from services.assessment.reports.numbers import change
from services.assessment.reports.report import Chart, Report, Rows, Support
from services.assessment.reports.words import SUPPORT, word

_FORMATS = {"count": "0", "share": "0.0%", "score": "0.0", "hours": "0.0"}
_CHANGES = {
    "count": "+0;-0;0",
    "share": "+0.0%;-0.0%;0.0%",
    "hours": "+0.0;-0.0;0.0",
}
_HEAD: dict[str, Any] = {
    "bold": True,
    "bg_color": "#E8EDF3",
    "bottom": 1,
    "text_wrap": True,
    "valign": "top",
}
_CHART_ROWS = 17
"""Rows that a chart takes on the sheet of charts."""


def xlsx_of(report: Report) -> bytes:
    """The workbook. Sheets: overview, months, one a table, categories, charts, notes."""
    return _Workbook(report).made()


class _Workbook:
    def __init__(self, report: Report) -> None:
        import xlsxwriter  # noqa: PLC0415  (2 MB that only reports need)

        self._report = report
        self._language = report.language
        self._out = BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self._out, options)
        self._book.set_properties({"title": report.title, "company": word("made", self._language)})
        self._formats: dict[str, Any] = {}
        self._titles: set[str] = set()

    def made(self) -> bytes:
        report = self._report
        self._overview()
        self._months()
        for table in report.tables:
            self._table(table)
        if report.categories is not None:
            self._categories()
        self._charts()
        self._notes()
        self._book.close()
        return self._out.getvalue()

    def _word(self, key: str, **filled: Any) -> str:
        return word(key, self._language, **filled)

    def _format(self, number: str = "", **more: Any) -> Any:
        key = f"{number} {sorted(more.items())}"
        if key not in self._formats:
            numbered = {"num_format": number} if number else {}
            self._formats[key] = self._book.add_format(numbered | more)
        return self._formats[key]

    def _sheet(self, title: str, widths: Sequence[int]) -> Any:
        # Excel: at most 31 characters, none of []:*?/\ and no name twice.
        short = "".join(letter for letter in title if letter not in "[]:*?/\\")[:31]
        name, number = short, 2
        while name.lower() in self._titles:
            name, number = f"{short[:28]} {number}", number + 1
        self._titles.add(name.lower())
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")
        return sheet

    def _head(self, sheet: Any, row: int, titles: Sequence[str]) -> None:
        for column, title in enumerate(titles):
            sheet.write_string(row, column, title, self._format(**_HEAD))

    def _number(self, sheet: Any, row: int, column: int, value: Any, format: str) -> None:
        if value is not None:  # without a sample the cell stays empty: 0 would be a rate
            sheet.write_number(row, column, value, self._format(format))

    def _overview(self) -> None:
        report = self._report
        sheet = self._sheet(self._word("sheet.overview"), (22, 14, 14, 14))
        sheet.write_string(0, 0, report.title, self._format(bold=True, font_size=16))
        sheet.write_string(1, 0, making.sentence_of(report.place, self._language))
        titles = [self._word("figure"), self._word("now"), self._word("before")]
        self._head(sheet, 3, [*titles, self._word("change")])
        for row, column in enumerate(report.columns, 4):
            now, earlier = (getattr(n, column.id) for n in (report.now, report.before))
            sheet.write_string(row, 0, making.labelled(column, self._language))
            self._number(sheet, row, 1, now, _FORMATS[column.unit])
            self._number(sheet, row, 2, earlier, _FORMATS[column.unit])
            self._number(sheet, row, 3, change(now, earlier), _CHANGES[column.unit])
        if report.support is not None:
            for row, name in enumerate(SUPPORT, 5 + len(report.columns)):
                sheet.write_string(row, 0, self._word(name))
                self._support(sheet, row, 1, report.support, name)

    def _grid(
        self,
        sheet: Any,
        titles: Sequence[str],
        rows: Sequence[Any],
        lead: Callable[[Any], Sequence[tuple[Any, str]]],
    ) -> None:
        """`lead`: the cells before the numbers, each with its number format or none."""
        columns = self._report.columns
        self._head(
            sheet, 0, [*titles, *(making.labelled(column, self._language) for column in columns)]
        )
        sheet.freeze_panes(1, 1)
        for at, row in enumerate(rows, 1):
            cells = lead(row)
            for column, (value, format) in enumerate(cells):
                if isinstance(value, str):
                    sheet.write_string(at, column, value)
                else:
                    self._number(sheet, at, column, value, format)
            for column, shown in enumerate(columns, len(cells)):
                value = getattr(row.numbers, shown.id)
                self._number(sheet, at, column, value, _FORMATS[shown.unit])
        if rows:
            sheet.autofilter(0, 0, len(rows), len(titles) + len(columns) - 1)

    def _months(self) -> None:
        report = self._report
        sheet = self._sheet(self._word("sheet.months"), (10, *([10] * len(report.columns))))
        self._grid(sheet, [self._word("month")], report.months, lambda row: [(row.month, "")])

    def _table(self, table: Rows) -> None:
        numbers = len(self._report.columns)
        sheet = self._sheet(table.title, (24, 14, 8, 8, *([10] * (numbers + len(SUPPORT)))))
        titles = [self._word(key) for key in ("name", "class", "rank", "score")]
        self._grid(
            sheet,
            titles,
            table.rows,
            lambda row: [
                (row.marked, ""),
                (row.class_label, ""),
                (row.rank, "0"),
                (row.score, _FORMATS["score"]),
            ],
        )
        if any(row.support is not None for row in table.rows):
            self._beside(sheet, len(titles) + numbers, [row.support for row in table.rows])
        if table.left_out:
            below = len(table.rows) + 2
            sheet.write_string(below, 0, self._word("left_out", count=table.left_out))

    def _beside(self, sheet: Any, first: int, rows: Sequence[Support | None]) -> None:
        """Money and plans, in columns of their own after the numbers."""
        for column, name in enumerate(SUPPORT, first):
            sheet.write_string(0, column, self._word(name), self._format(**_HEAD))
            for at, support in enumerate(rows, 1):
                if support is not None:
                    self._support(sheet, at, column, support, name)

    def _support(self, sheet: Any, row: int, column: int, support: Support, name: str) -> None:
        value = getattr(support, name)
        if isinstance(value, bool):
            sheet.write_string(row, column, self._word("yes" if value else "no"))
        else:
            self._number(sheet, row, column, value, _FORMATS["count"])

    def _categories(self) -> None:
        sheet = self._sheet(self._word("sheet.categories"), (28, 12, 12, 12))
        titles = [self._word(key) for key in ("category", "now", "before", "change")]
        self._head(sheet, 0, titles)
        for at, row in enumerate(self._report.categories or [], 1):
            sheet.write_string(at, 0, row.name)
            self._number(sheet, at, 1, row.requests, "0")
            self._number(sheet, at, 2, row.requests_before, "0")
            difference = row.requests - row.requests_before
            self._number(sheet, at, 3, difference, _CHANGES["count"])

    def _charts(self) -> None:
        """Each chart beside the numbers that it draws."""
        sheet = self._sheet(self._word("sheet.charts"), (20, *([11] * 5)))
        at = 0
        for chart in self._report.charts:
            sheet.write_string(at, 0, chart.title, self._format(bold=True))
            self._head(sheet, at + 1, ["", *(series.name for series in chart.series)])
            for row, x in enumerate(chart.x, at + 2):
                sheet.write_string(row, 0, x)
                for column, series in enumerate(chart.series, 1):
                    value = series.values[row - at - 2]
                    self._number(sheet, row, column, value, _FORMATS[chart.unit])
            self._chart(sheet, chart, at)
            at += max(len(chart.x) + 3, _CHART_ROWS)

    def _chart(self, sheet: Any, chart: Chart, at: int) -> None:
        drawn = self._book.add_chart({"type": "line" if chart.type == "line" else "column"})
        first, last = at + 2, at + 1 + len(chart.x)
        for column, series in enumerate(chart.series, 1):
            options: dict[str, Any] = {
                "name": series.name,
                "categories": [sheet.get_name(), first, 0, last, 0],
                "values": [sheet.get_name(), first, column, last, column],
            }
            if chart.type == "line":
                options["marker"] = {"type": "automatic"}
            drawn.add_series(options)
        drawn.set_title({"name": chart.title, "name_font": {"size": 12}})
        drawn.set_y_axis({"num_format": _FORMATS[chart.unit], "min": 0})
        drawn.set_legend({"position": "bottom"})
        drawn.set_size({"width": 620, "height": 310})
        sheet.insert_chart(at, 6, drawn)

    def _notes(self) -> None:
        sheet = self._sheet(self._word("sheet.notes"), (100,))
        for row, note in enumerate(self._report.notes):
            sheet.write_string(row, 0, note, self._format(text_wrap=True))
