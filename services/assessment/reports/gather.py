"""Reads what a report is made from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.assessment.reports.boards import Boards
from services.assessment.reports.facts import Facts, Group, Known, Recurring, Subject
from services.assessment.reports.making import SUMMED_KINDS
from services.assessment.reports.numbers import added
from services.assessment.reports.periods import trend_of
from services.assessment.reports.repository import ReportsRepository
from services.assessment.reports.rules import ReportRules
from services.assessment.reports.standing import stands_among
from services.assessment.schemes.periods import before, months_of
from services.assessment.scores.inputs import Numbers, Provider
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.support.groups import Bounds, Lack, lacking_of
from shared.contracts.words import AreaLevel
from shared.storage.client import Document
from shared.web.problems import Problem

_AREAS = frozenset(level.value for level in AreaLevel)
_Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class _Spans:
    """The months of the period, of the one before, and of the course."""

    period: str
    now: Sequence[str]
    before: Sequence[str]
    trend: Sequence[str]

    @property
    def former(self) -> str:
        """The period before."""
        return before(self.period)


class Gather:
    """Reads the facts of one subject and period after the other."""

    def __init__(
        self,
        repository: ReportsRepository,
        boards: Boards,
        rules: ReportRules,
        support: Provider,
        bounds: Bounds,
    ) -> None:
        self._repository = repository
        self._boards = boards
        self._support = support
        self._bounds = bounds
        self._rules = rules

    async def facts(self, kind: str, id: str, period: str) -> Facts:
        """The facts. Raises `Problem` 404 where there is no such subject."""
        spans = _Spans(
            period,
            months_of(period),
            months_of(before(period)),
            trend_of(period, self._rules.trend_months),
        )
        if kind in _AREAS:
            return await self._of_area(AreaLevel(kind), id, spans)
        return await self._of_holder(SubjectKind(kind), id, spans)

    async def _of_area(self, level: AreaLevel, id: str, spans: _Spans) -> Facts:
        area = await self._repository.area(id)
        if area is None or area["level"] != level.value:
            raise Problem(404, "report-subject-not-found", id=id)
        subject = Subject(level.value, id, area["name"])
        above = await self._above(area)
        if level.value in SUMMED_KINDS:
            streets = await self._repository.areas_in(id, "street")
            kind, names = SubjectKind.STREET, _names(streets)
            group = await self._group(kind, names, spans)
            groups = [group]
            if level is AreaLevel.CITY:
                groups.insert(0, await self._districts(id, streets, group, spans))
            figures = group.now, group.before
            return await self._facts(subject, kind, list(names), figures, spans, groups, above)
        kind, groups = SubjectKind(level.value), []
        if level is AreaLevel.STREET:
            names = _names(await self._repository.areas_in(id, "community"))
            groups.append(await self._group(SubjectKind.COMMUNITY, names, spans))
        groups.append(await self._units_of(id, spans))
        figures = await self._figures(kind, [id], spans)
        return await self._facts(subject, kind, [id], figures, spans, groups, above)

    async def _of_holder(self, kind: SubjectKind, id: str, spans: _Spans) -> Facts:
        known = (await self._repository.holders(kind, [id])).get(id)
        groups = []
        if kind is SubjectKind.UNIT:
            names = _names(await self._repository.organizations_of(id))
            groups.append(await self._group(SubjectKind.ORGANIZATION, names, spans))
        subject = Subject(kind.value, id, known["name"] if known else id)
        figures = await self._figures(kind, [id], spans)
        facts = await self._facts(subject, kind, [id], figures, spans, groups)
        if known is None and not any(figure.requests for figure in facts.months.values()):
            raise Problem(404, "report-subject-not-found", id=id)
        return facts

    async def _facts(
        self,
        subject: Subject,
        kind: SubjectKind,
        ids: list[str],
        figures: tuple[_Figures, _Figures],
        spans: _Spans,
        groups: list[Group],
        above: str | None = None,
    ) -> Facts:
        period, repository = spans.period, self._repository
        now, earlier = figures
        total = added(period, kind, subject.id, now.values())
        total_before = added(spans.former, kind, subject.id, earlier.values())
        categories = None
        if total.requests + total_before.requests <= self._rules.categorized_requests:
            group = "area" if subject.kind in _AREAS else subject.kind
            categories = (
                await repository.by_category(group, subject.id, spans.now),
                await repository.by_category(group, subject.id, spans.before),
            )
        stand = stand_before = None
        support: Mapping[str, float] = {}
        if subject.kind not in SUMMED_KINDS:
            supports = await self._support(period, kind, None)
            support, lacking = supports.get(subject.id, {}), lacking_of(supports, self._bounds)
            stand = (await self._boards.stands(period, kind, lacking)).get(subject.id)
            former = await self._boards.stands(spans.former, kind, lacking)
            stand_before = former.get(subject.id)
        return Facts(
            subject=subject,
            period=period,
            now=total,
            before=total_before,
            months=await repository.by_month(kind, subject.id, spans.trend, ids),
            groups=tuple(groups),
            categories=categories,
            scheme=self._boards.version(period),
            stand=stand,
            stand_before=stand_before,
            above=above,
            problems=await self._problems(subject, spans.period),
            support=support,
            outdated=await self._boards.outdated(period),
            corrected=(await repository.touched.counts(spans.now, kind)).get(subject.id, 0),
        )

    async def _figures(
        self, kind: SubjectKind, ids: Collection[str], spans: _Spans
    ) -> tuple[_Figures, _Figures]:
        """Of the period and of the one before."""
        return (
            await self._repository.by_subject(spans.period, kind, spans.now, ids),
            await self._repository.by_subject(spans.former, kind, spans.before, ids),
        )

    async def _problems(self, subject: Subject, period: str) -> tuple[Recurring, ...]:
        """What recurs in a street, by the end of the period."""
        if subject.kind != SubjectKind.STREET:
            return ()
        found = await self._repository.open_problems(subject.id, months_of(period)[-1])
        codes = [code for one in found for code in (one["place"], one["owner"])]
        names = await self._repository.names_of(codes)
        return tuple(
            Recurring(
                id=one["_id"],
                category=one["category"],
                place=str(names.get(one["place"], one["place"])),
                since=one["month"],
                owner=names.get(one["owner"]),
            )
            for one in found
        )

    async def _districts(
        self, id: str, streets: Sequence[Document], group: Group, spans: _Spans
    ) -> Group:
        """Districts as the sums of their streets (`group`); they have no score."""
        names = _names(await self._repository.areas_in(id, "district"))
        corrected = await self._repository.touched.counts(spans.now, SubjectKind.STREET)
        return Group(
            "district",
            {c: Known(name, corrected=corrected.get(c, 0)) for c, name in names.items()},
            _summed(spans.period, names, streets, group.now),
            _summed(spans.former, names, streets, group.before),
        )

    async def _group(self, kind: SubjectKind, names: Mapping[str, str], spans: _Spans) -> Group:
        support = await self._support(spans.period, kind, None)
        lacking = lacking_of(support, self._bounds)
        corrected = await self._repository.touched.counts(spans.now, kind)
        now, earlier = await self._figures(kind, list(names), spans)
        return Group(
            kind.value,
            _known(names, lacking, support, corrected),
            now,
            earlier,
            await self._boards.stands(spans.period, kind, lacking),
            await self._boards.stands(spans.former, kind, lacking),
        )

    async def _units_of(self, area: str, spans: _Spans) -> Group:
        """Units by their work on the requests of an area, scored among themselves."""
        period, kind = spans.period, SubjectKind.UNIT
        now = await self._repository.by_unit(period, area, spans.now)
        earlier = await self._repository.by_unit(spans.former, area, spans.before)
        known = await self._repository.holders(kind, [*now, *earlier])
        support = await self._support(period, kind, list(known))
        lacking = lacking_of(support, self._bounds)
        corrected = await self._repository.touched.counts(spans.now, kind, area)
        titles = {id: one["name"] for id, one in known.items()}
        names = _known(titles, lacking, support, corrected)
        version = self._boards.version(period)
        if version is None:
            return Group("unit", names, now, earlier)
        domains = {id: one["domain"] for id, one in known.items()}
        return Group(
            "unit",
            names,
            now,
            earlier,
            stands_among(version.scheme, kind, now, domains, lacking),
            stands_among(version.scheme, kind, earlier, domains, lacking),
        )

    async def _above(self, area: Document) -> str | None:
        above = await self._repository.area(area["path"][-2]) if len(area["path"]) > 1 else None
        return above["name"] if above else None


def _names(documents: Sequence[Document]) -> dict[str, str]:
    return {one["_id"]: one["name"] for one in documents}


def _known(
    names: Mapping[str, str],
    lacking: Mapping[str, tuple[Lack, ...]],
    support: Numbers,
    corrected: Mapping[str, int],
) -> dict[str, Known]:
    return {
        id: Known(name, lacking.get(id, ()), support.get(id, {}), corrected.get(id, 0))
        for id, name in names.items()
    }


def _summed(
    period: str, known: Mapping[str, str], streets: Sequence[Document], figures: _Figures
) -> dict[str, Figure]:
    inside: dict[str, list[Figure]] = {}
    for street in streets:
        figure = figures.get(street["_id"])
        for code in street["path"]:
            if code in known and figure is not None:
                inside.setdefault(code, []).append(figure)
    return {
        code: added(period, SubjectKind.STREET, code, those)
        for code, those in sorted(inside.items())
    }
