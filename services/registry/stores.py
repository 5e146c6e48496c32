"""Stores of the registry's aggregates: their events' addresses, pages, changes by command."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from services.registry.messages import not_registered
from shared.contracts import topics
from shared.contracts.topics import Topic
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Decision, S
from shared.storage.client import ASCENDING, DESCENDING, Database, Document
from shared.web.auth import Principal
from shared.web.paging import Paging

_LISTED = {"history": 0, "outbox": 0}


def moment() -> datetime:
    """Now in UTC, cut to the milliseconds that the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


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
