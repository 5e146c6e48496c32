"""What the registry publishes on `lianxin.coverage`: places left without service (policy, art. 6).

A topic of its own: `lianxin.registry` is compacted, which would lose all facts but the last.
"""

from typing import ClassVar

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import Gap, PlaceKind


class GapFound(Fact):
    """A community or a grid has a gap that it had not before. Subject: `{place}/{place_id}`."""

    TYPE: ClassVar[str] = "lianxin.coverage.gap_found"

    place: PlaceKind
    place_id: Id
    area_path: tuple[Code, ...]
    """Codes from the top area down; a community's ends with its own."""
    gap: Gap


class GapClosed(Fact):
    """A gap is there no more, or its place was retired. Subject: `{place}/{place_id}`."""

    TYPE: ClassVar[str] = "lianxin.coverage.gap_closed"

    place: PlaceKind
    place_id: Id
    area_path: tuple[Code, ...]
    gap: Gap
    since: Moment
    """When it was found."""
