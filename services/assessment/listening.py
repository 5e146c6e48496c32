"""Topics beside requests and tasks whose facts go to stores of their own (decisions/0008)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.messaging.processor import FactHandler
from shared.storage.aggregates import AggregateStore


@dataclass(frozen=True)
class Listened:
    """A topic, the store that its facts go to, the aggregate of each, and what becomes of it."""

    topic: str
    store: AggregateStore[Any]
    target: Callable[[Event], str | None]
    facts: Mapping[type[Payload], FactHandler[Any, Any]]


class Listening:
    """The parts of `Consumes` that tell facts of several topics apart.

    Args:
        target: the aggregate of every other fact.
        store: that of every other fact.
    """

    def __init__(
        self,
        target: Callable[[Event], str | None],
        store: AggregateStore[Any],
        others: Sequence[Listened],
    ) -> None:
        self._target = target
        self._store = store
        self._others = {each.topic: each for each in others}
        self.facts = {kind: what for each in others for kind, what in each.facts.items()}

    @property
    def topics(self) -> tuple[str, ...]:
        """The other topics."""
        return tuple(self._others)

    def _other(self, event: Event) -> Listened | None:
        return self._others.get(TOPIC_OF.get(event.type.rpartition(".v")[0], ""))

    def target(self, event: Event) -> str | None:
        """See `Consumes.target`."""
        other = self._other(event)
        return self._target(event) if other is None else other.target(event)

    def store_of(self, event: Event) -> AggregateStore[Any]:
        """See `Consumes.store_of`."""
        other = self._other(event)
        return self._store if other is None else other.store
