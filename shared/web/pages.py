"""Pages of aggregates out of their stores, in order, with the cursor of the next one."""

from collections.abc import Iterable, Sequence

from shared.storage.aggregates import Aggregate, AggregateStore, S
from shared.storage.client import ASCENDING, DESCENDING, Document
from shared.web.auth import Principal
from shared.web.paging import Paging

_LISTED = {"history": 0, "outbox": 0}


def author(principal: Principal) -> str:
    """Who decided, for the history."""
    return f"{principal.role}:{principal.subject}"


async def page_of(
    store: AggregateStore[S], conditions: Sequence[Document], page: Paging, *, newest: bool = False
) -> tuple[Sequence[Aggregate[S]], str | None]:
    """A page of a store's aggregates by id, and the cursor of the next one.

    Args:
        conditions: on documents; empty ones are passed over.
        newest: in falling order: ids made by `uuid7` have their time in front.
    """
    wanted = [condition for condition in conditions if condition]
    if page.after is not None:
        wanted.append({"_id": {"$lt" if newest else "$gt": page.after.id}})
    found = (
        store.collection.find({"$and": wanted} if wanted else {}, _LISTED)
        .sort("_id", DESCENDING if newest else ASCENDING)
        .limit(page.limit + 1)
    )
    documents, following = page.cut(await found.to_list(None), lambda one: ("", one["_id"]))
    return [store.load(document) for document in documents], following


async def page_along(
    store: AggregateStore[S],
    field: str,
    conditions: Sequence[Document],
    page: Paging,
    *,
    newest: bool = False,
) -> tuple[Sequence[Aggregate[S]], str | None]:
    """A page of a store's aggregates in the order of a field of their state, the least first.

    The index that serves it begins with the fields of `conditions` that are equal to something,
    and goes on with `field` and `_id`.

    Args:
        newest: the greatest first; those with the same by id, rising all the same.
    """
    key = f"state.{field}"
    wanted = [*conditions]
    if page.after is not None:
        value, id = page.after
        beyond = {"$lt" if newest else "$gt": value}
        wanted.append({"$or": [{key: beyond}, {key: value, "_id": {"$gt": id}}]})
    found = (
        store.collection.find({"$and": wanted} if wanted else {}, _LISTED)
        .sort([(key, DESCENDING if newest else ASCENDING), ("_id", ASCENDING)])
        .limit(page.limit + 1)
    )
    documents, following = page.cut(
        await found.to_list(None), lambda one: (one["state"][field], one["_id"])
    )
    return [store.load(document) for document in documents], following


async def index_along(store: AggregateStore[S], field: str, firsts: Iterable[str]) -> None:
    """The indexes for pages along a field: of all, and by each of `firsts`; absent ones are out."""
    key = f"state.{field}"
    for first in (None, *firsts):
        keys = [(key, ASCENDING), ("_id", ASCENDING)]
        if first is not None:
            keys.insert(0, (f"state.{first}", ASCENDING))
        await store.collection.create_index(keys, name=f"{field} by {first or 'all'}")
