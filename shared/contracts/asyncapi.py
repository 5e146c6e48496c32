"""The AsyncAPI 3.0 document: topics, messages, and who sends and receives what."""

from collections.abc import Iterable
from typing import Any

from shared.contracts import topics
from shared.contracts.catalog import KNOWN, PUBLISHED
from shared.contracts.payload import Kind, Payload
from shared.contracts.topics import TOPICS, Topic
from shared.settings import Settings

Document = dict[str, Any]

RECEIVES: dict[str, tuple[Topic, ...]] = {
    "registry": (topics.UNITS, topics.VOLUNTEERING, topics.TASKS),
    "request_intake": (topics.REGISTRY, topics.TASKS, topics.UNITS),
    "volunteer_dispatch": (topics.REGISTRY, topics.REQUESTS, topics.CARE, topics.UNITS),
    "assessment": (
        topics.REGISTRY,
        topics.REQUESTS,
        topics.TASKS,
        topics.WORK,
        topics.BACKBONE,
        topics.COVERAGE,
        topics.PLANS,
    ),
    "units": (
        topics.REGISTRY,
        topics.REQUESTS,
        topics.TASKS,
        topics.VOLUNTEERING,
        topics.WHISTLES,
        topics.ASSESSMENTS,
        topics.DEAD_LETTERS,
    ),
}
"""Who listens to what. `units` stands for the systems of the units, which may read."""

_KAFKA = "0.5.0"
_PARTITIONS: int = Settings.model_fields["kafka_partitions"].default
_SCHEMA_FORMAT = "application/schema+json;version=2020-12"
_RULES = {
    Kind.FACT: "A fact: applied once, in the order of the subject's sequence 1, 2, 3.",
    Kind.SNAPSHOT: "A snapshot: the whole public state, applied where its sequence is higher.",
    Kind.CONTROL: "Between runtimes: neither kept nor sequenced.",
}
_HEADERS: dict[str, tuple[str, Document]] = {
    "ce_specversion": ("always 1.0", {"const": "1.0"}),
    "ce_id": ("id of the event, a UUIDv7 in what services publish", {"maxLength": 200}),
    "ce_source": ("/services/{service} or /units/{unit id}", {"maxLength": 200}),
    "ce_type": ("type with its version", {}),
    "ce_subject": ("what the event is about: the aggregate's id", {"maxLength": 200}),
    "ce_time": ("when it happened, RFC 3339 with an offset", {"format": "date-time"}),
    "ce_sequence": ("1, 2, 3 ... for each source and subject", {"pattern": "^[0-9]{1,16}$"}),
    "ce_partitionkey": ("the record's key; the subject where it is left out", {}),
    "ce_traceparent": ("W3C trace context", {}),
    "content-type": ("application/json", {}),
}
_OPTIONAL = {"ce_partitionkey", "ce_traceparent", "content-type"}
_DEAD_LETTER_HEADERS = {
    "dl_id": "id for `lianxin dead-letters show|replay`",
    "dl_consumer": "the service that could not apply the record, as /services/request-intake",
    "dl_code": "short and stable: header, payload, type, sequence, gap, behind, failed, refused",
    "dl_reason": "one sentence that says what to mend",
    "dl_topic": "topic of the original record",
    "dl_partition": "its partition",
    "dl_offset": "its offset",
    "dl_unit": "id of the unit that sent it, empty for a service's",
    "dl_time": "when it was found",
    "dl_truncated_from_bytes": "the original's size, only where its value was cut",
}


