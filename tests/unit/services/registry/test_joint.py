"""A joint organization's rules: who has duty, what can be claimed, what successors get."""

import contextlib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.joint.decisions import (
    OPEN_LIMIT,
    RESULTS_TOLD,
    add,
    check_lead,
    claim,
    end_project,
    leave,
    set_council,
    withdraw,
)
from services.registry.joint.states import (
    Council,
    Heir,
    JointState,
    Lists,
    Member,
    Need,
    Project,
    Resource,
    on_duty,
    snapshot,
)
from services.registry.joint.succession import absorb, absorbed, delivered, dissolve, filed, receive
from services.registry.states import OrganizationState, naming
from shared.contracts.words import Domain, Founding, OrganizationLevel, ResourceKind
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

ROOT = Principal("root", Role.ADMINISTRATOR)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ABC = Council(order=("a", "b", "c"), start="2026-01-30", days=7)


def joint(*members: str) -> JointState:
    return JointState(
        **naming("联合党委"),
        form=Founding.JOINT_AREA,
        area="s",
        lead="lead",
        area_path=("s",),
        members=tuple(
            Member(organization_id=each, unit_id=f"u-{each}", joined="2026-01-01")
            for each in members
        ),
    )


def state_of(decision: Decision[JointState] | None) -> JointState:
    assert decision is not None
    return decision.state


def need(id: str, who: str) -> Need:
    return Need(id=id, organization_id=who, kind=None, words="", at=NOW)


def resource(id: str, who: str, quantity: float) -> Resource:
    return Resource(
        id=id, organization_id=who, kind=ResourceKind.HOURS, words="",
        quantity=quantity, left=quantity, at=NOW,
    )  # fmt: skip


def claimed(state: JointState, project: str, quantity: float, *, of: str = "r") -> JointState:
    return state_of(claim("j", state, project, "n", of, quantity, NOW, None, ROOT))


def ended(state: JointState, project: str, outcome: str) -> JointState:
    result = {"outcome": outcome, "ended": NOW, "words": ""}
    return state_of(end_project("j", state, project, result, True, ROOT))


