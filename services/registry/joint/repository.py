"""MongoDB calls of joint organizations, with their indexes.

What has ended of a list stands in `joint_ended`, a document each: `_id` is the entry's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.registry.joint.states import JointState, Lists, Need, Project, Resource
from services.registry.stores import entry_store
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import (
    ASCENDING,
    DESCENDING,
    DUPLICATE_KEY,
    BulkWriteError,
    Database,
    Document,
    InsertOne,
)
from shared.web.paging import Paging

NAME = "joints"
_BATCH = 20
MODELS: dict[str, type[Need] | type[Resource] | type[Project]] = {
    "needs": Need,
    "resources": Resource,
    "projects": Project,
}


class Ended(NamedTuple):
    """An entry that has ended, and the list that it was in."""

    name: str
    entry: Need | Resource | Project


class Joints:
    """The store of joint organizations, and of what has ended of their lists."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.store: AggregateStore[JointState] = entry_store(database, NAME, JointState, settings)
        self._ended = database["joint_ended"]

    async def create_indexes(self) -> None:
        """For lists by area, lead, member and name; for sides of projects; for what has ended."""
        order = [("state.sort_key", ASCENDING), ("_id", ASCENDING)]
        index = self.store.collection.create_index
        await index([("state.area_path", ASCENDING), ("_id", ASCENDING)], name="path")
        await index([("state.lead", ASCENDING), ("_id", ASCENDING)], name="lead")
        await index([("state.members.organization_id", ASCENDING)], name="member")
        for side in ("need_by", "resource_by"):
            await index([(f"state.open.projects.{side}", ASCENDING)], name=side)
        await index(order, name="order")
        await self._ended.create_index(
            [("joint_id", ASCENDING), ("name", ASCENDING), ("_id", DESCENDING)], name="joint"
        )

    async def due(self, now: datetime, shards: Sequence[int]) -> list[str]:
        """Ids, at most 20, of those of which something must go to another document."""
        wanted = {"next_due": {"$lte": now}, "shard": {"$in": list(shards)}}
        found = self.store.collection.find(wanted, {"_id": 1}).limit(_BATCH)
        return [document["_id"] for document in await found.to_list(None)]

    async def file(self, joint_id: str, closed: Lists) -> None:
        """Put ended entries into documents of their own; those that stand there stay."""
        operations = [
            InsertOne[Document](
                {"_id": entry.id, "joint_id": joint_id, "name": name, "entry": entry.model_dump()}
            )
            for name in MODELS
            for entry in getattr(closed, name)
        ]
        if not operations:
            return
        try:
            await self._ended.bulk_write(operations, ordered=False)
        except BulkWriteError as error:  # a try before this one has put some
            if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise

    async def ended(self, id: str) -> Ended | None:
        """The ended entry with this id."""
        document = await self._ended.find_one({"_id": id})
        return None if document is None else _ended(document)

    async def list_ended(
        self, joint_id: str, name: str | None, page: Paging
    ) -> tuple[list[Ended], str | None]:
        """A page of what has ended, the newest made first."""
        wanted: Document = {"joint_id": joint_id} | ({"name": name} if name else {})
        if page.after is not None:
            wanted["_id"] = {"$lt": page.after.id}
        found = self._ended.find(wanted).sort([("_id", DESCENDING)]).limit(page.limit + 1)
        documents, following = page.cut(await found.to_list(None), lambda one: ("", one["_id"]))
        return [_ended(document) for document in documents], following


def _ended(document: Mapping[str, Any]) -> Ended:
    return Ended(document["name"], MODELS[document["name"]].model_validate(document["entry"]))
