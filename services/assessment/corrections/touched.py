"""Whose figures of which months corrections touch: the one place that is asked.

A case keeps the groups that its corrections ever touched (`touched`, `service/cases.py`) and when
it was last re-judged (`rejudged_at`). Nothing is counted beforehand: corrections are few, and what
is marked follows from them alone.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from services.assessment.service.cases import key_of, parts_of
from services.assessment.service.figures import SubjectKind
from shared.storage.client import ASCENDING, Collection, Document, aggregate

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 200

# One that an earlier release corrected has no `touched` yet: it touches where it counts.
_GROUPS: Document = {"$setUnion": [{"$ifNull": ["$state.touched", []]}, "$state.keys"]}

CORRECTED = "Cases of it that were re-judged by hand, or once counted for it and were"


class Touched:
    """Reads corrected cases."""

    def __init__(self, cases: Collection) -> None:
        self._cases = cases

    async def create_indexes(self) -> None:
        """Create the indexes of corrected cases."""
        await self._cases.create_index(
            [("state.corrected", ASCENDING), ("state.month", ASCENDING)],
            partialFilterExpression={"state.corrected": True},
            name="corrected",
        )
        await self._cases.create_index(
            [("state.rejudged_at", ASCENDING), ("state.month", ASCENDING)],
            partialFilterExpression={"state.rejudged_at": {"$gt": _EVER}},
            name="rejudged",
        )

    async def counts(
        self, months: Sequence[str], kind: SubjectKind, inside: str | None = None
    ) -> dict[str, int]:
        """How many corrected cases touch each subject in these months; those without are left out.

        Of a group of areas those of all levels. `inside`: only cases that touch this area.
        """
        match: Document = {"state.corrected": True, "state.month": {"$in": list(months)}}
        if inside is not None:
            match |= _touching(_keys(SubjectKind.STREET, [inside], months))
        steps: list[Document] = [
            {"$match": match},
            {"$project": {"key": _GROUPS}},
            {"$unwind": "$key"},
            {"$group": {"_id": "$key", "cases": {"$sum": 1}}},
        ]
        counts: dict[str, int] = {}
        async for one in aggregate(self._cases, steps):
            group, id, _ = parts_of(one["_id"])
            if group == kind.group:
                counts[id] = counts.get(id, 0) + one["cases"]
        return counts

    async def cases(self, months: Sequence[str], kind: SubjectKind, id: str) -> list[Document]:
        """The corrected cases that touch a subject, by id, 200 at most: `_id`, `corrections`."""
        chosen = {
            "state.corrected": True,
            "state.month": {"$in": list(months)},
            **_touching(_keys(kind, [id], months)),
        }
        found = self._cases.find(chosen, {"state.corrections": 1}).sort("_id", ASCENDING)
        return await found.limit(_SHOWN).to_list(None)

    async def since(
        self,
        moment: datetime,
        months: Sequence[str],
        subjects: Iterable[tuple[SubjectKind, str]] | None = None,
    ) -> int:
        """How many cases of these months were re-judged after a moment: corrected, or a correction
        taken back. Of those that touch one of `subjects`; of all without."""
        chosen: Document = {
            "state.rejudged_at": {"$gt": moment},
            "state.month": {"$in": list(months)},
        }
        if subjects is not None:
            chosen |= _touching([key for of, id in subjects for key in _keys(of, [id], months)])
        return await self._cases.count_documents(chosen)

    async def rejudged(self, after: datetime, upto: datetime) -> dict[str, datetime]:
        """Months whose cases were re-judged after a moment, up to another: when last."""
        steps: list[Document] = [
            {"$match": {"state.rejudged_at": {"$gt": after, "$lte": upto}}},
            {"$group": {"_id": "$state.month", "last": {"$max": "$state.rejudged_at"}}},
        ]
        return {one["_id"]: one["last"] async for one in aggregate(self._cases, steps)}


def _keys(kind: SubjectKind, ids: Iterable[str], months: Iterable[str]) -> list[str]:
    return [key_of(kind.group, id, month) for id in ids for month in months]


def _touching(keys: Sequence[str]) -> Document:
    return {"$or": [{f"state.{groups}": {"$in": keys}} for groups in ("touched", "keys")]}
