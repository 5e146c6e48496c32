"""Subjects as the registry tells of them: name, place, unit; and who is above them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from services.assessment.places import lying_in, own_areas
from services.assessment.service.figures import SubjectKind
from shared.storage.client import ASCENDING, Database, Document
from shared.successors import Succeeded, heir_of
from shared.web.auth import Principal, Role, sees_area, sees_unit
from shared.web.problems import Problem

COLLECTIONS = {
    SubjectKind.STREET: "areas",
    SubjectKind.COMMUNITY: "areas",
    SubjectKind.UNIT: "units",
    SubjectKind.ORGANIZATION: "organizations",
}
_BATCH = 100
Named = tuple[SubjectKind, str]
"""A subject by its kind and id."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of assessment. `path`: codes from the top area down to its own."""

    kind: SubjectKind
    id: str
    name: str
    path: tuple[str, ...] = ()
    unit_id: str | None = None
    domain: str | None = None
    level: str | None = None
    retired: bool = False
    successors: tuple[str, ...] = ()
    """Who took over from a retired organization."""


def above(principal: Principal, path: Sequence[str]) -> bool:
    """Whether the caller answers for an area above the one that `path` ends in: its superior.

    Nobody judges what is his or her own (art. 14: the superior's step is not the self-rating).
    """
    if principal.role is Role.ADMINISTRATOR:
        return True
    return principal.role is Role.AREA_MANAGER and sees_area(principal, path[:-1])


def ensure_above(principal: Principal, path: Sequence[str]) -> None:
    """Raise `Problem` 403 unless `above`."""
    if not above(principal, path):
        raise Problem(403, "not-the-superior")


def ensure_own(principal: Principal, path: Sequence[str], unit_id: str | None) -> None:
    """Raise `Problem` 403 unless it is the caller's own: of the own unit, or of the very area; the
    superior does not speak for those below."""
    if principal.role is Role.ADMINISTRATOR:
        return
    own = principal.role is Role.UNIT_OPERATOR and sees_unit(principal, unit_id)
    if principal.role is Role.AREA_MANAGER:
        own = bool(path) and path[-1] in principal.areas
    if not own:
        raise Problem(403, "not-the-own-side")


def answers(principal: Principal, path: Sequence[str], unit_id: str | None) -> bool:
    """Whether the caller answers for what is in that area, or of that unit."""
    if principal.role is Role.UNIT_OPERATOR:
        return sees_unit(principal, unit_id)
    return principal.role in (Role.ADMINISTRATOR, Role.AREA_MANAGER) and sees_area(principal, path)


def ensure_answers(principal: Principal, path: Sequence[str], unit_id: str | None) -> None:
    """Raise `Problem` 403 unless `answers`."""
    if not answers(principal, path, unit_id):
        raise Problem(403, "wrong-unit" if principal.role is Role.UNIT_OPERATOR else "wrong-area")


def own_of(principal: Principal) -> Document:
    """The condition on documents (`area_path`, `unit_id`) that lists show this caller."""
    if principal.role is Role.ADMINISTRATOR:
        return {}
    if principal.role is Role.UNIT_OPERATOR:
        return {"state.unit_id": principal.unit_id or ""}
    return {"state.area_path": {"$in": sorted(principal.areas)}}


