"""What subjects were given and had to do, as inputs of scores and for people to read."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from services.assessment.heard import Source, Sources, source_of
from services.assessment.schemes.periods import bounds_of
from services.assessment.service.figures import SubjectKind
from services.assessment.support import progress
from services.assessment.support.progress import Due, Span
from services.assessment.support.repository import SupportRepository

_FRESH_SECONDS = 30.0
_KEPT = 16
"""Periods and kinds of which the numbers are kept."""


@dataclass
class Support:
    """Of one subject, up to the end of a period; None where it is not known."""

    organizations: list[str] = field(default_factory=list)
    funds_promised: float = 0.0
    funds_given: float = 0.0
    has_venue: bool | None = None
    dues: list[tuple[Due, float | None]] = field(default_factory=list)
    """With what was done until its date."""
    overdue: int = 0

    @property
    def inputs(self) -> dict[str, float]:
        """As formulas see it: without money promised and without plans nothing is said of them."""
        found: dict[str, float] = {}
        if self.funds_promised:
            found["funds_promised"] = self.funds_promised
            found["funds_given"] = self.funds_given
        if self.has_venue is not None:
            found["has_venue"] = float(self.has_venue)
        if self.dues:
            found["plans_due"] = float(len(self.dues))
            found["plans_overdue"] = float(self.overdue)
        return found


class SupportInputs:
    """Reads support; `provide` is the provider of inputs (`scores/inputs.py`)."""

    def __init__(self, repository: SupportRepository, zone: tzinfo) -> None:
        self._repository = repository
        self._zone = zone
        self._kept: dict[tuple[str, SubjectKind], tuple[float, dict[str, dict[str, float]]]] = {}

    async def provide(
        self, period: str, kind: SubjectKind, ids: Collection[str] | None
    ) -> dict[str, dict[str, float]]:
        """The numbers of a period by subject; see `inputs.Provider`.

        Those of all subjects are kept for a moment: grades are looked at with each batch of
        figures, and money, venues and plans move by the day.
        """
        if ids is None:
            kept = self._kept.get((period, kind))
            if kept is not None and time.monotonic() - kept[0] < _FRESH_SECONDS:
                return kept[1]
        found = await self.of(period, kind, ids)
        numbers = {id: support.inputs for id, support in found.items() if support.inputs}
        if ids is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[period, kind] = (time.monotonic(), numbers)
        return numbers

    async def of(
        self, period: str, kind: SubjectKind, ids: Collection[str] | None
    ) -> dict[str, Support]:
        """What is known of each subject; of all without `ids`."""
        start, end = bounds_of(period, self._zone)
        found, places = await self._means(kind, ids, end)
        await self._add_plans(found, places, start, end)
        return found

    async def sources(self, period: str, kind: SubjectKind, id: str) -> Sources:
        """By which events the numbers of one subject were told: money, venue, plans, and the work
        that was done of them."""
        start, end = bounds_of(period, self._zone)
        owned = await self._repository.organizations_of(kind, [id])
        own = owned.get(id, [])
        funds = await self._repository.told_of_funds(own, end)
        places = _places(kind, [id], owned)
        link = f"/v1/support?kind={kind}&id={id}&period={period}"
        plans: dict[str, Source] = {}
        work: list[Source] = []
        for plan in await self._repository.plans_for(places):
            for due in progress.dues(plan, places, start, end):
                plans[plan["_id"]] = source_of(plan, link)
                work += await self._work(due)
        return {
            "funds_promised": funds,
            "funds_given": funds,
            "has_venue": await self._repository.told_of_venues(own),
            "plans_due": list(plans.values()),
            "plans_overdue": [*plans.values(), *work],
        }

    async def _work(self, due: Due) -> list[Source]:
        """The records that count for what is due."""
        span = progress.span_of(due)
        if span is None:
            return []
        what, _, id = due.place.partition("/")
        if what == "areas":
            return await self._repository.told_of_work(span, "area_path", [id])
        inside = progress.below([id], await self._repository.parents())[id]
        return await self._repository.told_of_work(span, "organization_id", inside)

    async def _means(
        self, kind: SubjectKind, ids: Collection[str] | None, end: datetime
    ) -> tuple[dict[str, Support], dict[str, str]]:
        """Money and venue of each subject; and the places in plans that stand for it."""
        owned = await self._repository.organizations_of(kind, ids)
        found = {id: Support(organizations=own) for id, own in owned.items()}
        every = [id for own in owned.values() for id in own]
        funds = await self._repository.funds(every, end)
        venues = await self._repository.venues(every)
        for support in found.values():
            for id in support.organizations:
                promised, given = funds.get(id, (0.0, 0.0))
                support.funds_promised += promised
                support.funds_given += given
                if id in venues:
                    support.has_venue = bool(support.has_venue) or venues[id]
        return found, _places(kind, ids, owned)

    async def _add_plans(
        self,
        found: dict[str, Support],
        places: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> None:
        plans = await self._repository.plans_for(places)
        dues = [due for plan in plans for due in progress.dues(plan, places, start, end)]
        done = await self._done(dues)
        now = datetime.now(UTC)
        for due in dues:
            support = found.setdefault(places[due.place], Support())
            reached = done.get((due.place, progress.span_of(due)))
            support.dues.append((due, None if due.work is None else reached or 0.0))
            support.overdue += progress.missed(due, support.dues[-1][1], now)

    async def _done(self, dues: list[Due]) -> dict[tuple[str, Span | None], float]:
        """What was done at each place in each span: one question a span, not one a place."""
        spans: dict[Span, set[str]] = {}
        for due in dues:
            span = progress.span_of(due)
            if span is not None:
                spans.setdefault(span, set()).add(due.place)
        organizations = {
            place.partition("/")[2]
            for places in spans.values()
            for place in places
            if place.startswith("organizations/")
        }
        trees = {}
        if organizations:
            trees = progress.below(organizations, await self._repository.parents())
        found: dict[tuple[str, Span | None], float] = {}
        for span, places in spans.items():
            areas = [p.partition("/")[2] for p in places if p.startswith("areas/")]
            if areas:
                sums = await self._repository.done_in(span, areas)
                found |= {(f"areas/{code}", span): number for code, number in sums.items()}
            own = {
                id: trees[id]
                for id in (p.partition("/")[2] for p in places if p.startswith("organizations/"))
            }
            if own:
                inside = set().union(*own.values())
                sums = await self._repository.done_by(span, inside)
                rolled = progress.rolled_up(sums, own)
                found |= {(f"organizations/{id}", span): n for id, n in rolled.items()}
        return found


def _places(
    kind: SubjectKind, ids: Collection[str] | None, owned: Mapping[str, list[str]]
) -> dict[str, str]:
    """The subject that a plan's place stands for: its organizations; an area itself."""
    found = {f"organizations/{id}": subject for subject, own in owned.items() for id in own}
    if kind.group == "area":
        found |= {f"areas/{code}": code for code in (owned if ids is None else ids)}
    return found
