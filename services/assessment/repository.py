"""Every MongoDB call of assessment, with its indexes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from services.assessment.corrections.facts import tell
from services.assessment.corrections.touched import Touched
from services.assessment.places import lying_in
from services.assessment.reviews import review_store
from services.assessment.service.cases import Case, key_of
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.service.recount import BARE_FACTS, Recount
from services.assessment.service.tallies import Change, Counted
from services.assessment.tallies import Tallies, slices
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.batches import AN_ANSWER, in_a_thread
from shared.storage.client import ASCENDING, Database, Document, documents_in

_FACTS = {"state": 1}
_RAW_AT_ONCE = 2000
_HAS_PAST: Document = {"state.past_keys.0": {"$exists": True}}
_ANSWERS = (
    "accepted_at", "area_path", "unit_id", "organization_id", "follow_ups", "rounds", "joined",
    "shared_unit_id", "shared_organization_id", "corrections", "keys", "past_keys",
)  # fmt: skip
"""The fields of a case that say whom its answers rate, and how."""
_CASES_AT_ONCE = 200
_CHANGES_KEPT = 10
"""Of a figure: each only says that the figures loop changed it, and a document is written anew as a
whole; why it is what it is, its cases tell."""
COUNTED = {"$or": [{"state.requests": {"$gt": 0}}, {"state.followed_up": {"$gt": 0}}]}
"""Figures of something: the answers of joined requests alone are something too."""


class Repository:
    """The collections of assessment: cases, tallies, figures, and read models of the registry."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.cases = review_store(database, "cases", Case, settings)
        self.figures: AggregateStore[Figure] = AggregateStore(
            database["figures"],
            Figure,
            topic=topics.ASSESSMENTS.name,
            source=settings.source,
            history_kept=_CHANGES_KEPT,
        )
        self.tallies = Tallies(database, self.cases.collection)
        self.touched = Touched(self.cases.collection)
        self._database = database
        self._areas = database["areas"]
        self._units = database["units"]
        self._organizations = database["organizations"]

    async def create_indexes(self) -> None:
        """Create the service's own indexes; the stores create theirs."""
        cases, figures = self.cases.collection, self.figures.collection
        await self.tallies.create_indexes()
        await cases.create_index([("state.keys", ASCENDING), ("_id", ASCENDING)], name="keys")
        await cases.create_index(
            [("state.past_keys", ASCENDING)], partialFilterExpression=_HAS_PAST, name="past_keys"
        )
        await cases.create_index([("state.month", ASCENDING)], name="month")
        await cases.create_index(
            [("state.dirty", ASCENDING)],
            partialFilterExpression={"state.dirty": True},
            name="dirty",
        )
        await self.touched.create_indexes()
        await figures.create_index([("state.month", ASCENDING)], name="month")
        await self._areas.create_index(
            [("unmeasured", ASCENDING)],
            partialFilterExpression={"unmeasured": True},
            name="unmeasured",
        )
        await self._areas.create_index([("path", ASCENDING)], name="path")
        await self._units.create_index([("area", ASCENDING)], name="area")
        await self._organizations.create_index([("area", ASCENDING)], name="area")
        await self._organizations.create_index([("unit_id", ASCENDING)], name="unit")

    # The figures loop

    async def dirty_cases(self, limit: int) -> list[Change]:
        """Cases that changed: what the tallies hold of each, and what they are to hold."""
        fields = {"version": 1, "state.keys": 1, "state.measure": 1, "counted": 1}
        found = self.cases.collection.find({"state.dirty": True}, fields).limit(limit)
        found = found.batch_size(limit)
        return [
            Change(
                id=document["_id"],
                version=document["version"],
                before=Counted.model_validate(document.get("counted", {})),
                now=Counted.model_validate(document["state"]),
            )
            async for document in found
        ]

    async def count_dirty(self) -> int:
        """How much waits for the figures loop: cases, and groups that it was amidst."""
        dirty = await self.cases.collection.count_documents({"state.dirty": True})
        return dirty + await self.tallies.count_waiting()

    async def remeasure(self) -> int:
        """Have every tally made anew and every case counted anew; how many cases there are."""
        await self.tallies.mark_all()
        # A figure of which neither a tally nor a case is left becomes zero.
        keys = [
            key_of(SubjectKind(state["kind"]).group, state["subject_id"], state["month"])
            async for state in self.every_figure()
        ]
        await self.tallies.mark(keys)
        cases = 0
        async for ids in slices(self.cases.collection, {"state": {"$ne": None}}):
            those = {"_id": {"$in": ids}}
            await self.cases.collection.update_many(those, {"$set": {"state.dirty": True}})
            cases += len(ids)
        return cases

    async def unmeasured_areas(self, limit: int) -> list[Document]:
        """Areas that became known or changed: `_id`, `sequence`, `level`."""
        fields = {"sequence": 1, "level": 1}
        found = self._areas.find({"unmeasured": True}, fields).limit(limit)
        return await found.to_list(None)

    async def clean_areas(self, areas: Iterable[Document]) -> None:
        """Clear the marks of `areas` that have not changed since they were read."""
        for area in areas:
            await self._areas.update_one(
                {"_id": area["_id"], "sequence": area["sequence"]}, {"$set": {"unmeasured": False}}
            )

    async def months_of_cases(self) -> list[str]:
        """Months in which cases count."""
        months = await self.cases.collection.distinct("state.month")
        return sorted(month for month in months if month is not None)

    async def levels(self, codes: Iterable[str] | None = None) -> dict[str, str]:
        """Levels of the areas known, by code; of all without `codes`."""
        chosen = {} if codes is None else {"_id": {"$in": list(codes)}}
        return {a["_id"]: a["level"] async for a in self._areas.find(chosen, {"level": 1})}

    async def tell_corrections(self) -> None:
        """Have the journal hold the corrections that hold and were made before it held any."""
        old = {"state.corrected": True, "state.corrections_told": {"$in": [None, 0]}}
        async for found in self.cases.collection.find(old, {"_id": 1}):
            id: str = found["_id"]
            await self.cases.execute(id, partial(tell, id), by="assessment")

    # Reading

    async def figures_of(
        self,
        month: str,
        kind: str,
        ids: Iterable[str] | None = None,
        *,
        after: str | None = None,
        limit: int = 0,
    ) -> list[Figure]:
        """Figures with at least one request or answer, by id; of all subjects without `ids`."""
        # `0` follows `/`: every id of this month and kind lies between the two.
        between: Document = {"$gt": after or f"{month}/{kind}/", "$lt": f"{month}/{kind}0"}
        if ids is not None:
            between["$in"] = [f"{month}/{kind}/{id}" for id in ids]
        found = self.figures.collection.find({"_id": between, **COUNTED}, _FACTS).sort(
            "_id", ASCENDING
        )
        documents = found.limit(limit) if limit else found
        return [Figure.model_validate(document["state"]) async for document in documents]

    async def months(self) -> list[str]:
        """Months that have figures, the latest first."""
        months = await self.figures.collection.distinct("state.month", COUNTED)
        return sorted(months, reverse=True)

    async def subjects(self, kind: str, ids: Sequence[str]) -> dict[str, Document]:
        """Read models of subjects by id: `name`, and `level` or `domain`."""
        found = self._registered(kind).find({"_id": {"$in": list(ids)}})
        return {document["_id"]: document async for document in found}

    def _registered(self, kind: str) -> Any:
        return {"unit": self._units, "organization": self._organizations}.get(kind, self._areas)

    async def subjects_in(self, kind: str, areas: Iterable[str]) -> set[str]:
        """Ids of the subjects of a kind inside `areas`: of areas their own and those below."""
        inside = {a["_id"] async for a in self._areas.find({"path": {"$in": list(areas)}})}
        if kind in ("street", "community"):
            return inside
        lying = await lying_in(self._database, SubjectKind(kind), inside)
        found = self._registered(kind).find(lying, {"_id": 1})
        return {document["_id"] async for document in found}

    async def organizations_of(self, unit_id: str) -> set[str]:
        """Ids of a unit's organizations."""
        found = self._organizations.find({"unit_id": unit_id}, {"_id": 1})
        return {document["_id"] async for document in found}

    async def cases_of(self, key: str, after: str | None, limit: int) -> list[Document]:
        """Cases of a group by id: `_id`, `state`."""
        chosen: Document = {"state.keys": key}
        if after is not None:
            chosen["_id"] = {"$gt": after}
        found = self.cases.collection.find(chosen, _FACTS).sort("_id", ASCENDING).limit(limit)
        return await found.to_list(None)

    async def answered(self, keys: Sequence[str]) -> AsyncIterator[list[tuple[str, Case]]]:
        """Cases with an answer that count in one of `keys` or once did, in no order, some at once;
        of their state only what rates (`_ANSWERS`)."""
        for chosen in (
            {"state.keys": {"$in": list(keys)}},
            _HAS_PAST | {"state.past_keys": {"$in": list(keys)}},
        ):
            async for some in self._answers(chosen | {"state.measure.followed_up": 1}):
                yield some

    async def changed_answers(self, ids: Sequence[str]) -> list[tuple[str, Case]]:
        """Those of `ids` that are there, as `answered` has them."""
        return [one async for some in self._answers({"_id": {"$in": list(ids)}}) for one in some]

    async def _answers(self, chosen: Document) -> AsyncIterator[list[tuple[str, Case]]]:
        shown = {f"state.{name}": 1 for name in _ANSWERS}
        some: list[tuple[str, Case]] = []
        async for document in self.cases.collection.find(chosen, shown).batch_size(_CASES_AT_ONCE):
            some.append((document["_id"], Case.model_validate(document["state"])))
            if len(some) == _CASES_AT_ONCE:
                yield some
                some = []
                await asyncio.sleep(0)  # others have their turn amid thousands
        yield some

    # Audit

    async def inboxes(self, after: str | None, limit: int) -> list[Document]:
        """`_id` and `inbox` of cases by id."""
        chosen = {} if after is None else {"_id": {"$gt": after}}
        found = self.cases.collection.find(chosen, {"inbox": 1}).sort("_id", ASCENDING)
        return await found.limit(limit).to_list(None)

    async def count_cases(self, months: Sequence[str]) -> int:
        """How many cases count in some months."""
        return await self.cases.collection.count_documents({"state.month": {"$in": list(months)}})

    async def recounted(
        self, zone: tzinfo, accepted: tuple[datetime, datetime] | None = None
    ) -> Recount:
        """Every case that any fact was handled of counted again, or those accepted from one moment
        until before another; 16 bytes a case stay in memory."""
        recount = Recount(zone, await self.levels())

        def count(raw: bytes) -> None:
            for document in documents_in(raw):
                recount.add(document["state"])

        chosen: Document = {"state": {"$ne": None}}
        if accepted is not None:
            chosen = {"state.accepted_at": {"$gte": accepted[0], "$lt": accepted[1]}}
        shown = {"_id": 0} | {f"state.{name}": 1 for name in BARE_FACTS}
        await in_a_thread(
            self.cases.collection.find_raw_batches(chosen, shown, batch_size=_RAW_AT_ONCE), count
        )
        return recount

    async def every_figure(self) -> AsyncIterator[Document]:
        """The state of every figure."""
        async for document in self.figures.collection.find({}, _FACTS).batch_size(AN_ANSWER):
            yield document["state"]

    def every_figure_raw(self) -> AsyncIterator[bytes]:
        """The same as raw batches (`documents_in`) of documents with `state`."""
        shown = {"_id": 0, "state": 1}
        return self.figures.collection.find_raw_batches({}, shown, batch_size=_RAW_AT_ONCE)
