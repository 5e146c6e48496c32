"""Every MongoDB call of scores: standings, settlements, settled scores, which classes changed."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from services.assessment.schemes.scheme import Scheme
from services.assessment.scores.score import InUse, Score, Scores
from services.assessment.scores.state import Settlement, Standing
from services.assessment.service.figures import SubjectKind
from services.assessment.service.statistics import Prior
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.batches import AN_ANSWER
from shared.storage.client import ASCENDING, Database, Document, UpdateOne

_WATCH = "scores"
_WRITES_AT_ONCE = 1000
_STANDING = {f"state.{name}": 1 for name in Standing.model_fields}


class ScoreRepository:
    """The collections of scores."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.standings = _store(database, "standings", Standing, settings)
        self.settlements = _store(database, "settlements", Settlement, settings)
        self._settled = database["settled_scores"]
        self._settled_classes = database["settled_classes"]
        self._outdated = database["settled_outdated"]
        self._watch = database["watches"]
        self._tallies = database["tallies"]

    async def create_indexes(self) -> None:
        """Create the indexes of scores."""
        await self.standings.collection.create_index(
            [("state.period", ASCENDING), ("state.class_id", ASCENDING)], name="class"
        )
        await self._settled.create_index(
            [("period", ASCENDING), ("class_id", ASCENDING), ("revision", ASCENDING)], name="class"
        )
        await self._outdated.create_index(
            [("period", ASCENDING), ("revision", ASCENDING)], name="period"
        )
        await self._tallies.create_index([("number", ASCENDING)], name="number")

    # What changed

    async def watched(self) -> tuple[int, int]:
        """The last batch of figures whose classes were scored (-1: none yet), and the last scheme
        version that every month was scored by."""
        document = await self._watch.find_one({"_id": _WATCH}) or {}
        return document.get("batch", -1), document.get("schemes", 0)

    async def watch(self, *, batch: int | None = None, schemes: int | None = None) -> None:
        """Note up to which batch, or which scheme version, classes were scored."""
        noted = {"batch": batch, "schemes": schemes}
        known = {name: number for name, number in noted.items() if number is not None}
        await self._watch.update_one({"_id": _WATCH}, {"$set": known}, upsert=True)

    async def keys_since(self, after: int, upto: int, limit: int) -> list[str]:
        """Keys of groups whose tally was last changed by a batch after `after`, up to `upto`."""
        between = {"number": {"$gt": after, "$lte": upto}}
        found = self._tallies.find(between, {"_id": 1}).limit(limit)
        return [document["_id"] for document in await found.to_list(None)]

    async def standings_of(self, period: str, class_id: str) -> dict[str, Document]:
        """The states of a class's standings by subject."""
        chosen = {"state.period": period, "state.class_id": class_id}
        found = self.standings.collection.find(chosen, _STANDING)
        documents = await found.batch_size(AN_ANSWER).to_list(None)
        return {d["state"]["subject_id"]: d["state"] for d in documents}

    # Settled scores

    async def keep(
        self,
        settlement: Settlement,
        scores: Scores,
        kind: SubjectKind,
        inputs: Mapping[str, Mapping[str, float]],
    ) -> int:
        """Keep the scores of a class as a revision of a period; doing it again is harmless."""
        place = {
            "period": settlement.period,
            "revision": settlement.revision,
            "scheme_version": settlement.scheme_version,
            "class_id": scores.class_id,
        }
        writes = []
        for score in scores.every():
            document = place | {
                "kind": kind.value,
                "subject_id": score.subject_id,
                "inputs": dict(inputs[score.subject_id]),
                "score": asdict(score),
                "marks": [list(mark) for mark in scores.marks(score)],
                "enough": [used.enough[score.place] for used in scores.in_use],
            }
            id = f"{settlement.period}/{kind}/{score.subject_id}#{settlement.revision}"
            writes.append(UpdateOne({"_id": id}, {"$set": document}, upsert=True))
        for start in range(0, len(writes), _WRITES_AT_ONCE):
            await self._settled.bulk_write(writes[start : start + _WRITES_AT_ONCE], ordered=False)
        in_use = [
            {"indicator": used.indicator.id, "prior": used.prior and used.prior._asdict()}
            for used in scores.in_use
        ]
        id = f"{settlement.period}/{scores.class_id}#{settlement.revision}"
        await self._settled_classes.update_one(
            {"_id": id}, {"$set": place | {"in_use": in_use}}, upsert=True
        )
        return len(writes)

    async def settled(
        self, period: str, class_id: str, revision: int, scheme: Scheme
    ) -> tuple[Scores, dict[str, dict[str, float]]]:
        """The scores of a class as they were kept, and their inputs."""
        of_class = await self._settled_classes.find_one({"_id": f"{period}/{class_id}#{revision}"})
        chosen = {"period": period, "class_id": class_id, "revision": revision}
        documents = await self._settled.find(chosen).to_list(None)
        scores = [Score(**_score(d["score"])) for d in documents]
        by_place = sorted(zip(scores, documents, strict=True), key=lambda pair: pair[0].place)
        marks = [document["marks"] for _, document in by_place]
        enough = [document["enough"] for _, document in by_place]
        indicators = {indicator.id: indicator for indicator in scheme.indicators}
        in_use = tuple(
            InUse(
                indicator=indicators[used["indicator"]],
                prior=None if used["prior"] is None else Prior(**used["prior"]),
                own=[mark[n][0] for mark in marks],
                sizes=[mark[n][1] for mark in marks],
                values=[mark[n][2] for mark in marks],
                points=[mark[n][3] for mark in marks],
                enough=[has[n] for has in enough],
            )
            for n, used in enumerate([] if of_class is None else of_class["in_use"])
        )
        ranked = sorted((s for s in scores if s.rank is not None), key=lambda s: s.rank or 0)
        unranked = sorted((s for s in scores if s.rank is None), key=lambda s: s.place)
        inputs = {document["subject_id"]: document["inputs"] for document in documents}
        return Scores(class_id, in_use, ranked, unranked), inputs

    async def settled_version(self, period: str, revision: int) -> int:
        """The scheme version of a revision."""
        found = await self._settled_classes.find_one({"period": period, "revision": revision})
        if found is None:
            raise LookupError(f"{period}#{revision}")
        return int(found["scheme_version"])

    async def settled_class(
        self, period: str, kind: SubjectKind, id: str, revision: int
    ) -> str | None:
        """The class in which a subject's score was kept."""
        found = await self._settled.find_one({"_id": f"{period}/{kind}/{id}#{revision}"})
        return None if found is None else str(found["class_id"])

    async def settled_inputs(
        self, period: str, kind: SubjectKind, revision: int, ids: Collection[str] | None
    ) -> dict[str, dict[str, float]]:
        """The numbers that subjects were scored by; of all of a kind without `ids`."""
        chosen: Document
        if ids is None:
            chosen = {"period": period, "kind": kind.value, "revision": revision}
        else:
            chosen = {"_id": {"$in": [f"{period}/{kind}/{id}#{revision}" for id in ids]}}
        found = self._settled.find(chosen, {"subject_id": 1, "inputs": 1})
        return {d["subject_id"]: d["inputs"] for d in await found.to_list(None)}

    # What changed after it was settled

    async def note_outdated(
        self,
        period: str,
        kind: SubjectKind,
        revision: int,
        differing: Collection[str],
        same: Collection[str],
    ) -> None:
        """Note subjects whose figures differ from those kept, and forget those that do not."""
        place = {"period": period, "revision": revision}
        ids = {id: f"{period}/{kind}/{id}#{revision}" for id in (*differing, *same)}
        writes = [UpdateOne({"_id": ids[id]}, {"$set": place}, upsert=True) for id in differing]
        for start in range(0, len(writes), _WRITES_AT_ONCE):
            await self._outdated.bulk_write(writes[start : start + _WRITES_AT_ONCE], ordered=False)
        if same:
            await self._outdated.delete_many({"_id": {"$in": [ids[id] for id in same]}})

    async def count_outdated(self, settlement: Settlement) -> int:
        """How many subjects' figures differ from those that the shown revision was made of."""
        chosen = {"period": settlement.period, "revision": settlement.shown}
        return await self._outdated.count_documents(chosen)

    async def settlement(self, period: str) -> Settlement | None:
        """The settlement of a period, done or not."""
        found = await self.settlements.get(period)
        return None if found is None else found.state

    async def shown(self, period: str) -> int:
        """The revision of a period that is read; 0: it is not settled, or not yet."""
        settlement = await self.settlement(period)
        return 0 if settlement is None else settlement.shown

    async def pending_settlements(self) -> list[Settlement]:
        """Settlements asked for that are not kept yet."""
        found = self.settlements.collection.find({"state.done": False}, {"state": 1})
        return [Settlement.model_validate(d["state"]) for d in await found.to_list(None)]

    async def every_settlement(self) -> list[Settlement]:
        """All, the latest period first."""
        found = self.settlements.collection.find({}, {"state": 1}).sort("_id", -1)
        return [Settlement.model_validate(d["state"]) for d in await found.to_list(None)]


def _score(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, "rules": tuple(kept["rules"])}


def _store(database: Database, name: str, state: type[Any], settings: Settings) -> Any:
    # A source of its own: a standing has the id of the figure that it is of.
    store: AggregateStore[Any] = AggregateStore(
        database[name], state, topic=topics.REVIEWS.name, source=f"{settings.source}/{name}"
    )
    return store
