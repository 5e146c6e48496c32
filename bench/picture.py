"""A curve as SVG, in a few lines."""

from collections.abc import Mapping, Sequence
from html import escape

_WIDE, _HIGH, _LEFT, _BELOW = 760, 460, 70, 60
_COLOURS = ("#4c78a8", "#e45756", "#72b7b2", "#b279a2", "#f58518", "#54a24b")

Point = tuple[float, float, str]
"""x, y, and what stands beside the point."""


def curve(
    series: Mapping[str, Sequence[Point]],
    title: str,
    across: str,
    up: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> str:
    """Lines with marks, axes with ten ticks and a legend."""

    def x(value: float) -> float:
        return _LEFT + (value - x_range[0]) / (x_range[1] - x_range[0]) * (_WIDE - _LEFT - 20)

    def y(value: float) -> float:
        share = (value - y_range[0]) / (y_range[1] - y_range[0])
        return _HIGH - _BELOW - share * (_HIGH - _BELOW - 40)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="white"/>',
        f'<text x="{_WIDE / 2}" y="22" text-anchor="middle" font-size="15">{escape(title)}</text>',
        f'<text x="{_WIDE / 2}" y="{_HIGH - 14}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(18 {_HIGH / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(up)}</text>",
    ]
    for tick in range(11):
        at_x = x_range[0] + (x_range[1] - x_range[0]) * tick / 10
        at_y = y_range[0] + (y_range[1] - y_range[0]) * tick / 10
        parts += [
            f'<path d="M{x(at_x):.1f} {y(y_range[0]):.1f}V{y(y_range[1]):.1f}'
            f'M{x(x_range[0]):.1f} {y(at_y):.1f}H{x(x_range[1]):.1f}" stroke="#e4e4e4"/>',
            f'<text x="{x(at_x):.1f}" y="{_HIGH - _BELOW + 18}" text-anchor="middle">'
            f"{at_x:g}</text>",
            f'<text x="{_LEFT - 8}" y="{y(at_y) + 4:.1f}" text-anchor="end">{at_y:.0%}</text>',
        ]
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b, _ in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for a, b, label in points:
            parts.append(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3.5" fill="{colour}"/>')
            parts.append(
                f'<text x="{x(a) + 6:.1f}" y="{y(b) + 13:.1f}" font-size="10" fill="{colour}">'
                f"{escape(label)}</text>"
            )
        at = _HIGH - _BELOW - 20 - 20 * (len(series) - 1 - number)
        parts.append(f'<path d="M{_WIDE - 300} {at}h24" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{_WIDE - 270}" y="{at + 4}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
