"""What reports read; they write nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from services.assessment.corrections.touched import Touched
from services.assessment.problems.state import OPEN
from services.assessment.reports.numbers import figure_from
from services.assessment.repository import COUNTED
from services.assessment.service.cases import key_of
from services.assessment.service.figures import COUNTS, Figure, SubjectKind, figure_id
from shared.storage.client import ASCENDING, DESCENDING, Database, Document, aggregate

_SUMS: Document = {name: {"$sum": f"$state.{name}"} for name in COUNTS}
PROBLEMS = 5
"""Problems that a bulletin names."""


class ReportsRepository:
    """Sums over figures, and over the cases of one subject."""

    def __init__(self, database: Database) -> None:
        self._figures = database["figures"]
        self._cases = database["cases"]
        self.touched = Touched(self._cases)
        self._areas = database["areas"]
        self._units = database["units"]
        self._organizations = database["organizations"]
        self._problems = database["problems"]

    # Subjects

    async def area(self, id: str) -> Document | None:
        """An area: `name`, `level`, `path`."""
        return await self._areas.find_one({"_id": id})

    async def areas_in(self, id: str, level: str) -> list[Document]:
        """Areas of a level inside `id`, by code."""
        found = self._areas.find({"path": id, "level": level}).sort("_id", ASCENDING)
        return await found.to_list(None)

    async def holders(self, kind: SubjectKind, ids: Sequence[str]) -> dict[str, Document]:
        """Name and domain of units, or of organizations, by id."""
        collection = self._units if kind is SubjectKind.UNIT else self._organizations
        found = collection.find({"_id": {"$in": list(ids)}}, {"name": 1, "domain": 1})
        return {document["_id"]: document async for document in found}

    async def organizations_of(self, unit_id: str) -> list[Document]:
        """Organizations of a unit: `name`, `domain`."""
        return (
            await self._organizations.find({"unit_id": unit_id})
            .sort("_id", ASCENDING)
            .to_list(None)
        )

    async def names_of(self, areas: Iterable[str]) -> dict[str, str]:
        """Names of areas by code."""
        found = self._areas.find({"_id": {"$in": sorted(set(areas))}}, {"name": 1})
        return {area["_id"]: area["name"] async for area in found}

    async def open_problems(self, area: str, month: str) -> list[Document]:
        """The newest recurring problems that concern an area, found by `month` and not ended:
        `_id`, `category`, `place`, `owner` (an area), `month`."""
        chosen = {
            "state.seen_by": area,
            "state.month": {"$lte": month},
            "state.status": {"$in": list(OPEN)},
        }
        fields = {f"state.{name}": 1 for name in ("category", "place", "owner", "month")}
        found = self._problems.find(chosen, fields)
        newest = found.sort([("state.month", DESCENDING), ("_id", ASCENDING)])
        return [{"_id": one["_id"]} | one["state"] async for one in newest.limit(PROBLEMS)]

    # Figures

    async def by_subject(
        self, period: str, kind: SubjectKind, months: Sequence[str], ids: Iterable[str]
    ) -> dict[str, Figure]:
        """What each subject's figures of `months` add up to."""
        groups = await self._grouped("$state.subject_id", kind, months, ids)
        # A city's communities are some ten thousand: the event loop is not held for them.
        return await asyncio.to_thread(_figures, period, kind, groups)

    async def by_month(
        self, kind: SubjectKind, id: str, months: Sequence[str], ids: Iterable[str]
    ) -> dict[str, Figure]:
        """What the figures of `ids` add up to in each month, as figures of `id`."""
        groups = await self._grouped("$state.month", kind, months, ids)
        return {month: _figure(month, kind, id, groups.get(month, {})) for month in months}

    async def _grouped(
        self, by: str, kind: SubjectKind, months: Sequence[str], ids: Iterable[str]
    ) -> dict[str, Document]:
        listed = [figure_id(month, kind, id) for id in ids for month in months]
        chosen: Document = {"_id": {"$in": listed}, **COUNTED}
        hours = {
            "figures": {"$sum": 1},
            "median_hours": {"$first": "$state.median_hours"},
            "p90_hours": {"$first": "$state.p90_hours"},
        }
        pipeline: list[Document] = [{"$match": chosen}, {"$group": {"_id": by, **_SUMS, **hours}}]
        return {found["_id"]: found async for found in aggregate(self._figures, pipeline)}

    # Cases of one subject

    async def by_category(self, group: str, id: str, months: Sequence[str]) -> dict[str, int]:
        """Requests of a subject by category."""
        pipeline: list[Document] = [
            {"$match": {"state.keys": {"$in": [key_of(group, id, month) for month in months]}}},
            {"$group": {"_id": "$state.category", "requests": {"$sum": "$state.measure.requests"}}},
        ]
        found = {d["_id"]: d["requests"] async for d in aggregate(self._cases, pipeline)}
        return {code: number for code, number in found.items() if code is not None and number}

    async def by_unit(self, period: str, area: str, months: Sequence[str]) -> dict[str, Figure]:
        """What the requests of an area add up to by the unit that answers for each.

        Of a joined request that is the unit that did the shared work, as in the unit's figures.
        """
        unit = {"$cond": ["$state.joined", "$state.shared_unit_id", "$state.unit_id"]}
        # A case has its hours, and no number for having them.
        sums = {name: {"$sum": f"$state.measure.{name}"} for name in COUNTS}
        keys = [key_of("area", area, month) for month in months]
        pipeline: list[Document] = [
            {"$match": {"state.keys": {"$in": keys}}},
            {"$group": {"_id": unit, **sums, "timed": {"$sum": _TIMED}}},
        ]
        found = {d["_id"]: d async for d in aggregate(self._cases, pipeline)}
        return {
            id: figure_from(period, SubjectKind.UNIT, id, found[id])
            for id in sorted(id for id in found if id is not None)
        }


_TIMED: Document = {"$cond": [{"$gte": ["$state.measure.hours", 0]}, 1, 0]}


def _figures(period: str, kind: SubjectKind, groups: dict[str, Document]) -> dict[str, Figure]:
    return {id: _figure(period, kind, id, found) for id, found in sorted(groups.items())}


def _figure(period: str, kind: SubjectKind, id: str, found: dict[str, Any]) -> Figure:
    one = found.get("figures") == 1
    hours = (found.get("median_hours"), found.get("p90_hours")) if one else (None, None)
    return figure_from(period, kind, id, found, hours)
