"""How a book and a community's places come to agree: in steps, each one write of one document.

Invariant, at every moment and whatever is killed between two steps: a post that a book holds has
a place in the community's document. So neither a person's limit (counted in the book) nor a
post's (counted in the community) is exceeded. Steps of several that settle the same may come in
any order, and any of them may be the last.

Ours: it keeps the limits of issue 3, item 5; the policy (art. 5) has none.
"""

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, Literal, NamedTuple

from services.registry.checkins import posts
from services.registry.checkins.states import Book, Checkin, CommunityPosts, Place, Post
from services.registry.checkins.table import CheckinRules
from shared.storage.aggregates import Decision


class Step(NamedTuple):
    """A decision on a document; the state that is there then is sent back."""

    document: Literal["book", "places"]
    id: str
    decide: Callable[[Any], Decision[Any] | None]


Steps = Generator[Step, Any, None]


def settle(book_id: str, rules: CheckinRules, now: datetime) -> Steps:
    """Finish what is asked for and left in a book."""
    book: Book | None = yield Step("book", book_id, _look)
    for checkin, post in [] if book is None else list(book.posts()):
        if post.status == "asked":
            yield from _take(book_id, checkin, post, rules, now)
        elif post.status == "leaving":
            yield _free(checkin.community, post.id, now)
            yield _in_book(book_id, lambda book, id=post.id: posts.left(book, id, now))  # type: ignore[misc]


def settle_places(community: str, rules: CheckinRules, now: datetime) -> Steps:
    """Confirm the places that books hold, take away those that no book will hold."""
    state: CommunityPosts | None = yield Step("places", community, _look)
    for place in () if state is None else state.places:
        if not place.sure:
            yield from settle(place.book, rules, now)
            yield from _agree(place.book, community, place.id, now)


def _take(book_id: str, checkin: Checkin, post: Post, rules: CheckinRules, now: datetime) -> Steps:
    community = checkin.community
    kind = rules.by_code.get(post.post)
    limit = 0 if kind is None else kind.holders
    wanted = Place(id=post.id, book=book_id, checkin_id=checkin.id, post=post.post)
    taken: CommunityPosts | None = yield Step(
        "places", community, lambda state: posts.place(state, community, wanted, limit, now)
    )
    placed = taken is not None and taken.has(post.id)
    yield _in_book(book_id, lambda book: posts.answered(book, post.id, placed, now))
    if placed:
        yield from _agree(book_id, community, post.id, now)


def _agree(book_id: str, community: str, post_id: str, now: datetime) -> Steps:
    """Let the community's document say what the book says of a post for good."""
    book: Book | None = yield Step("book", book_id, _look)
    status = None if book is None else book.status(post_id)
    if status == "held":
        yield Step("places", community, lambda state: posts.confirm(state, post_id, now))
    elif status != "asked":
        yield _free(community, post_id, now)


def _free(community: str, post_id: str, now: datetime) -> Step:
    return Step("places", community, lambda state: posts.remove(state, post_id, now))


def _in_book(book_id: str, decide: Callable[[Book], Decision[Book] | None]) -> Step:
    return Step("book", book_id, lambda book: None if book is None else decide(book))


def _look(_state: Any) -> None:
    """Change nothing: the state is wanted."""
