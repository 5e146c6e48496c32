"""How things stand with a subject, as inputs of schemes (`scores/inputs.py`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.assessment.heard import Source, Sources
from services.assessment.lists import standing
from services.assessment.lists.facts import TASK, Lateness, Place, Posts, late_in, post_at
from services.assessment.lists.standing import Subjects
from services.assessment.schemes.periods import bounds_of
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import SubjectKind
from shared.storage.aggregates import AggregateStore
from shared.storage.client import Database, Document

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
        await self._of_plans(found, owners, areas, (begin, end), moment)
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

    async def _owners(self, kind: SubjectKind, ids: Collection[str] | None) -> Subjects:
        """Organizations whose facts count for a subject: its ids by the organization's id."""
        if kind is SubjectKind.ORGANIZATION and ids is not None:
            return {id: [id] for id in ids}
        field = {SubjectKind.ORGANIZATION: "_id", SubjectKind.UNIT: "unit_id"}.get(kind, "area")
        wanted: Document = {field: {"$ne": None} if ids is None else {"$in": list(ids)}}
        return standing.owners_of(kind, await self._known(wanted))

    async def _areas(self, kind: SubjectKind, ids: Collection[str] | None) -> Subjects:
        """Subjects that the gaps and plans of an area count for, by its code."""
        if kind is SubjectKind.UNIT:
            return {}
        if kind is not SubjectKind.ORGANIZATION:
            if ids is not None:
                return {id: [id] for id in ids}
            level = self._levels.find({"level": kind.value}, {"level": 1})
            return standing.areas_of(kind, (), {d["_id"]: d["level"] async for d in level})
        wanted: Document = {"area": {"$ne": None}, "domain": {"$in": list(standing.OF_THE_AREA)}}
        if ids is not None:
            wanted["_id"] = {"$in": list(ids)}
        return standing.areas_of(kind, await self._known(wanted), {})

    async def _known(self, wanted: Document) -> list[Document]:
        fields = {"unit_id": 1, "area": 1, "domain": 1}
        return await self._organizations.find(wanted, fields).to_list(None)

    async def _of_posts(self, found: Numbers, owners: Subjects, moment: datetime) -> None:
        for batch in _batches(owners):
            loaded = await self._posts.get_many(batch)
            posts = {id: one.state for id, one in loaded.items() if one.state is not None}
            standing.add_posts(found, owners, posts, moment)

    async def _of_places(self, found: Numbers, areas: Subjects, moment: datetime) -> None:
        for batch in _batches(areas):
            wanted = {"state.area_path": {"$in": batch}, "state.gaps": {"$ne": []}}
            documents = self._places.collection.find(wanted, {"state": 1})
            places = [Place.model_validate(one["state"]) async for one in documents]
            standing.add_places(found, {code: areas[code] for code in batch}, places, moment)

    async def _of_plans(
        self,
        found: Numbers,
        owners: Subjects,
        areas: Subjects,
        span: tuple[datetime, datetime],
        moment: datetime,
    ) -> None:
        fields: tuple[tuple[Literal["organization_id", "area"], Subjects], ...] = (
            ("organization_id", owners),
            ("area", areas),
        )
        for field, subjects in fields:
            for batch in _batches(subjects):
                wanted = {f"state.behind.{field}": {"$in": batch}}
                documents = self._lateness.collection.find(wanted, {"state": 1})
                plans = [Lateness.model_validate(one["state"]) async for one in documents]
                some = {id: subjects[id] for id in batch}
                standing.add_plans(found, field, some, plans, span, moment)
        standing.add_nothing_late(found, owners, areas)


def _batches(ids: Iterable[str]) -> Iterable[list[str]]:
    wanted = list(ids)
    return (wanted[n : n + _BATCH] for n in range(0, len(wanted), _BATCH))
