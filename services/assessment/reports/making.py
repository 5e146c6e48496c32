"""From facts to a report; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.assessment.reports import charts
from services.assessment.reports.facts import Facts, Group, Known
from services.assessment.reports.numbers import Numbers
from services.assessment.reports.periods import is_year, said
from services.assessment.reports.report import (
    CategoryRow,
    Column,
    MonthRow,
    Place,
    Report,
    Row,
    Rows,
    Support,
)
from services.assessment.reports.rules import ReportRules
from services.assessment.reports.standing import Stand
from services.assessment.reports.words import COLUMNS, SUPPORT, word
from services.assessment.schemes.periods import before
from services.assessment.service.figures import COUNTS, HOURS, RATES
from services.assessment.support.messages import said as said_lack
from shared.contracts.words import AreaLevel

UNCLASSED, _LAST = "unclassed", "~"
"""Of whom the registry has not told yet, or for whom the scheme has no class; comes last."""
SUMMED_KINDS = frozenset({AreaLevel.CITY.value, AreaLevel.DISTRICT.value})


def report_of(
    facts: Facts, rules: ReportRules, names: Mapping[str, str], language: str, at: str
) -> Report:
    """The report. `names`: of categories; `at`: the time to be shown, RFC 3339."""
    subject, period = facts.subject, facts.period
    tables = [table_of(group, rules, language) for group in facts.groups]
    months = course_of(facts)
    categories = None
    if facts.categories is not None:
        categories = categories_of(facts.categories, names)
    title = "report.year" if is_year(period) else "report.month"
    return Report(
        kind=subject.kind,
        kind_label=word(subject.kind, language),
        id=subject.id,
        name=subject.name,
        period=period,
        period_before=before(period),
        language=language,
        title=word(title, language, name=subject.name, period=_period(period, language)),
        at=at,
        columns=columns(language),
        now=Numbers.of(facts.now),
        before=Numbers.of(facts.before),
        place=place_of(facts, language),
        support=support_of(facts.support),
        corrected_cases=facts.corrected,
        months=months,
        tables=tables,
        categories=categories,
        charts=[
            *charts.course(months, language),
            *(charts.compared(table, rules.charted, language) for table in tables if table.rows),
            *charts.by_category(categories or [], rules.charted, language),
        ],
        notes=notes_of(facts, rules, language, at),
    )


def _period(period: str, language: str) -> str:
    # 2026年年度 would say the year twice.
    return period if is_year(period) and language == "en" else said(period, language)


def columns(language: str) -> list[Column]:
    """The numbers that reports show, with their names."""
    units = dict.fromkeys(COUNTS, "count") | dict.fromkeys(RATES, "share")
    units |= dict.fromkeys(HOURS, "hours")
    return [
        Column.model_validate({"id": id, "label": word(id, language), "unit": units[id]})
        for id in COLUMNS
    ]


def course_of(facts: Facts) -> list[MonthRow]:
    """The numbers month by month."""
    return [
        MonthRow(month=month, numbers=Numbers.of(figure)) for month, figure in facts.months.items()
    ]


def class_label(stand: Stand | None, language: str) -> str:
    """The name of a class; with a word for those in it that lack promised support."""
    if stand is None:
        return word("unclassed", language)
    label = stand.label.said(language)
    return word("class.apart", language, label=label) if stand.apart else label


def place_of(facts: Facts, language: str) -> Place | None:
    """The subject's place among all of its class; None where it has no score."""
    now, earlier = facts.stand, facts.stand_before
    if now is None:
        return None
    return Place(
        class_=now.class_,
        class_label=now.label.said(language),
        basis="stand_in" if now.stand_in else "indicators",
        basis_label=now.basis.said(language),
        rank=now.rank,
        of=now.of,
        score=now.total,
        grade=now.grade and now.grade.said(language),
        sample=now.sample,
        minimum=facts.minimum,
        apart=now.apart,
        group_rank=now.group_rank,
        group_of=now.group_of,
        rank_before=earlier.rank if earlier else None,
        score_before=_comparable(now, earlier),
    )


def _comparable(now: Stand | None, earlier: Stand | None) -> float | None:
    """The total before; points by other indicators are not the same thing."""
    if now is None or earlier is None or earlier.basis != now.basis:
        return None
    return earlier.total


def rows_of(group: Group, language: str) -> list[Row]:
    """The rows of a table: by class, those ranked first, then by requests."""

    def order(id: str) -> tuple[str, bool, bool, int, int, str]:
        stand = group.stands.get(id)
        rank = stand.rank if stand else None
        class_ = stand.class_ if stand else _LAST
        apart = stand.apart if stand else False
        return class_, apart, rank is None, rank or 0, -group.now[id].requests, id

    rows: list[Row] = []
    ranks: Counter[tuple[str, bool]] = Counter()
    for id in sorted(group.now, key=order):
        now = group.stands.get(id)
        rank = None
        if now is not None and now.rank is not None:
            ranks[now.class_, now.apart] += 1
            rank = ranks[now.class_, now.apart]
        known = group.known.get(id)
        rows.append(
            Row(
                id=id,
                name=known.name if known else id,
                class_=now.class_ if now else UNCLASSED,
                class_label=class_label(now, language),
                rank=rank,
                score=now.total if now else None,
                score_before=_comparable(now, group.stands_before.get(id)),
                grade=now.grade.said(language) if now and now.grade else None,
                apart=now.apart if now else False,
                mark=_mark(known, language),
                support=None if known is None else support_of(known.support),
                corrected_cases=0 if known is None else known.corrected,
                numbers=Numbers.of(group.now[id]),
            )
        )
    return rows