def asyncapi_document() -> Document:
    """The whole document, as plain data."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "连心 Lianxin: events",
            "version": "1.0.0",
            "description": "Written by `python -m shared.contracts.documents` from shared/contracts"
            "; do not edit. CloudEvents 1.0 in Kafka's binary binding. How a unit publishes and "
            "reads stands in docs/units.md.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap_servers}",
                "protocol": "kafka",
                "variables": {
                    "bootstrap_servers": {"description": "KAFKA_BOOTSTRAP_SERVERS of the city"}
                },
            }
        },
        "channels": {_key(topic): _channel(topic) for topic in TOPICS},
        "operations": dict(_operations()),
        "components": {
            "messages": {p.full_type(): _message(p) for p in _payloads()}
            | {"dead-letter": _dead()},
            "schemas": {"EventHeaders": _event_headers()},
        },
    }


def _payloads() -> Iterable[type[Payload]]:
    return (payload for versions in KNOWN.values() for payload in versions)


def _key(topic: Topic) -> str:
    return topic.name.removeprefix("lianxin.")


def _names(topic: Topic) -> list[str]:
    if topic is topics.DEAD_LETTERS:
        return ["dead-letter"]
    return [payload.full_type() for payload in PUBLISHED[topic.name]]


def _channel(topic: Topic) -> Document:
    configuration: Document = {}
    for name, value in topic.config.items():
        configuration[name] = [value] if name == "cleanup.policy" else int(value)
    configuration.setdefault("cleanup.policy", ["delete"])
    return {
        "address": topic.name,
        "description": f"{topic.about}. Published by {topic.publisher}.",
        "messages": {n: {"$ref": f"#/components/messages/{n}"} for n in _names(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": _PARTITIONS if topic.partitioned else 1,
                "topicConfiguration": configuration,
                "bindingVersion": _KAFKA,
            }
        },
    }


def _operations() -> Iterable[tuple[str, Document]]:
    for who, listened in RECEIVES.items():
        sent = [topic for topic in TOPICS if topic.publisher == who]
        received = list(listened)
        if who != "units":
            sent += [topics.REPLAYS, topics.DEAD_LETTERS]
            received.append(topics.REPLAYS)
        for action, chosen in (("send", sent), ("receive", received)):
            for topic in chosen:
                yield f"{who}.{action}.{_key(topic)}", _operation(who, action, topic)


def _operation(who: str, action: str, topic: Topic) -> Document:
    channel = f"#/channels/{_key(topic)}"
    operation: Document = {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{who} {action}s on {topic.name}",
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in _names(topic)],
    }
    if action == "receive" and who != "units":
        group = f"lianxin.{who}" + (".replays" if topic is topics.REPLAYS else "")
        binding = {"groupId": {"type": "string", "const": group}, "bindingVersion": _KAFKA}
        operation["bindings"] = {"kafka": binding}
    return operation


def _message(payload: type[Payload]) -> Document:
    name = payload.full_type()
    about = (payload.__doc__ or "").strip()
    return {
        "name": name,
        "title": payload.__name__,
        "summary": about.splitlines()[0],
        "description": _RULES[payload.KIND],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/EventHeaders"},
                {"type": "object", "properties": {"ce_type": {"const": name}}},
            ]
        },
        "payload": {
            "schemaFormat": _SCHEMA_FORMAT,
            "schema": {"$ref": f"./{name}.schema.json"},
        },
        "bindings": _keyed("ce_partitionkey: the request's id for requests and tasks, else the "
                           "subject"),
    }  # fmt: skip


def _dead() -> Document:
    properties = {n: {"type": "string", "description": d} for n, d in _DEAD_LETTER_HEADERS.items()}
    return {
        "name": "dead-letter",
        "title": "Dead letter",
        "summary": "A record that could not be applied: the original's bytes, with the reason.",
        "description": "The original's headers stand beside those named here.",
        "headers": {"type": "object", "properties": properties, "required": ["dl_id", "dl_reason"]},
        "payload": {"description": "The original's value, at most 900,000 bytes of it."},
        "bindings": _keyed("the original's key"),
    }


def _keyed(what: str) -> Document:
    key = {"type": "string", "description": what}
    return {"kafka": {"key": key, "bindingVersion": _KAFKA}}


def _event_headers() -> Document:
    return {
        "type": "object",
        "description": "Kafka headers, each UTF-8 text; CloudEvents attributes begin with ce_.",
        "properties": {
            name: {"type": "string", "description": about} | rule
            for name, (about, rule) in _HEADERS.items()
        },
        "required": [name for name in _HEADERS if name not in _OPTIONAL],
    }
