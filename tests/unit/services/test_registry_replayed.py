"""The registry's history can be replayed to the same state (DESIGN.md 3, rule 2).

Whatever is changed in the registry: each consumer's read model comes to the same from the
snapshots in their order, in any other order with duplicates, and from the last of each entry.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.handlers import SNAPSHOTS as ASSESSMENT
from services.registry.groups.decisions import Groups
from services.registry.service import all_kinds
from services.registry.service.base import Known, Reference
from services.registry.service.grids import on_due
from services.registry.venues.decisions import Venues
from services.request_intake.read_models import SNAPSHOTS as INTAKE
from services.volunteer_dispatch.handlers import SNAPSHOTS as DISPATCH
from shared.contracts import topics
from shared.contracts.catalog import BY_FULL_TYPE, TOPIC_OF
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Snapshot
from shared.messaging.processor import SnapshotHandler
from shared.storage.encryption import FieldCipher
from shared.web.auth import Principal, Role
from shared.web.problems import Problem
from tests.unit.services.agreed import IDS as AGREED_IDS
from tests.unit.services.agreed import MOVES, TOLD

ADMIN = Principal("root", Role.ADMINISTRATOR)
KINDS: dict[str, Any] = {
    kind.name: kind
    for kind in (
        *all_kinds(FieldCipher.from_secret("k" * 40)),
        Venues(lambda: ("meeting", "care"), ZoneInfo("Asia/Shanghai")),
        Groups(),
    )
}
CONSUMERS: Mapping[str, Mapping[Any, SnapshotHandler]] = {
    "intake": INTAKE,
    "dispatch": DISPATCH,
    "assessment": ASSESSMENT,
}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RING = [[[0, 0], [1, 0], [1, 1], [0, 0]]]
NAMES = st.sampled_from(("甲", "乙", "丙"))
IDS = st.sampled_from(("a", "b", "c"))
CODES = st.sampled_from(("city", "s1", "s2", "m1", "m2"))
RETIRED = st.sampled_from((None, None, None, True, False))
BODIES = {
    "areas": st.fixed_dictionaries({"name": NAMES, "retired": RETIRED}),
    "units": st.fixed_dictionaries(
        {"name": NAMES, "domain": st.sampled_from(("agency", "village")), "area": CODES}
        | {"retired": RETIRED}
    ),
    "organizations": st.fixed_dictionaries(
        {"name": NAMES, "domain": st.just("agency"), "level": st.just("county")}
        | {"unit_id": st.none() | IDS, "area": CODES, "parent": st.none() | IDS}
        | {"retired": RETIRED}
    ),
    "grids": st.fixed_dictionaries(
        {
            "name": NAMES,
            "area": CODES,
            "communities": st.lists(st.sampled_from(("m1", "m2")), unique=True),
            "geometry": st.just({"type": "Polygon", "coordinates": RING}),
            "leader": st.none() | IDS,
            "level": st.sampled_from(("cell", "community_grid")),
            "valid_from": st.none()
            | st.integers(-5, 40).map(lambda hours: NOW + timedelta(hours=hours)),
            "retired": RETIRED,
        }
    ),
    "people": st.fixed_dictionaries(
        {"name": NAMES, "grid_id": IDS, "unit_id": st.none() | IDS}
        | {"available": st.booleans(), "capacity": st.integers(0, 3), "retired": RETIRED}
    ),
    "venues": st.fixed_dictionaries(
        {"name": NAMES, "area": CODES, "unit_id": st.none() | IDS, "organization_id": IDS}
        | {"uses": st.just(["care"]), "capacity": st.integers(1, 3), "retired": RETIRED}
    ),
    "groups": st.fixed_dictionaries(
        {"name": NAMES, "area": CODES, "organization_id": st.none() | IDS, "leader": IDS}
        | {"skills": st.just(["first_aid"]), "available": st.booleans(), "retired": RETIRED}
    ),
}
LEVELS = {"city": ("city", None), "s1": ("street", "city"), "s2": ("street", "city")} | {
    "m1": ("community", "s1"), "m2": ("community", "s2"),
}  # fmt: skip
CHANGES = st.lists(
    st.sampled_from(tuple(BODIES)).flatmap(
        lambda kind: st.tuples(
            st.just(kind), CODES if kind == "areas" else IDS, BODIES[kind], st.integers(0, 5)
        )
    ),
    max_size=25,
)
AGREED = st.lists(
    st.sampled_from(tuple(MOVES)).flatmap(
        lambda kind: st.tuples(
            st.just(kind), st.sampled_from(tuple(MOVES[kind])), st.integers(0, 5)
        )
    ),
    max_size=40,
)


class Registry:
    """Entries as the registry decides on them; every snapshot that it has published."""

    def __init__(self) -> None:
        self.states: dict[Reference, Any] = {}
        self.events: list[Event] = []
        for code in LEVELS:
            self.change("areas", code, {"name": code}, 0)

    def change(self, kind: str, id: str, values: Mapping[str, Any], now: int) -> None:
        """Put an entry; what is refused changes nothing."""
        for (of, other), state in list(self.states.items()):
            due = on_due(state, NOW + timedelta(hours=now)) if of == "grids" else None
            self._take(of, other, due)
        if kind == "areas":
            level, parent = LEVELS[id]
            values = {**values, "level": level, "parent": parent}
        entry, reference = KINDS[kind], Reference(kind, id)
        known = Known(
            {other: KINDS[other.kind].referred(s) for other, s in self.states.items()},
            now=NOW + timedelta(hours=now),
        )
        body = entry.body.model_validate(values)
        try:
            decision = entry.decide(id, body, self.states.get(reference), known, ADMIN)
        except Problem:
            return
        self._take(kind, id, decision)

    def move(self, kind: str, name: str, n: int) -> bool:
        """Decide on the one of this kind, which the first move makes; whether it was taken."""
        id = AGREED_IDS[kind]
        state = self.states.get(Reference(kind, id))
        if state is not None and name == "new":
            return False
        name = name if state is not None else "new"
        try:
            decision = MOVES[kind][name](state, n)
        except Problem:
            return False
        self._take(kind, id, decision)
        return decision is not None

    def _take(self, kind: str, id: str, decision: Any) -> None:
        if decision is None:
            return
        self.states[Reference(kind, id)] = decision.state
        source = f"/services/registry/{kind}"
        for data in decision.events:
            there = sum((event.source, event.subject) == (source, id) for event in self.events)
            event = Event(
                id=uuid7(),
                source=source,
                type=data.full_type(),
                subject=id,
                sequence=there + 1,
                time=NOW,
                partition_key=f"{kind}/{id}",
                trace_parent=None,
                data=data,
            )
            _, value, headers = encode(event)
            self.events.append(decode(value, headers))


def folded(
    snapshots: Mapping[Any, SnapshotHandler], events: Iterable[Event]
) -> dict[tuple[str, str], Any]:
    """A read model: a snapshot is set where its sequence is higher, as `Processor.project` does."""
    model: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        handler = snapshots.get(type(event.data))
        if handler is None:
            continue
        collection, document = handler(event)
        there = model.setdefault((collection, event.subject), {"sequence": 0})
        if there["sequence"] < event.sequence:
            there |= document | {"sequence": event.sequence}
    return model


def check_replays(registry: Registry, random: Random) -> None:
    """All consumers come to the same from all of it, from any order of it, and from its end."""
    events = registry.events
    again = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(again)
    last = {(event.source, event.subject): event for event in events}
    for name, snapshots in CONSUMERS.items():
        in_order = folded(snapshots, events)
        assert in_order, name
        assert folded(snapshots, again) == in_order
        # The journal keeps the newest snapshot of each entry, and a compacted topic does.
        assert folded(snapshots, last.values()) == in_order
    # What is told is the registry's own state: nothing of the model is older than the entries.
    for (kind, id), state in registry.states.items():
        told = TOLD[kind] if kind in TOLD else KINDS[kind].event
        # An organization that begins with no asset is not told of.
        if kind != "scorecards" or (f"/services/registry/{kind}", id) in last:
            assert last[f"/services/registry/{kind}", id].data == told(id, state)


@settings(max_examples=60)
@given(CHANGES, st.randoms(use_true_random=False))
def test_any_order_with_duplicates_gives_the_same_read_models(
    changes: list[tuple[str, str, dict[str, Any], int]], random: Random
) -> None:
    registry, now = Registry(), 0
    for kind, id, values, hours in changes:
        now += hours
        registry.change(kind, id, values, now)
    check_replays(registry, random)


@settings(max_examples=60)
@given(AGREED, st.randoms(use_true_random=False))
def test_so_does_any_order_of_what_is_agreed_and_counted(
    moves: list[tuple[str, str, int]], random: Random
) -> None:
    registry = Registry()
    for kind, name, n in moves:
        registry.move(kind, name, n)
    check_replays(registry, random)


def test_every_move_is_taken_at_times() -> None:
    """What no sequence can do would show nothing above."""
    random = Random(1)
    done = set()
    for _ in range(60):
        registry = Registry()
        for kind, moves in MOVES.items():
            registry.move(kind, "new", 1)
            for _ in range(12):
                name = random.choice(tuple(moves))
                if registry.move(kind, name, random.randrange(6)):
                    done.add((kind, name))
            done.add((kind, "new"))
    assert {(kind, name) for kind, moves in MOVES.items() for name in moves} == done


def test_every_snapshot_of_the_registry_is_among_them() -> None:
    registry = Registry()
    bodies: dict[str, dict[str, Any]] = {
        "units": {"name": "甲", "domain": "agency", "area": "s1"},
        "organizations": {"name": "甲", "domain": "agency", "level": "county", "area": "s1"},
        "grids": {"name": "甲", "area": "s1", "communities": ["m1"]},
        "people": {"name": "甲", "grid_id": "a"},
        "venues": {"name": "甲", "area": "s1", "organization_id": "a", "uses": ["care"]},
        "groups": {"name": "甲", "area": "s1", "leader": "a", "skills": ["first_aid"]},
    }
    for kind, body in bodies.items():
        registry.change(kind, "a", body, 0)
    for kind in MOVES:
        registry.move(kind, "new", 1)
    told = {type(event.data) for event in registry.events}
    of_registry = {
        payload
        for payload in BY_FULL_TYPE.values()
        if issubclass(payload, Snapshot) and TOPIC_OF[payload.TYPE] == topics.REGISTRY.name
    }
    assert told == of_registry
