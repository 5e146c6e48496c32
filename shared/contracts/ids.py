"""Identifiers: UUIDv7 for what is made here, name-based UUIDv5 for what must come out alike.

A request that a unit reports, and the task made for a request, are addressed by services that
have not heard of each other's writes yet; so their ids are derived from what both know.
A visit of care has a task as a request has; what stands for the request's id there says so.
"""

import os
import time
import uuid

_CARE = "care-"
_NAMESPACE = uuid.UUID("6f1c9a52-0b7e-5c43-9d3e-2f7f3c1b8a10")


def uuid7() -> str:
    """A new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits."""
    millis = time.time_ns() // 1_000_000
    value = (millis << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def derived_id(*parts: str) -> str:
    """The UUIDv5 of `parts`; the same parts give the same id in every service."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def reported_request_id(source: str, subject: str) -> str:
    """Id of the request that unit `source` reported as its own `subject` (`case/...`)."""
    return derived_id("request", source, subject)


def lead_task_id(request_id: str) -> str:
    """Id of the lead task of a request."""
    return derived_id("task", request_id, "lead")


def care_request_id(round_id: str) -> str:
    """What stands for a request's id in the task of a visit: of the round `{care_id}-{round}`."""
    return _CARE + round_id


def care_round(request_id: str) -> str | None:
    """The round of care that the id stands for; None for a request's own."""
    return request_id.removeprefix(_CARE) if request_id.startswith(_CARE) else None
