"""HTTP: places without service, for administrators and for area managers in their areas."""

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime, BaseModel

from services.registry import commands
from services.registry.coverage import Coverage
from services.registry.coverage_repository import chosen
from services.registry.messages import GAPS
from services.registry.routes import registry_of
from services.registry.routes_lists import Paged
from services.registry.schemas import Words
from shared.contracts.words import LABELS, Gap, PlaceKind
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.routing import Router
from shared.web.schemas import AreaCode

router = Router(prefix="/v1", tags=["coverage"])

Watcher = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]


class GapTotal(BaseModel):
    """How many communities and grids have a gap, and what to do about it."""

    gap: Gap
    label: Words
    what_to_do: Words
    communities: int
    grids: int


class OpenGapView(BaseModel):
    """A gap that is open; its words stand in `totals`."""

    gap: Gap
    since: AwareDatetime


class PlaceView(BaseModel):
    """A community or grid with all of its open gaps."""

    place: PlaceKind
    id: str
    name: str | None
    area_path: list[str]
    gaps: list[OpenGapView]


class CoverageView(BaseModel):
    """Totals over everything asked for, a page of the places, and where the next page starts."""

    totals: list[GapTotal]
    items: list[PlaceView]
    next: str | None = None


@router.get("/coverage")
async def read_coverage(
    request: Request,
    principal: Watcher,
    page: Paged,
    area: Annotated[
        AreaCode | None, Query(description="In this area or one inside it; one of your own")
    ] = None,
    gap: Annotated[Gap | None, Query(description="Only places with this gap")] = None,
) -> CoverageView:
    """Communities and grids in service that have no team, no leader or nobody to be reached."""
    registry = registry_of(request)
    if area is not None:
        # An area of others must not look as if it had no gaps.
        found_area = await commands.read(registry, "areas", area)
        assert found_area.state is not None  # no entry of the registry is without
        ensure_area(principal, found_area.state.area_path)
    own = None if principal.role is Role.ADMINISTRATOR else principal.areas
    repository = registry.coverage
    totals = await repository.totals(chosen(own, area, gap))
    after = None if page.after is None else page.after.id
    found = await repository.list(chosen(own, area, gap), after, page.limit + 1)
    documents, following = page.cut(found, lambda document: ("", document["_id"]))
    places = [Coverage.model_validate(document["state"]) for document in documents]
    names = await repository.names(places)
    return CoverageView(
        totals=[
            GapTotal(
                gap=each,
                label=_words(LABELS[f"gap.{each.value}"]),
                what_to_do=_words(GAPS[each]),
                communities=totals.get((each, PlaceKind.COMMUNITY), 0),
                grids=totals.get((each, PlaceKind.GRID), 0),
            )
            for each in Gap
            if gap in (None, each)
        ],
        items=[
            PlaceView(
                place=place.place,
                id=place.place_id,
                name=names.get((place.place, place.place_id)),
                area_path=list(place.area_path),
                gaps=[OpenGapView(gap=g.gap, since=g.since) for g in place.open],
            )
            for place in places
        ],
        next=following,
    )


def _words(pair: tuple[str, str]) -> Words:
    return Words(zh=pair[0], en=pair[1])
