"""Where units and organizations lie: in an area of their own, else in that of their unit."""

from collections.abc import Collection, Sequence

from services.assessment.service.figures import SubjectKind
from shared.storage.client import Database, Document


async def own_areas(database: Database, documents: Sequence[Document]) -> dict[str, str]:
    """The area of each unit or organization (read models) that has one, by id."""
    lost = {d["unit_id"] for d in documents if d.get("area") is None and d.get("unit_id")}
    of_units: dict[str, str | None] = {}
    if lost:
        found = database["units"].find({"_id": {"$in": sorted(lost)}}, {"area": 1})
        of_units = {unit["_id"]: unit.get("area") async for unit in found}
    areas = {d["_id"]: d.get("area") or of_units.get(d.get("unit_id") or "") for d in documents}
    return {id: area for id, area in areas.items() if area is not None}


async def lying_in(database: Database, kind: SubjectKind, areas: Collection[str]) -> Document:
    """The condition on the read models of units or organizations that lie in one of `areas`."""
    here = {"area": {"$in": list(areas)}}
    if kind is not SubjectKind.ORGANIZATION:
        return here
    units = [unit["_id"] async for unit in database["units"].find(here, {"_id": 1})]
    return {"$or": [here, {"area": None, "unit_id": {"$in": units}}]}
