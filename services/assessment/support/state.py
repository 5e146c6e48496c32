"""What is kept of a guarantee, and of recorded work."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.assessment.heard import Told
from shared.contracts.support import GuaranteeKind
from shared.storage.aggregates import State


class Gift(BaseModel):
    """A part of a guarantee that was given; a wrong one is `voided` with the reason."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    fen: int
    at: datetime
    by: str
    voided: str | None = None


class Guarantee(State):
    """A guarantee to an organization: so much money until then. Kept in fen (1/100 yuan)."""

    id: str
    kind: GuaranteeKind
    organization_id: str
    giver: str
    area_path: tuple[str, ...]
    unit_id: str | None
    year: int
    by: datetime
    fen: int
    gifts: tuple[Gift, ...] = ()
    withdrawn: str | None = None
    told: bool = False
    """That it is overdue was told."""

    @property
    def given(self) -> int:
        """Fen given so far."""
        return sum(gift.fen for gift in self.gifts if gift.voided is None)

    def next_due(self) -> datetime | None:
        """Its date, while something is missing and was not told of."""
        missing = self.withdrawn is None and self.given < self.fen
        return self.by if missing and not self.told else None


class Work(State):
    """Recorded work, as the registry tells of it. What came first of a record and of its voiding
    does not matter: both stand here."""

    work: str = ""
    at: datetime | None = None
    """None: only a correction or the voiding is known so far."""
    organization_id: str | None = None
    area_path: tuple[str, ...] = ()
    quantity: float = 0.0
    voided: bool = False
    told: Told | None = None
    """The last that was told of it."""
