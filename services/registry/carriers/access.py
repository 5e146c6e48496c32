"""What the routes of carriers, promises and errands share."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from services.registry.commands import Registry
from services.registry.messages import not_registered
from services.registry.routes import registry_of
from services.registry.scopes import ensure_answers, scope
from services.registry.stores import act
from shared.storage.aggregates import Aggregate, AggregateStore, Decision, S
from shared.storage.client import Document
from shared.storage.encryption import context_of
from shared.web.auth import Principal
from shared.web.etag import etag
from shared.web.pages import page_of
from shared.web.paging import Paging
from shared.web.schemas import Json

T = TypeVar("T", str, str | None)
View = Callable[[Registry, Aggregate[Any]], BaseModel]


def ensure_own(principal: Principal, state: Any) -> None:
    """Raise `Problem` 403 where `state` is not the caller's to see and change."""
    person = getattr(state, "person_id", None)
    ensure_answers(principal, state.area_path, state.unit_id, person)


def seal(registry: Registry, kind: str, id: str, field: str, text: T) -> T:
    """A text encrypted for its place; None stays None."""
    return text and registry.cipher.encrypt(text, context_of(kind, field, id))


def unseal(registry: Registry, kind: str, id: str, field: str, value: T) -> T:
    """What `seal` encrypted."""
    return value and registry.cipher.decrypt(value, context_of(kind, field, id))


async def change(
    store: AggregateStore[S],
    id: str,
    principal: Principal,
    decide: Callable[[S], Decision[S] | None],
) -> Aggregate[S]:
    """Change one that is the caller's. Raises `Problem` 403, 404 and what `decide` raises."""

    def own(state: S) -> Decision[S] | None:
        ensure_own(principal, state)
        return decide(state)

    return await act(store, id, own, principal)


def shown(registry: Registry, found: Aggregate[Any], view: View) -> Response:
    """The answer with one, and its ETag."""
    body = view(registry, found).model_dump(mode="json")
    return Json(body, headers={"ETag": etag(found.version)})


async def read(
    registry: Registry, store: AggregateStore[Any], id: str, principal: Principal, view: View
) -> Response:
    """The answer with one that is the caller's. Raises `Problem` 403, 404."""
    found = await store.get(id)
    if found is None:
        raise not_registered(store.collection.name, id)
    ensure_own(principal, found.state)
    return shown(registry, found, view)


async def listed(
    request: Request,
    store: AggregateStore[Any],
    principal: Principal,
    area: str | None,
    filters: Document,
    page: Paging,
    view: View,
) -> Response:
    """A page of the caller's, the newest first; filters that are None are left out."""
    registry = registry_of(request)
    asked = {f"state.{name}": value for name, value in filters.items() if value is not None}
    conditions = [*await scope(registry, principal, area), asked]
    found, following = await page_of(store, conditions, page, newest=True)
    items = [view(registry, one).model_dump(mode="json") for one in found]
    return Json({"items": items, "next": following})
