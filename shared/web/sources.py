"""Where a voice comes from, without who: keyed hashes of devices, networks and persons.

A hash is made with the service's field key and a salt (a round's id, a month): equal within it,
unlike between two, so that nobody can be followed for long and no address can be read.
"""

import ipaddress
from collections.abc import Callable

from fastapi import Request

Hash = Callable[[str], str]
"""A keyed hash in hex, as `FieldCipher.blind_index`."""


def address_of(request: Request, proxies: int) -> str | None:
    """The address that the outermost trusted proxy saw, or the caller's own without proxies."""
    if proxies:
        lines = request.headers.getlist("x-forwarded-for")
        chain = [part.strip() for line in lines for part in line.split(",")]
        if len(chain) >= proxies:
            return chain[-proxies]
    return request.client.host if request.client else None


def network_of(address: str, ipv4_bits: int = 24, ipv6_bits: int = 48) -> str:
    """The network of an address, as `10.1.2.0/24`; what is no address is a network of its own."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = ipv4_bits if parsed.version == 4 else ipv6_bits
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def keyed(hash_of: Hash, salt: str, what: str, value: str) -> str:
    """The keyed hash of a `device`, `network` or other thing within `salt`: 32 hex digits."""
    return hash_of(f"voice\0{salt}\0{what}\0{value}")[:32]
