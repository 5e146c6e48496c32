"""Codes and panels: one document each."""

from datetime import datetime

from services.assessment.ratings.panels import Seat
from services.assessment.ratings.votes import Purpose
from services.assessment.service.pieces import Piece
from shared.storage.aggregates import State


class Code(State):
    """An on-site code. Its id is the code itself: it hangs at the place for all to read."""

    round_id: str
    subject_id: str
    place: str
    venue_id: str | None = None
    retired: bool = False


class Seated(Piece):
    """A drawn seat."""

    number: int
    group: str
    person_id: str | None = None

    @classmethod
    def of(cls, seat: Seat) -> "Seated":
        """From the draw."""
        return cls(**seat._asdict())


class Panel(State):
    """A panel with its draw: seed, how many each group had to draw from, and the seats."""

    round_id: str
    subject_id: str
    purpose: Purpose
    together: bool = False
    """It votes in one room: its network says nothing."""
    seed: str
    drawn_at: datetime
    drawn_by: str
    pools: tuple[tuple[str, int], ...]
    seats: tuple[Seated, ...]