def code_of(call: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.status, raised.value.code


@pytest.mark.parametrize(
    ("day", "who"),
    [("2026-01-29", None), ("2026-01-30", "a"), ("2026-02-05", "a"), ("2026-02-06", "b"),
     ("2026-02-13", "c"), ("2026-02-20", "a")],
)  # fmt: skip
def test_duty_goes_round_in_order_from_the_start_on(day: str, who: str | None) -> None:
    assert on_duty([ABC], date.fromisoformat(day)) == who


@given(st.integers(-30, 3000), st.integers(1, 60), st.lists(st.text(), min_size=1, max_size=9))
def test_each_turn_has_its_length_and_the_next_in_order(
    after: int, days: int, order: list[str]
) -> None:
    council = Council(order=tuple(order), start="2026-01-30", days=days)
    day = date(2026, 1, 30) + timedelta(days=after)
    who = on_duty([council], day)
    assert who == (None if after < 0 else order[after // days % len(order)])
    assert after < 0 or who == on_duty([council], day + timedelta(days=days * len(order)))


def test_a_later_council_counts_from_its_day_and_who_left_has_no_duty() -> None:
    state = joint("a", "b", "c").model_copy(update={"councils": (ABC,)})
    gone = state_of(leave("j", state, "b", "2026-02-02", NOW, "moved away", ROOT))
    assert on_duty(gone.councils, date(2026, 2, 1)) == "a"
    assert {on_duty(gone.councils, date(2026, 2, 2 + n)) for n in range(26)} == {"a", "c"}
    early = ABC.model_copy(update={"start": "2026-01-01", "order": ("a",)})
    assert code_of(lambda: set_council("j", gone, early, ROOT)) == (422, "council-earlier")
    stranger = ABC.model_copy(update={"start": "2026-03-01"})
    assert code_of(lambda: set_council("j", gone, stranger, ROOT)) == (422, "members-only")


def test_the_lead_is_of_a_street_or_community() -> None:
    def organization(domain: Domain, level: OrganizationLevel) -> dict[str, OrganizationState]:
        return {"o": OrganizationState(**naming("甲"), domain=domain, level=level)}

    street = organization(Domain.COMMUNITY, OrganizationLevel.TOWNSHIP)
    assert check_lead("o", street) is street["o"]
    for wrong in (
        organization(Domain.AGENCY, OrganizationLevel.TOWNSHIP),
        organization(Domain.COMMUNITY, OrganizationLevel.CITY),
    ):
        assert code_of(lambda found=wrong: check_lead("o", found)) == (
            422,
            "lead-of-street-or-community",
        )
    retired = {"o": street["o"].model_copy(update={"retired": True})}
    assert code_of(lambda: check_lead("o", retired)) == (422, "unknown-reference")


def test_never_more_is_claimed_than_is_left() -> None:
    state = state_of(add("j", joint("a", "b"), need("n", "a"), ROOT))
    state = state_of(add("j", state, resource("r", "b", 1.0), ROOT))
    state = claimed(claimed(state, "p1", 0.7), "p2", 0.3)
    assert state.open.resources[0].left == 0
    assert code_of(lambda: claimed(state, "p3", 0.01)) == (409, "more-than-left")
    back = ended(state, "p1", "given_up")
    assert back.open.resources[0].left == 0.7
    assert back.open.needs
    done = ended(back, "p2", "done")
    assert not done.open.needs
    assert [p.outcome for p in done.closed.projects] == ["given_up", "done"]
    # What is withdrawn does not come back when its last project is given up.
    state = state_of(withdraw("j", state, "r", NOW, "no time", ROOT))
    assert ended(state, "p1", "given_up").open.resources == ()


def test_the_last_results_are_told() -> None:
    state = joint("a", "b")
    for number in range(RESULTS_TOLD + 1):
        state = state_of(add("j", state, need(f"n{number}", "a"), ROOT))
        state = state_of(add("j", state, resource(f"r{number}", "b", 1), ROOT))
        project = f"p{number}"
        made = claim("j", state, project, f"n{number}", f"r{number}", 1, NOW, None, ROOT)
        state = ended(state_of(made), project, "done" if number else "given_up")
    told = snapshot("j", state).results
    assert [one.project_id for one in told] == [f"p{n}" for n in range(1, RESULTS_TOLD + 1)]
    assert {(one.outcome, one.need_by, one.resource_by, one.quantity) for one in told} == {
        ("done", "a", "b", 1)
    }


def test_a_member_acts_for_itself_only() -> None:
    state = joint("a", "b")
    operator = Principal("x", Role.UNIT_OPERATOR, unit_id="u-a")
    assert add("j", state, need("n", "a"), operator)
    assert code_of(lambda: add("j", state, need("n", "b"), operator)) == (403, "wrong-unit")
    assert code_of(lambda: add("j", state, need("n", "z"), ROOT)) == (422, "members-only")
    full = state.model_copy(
        update={"open": Lists(needs=tuple(need(f"n{n}", "a") for n in range(OPEN_LIMIT)))}
    )
    assert code_of(lambda: add("j", full, need("n", "a"), ROOT)) == (409, "list-full")


def test_open_work_needs_a_successor_and_a_split_places_each_member() -> None:
    state = state_of(add("j", joint("a", "b"), need("n", "a"), ROOT))
    assert code_of(lambda: dissolve("j", state, [], "2026-05-01", "", ROOT)) == (
        409,
        "successor-needed",
    )
    one = Heir(joint_id="x", members=("a", "lead"))
    for other in (("a", "b"), (), ("b", "z")):
        heirs = [one, Heir(joint_id="y", members=other)]
        assert code_of(lambda found=heirs: dissolve("j", state, found, "2026-05-01", "", ROOT)) == (
            422,
            "split-members",
        )
    empty = state_of(dissolve("j", joint("a"), [], "2026-05-01", "done", ROOT))
    assert empty.retired
    assert [member.left for member in empty.members] == ["2026-05-01"]


def test_a_parcel_sent_again_after_its_work_has_ended_brings_nothing_back() -> None:
    state = state_of(add("j", joint("a", "b"), need("n", "a"), ROOT))
    state = state_of(add("j", state, resource("r", "b", 1.0), ROOT))
    state = claimed(state, "p", 1.0)
    [parcel] = state_of(dissolve("j", state, [Heir(joint_id="x")], "2026-05-01", "", ROOT)).parcels
    successor = state_of(receive("x", joint(), "j", parcel))
    assert {member.organization_id for member in successor.members} == {"a", "b"}
    over = ended(successor, "p", "done")
    over = state_of(filed("x", over, [entry.id for entry in over.closed.every()]))
    assert not over.open
    assert receive("x", over, "j", parcel) is None


# Conservation: whatever is done, in whatever order, and whoever is killed between two steps

NAMES = ("j0", "j1", "j2")
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["need", "offer", "claim", "claim", "claim", "done", "give_up", "withdraw",
             "dissolve", "split", "merge", "take", "let_go", "absorb", "file"]
        ),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(1, 30),
    ),
    min_size=5,
    max_size=60,
)  # fmt: skip


