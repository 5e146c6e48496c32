"""Lists: filters, words of the name, pinyin order, cursor paging."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.registry.routes import Reader, registry_of
from services.registry.schemas import (
    AreaView,
    GridView,
    OrganizationView,
    PersonView,
    TelephoneBody,
    UnitView,
)
from services.registry.service import People
from shared.contracts.words import AreaLevel, Domain, Founding, GridLevel, OrganizationLevel
from shared.storage.changes import Changes
from shared.storage.client import Document
from shared.web.auth import Principal, Role, require
from shared.web.paging import Page, Paging, paging
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json, Slug

router = Router(prefix="/v1")

Paged = Annotated[Paging, Depends(paging)]
Text = Annotated[str | None, Query(min_length=1, max_length=100, description="Words of the name")]
Inside = Annotated[AreaCode | None, Query(description="In this area or one inside it")]
Retired = Annotated[bool | None, Query(description="true: only retired; false: none; absent: all")]
Finder = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER))
]


async def _list(
    request: Request,
    kind: str,
    principal: Principal,
    page: Paging,
    filters: Mapping[str, Any],
    text: str | None = None,
) -> Response:
    registry = registry_of(request)
    found = await registry.repository.list(kind, filters, text, page)
    documents, following = page.cut(found, _place)
    return Json({"items": _items(request, kind, documents, principal), "next": following})


def _place(document: Document) -> tuple[str, str]:
    return document["state"].get("sort_key", ""), document["_id"]


def _items(
    request: Request, kind: str, documents: Sequence[Document], principal: Principal
) -> list[dict[str, Any]]:
    entry = registry_of(request).kinds[kind]
    return [
        entry.view(
            document["_id"],
            document["version"],
            entry.state.model_validate({"grams": ()} | document["state"]),
            principal,
        ).model_dump(mode="json")
        for document in documents
    ]


@router.get("/changes", tags=["areas"])
async def count_changes(request: Request, _principal: Reader) -> Changes:
    """How many changes of each kind there have been; intake answers how many it knows of."""
    return await registry_of(request).repository.changes()


@router.get("/areas", tags=["areas"], response_model=Page[AreaView])
async def list_areas(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    parent: AreaCode | None = None,
    level: AreaLevel | None = None,
    text: Text = None,
    retired: Retired = None,
) -> Response:
    """Areas by name; `area` itself is in the list of what is inside it."""
    filters = {"area_path": area, "parent": parent, "level": level, "retired": retired}
    return await _list(request, "areas", principal, page, filters, text)


@router.get("/units", tags=["units"], response_model=Page[UnitView])
async def list_units(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    domain: Domain | None = None,
    system: Annotated[Slug | None, Query(description="Managed from above in this system")] = None,
    superior_unit_id: Slug | None = None,
    text: Text = None,
    retired: Retired = None,
) -> Response:
    """Units by name."""
    filters = {
        "area_path": area,
        "domain": domain,
        "system": system,
        "superior_unit_id": superior_unit_id,
        "retired": retired,
    }
    return await _list(request, "units", principal, page, filters, text)


@router.get("/organizations", tags=["organizations"], response_model=Page[OrganizationView])
async def list_organizations(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    domain: Domain | None = None,
    level: OrganizationLevel | None = None,
    unit_id: Slug | None = None,
    parent: Slug | None = None,
    founding: Founding | None = None,
    text: Text = None,
    retired: Retired = None,
) -> Response:
    """Party organizations by name."""
    filters = {
        "area_path": area,
        "domain": domain,
        "level": level,
        "unit_id": unit_id,
        "parent": parent,
        "founding": founding,
        "retired": retired,
    }
    return await _list(request, "organizations", principal, page, filters, text)


@router.get("/grids", tags=["grids"], response_model=Page[GridView])
async def list_grids(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    community: AreaCode | None = None,
    level: GridLevel | None = None,
    text: Text = None,
    retired: Retired = None,
) -> Response:
    """Grids by name, without their geometry."""
    filters: dict[str, Any] = {"area_path": area, "communities": community, "retired": retired}
    if level is not None:
        # What was kept before there were levels has none, and is a community grid.
        filters["level"] = {"$in": [level, *([None] if level is GridLevel.COMMUNITY_GRID else [])]}
    return await _list(request, "grids", principal, page, filters, text)


@router.get("/people", tags=["people"], response_model=Page[PersonView])
async def list_people(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    grid: Slug | None = None,
    skill: Slug | None = None,
    unit_id: Slug | None = None,
    available: bool | None = None,
    retired: Retired = None,
) -> Response:
    """People by id: their names are encrypted, which neither order nor search can read."""
    filters = {
        "area_path": area,
        "grid_id": grid,
        "skills": skill,
        "unit_id": unit_id,
        "available": available,
        "retired": retired,
    }
    return await _list(request, "people", principal, page, filters)


@router.post("/people/find", tags=["people"], response_model=Page[PersonView])
async def find_people(request: Request, body: TelephoneBody, principal: Finder) -> Response:
    """People with a telephone number, of those whose number the caller may see."""
    registry = registry_of(request)
    kind = registry.kinds["people"]
    assert isinstance(kind, People)
    found = await registry.repository.with_telephone(kind.telephone_index(body.telephone))
    seen = [
        document
        for document in found
        if kind.may_see_person(principal, kind.state.model_validate(document["state"]))
    ]
    return Json({"items": _items(request, "people", seen, principal), "next": None})
