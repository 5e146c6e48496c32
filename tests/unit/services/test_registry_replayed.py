"""The registry's history can be replayed to the same state (DESIGN.md 3, rule 2).

Whatever is changed in the registry: each consumer's read model comes to the same from the
snapshots in their order, in any other order with duplicates, and from the last of each entry.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.handlers import SNAPSHOTS as ASSESSMENT
from services.registry.service import all_kinds
from services.registry.service.base import Known, Reference
from services.registry.service.grids import on_due
from services.request_intake.read_models import SNAPSHOTS as INTAKE
from services.volunteer_dispatch.handlers import SNAPSHOTS as DISPATCH
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import uuid7
from shared.messaging.processor import SnapshotHandler
from shared.storage.encryption import FieldCipher
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

ADMIN = Principal("root", Role.ADMINISTRATOR)
KINDS = {kind.name: kind for kind in all_kinds(FieldCipher.from_secret("k" * 40))}
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


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.randoms(use_true_random=False))
def test_any_order_with_duplicates_gives_the_same_read_models(
    changes: list[tuple[str, str, dict[str, Any], int]], random: Random
) -> None:
    registry, now = Registry(), 0
    for kind, id, values, hours in changes:
        now += hours
        registry.change(kind, id, values, now)
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
    for reference, state in registry.states.items():
        assert last[f"/services/registry/{reference.kind}", reference.id].data == KINDS[
            reference.kind
        ].event(reference.id, state)