class Model:
    """Joint organizations, and what was offered and needed of them in all."""

    def __init__(self) -> None:
        self.joints = {name: joint("a", "b") for name in NAMES}
        self.filed: dict[str, Any] = {}
        self.offered: dict[str, float] = {}
        self.needs: set[str] = set()
        self.projects: set[str] = set()
        self.count = 0
        for number in range(len(NAMES)):
            first = (("need", 1), ("need", 2), ("offer", 9), ("offer", 8), ("claim", 7))
            for what, size in first:
                self.do(what, number, 0, size)

    def new(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def do(self, what: str, first: int, second: int, size: int) -> None:
        id = NAMES[first]
        decision = getattr(self, what)(id, self.joints[id], NAMES[second], size)
        if decision is not None:
            self.joints[id] = decision.state

    def need(self, id: str, state: JointState, _other: str, size: int) -> Any:
        made = self.new("n")
        decision = add(id, state, need(made, "ab"[size % 2]), ROOT)
        self.needs.add(made)
        return decision

    def offer(self, id: str, state: JointState, _other: str, size: int) -> Any:
        made = self.new("r")
        decision = add(id, state, resource(made, "ab"[size % 2], size / 2), ROOT)
        self.offered[made] = size / 2
        return decision

    def claim(self, id: str, state: JointState, _other: str, size: int) -> Any:
        needs, resources = state.open.needs, state.open.resources
        if not needs or not resources:
            return None
        made = self.new("p")
        wanted, used = needs[size % len(needs)].id, resources[-1 - size % len(resources)].id
        decision = claim(id, state, made, wanted, used, size / 4, NOW, None, ROOT)
        self.projects.add(made)
        return decision

    def done(self, id: str, state: JointState, _other: str, size: int) -> Any:
        return self._end(id, state, size, "done")

    def give_up(self, id: str, state: JointState, _other: str, size: int) -> Any:
        return self._end(id, state, size, "given_up")

    def _end(self, id: str, state: JointState, size: int, outcome: str) -> Any:
        if not state.open.projects:
            return None
        project = state.open.projects[size % len(state.open.projects)].id
        result = {"outcome": outcome, "ended": NOW, "words": ""}
        return end_project(id, state, project, result, size % 3 == 0, ROOT)

    def withdraw(self, id: str, state: JointState, _other: str, size: int) -> Any:
        offers = state.open.offers()
        if not offers:
            return None
        return withdraw(id, state, offers[size % len(offers)].id, NOW, "", ROOT)

    def dissolve(self, id: str, state: JointState, other: str, _size: int) -> Any:
        return dissolve(id, state, [Heir(joint_id=other)], "2026-05-01", "", ROOT)

    def split(self, id: str, state: JointState, other: str, size: int) -> Any:
        current = sorted(state.current())
        heirs = [
            Heir(joint_id=other, members=tuple(current[::2])),
            Heir(joint_id=NAMES[size % 3], members=tuple(current[1::2])),
        ]
        return dissolve(id, state, heirs, "2026-05-01", "", ROOT)

    def merge(self, id: str, state: JointState, other: str, _size: int) -> Any:
        return absorb(id, state, [other], "", ROOT)

    # What `Follow` does, step by step; every fourth time it is killed in between.

    def absorb(self, id: str, state: JointState, _other: str, size: int) -> Any:
        if not state.absorbing:
            return None
        target = state.absorbing[0]
        with contextlib.suppress(Problem):
            heirs = [Heir(joint_id=id)]
            done = dissolve(target, self.joints[target], heirs, "2026-05-01", "", None)
            if done is not None:
                self.joints[target] = done.state
        return absorbed(id, self.joints[id], target) if size % 4 else None

    def take(self, id: str, state: JointState, _other: str, _size: int) -> None:
        for parcel in state.parcels[:1]:
            taken = receive(parcel.to, self.joints[parcel.to], id, parcel)
            if taken is not None:
                self.joints[parcel.to] = taken.state

    def let_go(self, id: str, state: JointState, _other: str, _size: int) -> Any:
        for parcel in state.parcels[:1]:
            if parcel.key in self.joints[parcel.to].received:
                return delivered(id, state, parcel.key)
        return None

    def file(self, id: str, state: JointState, _other: str, size: int) -> Any:
        for entry in state.closed.every():
            self.filed.setdefault(entry.id, entry)
        ids = [entry.id for entry in state.closed.every()]
        return filed(id, state, ids) if size % 4 else None

    def finish(self) -> None:
        """Follow until nothing is due, as `Follow` does."""
        for _ in range(200):
            due = [name for name, state in self.joints.items() if state.next_due()]
            if not due:
                return
            for name in due:
                for what in ("absorb", "take", "let_go", "file"):
                    self.do(what, NAMES.index(name), 0, 1)
        raise AssertionError("it never ends")

    def everywhere(self) -> list[Lists]:
        """What stands in the documents; a parcel that has been taken in counts there only."""
        lists = []
        for state in self.joints.values():
            lists += [state.open, state.closed]
            for parcel in state.parcels:
                if parcel.key not in self.joints[parcel.to].received:
                    lists.append(parcel.lists)
        return lists

    def check(self) -> None:
        every = [entry for lists in self.everywhere() for entry in lists.every()]
        # What is filed may still wait to be let go, and is one and the same.
        every += [e for id, e in self.filed.items() if id not in {each.id for each in every}]
        twice = [id for id, n in Counter(entry.id for entry in every).items() if n > 1]
        assert twice == []
        ids = {entry.id for entry in every}
        assert self.needs <= ids
        assert set(self.offered) <= ids
        assert self.projects <= ids
        amounts: Counter[str] = Counter()
        for entry in every:
            if isinstance(entry, Resource):
                assert entry.left >= 0
                amounts[entry.origin or entry.id] += int(entry.left * 100)
        for entry in every:
            if isinstance(entry, Project) and (entry.outcome != "given_up" or not entry.returns):
                amounts[entry.resource_origin] += int(entry.quantity * 100)
        assert amounts == Counter({id: int(n * 100) for id, n in self.offered.items()})


@settings(max_examples=150)
@given(steps)
def test_nothing_is_over_claimed_lost_or_there_twice(
    taken: list[tuple[str, int, int, int]],
) -> None:
    model = Model()
    for step in taken:
        with contextlib.suppress(Problem):
            model.do(*step)
        model.check()
    model.finish()
    model.check()
    assert not any(state.parcels for state in model.joints.values())
