"""Organizations under a retired one come under its successor, by the rules of the tree."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from services.registry.handover import Passing
from services.registry.moves import TRIES, Move, Moves, beside, moved, pause
from services.registry.repository import Repository
from services.registry.service.base import Known, Reference
from services.registry.service.organizations import NAME, RANK, Organizations, level_of
from services.registry.service.trees import refuse_cycle
from services.registry.states import OrganizationState
from services.registry.succession.schemas import Outcome
from services.registry.succession.works import Field, Listed
from shared.storage.aggregates import Aggregate, Contended, Decision
from shared.storage.client import UNREACHABLE, Document
from shared.web.problems import Problem

log = logging.getLogger(__name__)

_BATCH = 200
_KIND = Organizations()


def fits(id: str, parent: str | None, known: Known) -> bool:
    """Whether an organization can come under another, as in any change of the tree."""
    if parent is None:
        return True
    try:
        refuse_cycle(NAME, "parent", id, parent, known)
    except Problem:
        return False
    return True


def under(
    id: str, state: OrganizationState, passing: Passing, known: Known
) -> Decision[OrganizationState] | None:
    """Bring one under the successor; None where it is retired, elsewhere, or fits nowhere.

    One that would come under itself (the successor, or who stands above it), or under one of a
    lower level, takes the place of the retired one: it comes under that one's superior, or under
    nobody.
    """
    if state.retired or state.parent != passing.old:
        return None
    former = known.entries.get(Reference(NAME, passing.old))
    for parent in (passing.new.organization_id, former.parent if former else None):
        level = level_of(parent, known) or state.level
        if RANK[level] <= RANK[state.level] and fits(id, parent, known):
            new = state.model_copy(update={"parent": parent})
            return Decision(new, [_KIND.event(id, new)], passing.why)
    return None


class ChildWork(Listed[OrganizationState]):
    """Organizations in service whose superior is the organization."""

    fields = (Field("parent", "parent"),)
    open: ClassVar[Document] = {"state.retired": False}

    def __init__(self, repository: Repository, moves: Moves) -> None:
        super().__init__("organizations", repository.stores[NAME])
        self._repository = repository
        self._moves = moves

    def show(self, state: OrganizationState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Listed.show`."""
        return "in_service", None, ()

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`; its history is that of the entry."""
        if await self._move([id], passing):
            return "handed_over"
        found = await self.store.get(id)
        if found is None or found.state is None or found.state.retired:
            return "not_open"
        if found.state.parent == passing.new.organization_id:
            return "handed_over"
        return "by_hand" if found.state.parent == passing.old else "not_open"

    async def pass_all(self, passing: Passing) -> None:
        """See `Work.pass_all`."""
        after = ""
        while items := await self.page(passing.old, after, _BATCH):
            try:
                await self._move([item.id for item in items], passing)
            except UNREACHABLE:
                raise
            except Exception:
                log.exception("organizations stay under a retired one", extra={"id": passing.old})
            after = items[-1].id

    async def _move(self, ids: Sequence[str], passing: Passing) -> int:
        """How many were brought under another superior; claimed first, as every move is."""
        to = passing.new.organization_id
        for _ in range(TRIES):
            look = await self._moves.look()
            ends = [Reference(NAME, each) for each in (passing.old, to)]
            known = Known(await self._repository.look_up(ends), beside=beside(look.open))
            await self._repository.climb(NAME, known)
            moves: list[Move] = []
            changed: list[Aggregate[OrganizationState]] = []
            doubtful = False
            for one in (await self.store.get_many(ids)).values():
                assert one.state is not None  # no entry of the registry is without
                decision = under(one.id, one.state, passing, known)
                # An open move may be what closes a cycle, and come to nothing.
                doubtful |= one.state.parent == passing.old and not fits(one.id, to, known)
                if decision is not None:
                    moves += moved(one.id, one.version, passing.old, decision.state.parent)
                    self.store.record(one, decision, by=passing.by)
                    changed.append(one)
            if doubtful and look.open:
                await pause()
                continue
            if moves and not await self._moves.claim(look, moves):
                await pause()
                continue
            if await self.store.write(changed):
                return len(changed)
        raise Contended(passing.old)
