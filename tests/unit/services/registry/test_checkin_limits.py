"""No person exceeds a limit, after any sequence of changes, races and kills (issue 3, proof)."""

import contextlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.registry.checkins import decisions, posts
from services.registry.checkins.settling import Step, Steps, settle, settle_places
from services.registry.checkins.states import Book, CommunityPosts, book_id
from services.registry.checkins.table import CheckinRules
from shared.contracts.checkins import PostHeld, PostLeft
from shared.web.problems import Problem

SHIPPED = Path("services/registry/data/checkin-rules.json")
BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
PEOPLE = ("p1", "p2", "p3")
COMMUNITIES = ("c1", "c2")
POSTS = ("mediation", "patrol")
RULES = CheckinRules.model_validate(
    json.loads(SHIPPED.read_bytes())
    | {
        "posts": [
            {"code": POSTS[0], "zh": "调解", "en": "Mediation", "holders": 1},
            {"code": POSTS[1], "zh": "巡逻", "en": "Patrol", "holders": 2},
        ]
    }
)
CHOICE = st.integers(0, 10_000)


class Limits(RuleBasedStateMachine):
    """Documents that change one at a time, and callers whose steps come in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: dict[tuple[str, str], Any] = {}
        self.running: list[tuple[Steps, Step]] = []
        self.told: set[tuple[str, str]] = set()
        """Check-in and post, of those that were told to be held and not to be left."""
        self.now = BEGAN
        self.ids = 0

    def new_id(self) -> str:
        self.ids += 1
        return f"i{self.ids}"

    def write(self, document: str, id: str, decide: Any) -> Any:
        """One conditional write: nothing comes between what is read and what is written."""
        self.now += timedelta(seconds=1)
        key = (document, id)
        decision = decide(self.documents.get(key))
        if decision is not None:
            self.documents[key] = decision.state
            for fact in decision.events:
                if isinstance(fact, PostHeld):
                    self.told.add((fact.checkin_id, fact.post))
                elif isinstance(fact, PostLeft):
                    self.told.remove((fact.checkin_id, fact.post))
        return self.documents.get(key)

    def change(self, person: str, decide: Any) -> None:
        with contextlib.suppress(Problem):  # a limit, or the like
            self.write("book", book_id("people", person), decide)

    def books(self) -> list[Book]:
        return [state for (kind, _), state in self.documents.items() if kind == "book"]

    def communities(self) -> list[CommunityPosts]:
        return [state for (kind, _), state in self.documents.items() if kind == "places"]

    # What people do

    @initialize()
    def all_check_in(self) -> None:
        for person in PEOPLE:
            for community in COMMUNITIES:
                self.checks_in(person, community)

    @rule(person=st.sampled_from(PEOPLE), community=st.sampled_from(COMMUNITIES))
    def checks_in(self, person: str, community: str) -> None:
        def decide(book: Book | None) -> Any:
            book = book or Book(kind="people", reporter=person)
            id = self.new_id()
            return decisions.check_in(
                book, id, community, ("s", community), ["help"], RULES, self.now
            )

        self.change(person, decide)

    @rule(person=st.sampled_from(PEOPLE), post=st.sampled_from(POSTS), choice=CHOICE)
    def asks_for_a_post(self, person: str, post: str, choice: int) -> None:
        def decide(book: Book | None) -> Any:
            active = [] if book is None else book.active
            if book is None or not active:
                return None
            checkin = active[choice % len(active)]
            return posts.ask(book, checkin, self.new_id(), post, RULES, self.now)

        self.change(person, decide)
        self.begin(settle(book_id("people", person), RULES, self.now))

    @rule(person=st.sampled_from(PEOPLE), choice=CHOICE)
    def leaves_a_post(self, person: str, choice: int) -> None:
        def decide(book: Book | None) -> Any:
            held = [] if book is None else [post.id for _, post in book.posts()]
            if book is None or not held:
                return None
            return posts.leave(book, held[choice % len(held)], self.now)

        self.change(person, decide)
        self.begin(settle(book_id("people", person), RULES, self.now))

    @rule(person=st.sampled_from(PEOPLE), choice=CHOICE, all_of_them=st.booleans())
    def ends(self, person: str, choice: int, all_of_them: bool) -> None:
        def decide(book: Book | None) -> Any:
            active = [] if book is None else book.active
            if book is None or not active:
                return None
            if all_of_them:  # the entry was retired
                return decisions.on_due(book, self.now, gone=True)
            return decisions.end(book, active[choice % len(active)], "moved", self.now)

        self.change(person, decide)

    # Who settles: any number of callers and replicas, each killed at any step

    @rule(person=st.sampled_from(PEOPLE))
    def begins_to_settle(self, person: str) -> None:
        self.begin(settle(book_id("people", person), RULES, self.now))

    @rule(community=st.sampled_from(COMMUNITIES))
    def begins_to_settle_places(self, community: str) -> None:
        self.begin(settle_places(community, RULES, self.now))

    def begin(self, steps: Steps) -> None:
        self.running.append((steps, next(steps)))

    @precondition(lambda self: self.running)
    @rule(choices=st.lists(CHOICE, min_size=1, max_size=12))
    def do_steps(self, choices: list[int]) -> None:
        for choice in choices:
            if self.running:
                steps, step = self.running.pop(choice % len(self.running))
                with contextlib.suppress(StopIteration):
                    self.running.append((steps, steps.send(self.write(*step))))

    @precondition(lambda self: self.running)
    @rule(choice=CHOICE)
    def is_killed(self, choice: int) -> None:
        self.running.pop(choice % len(self.running))

    # What always holds

    @invariant()
    def no_person_exceeds_a_limit(self) -> None:
        for book in self.books():
            assert len(book.active) <= RULES.communities_each.people
            held = [post for _, post in book.posts() if post.status == "held"]
            assert len(held) <= RULES.posts_each.people

    @invariant()
    def the_posts_that_are_held_are_those_told(self) -> None:
        held = [
            (checkin.id, post.post)
            for book in self.books()
            for checkin, post in book.posts()
            if post.status == "held"
        ]
        assert sorted(held) == sorted(self.told)

    @invariant()
    def no_post_has_too_many_holders(self) -> None:
        held = Counter(
            (checkin.community, post.post)
            for book in self.books()
            for checkin, post in book.posts()
            if post.status == "held"
        )
        for (_, post), number in held.items():
            assert number <= RULES.by_code[post].holders
        for community in self.communities():
            for post in POSTS:
                assert community.taken(post) <= RULES.by_code[post].holders

    @invariant()
    def who_holds_a_post_has_its_place(self) -> None:
        for book in self.books():
            for checkin, post in book.posts():
                if post.status == "held":
                    assert self.documents["places", checkin.community].has(post.id)

    def teardown(self) -> None:
        """Once the follow-ups have run, books and places say the same."""
        self.running.clear()
        for person in PEOPLE:
            self.finish(settle(book_id("people", person), RULES, self.now))
        for community in COMMUNITIES:
            self.finish(settle_places(community, RULES, self.now))
        held = {
            (checkin.community, post.id) for book in self.books() for checkin, post in book.posts()
        }
        placed = {
            (community.community, place.id)
            for community in self.communities()
            for place in community.places
        }
        assert held == placed
        assert all(book.unsettled is None for book in self.books())
        assert all(community.unsure is None for community in self.communities())

    def finish(self, steps: Steps) -> None:
        step = next(steps, None)
        while step is not None:
            try:
                step = steps.send(self.write(*step))
            except StopIteration:
                return


class TestLimits(Limits.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=120, stateful_step_count=40)
