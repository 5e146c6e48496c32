"""Bodies and answers of open work."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.web.schemas import Body, ShortText, Slug

WorkKind = Literal[
    "assignments",
    "carriers",
    "checkins",
    "errands",
    "grids",
    "groups",
    "joints",
    "organizations",
    "pairings",
    "people",
    "plans",
    "promises",
    "venues",
]
"""As in paths; in the order in which they are listed."""
Outcome = Literal["handed_over", "ended", "not_open", "by_hand"]


class WorkItem(Body):
    """A piece of open work."""

    model_config = ConfigDict(frozen=True)

    kind: WorkKind
    id: Slug


class HandOverBody(Body):
    """What one of the successors gets, and why."""

    to: Slug
    items: Annotated[list[WorkItem], Field(min_length=1, max_length=100)]
    reason: ShortText


class WorkView(BaseModel):
    """A piece of open work.

    `roles` is what the organization is in it; `other` the organization on the other side, if there
    is one; `until` its date, if it has one; `where` its address.
    """

    kind: WorkKind
    id: str
    roles: list[str]
    other: str | None
    status: str
    until: AwareDatetime | None
    where: str


class LeftView(BaseModel):
    """An organization and how much it has open: `counts` by kind, `left` together."""

    organization_id: str
    name: str
    area_path: list[str]
    retired: bool
    successors: list[str]
    counts: dict[WorkKind, int]
    left: int


class OpenWorkView(LeftView):
    """What an organization has open; a page of it, by kind and id."""

    items: list[WorkView]
    next: str | None = None


class LeftsView(BaseModel):
    """Retired organizations that have something open, by id.

    A page looks at up to 2,000 of them: it may be short, even empty, and yet have a `next`.
    """

    items: list[LeftView]
    next: str | None = None


class ResultView(BaseModel):
    """What became of an item: `ended` where the successor cannot have it (the history says why),
    `by_hand` where a person must decide on it, or on a part of it, at its own address."""

    kind: WorkKind
    id: str
    outcome: Outcome


class HandedOverView(BaseModel):
    """What became of each item, and what is left after it."""

    results: list[ResultView]
    counts: dict[WorkKind, int]
    left: int
