"""Decisions on posts; pure. Each may be made again, and late, without harm.

A post is asked for in the person's book (which counts it against the person's limit), gets a
place in the community's document (which counts it against the post's), and is then held. It is
left in the other direction: `leaving` in the book, out of the community's document, out of the
book. As a post's id is never used again, a post that the book does not have, or is leaving, will
never be held: its place can be taken away whenever it is found.

Policy, art. 5 (members serve where they live); that posts are limited is practice (DOMAIN.md) and
issue 3, item 5.
"""

from datetime import datetime

from services.registry.checkins.states import (
    Book,
    Checkin,
    CommunityPosts,
    Place,
    Post,
    facts_of,
)
from services.registry.checkins.table import CheckinRules
from shared.contracts.checkins import CheckinFact, PostHeld, PostLeft
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

# In the book


def ask(
    book: Book, checkin: Checkin, post_id: str, code: str, rules: CheckinRules, now: datetime
) -> Decision[Book] | None:
    """Ask for a post; None where this check-in has it. Raises `Problem` 409, 422."""
    if code not in rules.by_code:
        raise Problem(422, "unknown-post", field="post", allowed=sorted(rules.by_code), id=code)
    if any(post.post == code and post.status != "leaving" for post in checkin.posts):
        return None
    limit = getattr(rules.posts_each, book.kind)
    if sum(1 for _ in book.posts()) >= limit:
        raise Problem(409, "posts-each", field="post", limit=limit)
    asked = Post(id=post_id, post=code, at=now)
    changed = checkin.model_copy(update={"posts": (*checkin.posts, asked)})
    return Decision(book.put(changed, now), why=f"post {code} asked for")


def answered(book: Book, post_id: str, placed: bool, now: datetime) -> Decision[Book] | None:
    """Hold a post that got a place, or drop one that got none; only while it is asked for."""
    if book.status(post_id) != "asked":
        return None
    return _changed(book, post_id, "held" if placed else None, now)


def leave(book: Book, post_id: str, now: datetime) -> Decision[Book] | None:
    """Begin to leave a post."""
    if book.status(post_id) in (None, "leaving"):
        return None
    return _changed(book, post_id, "leaving", now)


def left(book: Book, post_id: str, now: datetime) -> Decision[Book] | None:
    """Take a post out of the book, once its place is free."""
    if book.status(post_id) != "leaving":
        return None
    return _changed(book, post_id, None, now)


def all_left(checkin: Checkin) -> Checkin:
    """A check-in with every post being left."""
    posts = tuple(post.model_copy(update={"status": "leaving"}) for post in checkin.posts)
    return checkin.model_copy(update={"posts": posts})


def _changed(book: Book, post_id: str, status: str | None, now: datetime) -> Decision[Book]:
    """The book with a post at another status; None: without it."""
    for checkin, found in book.posts():
        if found.id == post_id:
            posts = [
                post if post.id != post_id else post.model_copy(update={"status": status})
                for post in checkin.posts
                if post.id != post_id or status is not None
            ]
            changed = checkin.model_copy(update={"posts": tuple(posts)})
            told: list[CheckinFact] = []
            if status == "held":
                told = [PostHeld(post=found.post, **facts_of(book, checkin))]
            elif found.status == "held":
                told = [PostLeft(post=found.post, **facts_of(book, checkin))]
            why = f"post {found.post} {status or 'gone'}"
            return Decision(book.put(changed, now), told, why)
    raise KeyError(post_id)


# In the community's document


def place(
    state: CommunityPosts | None, community: str, wanted: Place, limit: int, now: datetime
) -> Decision[CommunityPosts] | None:
    """Give a place where one of `limit` is free; None where there is none, or it is given."""
    state = state or CommunityPosts(community=community)
    if state.has(wanted.id) or state.taken(wanted.post) >= limit:
        return None
    return placed(state, (*state.places, wanted), now, f"post {wanted.post} taken")


def confirm(
    state: CommunityPosts | None, post_id: str, now: datetime
) -> Decision[CommunityPosts] | None:
    """Note that the book holds the post."""
    if state is None or not any(one.id == post_id and not one.sure for one in state.places):
        return None
    places = [
        one.model_copy(update={"sure": True}) if one.id == post_id else one for one in state.places
    ]
    return placed(state, tuple(places), now, "held")


def remove(
    state: CommunityPosts | None, post_id: str, now: datetime
) -> Decision[CommunityPosts] | None:
    """Free the place of a post that is held no more."""
    if state is None or not state.has(post_id):
        return None
    places = tuple(one for one in state.places if one.id != post_id)
    return placed(state, places, now, "left")


def placed(
    state: CommunityPosts, places: tuple[Place, ...], now: datetime, why: str
) -> Decision[CommunityPosts]:
    """The document with these places; `unsure` as long as one of them is."""
    unsure = None if all(one.sure for one in places) else (state.unsure or now)
    return Decision(state.model_copy(update={"places": places, "unsure": unsure}), why=why)
