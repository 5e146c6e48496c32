"""XLSX and PDF, read back: they say what the JSON says."""

import math
import re
from io import BytesIO
from typing import Any

import openpyxl
import pypdfium2
import pytest

from services.assessment.reports.bulletin import bulletin_of
from services.assessment.reports.making import shown
from services.assessment.reports.pdf import pdf_of
from services.assessment.reports.pdf_bulletin import bulletin_pdf_of
from services.assessment.reports.report import Report
from services.assessment.reports.xlsx import xlsx_of
from tests.unit.services.assessment.reports.test_making import bulletin, report
from tests.unit.services.assessment.reports.town import (
    AT,
    COMMUNITIES,
    HEATING,
    MARKED,
    NAMES,
    RULES,
    SUPPORT,
    large,
)


def sheets_of(made: Report) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(BytesIO(xlsx_of(made)))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def same(cell: Any, value: Any) -> bool:
    if value is None:
        return cell is None
    return cell is not None and math.isclose(cell, value, rel_tol=1e-12, abs_tol=1e-12)


def test_every_number_of_the_workbook_is_the_reports() -> None:
    made = report()
    sheets = sheets_of(made)
    overview = {row[0]: row[1:3] for row in sheets["概况"][4:]}
    assert len(overview) == len(made.columns)
    for column in made.columns:
        label = next(key for key in overview if key.startswith(column.label))
        assert same(overview[label][0], getattr(made.now, column.id)), column.id
        assert same(overview[label][1], getattr(made.before, column.id)), column.id
    for line, month in zip(sheets["逐月"][1:], made.months, strict=True):
        assert line[0] == month.month
        for cell, column in zip(line[1:], made.columns, strict=True):
            assert same(cell, getattr(month.numbers, column.id)), (month.month, column.id)
    for table in made.tables:
        for line, row in zip(sheets[table.title][1:], table.rows, strict=True):
            assert line[:2] == (row.name, row.class_label)
            assert same(line[2], row.rank)
            assert same(line[3], row.score)
            for cell, column in zip(line[4:], made.columns, strict=True):
                assert same(cell, getattr(row.numbers, column.id)), (row.id, column.id)
    assert [row[:3] for row in sheets["类别"][1:]] == [
        (row.name, row.requests, row.requests_before) for row in made.categories or []
    ]
    assert [row[0] for row in sheets["说明"]] == made.notes


def test_the_workbook_has_charts_of_its_own_over_the_series() -> None:
    made = report()
    book = openpyxl.load_workbook(BytesIO(xlsx_of(made)))
    drawn = book["图表"]._charts
    assert len(drawn) == len(made.charts)
    values = sheets_of(made)["图表"]
    for chart, in_sheet in zip(made.charts, drawn, strict=True):
        assert len(in_sheet.series) == len(chart.series)
        for series, native in zip(chart.series, in_sheet.series, strict=True):
            span = re.search(r"\$([A-Z])\$(\d+):\$[A-Z]\$(\d+)$", native.val.numRef.f)
            assert span is not None
            column = ord(span[1]) - ord("A")
            cells = [values[n - 1][column] for n in range(int(span[2]), int(span[3]) + 1)]
            assert all(same(c, v) for c, v in zip(cells, series.values, strict=True)), chart.id


