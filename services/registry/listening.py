"""What the registry hears of another service's topic, besides units' reports (decisions/0008)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.topics import Topic
from shared.messaging.processor import Consumes, FactHandler
from shared.storage.aggregates import AggregateStore


@dataclass(frozen=True)
class Heard:
    """A topic, the store that its facts go to, the aggregate of each, and what becomes of it.

    `judges`: whether nobody else sends what cannot be read there to the dead letters.
    """

    topic: Topic
    store: AggregateStore[Any]
    target: Callable[[Event], str | None]
    facts: Mapping[type[Payload], FactHandler[Any, Any]]
    judges: bool = False


def with_(consumes: Consumes[Any, Any], heard: Heard) -> Consumes[Any, Any]:
    """What is listened to, and one topic besides."""
    name = heard.topic.name

    def is_heard(event: Event) -> bool:
        return TOPIC_OF.get(event.type.rpartition(".v")[0]) == name

    return replace(
        consumes,
        topics=(*consumes.topics, name),
        facts={**consumes.facts, **heard.facts},
        target=lambda event: (heard if is_heard(event) else consumes).target(event),
        judges=consumes.judges | ({name} if heard.judges else frozenset()),
        store_of=lambda event: heard.store if is_heard(event) else consumes.store_for(event),
    )
