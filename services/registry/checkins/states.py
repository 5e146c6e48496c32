"""What is kept of check-ins: a book for each person or organization, a place list a community.

The limits of a person span several check-ins, so that all of them stand in one document. Who
holds a post in a community stands in that community's document too. See `repository` for how
the two agree.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.registry.handover import Handover
from shared.storage.aggregates import State

Reporter = Literal["people", "organizations"]
PostStatus = Literal["asked", "held", "leaving"]
Stage = Literal["in_order", "due", "reminded", "overdue"]
"""Of the half-yearly report."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Post(_Part):
    """A post asked for or held. Its `id` is never used again: what is left stays left."""

    id: str
    post: str
    at: datetime
    status: PostStatus = "asked"


class Report(_Part):
    """A report; `due_at` is the date that it was due by, None for a further one; words sealed."""

    id: str
    at: datetime
    due_at: datetime | None
    words: str | None = None


class Feedback(_Part):
    """The community's word on a period (`2026-Q1`); sealed."""

    id: str
    period: str
    at: datetime
    words: str


class Checkin(_Part):
    """A check-in to one community. `attempt` is the fingerprint of the call that made it."""

    id: str
    community: str
    area_path: tuple[str, ...]
    services: tuple[str, ...]
    since: datetime
    due_at: datetime
    tell_at: datetime
    remind_at: datetime
    overdue_at: datetime
    attempt: str | None = None
    stage: Stage = "in_order"
    posts: tuple[Post, ...] = ()
    reports: tuple[Report, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    ended_at: datetime | None = None
    handover: Handover | None = None
    """Of one taken over: who had it before."""

    @property
    def next_at(self) -> datetime | None:
        """When its timer is due; None once it is overdue or has ended."""
        if self.ended_at is not None:
            return None
        times = {"in_order": self.tell_at, "due": self.remind_at, "reminded": self.overdue_at}
        return times.get(self.stage)


class Book(State):
    """All check-ins of one person or organization; `unsettled` since a post is asked or left."""

    kind: Reporter
    reporter: str
    unit_id: str | None = None
    checkins: tuple[Checkin, ...] = ()
    unsettled: datetime | None = None

    def next_due(self) -> datetime | None:
        """The next date of a report."""
        return min((at for one in self.checkins if (at := one.next_at)), default=None)

    @property
    def active(self) -> list[Checkin]:
        """Those that have not ended."""
        return [one for one in self.checkins if one.ended_at is None]

    def posts(self) -> Iterator[tuple[Checkin, Post]]:
        """Every post, asked for, held or being left."""
        for one in self.checkins:
            for post in one.posts:
                yield one, post

    def find(self, checkin_id: str) -> Checkin | None:
        """A check-in by id."""
        return next((one for one in self.checkins if one.id == checkin_id), None)

    def status(self, post_id: str) -> PostStatus | None:
        """What has become of a post; None once it was refused or left."""
        return next((post.status for _, post in self.posts() if post.id == post_id), None)

    def put(self, changed: Checkin, now: datetime, **more: Any) -> "Book":
        """The book with a check-in added or changed."""
        kept = [changed if one.id == changed.id else one for one in self.checkins]
        if changed.id not in {one.id for one in kept}:
            kept.append(changed)
        open_ = any(post.status != "held" for one in kept for post in one.posts)
        since = (self.unsettled or now) if open_ else None
        return self.model_copy(update={"checkins": tuple(kept), "unsettled": since} | more)


class Place(_Part):
    """Who takes a place at a post; `sure` once the book is known to hold it."""

    id: str
    """That of the `Post`."""
    book: str
    checkin_id: str
    post: str
    sure: bool = False


class CommunityPosts(State):
    """The places taken at a community's posts."""

    community: str
    places: tuple[Place, ...] = ()
    unsure: datetime | None = None

    def taken(self, post: str) -> int:
        """How many places at a post are taken."""
        return sum(place.post == post for place in self.places)

    def has(self, post_id: str) -> bool:
        """Whether this post has a place."""
        return any(place.id == post_id for place in self.places)


def book_id(kind: str, id: str) -> str:
    """The id of a book, as `people-p1`."""
    return f"{kind}-{id}"


def facts_of(book: Book, checkin: Checkin) -> dict[str, Any]:
    """What every fact of a check-in carries."""
    field = {"people": "person_id", "organizations": "organization_id"}[book.kind]
    return {
        field: book.reporter,
        "checkin_id": checkin.id,
        "community": checkin.community,
        "area_path": checkin.area_path,
    }
