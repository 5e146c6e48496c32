"""The database's side of batches and tallies (docs/decisions/0007-figures-by-differences.md).

Three collections: `batches` with one document, the batch begun last; `tallies`, one document a
group and month; `hours`, one a step of a tally. A document carries the number of the batch that
wrote it last, and takes a batch only where that number is lower: what is done again, by whomever
and however late, changes nothing.
"""

from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from typing import Any

from services.assessment.service.tallies import (
    BITS,
    FORMER_BITS,
    Batch,
    Change,
    Counted,
    Difference,
    Tally,
)
from shared.storage.batches import AN_ANSWER
from shared.storage.client import (
    ASCENDING,
    DUPLICATE_KEY,
    BulkWriteError,
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    UpdateOne,
    aggregate,
    by_id,
    known_ids,
)

_BATCH = "figures"
_MARKS_A_WRITE = 1000


class Tallies:
    """Batches, tallies, and what of the cases they hold (`counted`, beside a case's state)."""

    def __init__(self, database: Database, cases: Collection) -> None:
        self._batches = database["batches"]
        self.collection = database["tallies"]
        self._hours = database["hours"]
        self._cases = cases

    async def create_indexes(self) -> None:
        """Create the indexes of tallies and of what cases hold as counted."""
        await self._cases.create_index([("counted.keys", ASCENDING)], name="counted")
        await self.collection.create_index(
            [("rebuild", ASCENDING)], partialFilterExpression={"rebuild": True}, name="rebuild"
        )

    # Batches

    async def latest(self) -> Batch | None:
        """The batch begun last; None before the first."""
        document = await self._batches.find_one({"_id": _BATCH})
        return None if document is None else Batch.model_validate(document)

    async def found(self, apart: Iterable[str]) -> None:
        """Make the batch that the first one follows, where there is none."""
        first = Batch(apart=frozenset(apart))
        try:
            await self._batches.insert_one({"_id": _BATCH} | _batch(first))
        except DuplicateKeyError:
            return

    async def begin(self, batch: Batch) -> bool:
        """Begin `batch`; False where the one before it is not the last one, or not done."""
        before = {"_id": _BATCH, "number": batch.number - 1, "done": True}
        result = await self._batches.update_one(before, {"$set": _batch(batch)})
        return bool(result.matched_count)

    async def end(self, batch: Batch) -> None:
        """Note that everything of `batch` is written."""
        await self._batches.update_one(
            {"_id": _BATCH, "number": batch.number},
            {"$set": {"done": True, "changes": [], "rebuild": []}},
        )

    # Tallies

    async def add(self, number: int, differences: Mapping[str, Difference]) -> None:
        """Add the differences of batch `number`."""
        hours: dict[str, Document] = {}
        tallies: dict[str, Document] = {}
        widths = await self._widths(differences)
        for key, difference in differences.items():
            more = {f"sums.{name}": n for name, n in difference.sums.items()}
            for step, values in difference.steps(widths.get(key, BITS)).items():
                if sum(values.values()):
                    more[f"steps.{step}"] = sum(values.values())
                each = {f"millis.{millis}": n for millis, n in values.items()}
                hours[f"{key}/{step}"] = {"$inc": each}
            # Another value in the same step leaves the tally's own numbers as they are.
            tallies[key] = {"$set": {}} | ({"$inc": more} if more else {})
            if difference.millis:
                tallies[key]["$set"]["hours"] = number
            if key not in widths:
                tallies[key]["$set"]["bits"] = BITS
        await _take(self._hours, number, hours, await known_ids(self._hours, hours))
        await _take(self.collection, number, tallies, widths)

    async def _widths(self, keys: Iterable[str]) -> dict[str, int]:
        """The `bits` of the tallies of `keys` that there are."""
        found = by_id(self.collection, keys, {"bits": 1})
        return {document["_id"]: document.get("bits", FORMER_BITS) async for document in found}

    async def replace(self, number: int, whole: Mapping[str, Difference]) -> None:
        """Put whole tallies in place of those there are."""
        hours, tallies = {}, {}
        known: set[str] = set()
        for key, all in whole.items():
            steps = all.steps(BITS)
            # A document is never deleted: a late upsert of an earlier batch would bring it back.
            between = {"_id": {"$gt": f"{key}/", "$lt": f"{key}0"}}
            before = {d["_id"] async for d in self._hours.find(between, {"_id": 1})}
            known |= before
            for id in before | {f"{key}/{step}" for step in steps}:
                values = steps.get(int(id.rpartition("/")[2]), {})
                hours[id] = {"$set": {"millis": _named(values)}}
            counts = {str(step): sum(values.values()) for step, values in steps.items()}
            shown = {"sums": dict(all.sums), "steps": counts, "hours": number, "bits": BITS}
            tallies[key] = {"$set": shown, "$unset": {"rebuild": ""}}
        await _take(self._hours, number, hours, known)
        await _take(self.collection, number, tallies, ())

    async def get_many(self, keys: Iterable[str], *, steps: bool = True) -> dict[str, Tally]:
        """The tallies of `keys` that exist; without `steps`, which are most of one, if told."""
        shown = None if steps else {"steps": 0}
        found = by_id(self.collection, keys, shown)
        return {document["_id"]: _tally(document) async for document in found}

    async def values(self, steps: Mapping[str, Iterable[int]]) -> dict[str, dict[int, Any]]:
        """By key and step, for `steps` by key: milliseconds -> how many."""
        ids = [f"{key}/{step}" for key, some in steps.items() for step in some]
        found: dict[str, dict[int, Any]] = {key: {} for key in steps}
        async for document in by_id(self._hours, ids):
            key, _, step = document["_id"].rpartition("/")
            values = document.get("millis", {})
            found[key][int(step)] = {int(millis): n for millis, n in values.items()}
        return found

    # Marks

    async def to_rebuild(self, limit: int) -> list[str]:
        """Keys of tallies that are to be made anew."""
        found = self.collection.find({"rebuild": True}, {"_id": 1}).limit(limit)
        return [document["_id"] async for document in found]

    async def mark(self, keys: Sequence[str]) -> None:
        """Have the tallies of `keys` made anew, also of those that do not exist."""
        for start in range(0, len(keys), _MARKS_A_WRITE):
            some = keys[start : start + _MARKS_A_WRITE]
            made = {"$setOnInsert": {"number": 0}}
            await _write(self.collection, [UpdateOne({"_id": key}, made, True) for key in some])
            await self.collection.update_many({"_id": {"$in": some}}, {"$set": {"rebuild": True}})

    async def mark_all(self) -> None:
        """Have the tallies of all groups that any case counts in, or that exist, made anew."""
        async for known in slices(self.collection, {}):
            await self.mark(known)
        each: list[Document] = [{"$unwind": "$counted.keys"}, {"$group": {"_id": "$counted.keys"}}]
        keys: list[str] = []
        async for document in aggregate(self._cases, each, allowDiskUse=True):
            keys.append(document["_id"])
            if len(keys) == _MARKS_A_WRITE:
                await self.mark(keys)
                keys = []
        await self.mark(keys)

    async def count_waiting(self) -> int:
        """How many tallies are to be made anew, or are just now."""
        batch = await self.latest()
        amidst = 0 if batch is None or batch.done else len(batch.rebuild)
        return amidst + await self.collection.count_documents({"rebuild": True})

    # What cases hold as counted

    async def adopt(self) -> None:
        """Cases that decision 4's loop measured count as they stand; see decision 7, Upgrade."""
        counted = {"number": 0, "keys": "$state.keys", "measure": "$state.measure"}
        chosen: Document = {"counted": {"$exists": False}, "state.dirty": False}
        async for ids in slices(self._cases, chosen):
            those = {"_id": {"$in": ids}} | chosen
            await self._cases.update_many(those, [{"$set": {"counted": counted}}])

    async def counted(self, keys: Sequence[str]) -> AsyncIterator[Counted]:
        """What the cases of any of `keys` hold as counted."""
        found = self._cases.find({"counted.keys": {"$in": list(keys)}}, {"counted": 1})
        async for document in found.batch_size(AN_ANSWER):
            yield Counted.model_validate(document["counted"])

    async def count(self, number: int, changes: Sequence[Change]) -> None:
        """Note in the cases what the tallies now hold of them, and clear the marks of those that
        have not changed since they were read.

        Their version stays: a handler at work on one writes the mark again, and need not retry.
        """
        earlier: Document = {"counted.number": {"$not": {"$gte": number}}}
        read = [
            UpdateOne(
                {"_id": change.id, "version": change.version} | earlier,
                {"$set": {"counted": _counted(number, change), "state.dirty": False}},
            )
            for change in changes
        ]
        if not read or await _write(self._cases, read) == len(read):
            return
        # Those that changed meanwhile are counted as they were read, and keep their marks.
        chosen = {"_id": {"$in": [change.id for change in changes]}} | earlier
        left = {document["_id"] async for document in self._cases.find(chosen, {"_id": 1})}
        meanwhile = [
            UpdateOne({"_id": change.id} | earlier, {"$set": {"counted": _counted(number, change)}})
            for change in changes
            if change.id in left
        ]
        await _write(self._cases, meanwhile)


