"""A certificate of service hours: what it says, and the code that proves it. Pure.

What it says is frozen at its issue, under a SHA-256 digest; the code is the beginning of an
HMAC-SHA-256 of that digest with a key that only the registry has. A certificate that was altered,
on paper or in the database, has another digest and so another code.

MZ/T 061-2015 has certificates of volunteers; digest and code are ours.
"""

import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict

from services.registry.numbers import check_digit
from shared.contracts.work import CertificateIssued, CertificateRevoked
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

CODE_LENGTH = 16
_SERIAL_DIGITS = 9


class Certified(BaseModel):
    """What a certificate says; dates are of the city, the last one included."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str
    volunteer_number: str | None
    since: date
    until: date
    hours: float
    services: int
    issued_on: date

    def digest(self) -> str:
        """SHA-256 in hex of all that it says."""
        said = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()


class CertificateState(State):
    """A certificate as it is kept; `name` is encrypted."""

    person_id: str
    name: str
    volunteer_number: str | None
    since: str
    until: str
    hours: float
    services: int
    issued_on: str
    issued_by: str
    area_path: tuple[str, ...]
    grid_id: str
    revoked: str | None = None
    """Why; None while it holds."""

    def certified(self, number: str, name: str) -> Certified:
        """What it says, the name readable."""
        return Certified(
            number=number,
            name=name,
            **self.model_dump(
                include=set(Certified.model_fields) - {"number", "name"},
            ),
        )


def new_number(today: date) -> str:
    """`ZY`, the year, nine digits by chance and a check digit."""
    digits = f"{today:%Y}{secrets.randbelow(10**_SERIAL_DIGITS):0{_SERIAL_DIGITS}d}"
    return f"ZY{digits}{check_digit(digits)}"


def span_of(since: date, until: date, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """The moments that two days of the city stand for. Raises `Problem` 422."""
    if since > until or until > now.astimezone(zone).date() or since.year < 1949:
        raise Problem(422, "certificate-period", field="since")
    begins = datetime(since.year, since.month, since.day, tzinfo=zone)
    after = until + timedelta(days=1)
    return begins.astimezone(UTC), datetime(
        after.year, after.month, after.day, tzinfo=zone
    ).astimezone(UTC)


def issue(number: str, state: CertificateState) -> Decision[CertificateState]:
    """Issue it, and tell of it without the name."""
    told = CertificateIssued(
        number=number,
        **state.model_dump(
            include={"person_id", "since", "until", "hours", "services", "issued_on"}
        ),
    )
    return Decision(state, [told], "issued")


def revoke(number: str, state: CertificateState, reason: str) -> Decision[CertificateState] | None:
    """It does not hold any more; it stays readable, marked so."""
    if state.revoked is not None:
        return None
    told = CertificateRevoked(number=number, person_id=state.person_id)
    return Decision(state.model_copy(update={"revoked": reason}), [told], reason)
