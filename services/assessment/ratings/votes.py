"""Voices: one a person and case, without who or where from.

A voice from an on-site code is that of a device in a round, one from a panel that of a seat, one
from a follow-up that of a request. Devices and networks are kept as keyed hashes with a salt: of
codes and panels the round's id, of follow-ups intake's month (shared/web/sources.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple


class Source(StrEnum):
    """Where voices come from."""

    FOLLOW_UP = "follow_up"
    CODE = "code"
    PANEL = "panel"


class Purpose(StrEnum):
    """What a voice counts for: the public rating, or the recipients' line of the third step."""

    PUBLIC = "public"
    RECIPIENTS = "recipients"


Entered = Literal["resident", "staff", "own_staff", "unknown"]
"""Who entered the answer to a follow-up; `own_staff`: of the very place that it rates."""


class Vote(NamedTuple):
    """A voice as it is judged.

    `place`: its code or panel, or the lowest area of its request. `device`, `network` and, of a
    follow-up, `asker` are hashes, empty where not known. `entered`: of a follow-up.
    """

    id: str
    at: datetime
    source: Source
    place: str
    device: str
    network: str
    satisfied: bool
    asker: str = ""
    entered: Entered | None = None
