"""Fills a year's figures into a statement: what the system knows, so that nobody types it in."""

from collections.abc import Sequence
from contextlib import suppress

from services.assessment.lists.basis import Judges
from services.assessment.lists.exemplars import ExemplarStage
from services.assessment.lists.repository import Lists
from services.assessment.lists.weak import weak_id
from services.assessment.schemes.periods import bounds_of, period_of
from services.assessment.schemes.versions import NoScheme
from services.assessment.service.figures import RATES, SubjectKind
from services.assessment.statements.repository import Statements
from services.assessment.statements.statement import Filled, Line
from services.assessment.subjects import Subject, Subjects
from shared.contracts.words import AreaLevel, Domain
from shared.spans import moment

BY_MONTH = ("requests", *RATES)


class Filling:
    """Looks the figures of an organization and year up."""

    def __init__(
        self,
        lists: Lists,
        statements: Statements,
        subjects: Subjects,
        judges: Judges,
    ) -> None:
        self._lists = lists
        self._statements = statements
        self._subjects = subjects
        self._judges = judges

    async def fill(self, organization: Subject, year: int) -> Filled:
        """The year's figures as they are now: of the organization, and of the area whose own it
        is; by month where there is anything; its places on the lists."""
        now = moment()
        areas = await self._own_area(organization)
        months = [f"{year}-{month:02d}" for month in range(1, 13)]
        begun = [month for month in months if bounds_of(month, self._lists.zone)[0] <= now]
        lines: list[Line] = []
        for subject in [organization, *areas]:
            numbers = await self._numbers(subject, str(year))
            lines += [_line(name, subject, str(year), numbers) for name in sorted(numbers)]
            for month in begun:
                numbers = await self._numbers(subject, month)
                shown = [name for name in BY_MONTH if name in numbers]
                lines += [_line(name, subject, month, numbers) for name in shown]
            lines += await self._scores(subject, begun)
        lines += await self._of_lists(organization, areas, str(year))
        return Filled(at=moment(), lines=tuple(lines))

    async def _own_area(self, organization: Subject) -> list[Subject]:
        """The area that the organization is the own one of (街道社区、农村)."""
        if not organization.path or organization.domain not in (Domain.COMMUNITY, Domain.VILLAGE):
            return []
        for kind in (SubjectKind.COMMUNITY, SubjectKind.STREET):
            known = await self._subjects.get_many(kind, [organization.path[-1]])
            if any(one.level == AreaLevel(kind.value) for one in known.values()):
                return list(known.values())
        return []

    async def _numbers(self, subject: Subject, period: str) -> dict[str, float]:
        known = await self._judges.numbers(period, subject.kind, [subject.id])
        return known.get(subject.id, {})

    async def _scores(self, subject: Subject, months: Sequence[str]) -> list[Line]:
        schemes = {}
        for month in months:
            with suppress(NoScheme):
                scheme = self._judges.in_force(month).scheme
                schemes[period_of(month, scheme.period)] = scheme
        lines = []
        for period, scheme in schemes.items():
            class_ = scheme.class_of(subject.kind, subject.domain, subject.level)
            if class_ is not None:
                numbers = await self._judges.outcome(period, class_, subject.id)
                lines += [_line(name, subject, period, numbers) for name in sorted(numbers)]
        return lines

    async def _of_lists(
        self, organization: Subject, areas: Sequence[Subject], year: str
    ) -> list[Line]:
        begin, end = bounds_of(year, self._lists.zone)
        id = weak_id(organization.kind, organization.id)
        weak, exemplar = await self._lists.weak.get(id), await self._lists.exemplars.get(id)
        stays = weak.state.stays if weak is not None and weak.state is not None else ()
        listed = sum(s.found_at < end and (s.left_at is None or s.left_at >= begin) for s in stays)
        accepted = (
            exemplar is not None
            and exemplar.state is not None
            and exemplar.state.stage is ExemplarStage.ACCEPTED
        )
        adopted = await self._lists.adopted_by(organization.id, begin, end)
        visits = 0
        for place in (organization, *areas):
            visits += await self._statements.visits_of(place.id, begin, end)
        found = {
            "weak_stays": listed,
            "exemplar": int(accepted),
            "practices_adopted": adopted,
            "contact_visits": visits,
        }
        return [
            Line(code=code, of=organization.kind.value, period=year, value=float(value))
            for code, value in found.items()
        ]


def _line(name: str, subject: Subject, period: str, numbers: dict[str, float]) -> Line:
    return Line(
        code=name,
        of=subject.kind.value,
        period=period,
        value=numbers[name],
        sample=numbers.get(RATES[name][1]) if name in RATES else None,
    )
