"""Stores of the registry's aggregates: their events' addresses, pages, changes by command."""

from collections.abc import Callable

from services.registry.messages import not_registered
from shared.contracts import topics
from shared.contracts.topics import Topic
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Decision, S
from shared.storage.client import Database
from shared.web.auth import Principal
from shared.web.pages import author


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