class Subjects:
    """Reads the registry's read models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, kind: SubjectKind, id: str, field: str | None = None) -> Subject:
        """The subject. Raises `Problem` 404, or 422 for the reference in `field`."""
        found = await self.get_many(kind, [id])
        if id not in found:
            raise Problem(
                404 if field is None else 422, "subject-unknown", field=field, id=id, kind=kind
            )
        return found[id]

    async def get_many(self, kind: SubjectKind, ids: Iterable[str]) -> dict[str, Subject]:
        """Those of `ids` that the registry has told of."""
        wanted = {"_id": {"$in": list(ids)}}
        documents = await self._database[COLLECTIONS[kind]].find(wanted).to_list(None)
        return {each.id: each for each in await self._read(kind, documents)}

    async def names(self, subjects: Iterable[Named]) -> dict[Named, str]:
        """Names by kind and id; the id itself where the registry has not told of the subject."""
        asked: defaultdict[SubjectKind, set[str]] = defaultdict(set)
        for kind, id in subjects:
            asked[kind].add(id)
        names: dict[Named, str] = {}
        for kind, ids in asked.items():
            wanted: Document = {"_id": {"$in": list(ids)}}
            if COLLECTIONS[kind] == "areas":
                wanted["level"] = kind.value
            found = self._database[COLLECTIONS[kind]].find(wanted, {"name": 1})
            names |= {(kind, id): id for id in ids}
            names |= {(kind, document["_id"]): document["name"] async for document in found}
        return names

    async def heirs(self, organizations: Iterable[str]) -> dict[str, str]:
        """Of organizations that are retired with one successor, who has taken over (`heir_of`)."""
        asked = set(organizations)
        known: dict[str, Succeeded] = {}
        wanted = asked
        while wanted:
            shown = {"retired": 1, "successors": 1}
            found = self._database["organizations"].find({"_id": {"$in": sorted(wanted)}}, shown)
            async for one in found:
                successors = tuple(one.get("successors", ()))
                known[one["_id"]] = Succeeded(one.get("retired", False), successors)
            following = {each for id in wanted & known.keys() for each in known[id].successors}
            wanted = following - known.keys()
        heirs = {id: heir_of(id, known) for id in asked}
        return {id: heir for id, heir in heirs.items() if heir is not None}

    async def path_of(self, area: str, field: str) -> tuple[str, ...]:
        """Codes down to an area's own. Raises `Problem` 422."""
        found = await self._database["areas"].find_one({"_id": area}, {"path": 1})
        if found is None:
            raise Problem(422, "subject-unknown", field=field, id=area, kind="area")
        return tuple(found["path"])

    async def every(
        self, kind: SubjectKind, inside: str | None = None
    ) -> AsyncIterator[list[Subject]]:
        """All of a kind in service, some hundreds at once, by id; those inside an area."""
        wanted: Document = {"_id": {"$gt": ""}, "retired": {"$ne": True}}
        if COLLECTIONS[kind] == "areas":
            wanted["level"] = kind.value
            if inside is not None:
                wanted["path"] = inside
        elif inside is not None:
            found = self._database["areas"].find({"path": inside}, {"_id": 1})
            areas = [area["_id"] async for area in found]
            wanted |= await lying_in(self._database, kind, areas)
        while True:
            found = self._database[COLLECTIONS[kind]].find(wanted).sort("_id", ASCENDING)
            documents = await found.limit(_BATCH).to_list(None)
            if not documents:
                return
            yield await self._read(kind, documents)
            wanted["_id"] = {"$gt": documents[-1]["_id"]}

    async def _read(self, kind: SubjectKind, documents: Sequence[Document]) -> list[Subject]:
        if COLLECTIONS[kind] == "areas":
            return [
                Subject(
                    kind,
                    d["_id"],
                    d["name"],
                    tuple(d["path"]),
                    level=d["level"],
                    retired=d.get("retired", False),
                )
                for d in documents
                if d["level"] == kind.value
            ]
        areas = await own_areas(self._database, documents)
        codes = sorted(set(areas.values()))
        paths = {
            a["_id"]: tuple(a["path"])
            async for a in self._database["areas"].find({"_id": {"$in": codes}}, {"path": 1})
        }
        return [
            Subject(
                kind,
                d["_id"],
                d["name"],
                paths.get(areas.get(d["_id"], ""), ()),
                unit_id=d["_id"] if kind is SubjectKind.UNIT else d.get("unit_id"),
                domain=d["domain"],
                level=d.get("level"),
                retired=d.get("retired", False),
                successors=tuple(d.get("successors", ())),
            )
            for d in documents
        ]
