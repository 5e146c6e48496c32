"""A check-in of an organization passes to the one that took over; pure decisions, in three steps.

First it stands in the successor's book, under an id that follows from the old one's; then its
places at the community's posts change hands, each in the one write that also takes it from the old
holder, so that a post never has more holders than before; then the old check-in is ended. Killed
between two steps, all are done again: each sees what has been done.

Ours (issue 3, item 2): the policy says nothing of the check-ins of who is dissolved or merged.
"""

from datetime import datetime

from services.registry.checkins.decisions import end
from services.registry.checkins.posts import placed
from services.registry.checkins.states import (
    Book,
    Checkin,
    CommunityPosts,
    Place,
    Post,
    book_id,
    facts_of,
)
from services.registry.handover import Passing
from shared.contracts.checkins import CheckedIn, PostHeld
from shared.contracts.ids import derived_id
from shared.storage.aggregates import Decision

KIND = "organizations"


def successor_of(checkin_id: str, to: str) -> str:
    """The id of the check-in at the successor; of a post as well."""
    return derived_id("successor", checkin_id, to)


def serves_there(book: Book | None, checkin: Checkin, to: str) -> bool:
    """Whether the successor has a check-in of its own to the community."""
    mine = successor_of(checkin.id, to)
    active = [] if book is None else book.active
    return any(one.community == checkin.community and one.id != mine for one in active)


def take_over(book: Book | None, checkin: Checkin, passing: Passing) -> Decision[Book] | None:
    """Enter it in the successor's book, with its dates, reports and posts; once.

    How many communities and posts an organization may have (`communities_each`, `posts_each`) is
    not asked: what was agreed goes on. As long as the successor is at or above a limit, it gets
    nothing further (`decisions`, `posts.ask`). A post's own limit of holders holds all the time.

    None where it stands there, or the successor serves that community already.
    """
    to = passing.new.organization_id
    book = book or Book(kind=KIND, reporter=to, unit_id=passing.new.unit_id)
    made_id = successor_of(checkin.id, to)
    if book.find(made_id) is not None or serves_there(book, checkin, to):
        return None
    posts = tuple(
        Post(id=successor_of(post.id, to), post=post.post, at=passing.at, status=post.status)
        for post in checkin.posts
        if post.status != "leaving"
    )
    made = checkin.model_copy(
        update={
            "id": made_id,
            "since": passing.at,
            "attempt": None,
            "posts": posts,
            "handover": passing.kept("organization_id"),
        }
    )
    of = facts_of(book, made)
    held = [PostHeld(post=post.post, **of) for post in posts if post.status == "held"]
    told = [CheckedIn(services=made.services, **of), *held]
    return Decision(book.put(made, passing.at), told, passing.why)


def pass_places(
    state: CommunityPosts | None, checkin: Checkin, passing: Passing
) -> Decision[CommunityPosts] | None:
    """Give the places at the community's posts to the successor's check-in; none is added."""
    if state is None:
        return None
    to = passing.new.organization_id
    held = {post.id for post in checkin.posts}

    def now(place: Place) -> Place:
        if place.id not in held:
            return place
        new = {"id": successor_of(place.id, to), "book": book_id(KIND, to)}
        return place.model_copy(update=new | {"checkin_id": successor_of(checkin.id, to)})

    places = tuple(now(place) for place in state.places)
    if places == state.places:
        return None
    return placed(state, places, passing.at, passing.why)


def give_up(book: Book | None, checkin_id: str, why: str, now: datetime) -> Decision[Book] | None:
    """End the old one; None where it has ended."""
    checkin = None if book is None else book.find(checkin_id)
    return None if book is None or checkin is None else end(book, checkin, why, now)
