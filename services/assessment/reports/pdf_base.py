"""What the PDFs share: fonts, styles, pages, tables.

Everything is drawn as text and lines. The fonts are embedded, as subsets: Chinese shows on any
viewer and printer. Imported only in the functions that need it: reportlab takes some 20 MB.
"""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from io import BytesIO
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

from services.assessment.reports.words import word

_FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = "LianxinSans", "LianxinSans-Bold"
INK, GREY, PALE, RULE, RED = "#1A1A1A", "#5F6B7A", "#EEF2F6", "#9AA5B1", "#B3161B"
MARGIN = 54.0
"""Points."""
_lock = Lock()


@lru_cache(maxsize=1)
def _registered() -> None:
    from reportlab.lib.fonts import addMapping  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    for name, file in ((REGULAR, "Regular"), (BOLD, "Bold")):
        pdfmetrics.registerFont(TTFont(name, str(_FONTS / f"LianxinSans-{file}.ttf")))
    for bold, italic in ((0, 0), (1, 0), (0, 1), (1, 1)):
        addMapping(REGULAR, bold, italic, BOLD if bold else REGULAR)


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br/>")


def _marked(text: str) -> str:
    """Markup of a bold text; what the bold font lacks is set in the regular one."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415

    known = pdfmetrics.getFont(BOLD).face.charToGlyph
    runs = groupby(text, lambda letter: ord(letter) in known)
    return "".join(
        _escaped("".join(run))
        if bold
        else f'<font name="{REGULAR}">{_escaped("".join(run))}</font>'
        for bold, run in runs
    )


def register_fonts() -> None:
    """Make the fonts known, once a process (half a second)."""
    with _lock:
        _registered()


class Page:
    """A document in the making: flowables are added, `made` sets them on A4 pages."""

    def __init__(self, title: str, language: str) -> None:
        register_fonts()
        self.language = language
        self._title = title
        self._foot = word("made", language)
        self._flow: list[Any] = []

    @property
    def width(self) -> float:
        """Points between the margins."""
        from reportlab.lib.pagesizes import A4  # noqa: PLC0415

        return float(A4[0]) - 2 * MARGIN

    def add(self, *flowables: Any) -> None:
        """Add what reportlab makes."""
        self._flow.extend(flowables)

    def together(self, *flowables: Any) -> None:
        """Add what must not be parted by the end of a page."""
        from reportlab.platypus import KeepTogether  # noqa: PLC0415

        self._flow.append(KeepTogether(list(flowables)))

    def text(self, text: str, **style: Any) -> Any:
        """A paragraph; `text` is plain, in lines."""
        return self.markup(_marked(text) if style.get("bold") else _escaped(text), **style)

    def markup(self, markup: str, **style: Any) -> Any:
        """A paragraph of reportlab's markup, whose texts are escaped already."""
        from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
        from reportlab.platypus import Paragraph  # noqa: PLC0415

        size = style.pop("size", 10)
        known = {
            "fontName": BOLD if style.pop("bold", False) else REGULAR,
            "fontSize": size,
            "leading": style.pop("leading", size * 1.5),
            "textColor": style.pop("color", INK),
            # Chinese has no spaces to break a line at; English has.
            "wordWrap": None if self.language == "en" else "CJK",
        }
        return Paragraph(markup, ParagraphStyle("own", **known, **style))

    def head(self, text: str) -> None:
        """Add a heading; on the next page where only few lines would follow it on this one.

        Not by keeping it with what follows: a long table would go to the next page whole.
        """
        from reportlab.platypus import CondPageBreak  # noqa: PLC0415

        self.add(CondPageBreak(80), self.heading(text))

    def heading(self, text: str) -> Any:
        """A heading."""
        return self.text(text, size=12.5, bold=True, spaceBefore=9, spaceAfter=4)

    def gap(self, points: float) -> Any:
        """White space."""
        from reportlab.platypus import Spacer  # noqa: PLC0415

        return Spacer(1, points)

    def rule(self, color: str = RULE, thickness: float = 0.6) -> Any:
        """A line across the page."""
        from reportlab.platypus import HRFlowable  # noqa: PLC0415

        return HRFlowable(
            width="100%", thickness=thickness, color=color, spaceBefore=2, spaceAfter=6
        )

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        left: Sequence[int] = (0,),
        size: float = 8.5,
        pad: float = 2.5,
    ) -> Any:
        """A table whose head is on every page; columns not in `left` are set to the right."""
        from reportlab.platypus import LongTable, TableStyle  # noqa: PLC0415

        def cell(text: str, column: int, **style: Any) -> Any:
            side = 0 if column in left else 2
            return self.text(text, size=size, leading=size * 1.25, alignment=side, **style)

        # English words are wider than their columns, and are not parted.
        size -= 1.2 if self.language == "en" else 0
        total = sum(widths)
        drawn = LongTable(
            [
                [cell(text, n, bold=True) for n, text in enumerate(head)],
                *([cell(text, n) for n, text in enumerate(row)] for row in rows),
            ],
            colWidths=[self.width * width / total for width in widths],
            repeatRows=1,
        )
        drawn.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, 0), PALE),
                    ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
                    ("LINEBELOW", (0, 0), (-1, 0), 0.5, INK),
                    ("LINEBELOW", (0, 1), (-1, -2), 0.25, RULE),
                    ("LINEBELOW", (0, -1), (-1, -1), 0.8, INK),
                    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                    ("TOPPADDING", (0, 0), (-1, -1), pad),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), pad + 1),
                    ("LEFTPADDING", (0, 0), (-1, -1), 3),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ]
            )
        )
        return drawn

    def made(self) -> bytes:
        """The PDF."""
        from reportlab.lib.pagesizes import A4  # noqa: PLC0415
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate  # noqa: PLC0415

        out = BytesIO()
        bottom = MARGIN + 2
        frame = Frame(
            MARGIN,
            bottom,
            self.width,
            float(A4[1]) - MARGIN - bottom,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        document = BaseDocTemplate(
            out,
            pagesize=A4,
            pageTemplates=[PageTemplate(frames=[frame])],
            title=self._title,
            author=self._foot,
            lang="en" if self.language == "en" else "zh-CN",
        )
        document.build(self._flow, canvasmaker=self._numbered())
        return out.getvalue()

    def _numbered(self) -> Any:
        """A canvas that knows how many pages there are when it writes the first one's foot."""
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

        foot, language, width = self._foot, self.language, self.width

        class Numbered(Canvas):  # type: ignore[misc]  # untyped
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self._kept: list[dict[str, Any]] = []

            def showPage(self) -> None:
                self._kept.append(dict(self.__dict__))
                self._startPage()

            def save(self) -> None:
                for kept in self._kept:
                    self.__dict__.update(kept)
                    self.setFont(REGULAR, 8)
                    self.setFillColor(GREY)
                    self.drawString(MARGIN, 34, foot)
                    text = word("page", language, page=self._pageNumber, pages=len(self._kept))
                    self.drawRightString(MARGIN + width, 34, text)
                    super().showPage()
                super().save()

        return Numbered
