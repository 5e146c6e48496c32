"""How things stand with a subject, as inputs of schemes (`scores/inputs.py`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.assessment.heard import Source, Sources
from services.assessment.lists.facts import (
    TASK,
    Lateness,
    Place,
    Posts,
    gaps_at,
    late_in,
    post_at,
    trainings_overdue,
    vacant_days,
)
from services.assessment.schemes.periods import bounds_of
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import SubjectKind
from shared.contracts.words import Domain
from shared.storage.aggregates import AggregateStore
from shared.storage.client import Database, Document

OF_THE_AREA = (Domain.COMMUNITY.value, Domain.VILLAGE.value)
"""Domains of the organizations that an area's own are of."""
_BATCH = 1000


class StandingInputs:
    """Provider of vacancies, overdue training, gaps, plans behind and overdue tasks.

    An organization's are its own; a unit's and an area's those of its organizations: the longest
    vacancy, and the sums of the others. Gaps are those of the places inside an area, and of the
    area of an organization of a community or village.
    """

    def __init__(
        self,
        database: Database,
        posts: AggregateStore[Posts],
        places: AggregateStore[Place],
        lateness: AggregateStore[Lateness],
        zone: ZoneInfo,
    ) -> None:
        self._organizations = database["organizations"]
        self._levels = database["areas"]
        self._posts = posts
        self._places = places
        self._lateness = lateness
        self._zone = zone

    async def provide(self, period: str, kind: SubjectKind, ids: Collection[str] | None) -> Numbers:
        """The numbers of a period, as they stood at its end or stand now; see `inputs.Provider`."""
        begin, end = bounds_of(period, self._zone)
        moment = min(end, datetime.now(UTC))
        found: Numbers = {}
        owners = await self._owners(kind, ids)
        await self._of_posts(found, owners, moment)
        areas = await self._areas(kind, ids)
        await self._of_places(found, areas, moment)
        await self._of_plans(found, owners, areas, begin, end, moment)
        return found

    async def sources(self, period: str, kind: SubjectKind, id: str) -> Sources:
        """By which events the numbers of one subject were told."""
        begin, end = bounds_of(period, self._zone)
        moment = min(end, datetime.now(UTC))
        found: defaultdict[str, list[Source]] = defaultdict(list)
        owners = list(await self._owners(kind, [id]))
        for own, aggregate in (await self._posts.get_many(owners)).items():
            if (state := aggregate.state) is None:
                continue
            if (said := post_at(state, moment)) is not None:
                found["vacant_days"].append(Source(own, said.told))
            late = [each for each in state.untrained if each.at(moment)]
            found["trainings_overdue"] += [Source(own, each.told) for each in late]
        areas = list(await self._areas(kind, [id]))
        wanted = {"state.area_path": {"$in": areas}, "state.gaps": {"$ne": []}}
        async for document in self._places.collection.find(wanted, {"state": 1}):
            place = Place.model_validate(document["state"])
            open_ones = [each for each in place.gaps if each.at(moment)]
            found["coverage_gaps"] += [Source(document["_id"], each.told) for each in open_ones]
        for field, ids in (("organization_id", owners), ("area", areas)):
            wanted = {f"state.behind.{field}": {"$in": ids}}
            async for document in self._lateness.collection.find(wanted, {"state": 1}):
                lateness = Lateness.model_validate(document["state"])
                for each in late_in(lateness, begin, end, moment):
                    if getattr(each, field) in ids:
                        name = "tasks_overdue" if each.what == TASK else "plans_behind"
                        found[name].append(Source(document["_id"], each.told))
        return found

    async def _owners(self, kind: SubjectKind, ids: Collection[str] | None) -> dict[str, list[str]]:
        """Organizations whose facts count for a subject: its ids by the organization's id."""
        if kind is SubjectKind.ORGANIZATION and ids is not None:
            return {id: [id] for id in ids}
        field = {SubjectKind.ORGANIZATION: "_id", SubjectKind.UNIT: "unit_id"}.get(kind, "area")
        wanted: Document = {field: {"$ne": None} if ids is None else {"$in": list(ids)}}
        if field == "area":
            wanted["domain"] = {"$in": list(OF_THE_AREA)}
        return {d["_id"]: [d[field]] async for d in self._organizations.find(wanted, {field: 1})}

    async def _areas(self, kind: SubjectKind, ids: Collection[str] | None) -> dict[str, list[str]]:
        """Subjects that the gaps and plans of an area count for, by its code."""
        if kind is SubjectKind.UNIT:
            return {}
        if kind is not SubjectKind.ORGANIZATION:
            if ids is None:
                level = {"level": kind.value}
                ids = [area["_id"] async for area in self._levels.find(level, {"_id": 1})]
            return {id: [id] for id in ids}
        wanted: Document = {"area": {"$ne": None}, "domain": {"$in": list(OF_THE_AREA)}}
        if ids is not None:
            wanted["_id"] = {"$in": list(ids)}
        found: defaultdict[str, list[str]] = defaultdict(list)
        async for document in self._organizations.find(wanted, {"area": 1}):
            found[document["area"]].append(document["_id"])
        return found

    async def _of_posts(
        self, found: Numbers, owners: dict[str, list[str]], moment: datetime
    ) -> None:
        for batch in _batches(owners):
            for id, aggregate in (await self._posts.get_many(batch)).items():
                state = aggregate.state
                if state is None:
                    continue
                days, untrained = vacant_days(state, moment), trainings_overdue(state, moment)
                for owner in owners[id]:
                    numbers = found.setdefault(owner, {})
                    if days is not None:
                        numbers["vacant_days"] = max(days, numbers.get("vacant_days", 0.0))
                    _add(numbers, "trainings_overdue", untrained)

    async def _of_places(
        self, found: Numbers, areas: dict[str, list[str]], moment: datetime
    ) -> None:
        for batch in _batches(areas):
            for code in batch:  # nothing told of an area means that it lacks nothing
                for owner in areas[code]:
                    _add(found.setdefault(owner, {}), "coverage_gaps", 0.0)
            wanted = {"state.area_path": {"$in": batch}, "state.gaps": {"$ne": []}}
            async for document in self._places.collection.find(wanted, {"state": 1}):
                state = Place.model_validate(document["state"])
                gaps = float(gaps_at(state, moment))
                for code in set(state.area_path) & set(batch):
                    for owner in areas[code]:
                        _add(found[owner], "coverage_gaps", gaps)

    async def _of_plans(
        self,
        found: Numbers,
        owners: dict[str, list[str]],
        areas: dict[str, list[str]],
        begin: datetime,
        end: datetime,
        moment: datetime,
    ) -> None:
        for field, subjects in (("organization_id", owners), ("area", areas)):
            for batch in _batches(subjects):
                wanted = {f"state.behind.{field}": {"$in": batch}}
                inside = set(batch)
                async for document in self._lateness.collection.find(wanted, {"state": 1}):
                    state = Lateness.model_validate(document["state"])
                    told = {
                        (getattr(late, field), late.what)
                        for late in late_in(state, begin, end, moment)
                        if getattr(late, field) in inside
                    }
                    for whose, what in told:
                        name = "tasks_overdue" if what == TASK else "plans_behind"
                        for owner in subjects[whose]:
                            _add(found.setdefault(owner, {}), name, 1.0)
        for owner in {o for subjects in (owners, areas) for own in subjects.values() for o in own}:
            for name in ("tasks_overdue", "plans_behind"):
                _add(found.setdefault(owner, {}), name, 0.0)


def _add(numbers: dict[str, float], name: str, value: float) -> None:
    numbers[name] = numbers.get(name, 0.0) + value


def _batches(ids: Iterable[str]) -> Iterable[list[str]]:
    wanted = list(ids)
    return (wanted[n : n + _BATCH] for n in range(0, len(wanted), _BATCH))
