"""MongoDB calls on duties: organizations in their order, and what each has recorded."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from services.registry.duties.decisions import Span
from services.registry.records.repository import Records, Total, chosen
from services.registry.repository import Repository
from shared.storage.client import ASCENDING, Document, aggregate
from shared.web.paging import Cursor

_SHOWN = {
    "state.name": 1,
    "state.sort_key": 1,
    "state.domain": 1,
    "state.area_path": 1,
    "state.founded": 1,
}
_COUNTS = {"state.voided": {"$type": "null"}}
"""Records that count, as the index of them says it: the same words, or it is not used."""
_SUMMED = ("organization_id", "work", "at", "quantity")


class Duties:
    """What lists of duties read; `zone` is where the city's years begin."""

    def __init__(self, repository: Repository, records: Records, zone: ZoneInfo) -> None:
        self._organizations = repository.stores["organizations"].collection
        self._records = records.store.collection
        self.zone = zone

    async def create_indexes(self) -> None:
        """All that sums by organization and work read: they touch no document."""
        await self._records.create_index(
            [(f"state.{field}", ASCENDING) for field in _SUMMED],
            name="sums",
            partialFilterExpression=_COUNTS,
        )

    async def organizations(
        self, conditions: Sequence[Document], after: Cursor | None, limit: int
    ) -> Sequence[Document]:
        """Organizations in service by name and id."""
        wanted: list[Document] = [{"state.retired": False}, *conditions]
        if after is not None:
            key, id = str(after.value), after.id
            wanted.append(
                {
                    "$or": [
                        {"state.sort_key": {"$gt": key}},
                        {"state.sort_key": key, "_id": {"$gt": id}},
                    ]
                }
            )
        found = self._organizations.find({"$and": wanted}, _SHOWN)
        order = [("state.sort_key", ASCENDING), ("_id", ASCENDING)]
        return await found.sort(order).limit(limit).to_list(None)

    async def done(
        self, organizations: Iterable[str], works: Iterable[str], span: Span
    ) -> dict[str, dict[str, Total]]:
        """By organization and work: how often and how much was recorded in the span."""
        asked = chosen(
            organization_id=sorted(organizations),
            work=sorted(works),
            since=span.since,
            until=span.until,
        )
        pipeline: list[Document] = [
            {"$match": {"$and": [_COUNTS, asked]}},
            {
                "$group": {
                    "_id": {"organization": "$state.organization_id", "work": "$state.work"},
                    "records": {"$sum": 1},
                    "quantity": {"$sum": "$state.quantity"},
                }
            },
        ]
        found: dict[str, dict[str, Total]] = {}
        async for row in aggregate(self._records, pipeline):
            total = Total(row["records"], float(row["quantity"]))
            found.setdefault(row["_id"]["organization"], {})[row["_id"]["work"]] = total
        return found
