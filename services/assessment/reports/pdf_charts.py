"""Charts drawn with lines and areas, to be told apart in black and white too."""

import math
from collections.abc import Sequence
from typing import Any

from services.assessment.reports.making import shown
from services.assessment.reports.pdf_base import BOLD, GREY, INK, REGULAR
from services.assessment.reports.report import Chart

COLORS = ("#1F4E79", "#C0504D", "#3A7D44", "#7A5C99")
_DASHES: tuple[list[float] | None, ...] = (None, [5, 2], [1.5, 1.5], [6, 2, 1.5, 2])
_BARS = ("#B9C4D0", "#1F4E79")
"""The period before is pale, this one dark."""
_GRID = "#D5DBE1"
_LEFT, _LINE = 34.0, 8.0


def drawing_of(chart: Chart, width: float, height: float) -> Any:
    """The chart as a drawing of reportlab, `width` by `height` points."""
    from reportlab.graphics.shapes import Drawing, Line, String  # noqa: PLC0415

    drawing = Drawing(width, height)
    drawing.add(String(0, height - 11, chart.title, fontName=BOLD, fontSize=9.5, fillColor=INK))
    low, high, steps = _span(chart)
    labels = _wrapped(chart.x, width - _LEFT - 8)
    bottom = 6 + _LINE * max((len(lines) for lines in labels), default=0)
    top = 34 if len(chart.series) > 1 else 24
    area = (_LEFT, bottom, width - _LEFT - 8, height - bottom - top)
    for step in range(steps + 1):
        value = low + (high - low) * step / steps
        y = area[1] + area[3] * step / steps
        drawing.add(Line(area[0], y, area[0] + area[2], y, strokeColor=_GRID, strokeWidth=0.4))
        drawing.add(
            String(
                area[0] - 4,
                y - 2.5,
                _tick(value, chart.unit),
                fontName=REGULAR,
                fontSize=7,
                fillColor=GREY,
                textAnchor="end",
            )
        )
    _legend(drawing, chart, height - 24)
    if chart.x:
        _labels(drawing, labels, area)
        (_lines if chart.type == "line" else _bars)(drawing, chart, area, low, high)
    return drawing


def _span(chart: Chart) -> tuple[float, float, int]:
    """Where the scale begins and ends, and in how many steps. Bars begin at 0."""
    values = [v for series in chart.series for v in series.values if v is not None]
    if chart.unit == "score":
        return 0.0, 100.0, 5
    if chart.unit == "share":
        least = min(values, default=0.0) if chart.type == "line" else 0.0
        step = next(s for s in (0.05, 0.1, 0.2, 0.25) if s == 0.25 or 1 - least <= 5 * s)
        low = min(math.floor(least / step + 1e-9) * step, 1 - step)
        return low, 1.0, round((1 - low) / step)
    top = max(values, default=0.0)
    rough = max(top, 4) / 4
    ten = 10 ** math.floor(math.log10(rough))
    step = next(ten * n for n in (1, 2, 2.5, 5, 10) if ten * n >= rough)
    steps = max(1, math.ceil(top / step))
    return 0.0, step * steps, steps


def _tick(value: float, unit: str) -> str:
    return f"{value * 100:.4g}%" if unit == "share" else f"{value:g}"


def _legend(drawing: Any, chart: Chart, y: float) -> None:
    from reportlab.graphics.shapes import Line, Rect, String  # noqa: PLC0415
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    if len(chart.series) < 2:
        return
    x = _LEFT
    for number, series in enumerate(chart.series):
        if chart.type == "line":
            drawing.add(Line(x, y + 3, x + 18, y + 3, **_stroke(number)))
            drawing.add(_mark(number, x + 9, y + 3))
        else:
            drawing.add(Rect(x + 8, y, 8, 6, fillColor=_fill(chart, number), strokeColor=None))
        drawing.add(String(x + 21, y, series.name, fontName=REGULAR, fontSize=7.5, fillColor=INK))
        x += 21 + stringWidth(series.name, REGULAR, 7.5) + 14


