"""Rounds and rated subjects in the database, with their indexes."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Any

from services.assessment.heard import Source, Sources
from services.assessment.places import own_areas
from services.assessment.rounds.state import Rated, Round, Stage, Subject
from services.assessment.schemes.scheme import Scheme
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import SubjectKind
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Database, Document, aggregate


def _subject(id: str) -> str:
    return f"rounds/{id}"


class Rounds:
    """What rounds keep, and whom the registry's read models name."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.rounds: AggregateStore[Round] = AggregateStore(
            database["rounds"],
            Round,
            topic=topics.REVIEWS.name,
            source=settings.source,
            subject=_subject,
        )
        self.rated: AggregateStore[Rated] = AggregateStore(
            database["round_subjects"],
            Rated,
            topic=topics.REVIEWS.name,
            source=settings.source,
            subject=_subject,
        )
        self._database = database

    @property
    def stores(self) -> tuple[AggregateStore[Any], ...]:
        """For the runtime."""
        return self.rounds, self.rated

    async def create_indexes(self) -> None:
        """Create the indexes; the stores create theirs."""
        rated = self.rated.collection
        await rated.create_index(
            [("state.round_id", ASCENDING), ("state.subject.class_id", ASCENDING)], name="class"
        )
        await rated.create_index(
            [("state.period", ASCENDING), ("state.kind", ASCENDING), ("state.stage", ASCENDING)],
            name="period",
        )
        await rated.create_index(
            [("state.period", ASCENDING), ("state.subject.id", ASCENDING)], name="subject"
        )
        await rated.create_index(
            [("state.tally_due", ASCENDING)],
            partialFilterExpression={"state.tally_due": True},
            name="tally_due",
        )
        await self.rounds.collection.create_index(
            [("state.waiting.id", ASCENDING)],
            partialFilterExpression={"state.waiting.id": {"$exists": True}},
            name="waiting",
        )

    # Opening

    async def candidates(
        self, kind: SubjectKind, scheme: Scheme, classes: Collection[str], area: str | None
    ) -> list[Subject]:
        """Subjects of a kind that are in service, by id, in the chosen classes and area."""
        paths = {a["_id"]: a async for a in self._database["areas"].find({}, _AREA)}
        if kind.group == "area":
            found = [a for a in paths.values() if a["level"] == kind.value]
        else:
            collection = self._database[f"{kind.value}s"]
            found = await collection.find({"retired": {"$ne": True}}).to_list(None)
        areas: dict[str, str] = {}
        if kind.group != "area":
            areas = await own_areas(self._database, found)
        units: dict[str, Document] = {}
        if kind is SubjectKind.ORGANIZATION:
            units = {u["_id"]: u async for u in self._database["units"].find({}, _UNIT)}
        subjects = []
        for n, one in enumerate(sorted(found, key=lambda one: str(one["_id"]))):
            if n % _A_SLICE == 0:
                await asyncio.sleep(0)  # thousands would hold the event loop
            if one.get("retired"):
                continue
            of = scheme.class_of(kind, one.get("domain"), one.get("level"))
            if of is None or (classes and of.id not in classes):
                continue
            place = one["_id"] if kind.group == "area" else areas.get(one["_id"], "")
            unit_id = one["_id"] if kind is SubjectKind.UNIT else one.get("unit_id")
            line = one if kind is SubjectKind.UNIT else units.get(unit_id or "", {})
            path = tuple(paths.get(place, {}).get("path", ()))
            if area is not None and area not in path:
                continue
            subjects.append(
                Subject(
                    id=one["_id"],
                    class_id=of.id,
                    area_path=path,
                    unit_id=unit_id,
                    superior_unit_id=line.get("superior_unit_id"),
                    system=line.get("system"),
                )
            )
        return subjects

    async def waiting(self) -> list[str]:
        """Ids of rounds whose subjects' documents are still to be made."""
        found = self.rounds.collection.find({"state.waiting.id": {"$exists": True}}, {"_id": 1})
        return [document["_id"] async for document in found]

    # Settling

    async def due_classes(self) -> list[tuple[str, str]]:
        """Rounds and classes of which voices are to be counted."""
        key = {"round_id": "$state.round_id", "class_id": "$state.subject.class_id"}
        steps: list[Document] = [{"$match": {"state.tally_due": True}}, {"$group": {"_id": key}}]
        found = [one["_id"] async for one in aggregate(self.rated.collection, steps)]
        return sorted((one["round_id"], one["class_id"]) for one in found)

    async def of_class(self, round_id: str, class_id: str) -> dict[str, Rated]:
        """The subjects of a class in a round, by document id."""
        chosen = {"state.round_id": round_id, "state.subject.class_id": class_id}
        found = self.rated.collection.find(chosen, {"state": 1}).batch_size(_A_SLICE)
        subjects: dict[str, Rated] = {}
        async for one in found:
            subjects[one["_id"]] = Rated.model_validate(one["state"])
            if len(subjects) % _A_SLICE == 0:
                await asyncio.sleep(0)
        return subjects

    async def any_locked(self, periods: Collection[str]) -> bool:
        """Whether there is a subject with a locked public rating for one of `periods`."""
        chosen = {
            "state.period": {"$in": list(periods)},
            "state.kind": {"$in": [kind.value for kind in SubjectKind]},
            "state.stage": {"$in": _LOCKED},
        }
        return await self.rated.collection.find_one(chosen, {"_id": 1}) is not None

    async def locked(self, periods: Collection[str], ids: Collection[str]) -> dict[str, Rated]:
        """Those of the subjects `ids` whose public rating is locked, by document id."""
        chosen = {
            "state.period": {"$in": list(periods)},
            "state.subject.id": {"$in": list(ids)},
            "state.stage": {"$in": _LOCKED},
        }
        found = self.rated.collection.find(chosen, {"state": 1}).batch_size(_A_SLICE)
        return {one["_id"]: Rated.model_validate(one["state"]) async for one in found}

    # Reading

    async def page_of_rounds(self, before: str | None, limit: int) -> list[Document]:
        """Rounds without those waiting in them, the latest first: `_id`, `state`."""
        chosen = {} if before is None else {"_id": {"$lt": before}}
        fields = {"state": 1}
        found = self.rounds.collection.find(chosen, fields).sort([("_id", -1)]).limit(limit)
        return await found.to_list(None)

    async def stages(self, round_id: str) -> dict[str, int]:
        """How many subjects stand at which stage."""
        steps: list[Document] = [
            {"$match": {"state.round_id": round_id}},
            {"$group": {"_id": "$state.stage", "number": {"$sum": 1}}},
        ]
        found = aggregate(self.rated.collection, steps)
        return {one["_id"]: one["number"] async for one in found}

    async def page_of_subjects(
        self,
        round_id: str,
        stage: str | None,
        ids: Iterable[str] | None,
        after: str | None,
        limit: int,
    ) -> list[Rated]:
        """Subjects of a round by id."""
        # `0` follows `/`: every id of this round lies between the two.
        between: Document = {"$gt": f"{round_id}/{after or ''}", "$lt": f"{round_id}0"}
        if ids is not None:
            between["$in"] = [f"{round_id}/{id}" for id in ids]
        chosen: Document = {"_id": between}
        if stage is not None:
            chosen["state.stage"] = stage
        found = self.rated.collection.find(chosen, {"state": 1}).sort([("_id", 1)]).limit(limit)
        return [Rated.model_validate(one["state"]) async for one in found]

    async def provide(self, period: str, kind: SubjectKind, ids: Collection[str] | None) -> Numbers:
        """Ratings of completed subjects, as inputs of scores; of several rounds the latest."""
        chosen: Document = {
            "state.period": period,
            "state.kind": kind.value,
            "state.stage": Stage.COMPLETE.value,
        }
        if ids is not None:
            chosen["state.subject.id"] = {"$in": list(ids)}
        fields = ("subject.id", "self_rating.points", "public.points", "public.voices")
        shown = {f"state.{name}": 1 for name in (*fields, "organizational", "total")}
        found = self.rated.collection.find(chosen, shown).sort([("_id", 1)])
        numbers: Numbers = {}
        async for one in found:
            state = one["state"]
            numbers[state["subject"]["id"]] = {
                "self_rating": (state["self_rating"] or {"points": 0.0})["points"],
                "public_rating": state["public"]["points"],
                "public_voices": float(state["public"]["voices"]),
                "organizational_rating": state["organizational"],
            }
        return numbers

    async def sources(self, period: str, kind: SubjectKind, id: str) -> Sources:
        """Where a subject's ratings can be read, with who gave them: its round, the latest."""
        chosen = {
            "state.period": period,
            "state.kind": kind.value,
            "state.stage": Stage.COMPLETE.value,
            "state.subject.id": id,
        }
        found = self.rated.collection.find(chosen, {"state.round_id": 1}).sort([("_id", -1)])
        for one in await found.limit(1).to_list(None):
            round_id = one["state"]["round_id"]
            source = Source(_subject(one["_id"]), link=f"/v1/rounds/{round_id}/subjects/{id}")
            names = ("self_rating", "public_rating", "public_voices", "organizational_rating")
            return dict.fromkeys(names, (source,))
        return {}


_A_SLICE = 200
_LOCKED = [stage.value for stage in Stage if stage not in (Stage.SELF, Stage.PUBLIC)]
_AREA = {"path": 1, "level": 1, "retired": 1}
_UNIT = {"system": 1, "superior_unit_id": 1}
