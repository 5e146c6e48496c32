"""From facts to a street's bulletin (通报); pure."""

from collections.abc import Iterable, Mapping

from services.assessment.reports import charts, making
from services.assessment.reports.facts import Facts, Group
from services.assessment.reports.numbers import THREE_RATES, change
from services.assessment.reports.periods import said
from services.assessment.reports.report import (
    Bulletin,
    Moved,
    Moves,
    ProblemLine,
    RateLine,
    Row,
    UnitClass,
)
from services.assessment.reports.rules import ReportRules
from services.assessment.reports.words import word
from services.assessment.schemes.periods import before
from services.assessment.service.figures import SAMPLES


def bulletin_of(
    facts: Facts, rules: ReportRules, names: Mapping[str, str], language: str, at: str
) -> Bulletin:
    """The bulletin of a street's month, from the same facts as its report."""
    groups = {group.id: group for group in facts.groups}
    brief = rules.model_copy(update={"rows": rules.bulletin_rows})
    communities = making.table_of(groups["community"], brief, language)
    period = facts.period
    own = rules.issuer_en if language == "en" else rules.issuer_zh
    return Bulletin(
        id=facts.subject.id,
        name=facts.subject.name,
        period=period,
        period_before=before(period),
        language=language,
        title=word(
            "bulletin.title", language, name=facts.subject.name, period=said(period, language)
        ),
        issuer=own or facts.above or facts.subject.name,
        at=at,
        requests=facts.now.requests,
        requests_before=facts.before.requests,
        place=making.place_of(facts, language),
        rates=rates_of(facts, language),
        communities=communities,
        categories=categories_moved(facts, rules, names),
        scores=moves(
            (
                Moved(id=row.id, name=row.name, now=row.score, before=row.score_before)
                for row in making.rows_of(groups["community"], language)
                if row.score is not None and row.score_before is not None
            ),
            rules.named,
        ),
        units=unit_classes(groups["unit"], rules, language),
        problems=[
            ProblemLine(
                id=one.id,
                name=word(
                    "problem.named",
                    language,
                    place=one.place,
                    category=names.get(one.category, one.category),
                ),
                since=one.since,
                owner=one.owner,
            )
            for one in facts.problems
        ],
        minimum=facts.minimum,
        charts=charts.course(making.course_of(facts), language),
        notes=[
            word("note.rates", language),
            *making.marked_notes(facts, language),
            word("note.live", language, at=making.shown_time(at)),
        ],
    )


def rates_of(facts: Facts, language: str) -> list[RateLine]:
    """The three rates against last month."""
    found = []
    for id in THREE_RATES:
        now, earlier = getattr(facts.now, id), getattr(facts.before, id)
        found.append(
            RateLine(
                id=id,
                label=word(id, language),
                now=now,
                before=earlier,
                change=change(now, earlier),
                sample=getattr(facts.now, SAMPLES[id]),
            )
        )
    return found


def categories_moved(facts: Facts, rules: ReportRules, names: Mapping[str, str]) -> Moves | None:
    """What categories rose and fell; only with the minimum of requests in one of the months."""
    if facts.categories is None:
        return None
    return moves(
        (
            Moved(id=row.id, name=row.name, now=row.requests, before=row.requests_before)
            for row in making.categories_of(facts.categories, names)
            if max(row.requests, row.requests_before) >= rules.minimum_sample
        ),
        rules.named,
    )


def moves(candidates: Iterable[Moved], named: int) -> Moves:
    """Those that rose and fell most; nothing that stayed the same."""
    found = list(candidates)
    rose = sorted((one for one in found if one.now > one.before), key=_by_size)
    fell = sorted((one for one in found if one.now < one.before), key=_by_size)
    return Moves(rose=rose[:named], fell=fell[:named])


def _by_size(one: Moved) -> tuple[float, str]:
    return -abs(one.now - one.before), one.id


def unit_classes(group: Group, rules: ReportRules, language: str) -> list[UnitClass]:
    """The best and the last units of each class, none in both; where there is nobody to compare
    with, nobody is named."""
    classes: dict[tuple[str, bool], list[Row]] = {}
    for row in making.rows_of(group, language):
        classes.setdefault((row.class_, row.apart), []).append(row)
    found = []
    for (name, apart), rows in sorted(classes.items()):
        ranked = [row for row in rows if row.rank is not None]
        if len(ranked) < 2 or name == making.UNCLASSED:
            continue
        best = min(rules.named, (len(ranked) + 1) // 2)
        last = min(rules.named, len(ranked) - best)
        found.append(
            UnitClass(
                class_=name,
                class_label=rows[0].class_label,
                apart=apart,
                best=ranked[:best],
                last=ranked[len(ranked) - last :],
                ranked=len(ranked),
                under_minimum=len(rows) - len(ranked),
            )
        )
    return found