def text_of(pdf: bytes) -> tuple[str, int]:
    """All text without white space, which a PDF does not keep, and the pages."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    return re.sub(r"\s", "", "".join(pages)), len(pages)


def test_money_plans_and_marks_are_in_workbook_and_print() -> None:
    made = report(groups=(COMMUNITIES, MARKED), support=SUPPORT["u2"], corrected=4)
    head, *lines = sheets_of(made)["承办单位办理本区域诉求情况"]
    assert head[-5:] == ("应到位经费（元）", "已到位经费（元）", "服务场所", "到期任务", "逾期任务")
    beside = {line[0]: line[-5:] for line in lines}
    assert beside["区城市管理委"] == (900, 800, "有", None, None)
    assert beside["区住房城市建设委 ［经费未到位、更正 2 件］"] == (700, 0, None, 3, 1)
    overview = [row[:2] for row in sheets_of(made)["概况"]]
    assert ("到期任务", 3) in overview
    text, _ = text_of(pdf_of(made))
    assert "区住房城市建设委［经费未到位、更正2件］" in text
    unit = next(row for row in made.tables[1].rows if row.id == "u2")
    assert f"区住房城市建设委{shown(unit.score, 'score')}7000—31" in text
    assert "保障与任务" not in text_of(pdf_of(report()))[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pdf_says_the_reports_numbers_in_its_language(language: str) -> None:
    made = report(language)
    text, _ = text_of(pdf_of(made))
    wanted = [made.title, *made.notes, *(chart.title for chart in made.charts)]
    for table in made.tables:
        wanted.append(table.title)
        for row in table.rows:
            wanted += [row.name, shown(row.score, "score")]
            wanted += [shown(row.numbers.resolution_rate, "share")]
    for month in made.months:
        wanted += [month.month, shown(month.numbers.in_time_rate, "share")]
        wanted += [shown(month.numbers.median_hours, "hours")]
    for category in made.categories or []:
        wanted += [f"{category.name}{category.requests}{category.requests_before}"]
    missing = [words for words in wanted if re.sub(r"\s", "", words) not in text]
    assert missing == []


def test_fonts_are_embedded_and_charts_are_drawn_not_pictures() -> None:
    pdf = pdf_of(report())
    document = pypdfium2.PdfDocument(pdf)
    fonts = [f for page in document for o in page.get_objects() for f in _font(o)]
    assert {f.get_base_name() for f in fonts} == {"LianxinSans-Regular", "LianxinSans-Bold"}
    assert all(f.is_embedded for f in fonts)
    kinds = {o.type for page in document for o in page.get_objects()}
    assert pypdfium2.raw.FPDF_PAGEOBJ_PATH in kinds
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE not in kinds
    assert len(pdf) < 400_000


def _font(thing: Any) -> list[Any]:
    return [thing.get_font()] if isinstance(thing, pypdfium2.PdfTextObj) else []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_bulletin_prints_on_two_pages_at_most(language: str) -> None:
    made = bulletin(language, problems=(HEATING,))
    text, pages = text_of(bulletin_pdf_of(made))
    assert pages <= 2
    wanted = [made.title, made.issuer, *(row.name for row in made.communities.rows)]
    wanted += [shown(rate.now, "share") for rate in made.rates]
    wanted += [row.name for one in made.units for row in (*one.best, *one.last)]
    wanted += [problem.name for problem in made.problems]
    assert [words for words in wanted if re.sub(r"\s", "", words) not in text] == []


def test_a_large_streets_bulletin_too_says_what_it_leaves_out() -> None:
    made = bulletin_of(large(), RULES, NAMES["zh"], "zh", AT)
    text, pages = text_of(bulletin_pdf_of(made))
    assert pages == 2
    assert made.communities.left_out == 40 - RULES.bulletin_rows
    assert f"另有{made.communities.left_out}行未列出" in text


def test_no_recurring_problem_no_part_about_them() -> None:
    text, _ = text_of(bulletin_pdf_of(bulletin()))
    assert "反复问题" not in text


def test_a_name_cannot_smuggle_markup_or_a_formula() -> None:
    evil = "=1+1<b>&</para>"
    made = report()
    (table, *others) = made.tables
    rows = [table.rows[0].model_copy(update={"name": evil}), *table.rows[1:]]
    made = made.model_copy(update={"tables": [table.model_copy(update={"rows": rows}), *others]})
    assert sheets_of(made)[table.title][1][0] == evil
    assert evil in text_of(pdf_of(made))[0]
