"""By which event something was told: kept beside what it says, so that a number that no case gives
leads down to its event, too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.assessment.service.pieces import Piece
from shared.contracts.envelope import Event
from shared.storage.client import Document


class Told(Piece):
    """An event, as the envelope names it; its subject is that of the document it was taken into."""

    type: str
    sequence: int
    event_id: str
    time: datetime


class Source(NamedTuple):
    """Where a number comes from; `told` None: a person entered it here, or an earlier release did
    not keep its event."""

    subject: str
    told: Told | None = None
    link: str | None = None


Sources = Mapping[str, Sequence[Source]]
"""By input."""


def told_by(event: Event) -> Told:
    """The event that told."""
    return Told(type=event.type, sequence=event.sequence, event_id=event.id, time=event.time)


def source_of(document: Document, link: str | None = None) -> Source:
    """The source that a document of a read model, or of records, is."""
    told = document.get("told")
    return Source(document["_id"], None if told is None else Told.model_validate(told), link)