def _wrapped(x: Sequence[str], width: float) -> list[list[str]]:
    """Each label in one or two lines that fit: a name cut short is better than one over another."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    found = []
    for label in x:
        lines: list[str] = []
        rest = label
        while rest and len(lines) < 2:
            cut = len(rest)
            while cut > 1 and stringWidth(rest[:cut], REGULAR, 6.5) > width / len(x) - 2:
                cut -= 1
            lines.append(rest[:cut])
            rest = rest[cut:]
        if rest:
            lines[-1] = f"{lines[-1][:-1]}…"
        found.append(lines)
    return found


def _labels(drawing: Any, labels: Sequence[Sequence[str]], area: tuple[float, ...]) -> None:
    from reportlab.graphics.shapes import String  # noqa: PLC0415

    slot = area[2] / len(labels)
    for number, lines in enumerate(labels):
        for line, text in enumerate(lines):
            drawing.add(
                String(
                    area[0] + slot * (number + 0.5),
                    area[1] - 9 - _LINE * line,
                    text,
                    fontName=REGULAR,
                    fontSize=6.5,
                    fillColor=INK,
                    textAnchor="middle",
                )
            )


def _stroke(number: int) -> dict[str, Any]:
    return {
        "strokeColor": COLORS[number % len(COLORS)],
        "strokeWidth": 1.3,
        "strokeDashArray": _DASHES[number % len(_DASHES)],
    }


def _mark(number: int, x: float, y: float) -> Any:
    from reportlab.graphics.shapes import Circle, Polygon, Rect  # noqa: PLC0415

    style = {"fillColor": COLORS[number % len(COLORS)], "strokeColor": None}
    match number % 4:
        case 0:
            return Circle(x, y, 2, **style)
        case 1:
            return Rect(x - 1.8, y - 1.8, 3.6, 3.6, **style)
        case 2:
            return Polygon([x - 2.2, y - 1.8, x + 2.2, y - 1.8, x, y + 2.2], **style)
        case _:
            return Polygon([x - 2.4, y, x, y + 2.4, x + 2.4, y, x, y - 2.4], **style)


def _lines(drawing: Any, chart: Chart, area: tuple[float, ...], low: float, high: float) -> None:
    from reportlab.graphics.shapes import PolyLine  # noqa: PLC0415

    slot = area[2] / len(chart.x)
    for number, series in enumerate(chart.series):
        run: list[float] = []
        for at, value in enumerate([*series.values, None]):
            if value is None:  # a month without a sample parts the line
                if len(run) > 2:
                    drawing.add(PolyLine(run, **_stroke(number)))
                run = []
                continue
            x = area[0] + slot * (at + 0.5)
            y = area[1] + area[3] * (value - low) / (high - low)
            run += [x, y]
            drawing.add(_mark(number, x, y))


def _fill(chart: Chart, number: int) -> str:
    return _BARS[1] if len(chart.series) == 1 else _BARS[number % len(_BARS)]


def _bars(drawing: Any, chart: Chart, area: tuple[float, ...], low: float, high: float) -> None:
    from reportlab.graphics.shapes import Rect, String  # noqa: PLC0415

    slot = area[2] / len(chart.x)
    wide = min(22.0, slot * 0.72 / len(chart.series))
    for number, series in enumerate(chart.series):
        for at, value in enumerate(series.values):
            if value is None:
                continue
            x = area[0] + slot * (at + 0.5) + wide * (number - len(chart.series) / 2)
            tall = area[3] * (value - low) / (high - low)
            fill = _fill(chart, number)
            drawing.add(Rect(x, area[1], wide, tall, fillColor=fill, strokeColor=None))
            if number == len(chart.series) - 1:
                drawing.add(
                    String(
                        x + wide / 2,
                        area[1] + tall + 2,
                        shown(value, chart.unit),
                        fontName=REGULAR,
                        fontSize=6,
                        fillColor=INK,
                        textAnchor="middle",
                    )
                )
