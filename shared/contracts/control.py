"""What runtimes say to each other on `lianxin.replays`."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Id, Kind, Payload


class ReplayRequested(Payload):
    """A consumer misses a sequence; the owner of `source` publishes it again from its journal."""

    TYPE: ClassVar[str] = "lianxin.replay.requested"
    KIND: ClassVar[Kind] = Kind.CONTROL

    source: str
    subject: Id
    from_sequence: int = Field(ge=1)
    asked_by: str
