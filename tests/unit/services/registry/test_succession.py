"""Open work passes from retired organizations to their successors; a pure city of documents."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.assignments import succession as tasks
from services.registry.assignments.state import AssignmentState
from services.registry.carriers import posts, promises
from services.registry.checkins import succession as reports
from services.registry.checkins.states import Book, Checkin, CommunityPosts, Place, Post, book_id
from services.registry.handover import Handover, Passing
from services.registry.money import Line
from services.registry.pairings import succession as pairs
from services.registry.pairings.decisions import closed
from services.registry.pairings.state import PairingState, Term
from services.registry.plans import succession as plans
from services.registry.plans.decisions import closed as plan_closed
from services.registry.plans.state import Baseline, Part, PlanState, Target
from services.registry.plans.state import Place as PlanPlace
from services.registry.records.decisions import RecordState
from services.registry.standing import Line as LineOfCommand
from services.registry.standing import Party, Standing
from shared.contracts.plans import PairingEnded
from shared.contracts.words import (
    CarrierKind,
    Domain,
    OrganizationLevel,
    PairingKind,
    PromiseStatus,
)
from shared.successors import Succeeded, heir_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c", "d", "e")
YEAR = timedelta(days=365)


def standing(id: str) -> Standing:
    path = ("city", f"area-{id}")
    return Standing(
        organization_id=id,
        domain=Domain.VILLAGE,
        level=OrganizationLevel.GRASSROOTS,
        unit_id=f"u-{id}",
        path=path,
        scope=path,
        lineage=(),
    )


def passing(old: str, new: str) -> Passing:
    return Passing(old, standing(new), NOW, "succession", f"successor of {old}")


def party(id: str) -> Party:
    return standing(id).party()


def pairing(giver: str, taker: str, since: int = 0) -> PairingState:
    began = NOW - timedelta(days=100 - since)
    return PairingState(
        kind=PairingKind.STRONG_WEAK,
        giver=party(giver),
        taker=party(taker),
        person_id=None,
        units=(),
        terms=(Term(since=began, until=began + YEAR, warn_at=began + YEAR / 2, goals=()),),
        lines=(),
    )


def task(assigner: str, receiver: str, **more: Any) -> AssignmentState:
    line = Line(id="1", source="fiscal", fen=100, by=NOW + YEAR, purpose=None)
    return AssignmentState(
        kind="survey",
        assigner=party(assigner),
        receiver=party(receiver),
        units=(),
        line=LineOfCommand.PLACE,
        words="sealed",
        residents_of=None,
        until=NOW + YEAR,
        lines=(line,),
        resources=(),
        no_cost_reason=None,
        **more,
    )


def place(id: str) -> PlanPlace:
    return PlanPlace(kind="organizations", id=id)


def plan(own: str, *parts: str, parent: str | None = None, since: int = 0) -> PlanState:
    target = Target(
        id="visits",
        work="household_visit",
        count=None,
        quantity=10.0 * len(parts) or 10.0,
        until=NOW + YEAR,
        baseline=Baseline(quantity=1, at=NOW, source="x"),
        parts=tuple(Part(place=place(id), share=10.0, by=NOW + YEAR) for id in parts),
        reason=None,
    )
    return PlanState(
        name="plan",
        level=OrganizationLevel.GRASSROOTS,
        place=place(own),
        unit_id=None,
        parent=parent,
        slot=parent and f"{parent}/{place(own).key}",
        status="in_force",
        since=NOW + timedelta(days=since),
        targets=(target,),
        places=tuple(sorted(place(id).key for id in parts)),
    )


# The rules one by one


def test_the_heir_is_at_the_end_of_single_successors() -> None:
    there = {
        "a": Succeeded(True, ("b",)),
        "b": Succeeded(True, ("c",)),
        "c": Succeeded(False),
        "split": Succeeded(True, ("c", "d")),
        "into-split": Succeeded(True, ("split",)),
        "alone": Succeeded(True),
        "x": Succeeded(True, ("y",)),
        "y": Succeeded(True, ("x",)),
        "lost": Succeeded(True, ("nobody",)),
    }
    heirs = {id: heir_of(id, there) for id in there}
    assert heirs == {
        "a": "c", "b": "c", "c": None, "split": None, "into-split": "split", "alone": None,
        "x": None, "y": None, "lost": None,
    }  # fmt: skip


def test_a_pairing_is_not_made_with_itself_and_of_two_alike_the_older_ends() -> None:
    itself = pairs.hand_over("p", pairing("a", "b"), passing("a", "b"))
    assert itself is not None
    assert itself.state.ended
    assert "paired with itself" in (itself.state.term.reason or "")
    assert [fact.type for fact in itself.state.untold] == [PairingEnded.full_type()]
    older, younger = pairing("a", "x", 1), pairing("b", "x", 2)
    stays = [("younger", younger)]
    assert pairs.older_than("older", older, passing("a", "b"), stays) == []
    ended = pairs.hand_over("older", older, passing("a", "b"), stays)
    assert ended is not None
    assert (ended.state.ended, ended.state.giver.organization_id) == (True, "a")
    # The other way round the successor's own ends first, and this one comes.
    ends = [("older", pairing("b", "x", 1))]
    comes = pairing("a", "x", 2)
    assert pairs.older_than("younger", comes, passing("a", "b"), ends) == ["older"]
    moved = pairs.hand_over("younger", comes, passing("a", "b"), ends)
    assert moved is not None
    assert (moved.state.ended, moved.state.giver) == (False, party("b"))
    assert moved.state.units == ("u-b", "u-x")


def test_a_task_to_itself_is_withdrawn_and_nothing_is_owed_to_itself() -> None:
    own = tasks.hand_over("t", task("a", "b"), passing("b", "a"))
    assert own is not None
    assert (own.state.status, own.why) == (
        "cancelled", "successor of b; it would be assigned to itself",
    )  # fmt: skip
    done = tasks.hand_over("t", task("a", "b", status="done"), passing("b", "c"))
    assert done is not None
    assert (done.state.receiver, len(done.state.owed())) == (party("c"), 1)
    one = tasks.hand_over("t", task("a", "b", status="done"), passing("b", "a"))
    assert one is not None
    assert (one.state.status, one.state.owed(), one.state.unpaid_by) == ("done", (), None)
    for status in ("returned", "cancelled"):
        assert tasks.hand_over("t", task("a", "b", status=status), passing("b", "c")) is None


def test_shares_that_come_together_are_added_up_and_those_of_the_plans_own_are_left_out() -> None:
    above = plan("street", "a", "b", "c")
    moved = plans.hand_over("above", above, passing("a", "b"))
    assert moved is not None
    [target] = moved.state.targets
    shares = {part.place.id: part.share for part in target.parts}
    assert (shares, moved.state.revision) == ({"b": 20.0, "c": 10.0}, 2)
    assert moved.state.revisions[-1].was == above.targets
    into = plans.hand_over("above", above, passing("a", "street"))
    assert into is not None
    assert [part.place.id for part in into.state.targets[0].parts] == ["b", "c"]
    # The successor already breaks down the part: the older of the two plans is closed.
    old, young = plan("a", parent="above", since=1), plan("b", parent="above", since=2)
    closes = plans.hand_over("old", old, passing("a", "b"), above, [("young", young)])
    assert closes is not None
    assert (closes.state.status, closes.state.slot) == ("closed", None)
    assert plans.older_than("young", young, passing("b", "a"), [("old", old)]) == ["old"]
    # Its own plan would be a part of its own plan.
    nested = plans.hand_over("old", old, passing("a", "street"), above)
    assert nested is not None
    assert nested.state.status == "closed"


def test_a_promise_is_kept_by_what_was_done_before_it_was_taken_over() -> None:
    made = promise("a")
    moved = promises.hand_over(made, passing("a", "b"))
    assert moved is not None
    assert promises.hand_over(moved.state, passing("a", "b")) is None
    for who, kept in (("a", True), ("b", True)):
        record = RecordState(
            work="household_visit", at=NOW, organization_id=who, person_id=None, about=None,
            quantity=1, words=None, area_path=(), unit_id=None, recorded_by="x",
        )  # fmt: skip
        found = promises.keep(moved.state, "r", record)
        assert (found is not None and found.state.status is PromiseStatus.KEPT) is kept


def promise(who: str) -> promises.PromiseState:
    return promises.PromiseState(
        promise_id="p",
        organization_id=who,
        person_id=None,
        text="sealed",
        made_at=NOW - YEAR,
        until=NOW + YEAR,
    )


def checkin(id: str, community: str, *held: str) -> Checkin:
    return Checkin(
        id=id, community=community, area_path=(community,), services=("help",), since=NOW - YEAR,
        due_at=NOW, tell_at=NOW, remind_at=NOW, overdue_at=NOW,
        posts=tuple(Post(id=f"{id}-{n}", post=n, at=NOW, status="held") for n in held),
    )  # fmt: skip


def test_a_check_in_passes_with_its_posts_and_no_post_has_more_holders_at_any_step() -> None:
    old = Book(kind="organizations", reporter="a", checkins=(checkin("i", "m", "help", "x"),))
    places = CommunityPosts(
        community="m",
        places=tuple(
            Place(id=f"i-{n}", book=book_id("organizations", "a"), checkin_id="i", post=n)
            for n in ("help", "x")
        ),
    )
    [mine] = old.checkins
    taken = reports.take_over(None, mine, passing("a", "b"))
    assert taken is not None
    new = taken.state
    [made] = new.active
    assert (made.due_at, [post.status for post in made.posts]) == (NOW, ["held", "held"])
    assert reports.take_over(new, mine, passing("a", "b")) is None
    moved = reports.pass_places(places, mine, passing("a", "b"))
    assert moved is not None
    assert [moved.state.taken(code) for code in ("help", "x")] == [1, 1]
    assert {one.id for one in moved.state.places} == {post.id for post in made.posts}
    assert {one.book for one in moved.state.places} == {"organizations-b"}
    assert reports.pass_places(moved.state, mine, passing("a", "b")) is None
    gone = reports.give_up(old, "i", "x", NOW)
    assert gone is not None
    assert gone.state.active == []
    # The successor serves there already: nothing is entered, and the old one just ends.
    busy = Book(kind="organizations", reporter="b", checkins=(checkin("j", "m"),))
    assert reports.take_over(busy, mine, passing("a", "b")) is None
    assert reports.serves_there(busy, mine, "b")


# Any city, any order, killed anywhere


@dataclass
class City:
    """Documents by kind and id, written one at a time; `writes` left until it is killed."""

    organizations: dict[str, Succeeded]
    documents: dict[tuple[str, str], Any]
    writes: int | None = None
    log: list[tuple[tuple[str, str], str, str]] = field(default_factory=list)
    killed: bool = False

    def write(self, key: tuple[str, str], decision: Any) -> None:
        if decision is None:
            return
        if self.writes == 0:
            raise Killed
        if self.writes is not None:
            self.writes -= 1
        before = getattr(self.documents[key], "handovers", ())
        for one in getattr(decision.state, "handovers", ())[len(before) :]:
            self.log.append((key, one.organization_id, one.role))
        self.documents[key] = decision.state

    def pass_on(self, key: tuple[str, str], move: Passing) -> None:
        """What `succession.works` does of one, with dictionaries in place of stores."""
        kind, id = key
        state = self.documents[key]
        if kind == "pairings":
            others = [
                (n, o) for (k, n), o in self.documents.items()
                if k == kind and n != id and not o.ended
            ]  # fmt: skip
            for other in pairs.older_than(id, state, move, others):
                self.write((kind, other), closed(other, self.documents[kind, other], "x", NOW))
            self.write(key, pairs.hand_over(id, state, move, others))
        elif kind == "plans":
            above = self.documents.get((kind, state.parent)) if state.parent else None
            if state.place != place(move.old):
                above = None
            others = [
                (n, o) for (k, n), o in self.documents.items()
                if k == kind and n != id and o.slot is not None
            ]  # fmt: skip
            for other in plans.older_than(id, state, move, others):
                self.write((kind, other), plan_closed(other, self.documents[kind, other], "x", NOW))
            self.write(key, plans.hand_over(id, state, move, above, others))
        else:
            decide = DECIDE[kind]
            self.write(key, decide(id, state, move))

    def settle(self) -> None:
        """Pass on what is open at retired organizations with one successor."""
        for id in sorted(self.organizations):
            heir = heir_of(id, self.organizations)
            if heir is not None:
                for key in sorted(self.documents):
                    self.pass_on(key, passing(id, heir))


class Killed(Exception):
    """Between two writes."""


DECIDE: dict[str, Callable[[str, Any, Passing], Any]] = {
    "assignments": tasks.hand_over,
    "carriers": posts.hand_over,
    "promises": lambda _id, state, move: promises.hand_over(state, move),
}


def open_at(kind: str, state: Any) -> set[str]:
    """Which organizations have this open."""
    if kind == "pairings":
        return set() if state.ended else {state.giver.organization_id, state.taker.organization_id}
    if kind == "assignments":
        sides = {state.assigner.organization_id, state.receiver.organization_id}
        return sides if tasks.is_open(state) else set()
    if kind == "plans":
        named = {place.partition("/")[2] for place in state.places}
        return set() if state.status == "closed" else named | {state.place.id}
    if kind == "carriers":
        return set() if state.closed else {state.organization_id}
    return {state.organization_id} if state.status is PromiseStatus.OPEN else set()


def holders(kind: str, state: Any, role: str) -> str:
    """Who has a role in it now."""
    if role in ("giver", "taker", "assigner", "receiver"):
        return str(getattr(state, role).organization_id)
    return str(state.place.id if kind == "plans" else state.organization_id)


two = st.permutations(NAMES).map(lambda names: names[:2])


@st.composite
def cities(draw: st.DrawFn) -> City:
    documents: dict[tuple[str, str], Any] = {}
    for n in range(draw(st.integers(0, 5))):
        giver, taker = draw(two)
        documents["pairings", f"p{n}"] = pairing(giver, taker, draw(st.integers(0, 3)))
    for n in range(draw(st.integers(0, 4))):
        assigner, receiver = draw(two)
        status = draw(st.sampled_from(["assigned", "accepted", "returned", "done", "cancelled"]))
        documents["assignments", f"t{n}"] = task(assigner, receiver, status=status)
    for n in range(draw(st.integers(0, 3))):
        own, *parts = draw(st.permutations(NAMES))[: draw(st.integers(1, 4))]
        documents["plans", f"n{n}"] = plan(own, *parts)
        # Each part at most once: what the unique index on slots holds.
        for part in parts:
            if draw(st.booleans()):
                since = draw(st.integers(0, 2))
                documents["plans", f"n{n}{part}"] = plan(part, parent=f"n{n}", since=since)
    for n in range(draw(st.integers(0, 3))):
        owner = draw(st.sampled_from(NAMES))
        documents["carriers", f"c{n}"] = posts.CarrierState(
            kind=CarrierKind.DUTY_POST, organization_id=owner, name="sealed"
        )
        documents["promises", f"v{n}"] = promise(owner)
    return City(dict.fromkeys(NAMES, Succeeded(False)), documents)


retirements = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        st.none() | st.integers(0, 4),
    ),
    max_size=5,
)


@given(cities(), retirements)
def test_nothing_open_stays_with_who_has_one_successor_and_nothing_passes_twice(
    city: City, retired: list[tuple[str, list[str], int | None]]
) -> None:
    first = dict(city.documents)
    for id, successors, writes in retired:
        # As the registry has it: who takes over is in service, and another one.
        heirs = tuple(
            each for each in successors if each != id and not city.organizations[each].retired
        )
        city.organizations[id] = Succeeded(True, heirs)
        city.writes = writes  # killed after so many, and begun again
        try:
            city.settle()
        except Killed:
            city.writes = None
            city.settle()
        city.writes = None
        for (kind, _), state in city.documents.items():
            for holder in open_at(kind, state):
                assert heir_of(holder, city.organizations) is None
    # Settled once more, nothing changes.
    before, passed = dict(city.documents), len(city.log)
    city.settle()
    assert (city.documents, len(city.log)) == (before, passed)
    # No organization has given the same role in the same piece away twice.
    assert len(set(city.log)) == len(city.log)
    # The history, replayed from the first state, leads to the one that is there.
    for key, state in city.documents.items():
        handovers: tuple[Handover, ...] = state.handovers
        assert handovers == tuple(
            one for one in handovers if (key, one.organization_id, one.role) in city.log
        )
        roles = {one.role for one in handovers} - {"parts"}
        for role in roles:
            holder = holders(key[0], first[key], role)
            for one in handovers:
                if one.role == role:
                    assert one.organization_id == holder
                    holder = one.to
            assert holder == holders(key[0], state, role)
    # No two plans break down the same part: the unique index would refuse the write.
    slots = [s.slot for (kind, _), s in city.documents.items() if kind == "plans" and s.slot]
    assert len(set(slots)) == len(slots)


@pytest.mark.parametrize("grid", [None, "g1"])
def test_a_responsibility_area_stays_where_its_grid_is(grid: str | None) -> None:
    state = posts.CarrierState(
        kind=CarrierKind.RESPONSIBILITY_AREA,
        organization_id="a",
        name="sealed",
        grid_id=grid,
        area_path=("city", "here"),
    )
    moved = posts.hand_over("c", state, passing("a", "b"))
    assert moved is not None
    assert moved.state.area_path == (("city", "here") if grid else ("city", "area-b"))
    assert moved.state.unit_id == "u-b"
