"""What the registry does with units' reports on `lianxin.units`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from services.registry.ownership import repository as queries
from services.registry.ownership.decisions import Reports, body_of, report
from services.registry.repository import Repository
from services.registry.service.base import Kind, Known, Reference
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.units import OrganizationReported, PersonReported, UnitFact
from shared.messaging.dead_letters import unit_of
from shared.messaging.processor import Consumes, Refused
from shared.storage.aggregates import AggregateStore, Decision
from shared.web.messages import say

KIND_OF: dict[str, str] = {
    OrganizationReported.TYPE: "organizations",
    PersonReported.TYPE: "people",
}
"""The kind of entries that a type of report is about."""


def kind_of(event: Event) -> str | None:
    """The kind of entries that an event reports; None: it is another service's."""
    return KIND_OF.get(event.type.rpartition(".v")[0])


def target(event: Event) -> str | None:
    """The entry that a report is about: what stands behind the `/` of its subject."""
    return None if kind_of(event) is None else event.subject.partition("/")[2] or event.subject


class UnitSystems:
    """The reports as facts of two stores; see decision 8."""

    def __init__(self, kinds: dict[str, Kind[Any, Any]], repository: Repository) -> None:
        self._kinds = kinds
        self._repository = repository

    def consumes(self) -> Consumes[Any, Reports]:
        """What the runtime needs to know. Intake judges what cannot be read on this topic."""
        return Consumes(
            topics=(topics.UNITS.name,),
            store=self._repository.stores["organizations"],
            facts={
                OrganizationReported: self._handler("organizations"),
                PersonReported: self._handler("people"),
            },
            target=target,
            prepare=self.prepare,
            snapshots={},
            judges=frozenset(),
            store_of=self._store_of,
        )

    def _store_of(self, event: Event) -> AggregateStore[Any]:
        return self._repository.stores[kind_of(event) or "organizations"]

    def _handler(self, name: str) -> Callable[..., Decision[Any] | None]:
        kind = self._kinds[name]

        def handle(state: Any, event: Event, reports: Reports) -> Decision[Any] | None:
            assert isinstance(event.data, UnitFact)
            about, _, id = event.subject.partition("/")
            if about not in event.data.ABOUT or not id:
                wanted = {"wanted": event.data.ABOUT[0]}
                raise Refused(
                    " ".join(say("wrong-subject", language, wanted) for language in ("zh", "en"))
                )
            unit = unit_of(event.source) or ""
            return report(kind, id, unit, state, event.data, reports)

        return handle

    async def prepare(self, events: Sequence[Event]) -> Reports:
        """Fetch what a batch of reports refers to, as for the same changes by hand."""
        by_kind: dict[str, dict[str, Event]] = {}
        for event in events:
            kind = kind_of(event)
            if kind is not None and isinstance(event.data, UnitFact):
                by_kind.setdefault(kind, {})[target(event) or ""] = event
        known: dict[str, Known] = {}
        authors: dict[Reference, str] = {}
        for name, of_id in by_kind.items():
            store, kind_there = self._repository.stores[name], self._kinds[name]
            there = await store.get_many(of_id)
            asked = []
            for id, event in of_id.items():
                assert isinstance(event.data, UnitFact)
                current = there.get(id)
                state = None if current is None else current.state
                try:
                    unit = unit_of(event.source) or ""
                    asked.append((id, body_of(kind_there, id, unit, state, event.data), current))
                except ValidationError:
                    continue  # the handler says what is wrong with it
            known[name] = await self._repository.known(kind_there, asked)
            authors |= await queries.authors(store, of_id)
        return Reports(known, authors, datetime.now(UTC))
