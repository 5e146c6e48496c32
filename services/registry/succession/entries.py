"""What of the registry is an organization's: its grids, volunteer groups, people and venues.

Each is an entry with a snapshot of its own, which tells the others. They are passed on by
hundreds, each in one write on the version that was read: killed in between, what is left is found
again by whose it is.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, cast

from services.registry.handover import Passing
from services.registry.repository import Repository
from services.registry.service.base import Kind
from services.registry.succession.schemas import Outcome, WorkKind
from services.registry.succession.works import Field, Listed
from shared.storage.aggregates import Decision
from shared.storage.client import UNREACHABLE, Document

log = logging.getLogger(__name__)

KINDS: tuple[WorkKind, ...] = ("grids", "groups", "people", "venues")
_BATCH = 500
_SHOWN = {"history": 0, "outbox": 0}


def given(kind: Kind[Any, Any], id: str, state: Any, passing: Passing) -> Decision[Any] | None:
    """Give an entry to the successor; None where it is retired, or another one's.

    None too where a unit's own system reports it: the owner's word counts, and it will say.
    A group's unit is its organization's, a venue's where it was; a person's is the employer.
    """
    if state.retired or state.organization_id != passing.old or state.owner is not None:
        return None
    update: dict[str, str | None] = {"organization_id": passing.new.organization_id}
    if kind.name == "groups" or (kind.name == "venues" and state.unit_id == passing.unit_id):
        update["unit_id"] = passing.new.unit_id
    new = state.model_copy(update=update)
    return Decision(new, [kind.event(id, new)], passing.why)


class EntryWork(Listed[Any]):
    """Entries in service of a kind that name the organization as theirs."""

    fields = (Field("organization_id", "organization_id"),)
    open: ClassVar[Document] = {"state.retired": False}

    def __init__(self, kind: Kind[Any, Any], repository: Repository) -> None:
        super().__init__(cast(WorkKind, kind.name), repository.stores[kind.name])
        self._kind = kind

    def show(self, state: Any) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Listed.show`."""
        return "in_service" if state.owner is None else "reported_by_unit", None, ()

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`; its history is that of the entry."""
        done = await self.store.execute(
            id,
            lambda state: None if state is None else given(self._kind, id, state, passing),
            by=passing.by,
        )
        if done.state is None or done.state.retired:
            return "not_open"
        has = done.state.organization_id
        if has == passing.new.organization_id:
            return "handed_over"
        return "by_hand" if has == passing.old else "not_open"

    async def pass_all(self, passing: Passing) -> None:
        """See `Work.pass_all`: by hundreds, as an organization may have thousands of people."""
        asked = {"$and": [self._of(passing.old), {"state.owner": None}]}
        try:
            while await self._some(asked, passing):
                pass
        except UNREACHABLE:
            raise
        except Exception:
            log.exception("entries were not passed on", extra={"kind": self.kind})

    async def _some(self, asked: Document, passing: Passing) -> bool:
        found = await self.store.collection.find(asked, _SHOWN).limit(_BATCH).to_list(None)
        aggregates = [self.store.load(document) for document in found]
        for one in aggregates:
            decision = given(self._kind, one.id, one.state, passing)
            if decision is not None:
                self.store.record(one, decision, by=passing.by)
        # What another writer was first with is found again.
        await self.store.write(aggregates)
        return any(one.changed for one in aggregates)
