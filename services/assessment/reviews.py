"""Stores whose facts go out on `lianxin.reviews`, and changes of their aggregates."""

import asyncio
from collections.abc import Callable, Collection

from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Contended, Decision, S
from shared.storage.client import Database
from shared.web.auth import Principal
from shared.web.pages import author
from shared.web.problems import Problem

_AT_ONCE = 20


def review_store(
    database: Database, name: str, model: type[S], settings: Settings
) -> AggregateStore[S]:
    """The store of the aggregates `name` (plural, as in paths). A source and a key of its own for
    each keep aggregates with the same id apart."""
    return AggregateStore(
        database[name.replace("-", "_")],
        model,
        topic=topics.REVIEWS.name,
        source=f"{settings.source}/{name}",
        partition_key=lambda id, _state: f"{name}/{id}",
    )


async def read_one(store: AggregateStore[S], id: str, what: str) -> tuple[Aggregate[S], S]:
    """The aggregate `id` and its state. Raises `Problem` 404 `what`."""
    found = await store.get(id)
    if found is None or found.state is None:
        raise Problem(404, what, id=id)
    return found, found.state


async def act(
    store: AggregateStore[S],
    id: str,
    what: str,
    decide: Callable[[S], Decision[S] | None],
    principal: Principal,
    version: int | None = None,
) -> tuple[Aggregate[S], S]:
    """Change an aggregate that is there; `decide` may be called more than once.

    Raises:
        Problem: 404 `what` where it is not there, and what `decide` raises.
        VersionMismatch: it is at another version.
    """

    def there(state: S | None) -> Decision[S] | None:
        if state is None:
            raise Problem(404, what, id=id)
        return decide(state)

    changed = await store.execute(id, there, by=author(principal), version=version)
    assert changed.state is not None  # `decide` was called with one
    return changed, changed.state


async def decide_all(
    store: AggregateStore[S],
    ids: Collection[str],
    decide: Callable[[str, S | None], Decision[S] | None],
    *,
    by: str,
    tries: int = 5,
) -> int:
    """Decide on each of `ids` and write in one go; again where another writer was first.

    Args:
        decide: pure, of an id and its state; None where there is nothing to do.

    Returns:
        How many were changed (where another writer was first: the last time).

    Raises:
        Contended: other writers were first `tries` times.
    """
    for _ in range(tries):
        there = await store.get_many(ids)
        changed: list[Aggregate[S]] = []
        for n, id in enumerate(ids):
            if n % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others have their turn amid some thousand subjects
            aggregate = there.get(id) or Aggregate(id)
            decision = decide(id, aggregate.state)
            if decision is not None:
                store.record(aggregate, decision, by=by)
                changed.append(aggregate)
        if await store.write(changed):
            return len(changed)
    raise Contended(store.collection.name)
