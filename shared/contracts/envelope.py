"""The envelope: CloudEvents 1.0, Kafka binary binding, with the extensions that Lianxin needs.

Headers: `ce_specversion ce_id ce_source ce_type ce_subject ce_time ce_sequence ce_partitionkey
ce_traceparent content-type`. Value: the payload as JSON. Key: `partitionkey`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from shared.contracts.catalog import BY_FULL_TYPE, KNOWN, newest_version
from shared.contracts.payload import Kind, Payload

Headers = list[tuple[str, bytes]]

_REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time")
_SEEN = ("ce_source", "ce_subject", "ce_sequence", "ce_type")
_MAX_SEQUENCE = 2**53
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Invalid(Exception):
    """A record that is not an event of the published language.

    `reason` is one sentence for the one who sent it; `code` is short and stable; what could be
    read of the envelope (`source`, `subject`, `sequence`, `type`) stands beside it.
    """

    def __init__(self, code: str, reason: str, envelope: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.envelope = dict(envelope or {})


class Event(NamedTuple):
    """An event. `data` is None only for a well-formed event newer than this code (`newer`).

    A named tuple, as one is made for each record and a frozen dataclass takes ten times as long.
    """

    id: str
    source: str
    type: str
    subject: str
    sequence: int
    time: datetime
    partition_key: str
    trace_parent: str | None
    data: Payload | None

    @property
    def kind(self) -> Kind:
        """How it is applied; a newer version of a type is of the kind that the type had."""
        if self.data is not None:
            return self.data.KIND
        return KNOWN[self.type.rpartition(".v")[0]][0].KIND


def encode_payload(data: Payload) -> bytes:
    """JSON of a payload as it stands in a record's value."""
    return orjson.dumps(data.model_dump(mode="json", exclude_none=True))


def headers_of(
    *,
    id: str,
    source: str,
    type: str,
    subject: str,
    sequence: int,
    time: datetime,
    partition_key: str,
    trace_parent: str | None,
) -> Headers:
    """Kafka headers of an event."""
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_sequence", str(sequence).encode()),
        ("ce_partitionkey", partition_key.encode()),
        ("content-type", b"application/json"),
    ]
    if trace_parent:
        headers.append(("ce_traceparent", trace_parent.encode()))
    return headers


def encode(event: Event) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of an event."""
    if event.data is None:
        raise ValueError("an event without data cannot be published")
    headers = headers_of(
        id=event.id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        sequence=event.sequence,
        time=event.time,
        partition_key=event.partition_key,
        trace_parent=event.trace_parent,
    )
    return event.partition_key.encode(), encode_payload(event.data), headers


def decode(value: bytes | None, headers: Any, *, limit_bytes: int = 1_000_000) -> Event:
    """Read a record.

    Args:
        value: the record's value.
        headers: pairs of name and bytes, as Kafka clients give them.
        limit_bytes: the largest value that is accepted.

    Raises:
        Invalid: with the sentence that tells the sender what to mend.
    """
    found: dict[str, bytes | None] = dict(headers or ())
    try:
        # Only these are sure to be there: what is amiss with one is found out when something is.
        version = found["ce_specversion"]
        id = found["ce_id"].decode()  # type: ignore[union-attr]
        source = found["ce_source"].decode()  # type: ignore[union-attr]
        type = found["ce_type"].decode()  # type: ignore[union-attr]
        subject = found["ce_subject"].decode()  # type: ignore[union-attr]
        when = found["ce_time"].decode()  # type: ignore[union-attr]
    except (KeyError, AttributeError, UnicodeDecodeError):
        raise _bad_header(found) from None
    key = _text(found, "ce_partitionkey") or subject
    named = f"{id}{source}{subject}{key}"
    if (
        version != b"1.0"
        or not (id and source and type and subject and when)
        or len(named) > 200
        or not named.isprintable()
    ):
        _check(found, id, source, subject, key)
    sequence = _sequence(_text(found, "ce_sequence"), found)
    time = _time(when, found)
    if value is None:
        raise _invalid("null-value", "the value is null; send the payload as JSON", found)
    if len(value) > limit_bytes:
        raise _invalid(
            "too-large", f"the value has {len(value)} bytes; at most {limit_bytes} are taken", found
        )
    data = _payload(type, value, found)
    trace = _text(found, "ce_traceparent") or None
    return Event(id, source, type, subject, sequence, time, key, trace, data)


_Found = Mapping[str, bytes | None]


def _text(found: _Found, name: str) -> str:
    """The header `name` as text; "" where it is missing, null or not UTF-8."""
    raw = found.get(name)
    try:
        return "" if raw is None else raw.decode()
    except UnicodeDecodeError:
        return ""


def _invalid(code: str, reason: str, found: _Found) -> Invalid:
    return Invalid(code, reason, {name[3:]: _text(found, name) for name in _SEEN})


def _bad_header(found: _Found) -> Invalid:
    name = next(name for name in _REQUIRED if not _text(found, name))
    return _invalid("header", f"header {name} is missing, null or not UTF-8 text; set it", found)


def _check(found: _Found, id: str, source: str, subject: str, key: str) -> None:
    """Look closer at headers in which something may be amiss."""
    if not all(_text(found, name) for name in _REQUIRED):
        raise _bad_header(found)
    if found["ce_specversion"] != b"1.0":
        raise _invalid("header", "header ce_specversion must be 1.0", found)
    names = {"ce_id": id, "ce_source": source, "ce_subject": subject, "ce_partitionkey": key}
    for name, text in names.items():
        if len(text) > 200:
            raise _invalid("header", f"header {name} has at most 200 characters", found)
        if _CONTROL.search(text):
            raise _invalid("header", f"header {name} holds a control character", found)


def _sequence(text: str, found: _Found) -> int:
    if not text.isascii() or not text.isdigit():
        raise _invalid(
            "sequence", "header ce_sequence must be a whole number: 1, 2, 3 … a subject", found
        )
    number = int(text[:17])
    if not 1 <= number <= _MAX_SEQUENCE or len(text) > 16:
        raise _invalid("sequence", "header ce_sequence must be from 1 to 2^53", found)
    return number


def _time(text: str, found: _Found) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time if time.tzinfo is UTC else time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _invalid(
        "time", "header ce_time must be RFC 3339 with an offset, as 2026-01-31T08:00:00Z", found
    )


def _payload(type: str, value: bytes, found: _Found) -> Payload | None:
    payload = BY_FULL_TYPE.get(type)
    if payload is not None:
        try:
            return payload.model_validate_json(value)
        except ValidationError as error:
            raise _invalid("payload", _sentence(error), found) from None
    name, _, version = type.rpartition(".v")
    plausible = version.isdigit() and version.isascii() and len(version) < 5
    if name in KNOWN and plausible and int(version) > newest_version(name):
        return None
    raise _invalid("type", f"type {type[:100]!r} is not known; see docs/contracts", found)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the value"
    more = error.error_count() - 1
    return f"{field}: {first['msg']}" + (f" (and {more} more)" if more else "")