def _mark(known: Known | None, language: str) -> str | None:
    if known is None:
        return None
    said = [said_lack(f"lack.{lack}", language) for lack in known.lacks]
    if known.corrected:
        said.append(word("mark.corrected", language, count=known.corrected))
    return word("mark", language, said=word("list", language).join(said)) if said else None


def support_of(inputs: Mapping[str, float]) -> Support | None:
    """Support and plans as formulas see them (`support/gather.py`); None where there is nothing."""
    known = {name: inputs[name] for name in Support.model_fields if name in inputs}
    return Support.model_validate(known) if known else None


def said_support(support: Support | None, language: str) -> list[str]:
    """Money given of that promised, the venue, plans overdue of those due, as printed."""
    if support is None:
        return ["—"] * len(SUPPORT)
    venue = support.has_venue
    return [
        shown(support.funds_promised, "count"),
        shown(support.funds_given, "count"),
        "—" if venue is None else word("yes" if venue else "no", language),
        shown(support.plans_due, "count"),
        shown(support.plans_overdue, "count"),
    ]


def table_of(group: Group, rules: ReportRules, language: str) -> Rows:
    """A table of what lies below."""
    rows = rows_of(group, language)
    return Rows(
        id=group.id,
        title=word(f"all.{group.id}", language),
        rows=rows[: rules.rows],
        left_out=max(0, len(rows) - rules.rows),
    )


def categories_of(
    counts: tuple[Mapping[str, int], Mapping[str, int]], names: Mapping[str, str]
) -> list[CategoryRow]:
    """Requests by category, those with most first."""
    now, earlier = counts
    rows = [
        CategoryRow(
            id=code,
            name=names.get(code, code),
            requests=now.get(code, 0),
            requests_before=earlier.get(code, 0),
        )
        for code in sorted({*now, *earlier})
    ]
    return sorted(rows, key=lambda row: (-row.requests, -row.requests_before, row.id))


def notes_of(facts: Facts, rules: ReportRules, language: str, at: str) -> list[str]:
    """What who reads the report should know of it."""
    found = [word("note.rates", language)]
    if facts.scheme is not None:
        name = facts.scheme.scheme.name.said(language)
        found.append(word("basis.scheme", language, scheme=name, version=facts.scheme.version))
    if is_year(facts.period) or facts.subject.kind in SUMMED_KINDS:
        found.append(word("note.hours", language))
    if facts.subject.kind in SUMMED_KINDS:
        found.append(word("note.located", language))
    if any(group.id == "unit" for group in facts.groups):
        found.append(word("note.units", language, minimum=facts.minimum))
    found += marked_notes(facts, language)
    if facts.categories is None:
        found.append(word("note.uncategorized", language, limit=rules.categorized_requests))
    return [*found, word("note.live", language, at=shown_time(at))]


def marked_notes(facts: Facts, language: str) -> list[str]:
    """The footnotes of what rows are marked with (lacking support, corrected cases), of the
    subject's own corrected cases, and of what has changed since the period was settled."""
    known = [one for group in facts.groups for one in group.known.values()]
    found = []
    if any(one.lacks for one in known):
        found.append(word("note.support", language))
    if facts.corrected:
        found.append(word("note.corrected.own", language, count=facts.corrected))
    if any(one.corrected for one in known):
        found.append(word("note.corrected", language))
    if facts.outdated:
        found.append(word("note.outdated", language, count=facts.outdated))
    return found


def shown_time(at: str) -> str:
    """An RFC 3339 time as people write it, to the minute."""
    return f"{at[:10]} {at[11:16]}"


def sentence_of(place: Place | None, language: str) -> str:
    """The place in words; empty without one."""
    if place is None:
        return ""
    if place.rank is None:
        return word("place.none", language, minimum=place.minimum)
    sentence = "place" if place.grade is None else "place.graded"
    parts = [
        word(
            sentence,
            language,
            class_label=place.class_label,
            of=place.of,
            rank=place.rank,
            score=shown(place.score, "score"),
            grade=place.grade,
        )
    ]
    if place.apart:
        parts.append(word("place.apart", language, of=place.group_of, rank=place.group_rank))
    if place.rank_before is not None:
        parts.append(word("place.before", language, rank=place.rank_before))
    if place.basis == "stand_in":
        parts.append(word("basis.stand_in", language, basis=place.basis_label))
    return joined(parts, language)


def joined(parts: Iterable[str], language: str) -> str:
    """Sentences one after the other."""
    return (" " if language == "en" else "").join(part for part in parts if part)


def percent(share: float | None) -> str:
    """A share as 92.3%, a dash without a sample."""
    return "—" if share is None else f"{share * 100:.1f}%"


def shown(value: float | None, unit: str) -> str:
    """A number as printed; a dash without a sample."""
    if value is None:
        return "—"
    if unit == "share":
        return percent(value)
    return f"{value:.0f}" if unit == "count" else f"{value:.1f}"


def labelled(column: Column, language: str) -> str:
    """The column's name with its unit, where that is not plain."""
    if column.unit != "hours":
        return column.label
    return f"{column.label} (h)" if language == "en" else f"{column.label}（小时）"


def difference(change: float | None, unit: str, language: str) -> str:
    """A change as printed, with its sign: of shares in percentage points."""
    if change is None:
        return "—"
    if unit == "share":
        return word("points", language, points=_signed(change * 100, 1))
    return _signed(change, 0 if unit == "count" else 1)


def _signed(value: float, decimals: int) -> str:
    text = f"{value:+.{decimals}f}"
    return text if float(text) else f"{0:.{decimals}f}"


def day(at: str, language: str) -> str:
    """The day of an RFC 3339 time in words, as 2026年6月3日."""
    if language == "en":
        return at[:10]
    return f"{at[:4]}年{int(at[5:7])}月{int(at[8:10])}日"
