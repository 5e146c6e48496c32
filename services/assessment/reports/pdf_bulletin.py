"""A street's bulletin (通报) as a PDF of one or two A4 pages."""

from collections.abc import Sequence
from html import escape

from services.assessment.reports import making
from services.assessment.reports.making import percent, shown
from services.assessment.reports.numbers import THREE_RATES
from services.assessment.reports.pdf_base import BOLD, GREY, RED, Page
from services.assessment.reports.pdf_charts import drawing_of
from services.assessment.reports.periods import said
from services.assessment.reports.report import Bulletin, Moved, Row, UnitClass
from services.assessment.reports.words import word

_CENTRE, _RIGHT = 1, 2


def bulletin_pdf_of(bulletin: Bulletin) -> bytes:
    """The PDF, set as offices set a notice: red head, numbered parts, who and when at the end."""
    return _Notice(bulletin).made()


class _Notice:
    def __init__(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin
        self._language = bulletin.language
        self._page = Page(bulletin.title, self._language)

    def _word(self, key: str, **filled: object) -> str:
        return word(key, self._language, **filled)

    def made(self) -> bytes:
        self._head()
        self._overview()
        self._communities()
        self._moves()
        self._units()
        self._problems()
        self._end()
        return self._page.made()

    def _say(self, text: str) -> None:
        # Chinese paragraphs begin two characters in.
        indent = 0 if self._language == "en" else 20
        self._page.add(self._page.text(text, firstLineIndent=indent, leading=16))

    def _part(self, key: str) -> None:
        self._page.head(self._word(key))

    def _head(self) -> None:
        page, bulletin = self._page, self._bulletin
        page.add(
            page.text(
                self._word("bulletin"),
                size=23,
                bold=True,
                color=RED,
                alignment=_CENTRE,
                leading=32,
            )
        )
        line = f"{bulletin.issuer}　　{making.day(bulletin.at, self._language)}"
        page.add(page.text(line, size=10, alignment=_CENTRE, spaceBefore=2))
        page.add(page.rule(RED, 1.6))
        page.add(
            page.text(
                bulletin.title,
                size=15,
                bold=True,
                alignment=_CENTRE,
                spaceBefore=4,
                spaceAfter=6,
            )
        )
        page.add(page.text(self._word("bulletin.to")))
        period = said(bulletin.period, self._language)
        self._say(self._word("bulletin.intro", name=bulletin.name, period=period))

    def _overview(self) -> None:
        page, bulletin = self._page, self._bulletin
        self._part("bulletin.one")
        counts = {"now": bulletin.requests, "before": bulletin.requests_before}
        self._say(
            making.joined(
                [
                    self._word("bulletin.requests", **counts),
                    making.sentence_of(bulletin.place, self._language),
                ],
                self._language,
            )
        )
        keys = ("figure", "month.now", "month.before", "change", "sample")
        page.add(
            page.gap(3),
            page.table(
                [self._word(key) for key in keys],
                [
                    [
                        rate.label,
                        percent(rate.now),
                        percent(rate.before),
                        making.difference(rate.change, "share", self._language),
                        str(rate.sample),
                    ]
                    for rate in bulletin.rates
                ],
                [1.6, 1, 1, 1.4, 1],
                size=9.5,
            ),
            page.gap(6),
            drawing_of(bulletin.charts[0], page.width, 112),
        )

    def _communities(self) -> None:
        page, table = self._page, self._bulletin.communities
        self._part("bulletin.two")
        if not table.rows:
            self._say(self._word("none"))
            return
        keys = ("rank", "community", "score", "score.before", "requests", *THREE_RATES)
        page.add(
            page.table(
                [self._word(key) for key in keys],
                [self._community(row) for row in table.rows],
                [0.6, 2.6, 1, 1.1, 1, 1, 1, 1],
                left=(0, 1),
                pad=1.2,
            )
        )
        if table.left_out:
            page.add(page.text(self._word("left_out", count=table.left_out), size=8.5))

    def _community(self, row: Row) -> list[str]:
        return [
            "—" if row.rank is None else str(row.rank),
            row.marked,
            shown(row.score, "score"),
            shown(row.score_before, "score"),
            str(row.numbers.requests),
            *(percent(getattr(row.numbers, id)) for id in THREE_RATES),
        ]

    def _moves(self) -> None:
        page, bulletin = self._page, self._bulletin
        self._part("bulletin.three")
        rows = []
        for key, moves, unit in (
            ("moved.categories", bulletin.categories, "count"),
            ("moved.communities", bulletin.scores, "score"),
        ):
            if moves is not None and (moves.rose or moves.fell):
                rows.append(
                    [self._word(key), self._moved(moves.rose, unit), self._moved(moves.fell, unit)]
                )
        if not rows:
            self._say(self._word("nothing_moved", minimum=bulletin.minimum))
            return
        head = [self._word(key) for key in ("what", "rose", "fell")]
        page.add(page.table(head, rows, [1, 2.6, 2.6], left=(0, 1, 2), size=9))

    def _moved(self, moves: Sequence[Moved], unit: str) -> str:
        return (
            self._word("list").join(
                self._word(
                    "moved",
                    name=one.name,
                    before=shown(one.before, unit),
                    now=shown(one.now, unit),
                )
                for one in moves
            )
            or "—"
        )

    def _units(self) -> None:
        page, bulletin = self._page, self._bulletin
        self._part("bulletin.four")
        if not bulletin.units:
            self._say(self._word("units.none", minimum=bulletin.minimum))
            return
        head = [self._word(key) for key in ("class", "compared", "best", "last")]
        page.add(
            page.table(
                head,
                [self._unit_class(one) for one in bulletin.units],
                [1, 0.7, 2.5, 2.5],
                left=(0, 1, 2, 3),
            ),
            page.text(self._word("units.note", minimum=bulletin.minimum), size=8.5, spaceBefore=3),
        )

    def _unit_class(self, one: UnitClass) -> list[str]:
        return [one.class_label, str(one.ranked), self._named(one.best), self._named(one.last)]

    def _named(self, rows: Sequence[Row]) -> str:
        return (
            "\n".join(
                self._word(
                    "unit.said",
                    name=row.marked,
                    score=shown(row.score, "score"),
                    sample=row.numbers.followed_up,
                )
                for row in rows
            )
            or "—"
        )

    def _problems(self) -> None:
        page, bulletin = self._page, self._bulletin
        if not bulletin.problems:
            return
        self._part("bulletin.five")
        head = [self._word(key) for key in ("problem", "since", "owner")]
        rows = [[one.name, one.since, one.owner or "—"] for one in bulletin.problems]
        page.add(page.table(head, rows, [3, 1, 2], left=(0, 1, 2), size=9))

    def _end(self) -> None:
        page, bulletin = self._page, self._bulletin
        day = making.day(bulletin.at, self._language)
        signed = f'<font name="{BOLD}">{escape(bulletin.issuer)}</font><br/>{escape(day)}'
        page.together(
            page.gap(10),
            page.markup(signed, alignment=_RIGHT, leading=16),
            page.gap(6),
            *(page.text(note, size=7.5, color=GREY) for note in bulletin.notes),
        )
