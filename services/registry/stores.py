"""Stores of the registry's aggregates: their events' addresses, pages, changes by command."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from services.registry.messages import not_registered
from services.registry.spans import to_millis
from shared.contracts import topics
from shared.contracts.topics import Topic
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Decision, S
from shared.storage.client import ASCENDING, DESCENDING, Database, Document
from shared.storage.encryption import FieldCipher, context_of
from shared.web.auth import Principal
from shared.web.paging import Paging

_LISTED = {"history": 0, "outbox": 0}

Seal = Callable[[str, str], str]
"""`(field, words) -> sealed`, or back."""


def moment() -> datetime:
    """Now, as the database keeps it."""
    return to_millis(datetime.now(UTC))


def author(principal: Principal) -> str:
    """Who decided, for the history."""
    return f"{principal.role}:{principal.subject}"


def entry_store(
    database: Database,
    name: str,
    state: type[S],
    settings: Settings,
    topic: Topic = topics.REGISTRY,
) -> AggregateStore[S]:
    """The store of the aggregates `name` (plural, as in paths and collections)."""
    # A unit and a grid may have the same id. A source of its own for each kind keeps them apart
    # in the journal; a key of its own keeps them apart when the topic is compacted.
    return AggregateStore(
        database[name],
        state,
        topic=topic.name,
        source=f"{settings.source}/{name}",
        partition_key=lambda id, _state: f"{name}/{id}",
    )


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
    store: AggregateStore[S], field: str, conditions: Sequence[Document], page: Paging
) -> tuple[Sequence[Aggregate[S]], str | None]:
    """A page of a store's aggregates in the order of a field of their state, the least first.

    The index that serves it begins with the fields of `conditions` that are equal to something,
    and goes on with `field` and `_id`.
    """
    key = f"state.{field}"
    wanted = [*conditions]
    if page.after is not None:
        value, id = page.after
        wanted.append({"$or": [{key: {"$gt": value}}, {key: value, "_id": {"$gt": id}}]})
    found = (
        store.collection.find({"$and": wanted} if wanted else {}, _LISTED)
        .sort([(key, ASCENDING), ("_id", ASCENDING)])
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


async def act(
    store: AggregateStore[S],
    id: str,
    decide: Callable[[S], Decision[S] | None],
    principal: Principal,
    version: int | None = None,
) -> Aggregate[S]:
    """Change an aggregate that is there by a decision; `decide` may be called more than once.

    Raises:
        Problem: 404 where it is not there, and what `decide` raises.
        VersionMismatch: it is at another version.
    """

    def there(state: S | None) -> Decision[S] | None:
        if state is None:
            raise not_registered(store.collection.name, id)
        return decide(state)

    return await store.execute(id, there, by=author(principal), version=version)


async def read_one(store: AggregateStore[S], id: str) -> Aggregate[S]:
    """The aggregate `id`. Raises `Problem` 404."""
    found = await store.get(id)
    if found is None:
        raise not_registered(store.collection.name, id)
    return found


def sealing(cipher: FieldCipher, kind: str, id: str) -> Seal:
    """Locks words of one entry's fields."""
    return lambda field, words: cipher.encrypt(words, context_of(kind, field, id))


def opening(cipher: FieldCipher, kind: str, id: str) -> Seal:
    """Opens what `sealing` locked."""
    return lambda field, sealed: cipher.decrypt(sealed, context_of(kind, field, id))
