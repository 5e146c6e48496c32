"""Where an answer to a follow-up comes from, without who: what the event may say of it; pure."""

import ipaddress
import re
from datetime import UTC, datetime

from services.request_intake.state import Origin
from shared.web.sources import Hash, keyed, network_of

_COUNTRY = re.compile(r"^(0086|86(?=1\d{10}$))")
"""China's code before a number, as people write it."""


def of_resident(
    hash_of: Hash, at: datetime, telephone: str | None, device: str | None, address: str | None
) -> Origin:
    """Of an answer by tracking code: device, network and the request's telephone as hashes of the
    month; None for what is not known."""
    number = None if telephone is None else _COUNTRY.sub("", re.sub(r"\D", "", telephone))
    return Origin(
        by="resident",
        device=_hashed(hash_of, at, "device", device),
        network=_hashed(hash_of, at, "network", _network(address)),
        asker=_hashed(hash_of, at, "telephone", number),
    )


def of_staff(hash_of: Hash, at: datetime, who: str, path: tuple[str, ...]) -> Origin:
    """Of an answer that staff `who` (`role:subject`) took by telephone; `path` down to the area
    whose staff it was."""
    return Origin(by="staff", asker=_hashed(hash_of, at, "staff", who), staff_path=path)


def _network(address: str | None) -> str | None:
    if address is None:
        return None
    try:
        # Passed on by something on this machine, which says nothing of the resident.
        inside = ipaddress.ip_address(address).is_loopback
    except ValueError:
        inside = False
    return None if inside else network_of(address)


def _hashed(hash_of: Hash, at: datetime, what: str, value: str | None) -> str | None:
    return keyed(hash_of, f"{at.astimezone(UTC):%Y-%m}", what, value) if value else None
