"""Voices: one a person and case, without who or where from.

A voice from an on-site code is that of a device on a day, one from a panel that of a seat. Devices
and networks are kept as keyed hashes, with the service's field key and the round's id: equal within
a round, unlike between rounds, and no address can be read or followed from one round to another.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.assessment.ratings.table import RatingRules

Hash = Callable[[str], str]
"""A keyed hash in hex, as `FieldCipher.blind_index`."""


class Source(StrEnum):
    """Where voices come from."""

    FOLLOW_UP = "follow_up"
    CODE = "code"
    PANEL = "panel"


class Purpose(StrEnum):
    """What a voice counts for: the public rating, or the recipients' line of the third step."""

    PUBLIC = "public"
    RECIPIENTS = "recipients"


class Vote(NamedTuple):
    """A voice as it is judged: `place` is its code or panel, `device` and `network` hashes."""

    id: str
    at: datetime
    source: Source
    place: str
    device: str
    network: str
    satisfied: bool


def network_of(address: str, rules: RatingRules) -> str:
    """The network of an address, as `10.1.2.0/24`; what is no address is a network of its own."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = rules.ipv4_bits if parsed.version == 4 else rules.ipv6_bits
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def keyed(hash_of: Hash, round_id: str, what: str, value: str) -> str:
    """The keyed hash of a `device`, `network` or voice in a round: 32 hex digits."""
    return hash_of(f"voice\0{round_id}\0{what}\0{value}")[:32]