async def slices(collection: Collection, chosen: Document) -> AsyncIterator[list[str]]:
    """Ids of the documents chosen, some hundreds at once: one update of all would keep the
    embedded engine, which does one thing at a time, from everything else."""
    after: Document = {}
    while True:
        found = collection.find(chosen | after, {"_id": 1}).sort("_id", ASCENDING)
        ids = [document["_id"] async for document in found.limit(_MARKS_A_WRITE)]
        if not ids:
            return
        yield ids
        after = {"_id": {"$gt": ids[-1]}}


def _batch(batch: Batch) -> Document:
    return batch.model_dump() | {"apart": sorted(batch.apart)}


def _counted(number: int, change: Change) -> Document:
    return {"number": number} | change.now.model_dump()


def _named(values: Mapping[int, int]) -> dict[str, int]:
    return {str(millis): number for millis, number in values.items()}


def _tally(document: Document) -> Tally:
    steps = {int(step): n for step, n in document.get("steps", {}).items() if n}
    whole = not document.get("rebuild", False)
    hours = document.get("hours")
    return Tally(document["_id"], document.get("sums", {}), steps, hours, whole)


async def _take(
    collection: Collection, number: int, updates: Mapping[str, Document], known: Container[str]
) -> None:
    """Have documents, by id, take batch `number`: those that have not taken it.

    Args:
        known: those that there are. A document is never deleted, and an update that need not
            insert costs half.
    """
    writes = [
        UpdateOne(
            {"_id": id, "number": {"$lt": number}},
            update | {"$set": update.get("$set", {}) | {"number": number}},
            upsert=id not in known,
        )
        for id, update in updates.items()
    ]
    await _write(collection, writes)


async def _write(collection: Collection, writes: Sequence[UpdateOne]) -> int:
    """Write; how many documents matched. One that has taken the batch refuses an upsert."""
    if not writes:
        return 0
    try:
        return int((await collection.bulk_write(writes, ordered=False)).matched_count)
    except BulkWriteError as error:
        if any(e["code"] != DUPLICATE_KEY for e in error.details["writeErrors"]):
            raise
        return int(error.details["nMatched"])
