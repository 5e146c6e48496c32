"""What the page asks beside the work itself: who the caller is, names, words, receivers."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field, StringConstraints

from services.volunteer_dispatch.access import ensure_sees
from services.volunteer_dispatch.desk import Worker, load, parts_of
from services.volunteer_dispatch.match.index import Wanted
from services.volunteer_dispatch.page.receivers import Command, kinds, places
from services.volunteer_dispatch.page.repository import COLLECTIONS
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.category_words import CategoryWord, CategoryWordTable
from services.volunteer_dispatch.service.limits import Ground
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.words import AssigneeKind
from shared.web.auth import Role
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["page"])

_NAMES_AT_ONCE = 200
_Key = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}:.{1,120}$")]


class DeskView(BaseModel):
    """Who the caller is, and the words of lists."""

    subject: str
    role: Role
    areas: list[str]
    grids: list[str]
    unit_id: str | None
    volunteer_id: str | None
    categories: list[CategoryWord]
    return_grounds: list[Ground]
    final_grounds: list[Ground]
    extension_hours_at_most: float = Field(description="Of one extension, as its deadline counts")


class NamesView(BaseModel):
    """Names by key, as far as they are known."""

    names: dict[str, str]


class ReceiverView(BaseModel):
    """One who may be given the task; a volunteer has no name here."""

    kind: AssigneeKind
    id: str
    name: str | None


class ReceiversView(BaseModel):
    """The nearest first; `kinds` may get it at all."""

    kinds: tuple[AssigneeKind, ...]
    items: list[ReceiverView]


@router.get("/desk")
async def show_desk(request: Request, principal: Worker) -> DeskView:
    """Who the caller is, the words of categories, and the grounds to choose from."""
    parts = parts_of(request)
    limits = parts.context().limits
    return DeskView(
        subject=principal.subject,
        role=principal.role,
        areas=sorted(principal.areas),
        grids=sorted(principal.grids),
        unit_id=principal.unit_id,
        volunteer_id=principal.volunteer_id,
        categories=list(parts.tables.get(CategoryWordTable).words),
        return_grounds=list(limits.return_grounds),
        final_grounds=list(limits.final_grounds),
        extension_hours_at_most=24 * limits.extension_days_at_most,
    )


@router.get("/names")
async def list_names(
    request: Request,
    _: Worker,
    key: Annotated[
        list[_Key],
        Query(max_length=_NAMES_AT_ONCE, description="`area:`, `unit:`, `grid_team:` and an id"),
    ],
) -> NamesView:
    """Names of areas, units and grids. Of volunteers there are none here."""
    return NamesView(names=await parts_of(request).names.of(key))


@router.get("/tasks/{id}/receivers")
async def list_receivers(
    request: Request,
    id: str,
    principal: Worker,
    command: Command = "hand-over",
    text: Annotated[str, Query(max_length=60, description="In the name or the id")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReceiversView:
    """Whom the task may be handed over to, or reassigned to by those above; the nearest first."""
    parts = parts_of(request)
    _, state = await load(parts, id)
    ensure_sees(principal, state)
    context = parts.context()
    allowed, text = kinds(state, command, context), text.strip()
    there = list(places(state, command, context))
    if not text:
        there = there[:limit]
    names: dict[tuple[AssigneeKind, str], str] = {}
    for kind in {kind for kind, _ in there}:
        ids = [id for one, id in there if one is kind]
        found = await parts.names.like(COLLECTIONS[kind], ids, text)
        names |= {(kind, id): name for id, name in found.items()}
    items = [
        ReceiverView(kind=one[0], id=one[1], name=names.get(one))
        for one in there
        if one in names or text in one[1]
    ]
    if AssigneeKind.VOLUNTEER in allowed:
        items = [*_volunteers(parts, state, text, limit), *items]
    return ReceiversView(kinds=allowed, items=items[:limit])


def _volunteers(parts: Parts, state: TaskState, text: str, limit: int) -> list[ReceiverView]:
    """Volunteers of the task's grid who have room, the best first."""
    if state.grid_id is None:
        return []
    holder = state.holder
    wanted = Wanted(
        skill="",
        grid_id=state.grid_id,
        within_km=0.0,
        number=1000,
        without=[holder.id] if holder else [],
        waiting_too=True,
    )
    found = parts.pool.index.find(wanted, int(datetime.now(UTC).timestamp()))
    return [
        ReceiverView(kind=AssigneeKind.VOLUNTEER, id=one.id, name=None)
        for one in found
        if text in one.id
    ][: limit // 2 or 1]
