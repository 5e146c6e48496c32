"""Every query on whistles, with their indexes, and the encryption of their words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.volunteer_dispatch.service.whistling import Status, WhistleState
from shared.contracts.topics import WHISTLES
from shared.contracts.whistles import WhistleCase
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Database, Document
from shared.storage.encryption import FieldCipher, context_of
from shared.web.auth import Principal, Role
from shared.web.paging import Paging


def whistle_scope(principal: Principal) -> Document:
    """The whistles that the caller sees, as a query; the same as `sees_whistle`."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return {}
        case Role.AREA_MANAGER:
            return {"state.area_path": {"$in": sorted(principal.areas)}}
        case Role.UNIT_OPERATOR if principal.unit_id is not None:
            return {"state.units": principal.unit_id}
        case _:
            return {"_id": {"$in": []}}


def is_whistler(principal: Principal, state: WhistleState) -> bool:
    """Whether the caller manages the whistling area, or stands above."""
    if principal.role is Role.AREA_MANAGER:
        return not principal.areas.isdisjoint(state.area_path)
    return principal.role is Role.ADMINISTRATOR


def is_summoned(principal: Principal, state: WhistleState, unit_id: str) -> bool:
    """Whether the caller acts for this summoned unit."""
    if principal.role is Role.ADMINISTRATOR:
        return True
    return principal.role is Role.UNIT_OPERATOR and principal.unit_id == unit_id


def sees_whistle(principal: Principal, state: WhistleState) -> bool:
    """Whether the caller sees the whistle: its area, those above, and the summoned units."""
    summoned = principal.role is Role.UNIT_OPERATOR and principal.unit_id in state.units
    return is_whistler(principal, state) or summoned


@dataclass(frozen=True, slots=True)
class WhistlesWanted:
    """Filters of the list; `scope` is what the caller may see, as a query."""

    scope: Mapping[str, Any]
    status: Status | None = Status.OPEN
    area: str | None = None
    unit: str | None = None
    case: WhistleCase | None = None
    late: bool | None = None
    task_id: str | None = None


class Whistles:
    """The whistles of a city."""

    def __init__(self, database: Database, settings: Settings, cipher: FieldCipher) -> None:
        self._cipher = cipher
        self.store = AggregateStore(
            database["whistles"], WhistleState, topic=WHISTLES.name, source=settings.source
        )

    async def create_indexes(self) -> None:
        """One index a list, in the order that it is shown in."""
        collection = self.store.collection
        tail = [("state.status", ASCENDING), ("state.blown_at", DESCENDING), ("_id", DESCENDING)]
        await collection.create_index(tail, name="by_time")
        for scope in ("state.area_path", "state.units"):
            await collection.create_index([(scope, ASCENDING), *tail], name=f"by_{scope}")
        await collection.create_index(
            [("state.task_id", ASCENDING)],
            partialFilterExpression={"state.task_id": {"$gt": ""}},
            name="of_task",
        )

    async def find(self, wanted: WhistlesWanted, paging: Paging) -> list[Document]:
        """Up to `limit + 1` documents (`_id`, `version`, `state`), the youngest first."""
        parts: list[Mapping[str, Any]] = [dict(wanted.scope)] if wanted.scope else []
        for field, value in (
            ("status", wanted.status and wanted.status.value),
            ("area_path", wanted.area),
            ("units", wanted.unit),
            ("case", wanted.case and wanted.case.value),
            ("late", wanted.late),
            ("task_id", wanted.task_id),
        ):
            if value is not None:
                parts.append({f"state.{field}": value})
        if paging.after is not None:
            blown, id = paging.after
            same = {"state.blown_at": blown, "_id": {"$lt": id}}
            parts.append({"$or": [{"state.blown_at": {"$lt": blown}}, same]})
        cursor = self.store.collection.find(
            {"$and": parts} if parts else {}, {"state": 1, "version": 1}
        )
        order = [("state.blown_at", DESCENDING), ("_id", DESCENDING)]
        return await cursor.sort(order).limit(paging.limit + 1).to_list(None)

    def seal(self, whistle_id: str, words: str) -> str:
        """Encrypt words about a whistle."""
        return self._cipher.encrypt(words, context_of("whistles", "words", whistle_id))

    def unseal(self, whistle_id: str, sealed: str) -> str:
        """Read words about a whistle."""
        return self._cipher.decrypt(sealed, context_of("whistles", "words", whistle_id))
