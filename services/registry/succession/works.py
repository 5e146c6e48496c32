"""The kinds of open work: which pieces an organization has, and how one is passed on."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, NamedTuple, cast

from services.registry.assignments import succession as tasks
from services.registry.assignments.state import OPEN, AssignmentState
from services.registry.carriers import errands, posts, promises
from services.registry.carriers.repository import Carriers
from services.registry.handover import Handover, Passing
from services.registry.pairings import succession as pairs
from services.registry.pairings.decisions import closed as pairing_closed
from services.registry.pairings.state import PairingState, status_at
from services.registry.plans import succession as plans
from services.registry.plans.decisions import closed as plan_closed
from services.registry.plans.state import Place, PlanState
from services.registry.succession.schemas import Outcome, WorkKind, WorkView
from shared.contracts.words import ErrandStage, PromiseStatus
from shared.spans import moment
from shared.storage.aggregates import Aggregate, AggregateStore, Decision, S
from shared.storage.client import ASCENDING, UNREACHABLE, Document

log = logging.getLogger(__name__)

_BATCH = 200
_LISTED = {"history": 0, "outbox": 0}


class Field(NamedTuple):
    """A field of the state that names an organization, after `prefix`."""

    name: str
    role: str
    prefix: str = ""
    kind: tuple[str, str] | None = None
    """A further field and its value, where it may name something else than organizations."""

    @property
    def also(self) -> Document:
        """The condition on that."""
        return {} if self.kind is None else {f"state.{self.kind[0]}": self.kind[1]}

    def of(self, organization: str) -> Document:
        """The condition on documents."""
        return {f"state.{self.name}": f"{self.prefix}{organization}"} | self.also


class Work(ABC):
    """One kind of open work."""

    kind: WorkKind

    @abstractmethod
    async def among(self, organizations: Sequence[str]) -> set[str]:
        """Which of these organizations have something open."""

    @abstractmethod
    async def count(self, organization: str) -> int:
        """How many pieces it has open."""

    @abstractmethod
    async def page(self, organization: str, after: str, limit: int) -> Sequence[WorkView]:
        """Up to `limit` open pieces of it with ids above `after`."""

    @abstractmethod
    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """Pass one on; the same when done again."""

    async def pass_all(self, passing: Passing) -> None:
        """Pass all on, one by one. What fails stays where it is and is seen there."""
        after = ""
        while items := await self.page(passing.old, after, _BATCH):
            for item in items:
                try:
                    await self.hand_over(item.id, passing)
                except UNREACHABLE:
                    raise
                except Exception:
                    told = {"kind": self.kind, "id": item.id}
                    log.exception("open work was not passed on", extra=told)
            after = items[-1].id


class Listed(Work, Generic[S]):
    """Work of which each piece is an aggregate: how its pieces are found and shown."""

    fields: ClassVar[tuple[Field, ...]]
    open: ClassVar[Document]

    def __init__(self, kind: WorkKind, store: AggregateStore[S]) -> None:
        self.kind = kind
        self.store = store

    @abstractmethod
    def show(self, state: S) -> tuple[str, datetime | None, Iterable[str]]:
        """Status, date and organizations of one."""

    def _of(self, organization: str) -> Document:
        return {"$and": [self.open, {"$or": [field.of(organization) for field in self.fields]}]}

    async def among(self, organizations: Sequence[str]) -> set[str]:
        """See `Work.among`: a distinct for each field, along its index."""
        found: set[str] = set()
        for field in self.fields:
            wanted = {f"{field.prefix}{id}" for id in organizations}
            name = f"state.{field.name}"
            asked = {"$and": [self.open, {name: {"$in": sorted(wanted)}}, field.also]}
            values = await self.store.collection.distinct(name, asked)
            found |= {str(value).removeprefix(field.prefix) for value in values if value in wanted}
        return found

    async def count(self, organization: str) -> int:
        """See `Work.count`."""
        return int(await self.store.collection.count_documents(self._of(organization)))

    async def page(self, organization: str, after: str, limit: int) -> Sequence[WorkView]:
        """See `Work.page`."""
        asked = {"$and": [self._of(organization), {"_id": {"$gt": after}}]}
        found = self.store.collection.find(asked, _LISTED).sort([("_id", ASCENDING)]).limit(limit)
        return [
            self._view(organization, document, self.store.load(document))
            for document in await found.to_list(None)
        ]

    def _view(self, organization: str, document: Document, one: Aggregate[S]) -> WorkView:
        assert one.state is not None  # none is without
        status, until, sides = self.show(one.state)
        return WorkView(
            kind=self.kind,
            id=one.id,
            roles=self.roles(organization, document, one.state),
            other=next((side for side in sides if side != organization), None),
            status=status,
            until=until,
            where=f"/v1/{self.kind}/{one.id}",
        )

    def roles(self, organization: str, document: Document, _state: S) -> list[str]:
        """What the organization is in one of its pieces."""
        return [field.role for field in self.fields if _matches(document, field, organization)]


class Documents(Listed[S]):
    """Work of which each piece is an aggregate with `handovers`."""

    @abstractmethod
    def decide(self, id: str, state: S, passing: Passing) -> Decision[S] | None:
        """Pass it on; None where it is not open, or somebody else's."""

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`."""
        return await self.run(id, passing, lambda state: self.decide(id, state, passing))

    async def run(
        self, id: str, passing: Passing, decide: Callable[[S], Decision[S] | None]
    ) -> Outcome:
        """Write what is decided of one, and say what became of it."""
        decided: list[Decision[S] | None] = [None]

        def there(state: S | None) -> Decision[S] | None:
            decided[0] = None if state is None else decide(state)
            return decided[0]

        done = await self.store.execute(id, there, by=passing.by)
        handovers = cast(Sequence[Handover], getattr(done.state, "handovers", ()))
        if was_handed_over(handovers, passing):
            return "handed_over"
        return "not_open" if decided[0] is None else "ended"


def was_handed_over(handovers: Sequence[Handover], passing: Passing) -> bool:
    """Whether a history says that the one has it of the other."""
    sides = (passing.old, passing.new.organization_id)
    return any((one.organization_id, one.to) == sides for one in handovers)


def _matches(document: Document, field: Field, organization: str) -> bool:
    """As the database finds it: a list has one of its values."""
    for name, wanted in field.of(organization).items():
        value = _at(document, name)
        if wanted not in (value if isinstance(value, list) else [value]):
            return False
    return True


def _at(document: Document, key: str) -> Any:
    value: Any = document
    for step in key.split("."):
        value = value[step]
    return value


class PairingWork(Documents[PairingState]):
    """Pairings that have not ended."""

    fields = (Field("giver.organization_id", "giver"), Field("taker.organization_id", "taker"))
    open: ClassVar[Document] = {"state.terms.outcome": {"$ne": "ended"}}

    def decide(
        self, id: str, state: PairingState, passing: Passing
    ) -> Decision[PairingState] | None:
        """See `Documents.decide`."""
        return pairs.hand_over(id, state, passing)

    def show(self, state: PairingState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Documents.show`."""
        sides = (state.giver.organization_id, state.taker.organization_id)
        return status_at(state, moment()), state.term.until, sides

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`: what the successor has already and is older ends first."""
        found = await self.store.get(id)
        others: list[pairs.Numbered] = []
        if found is not None and found.state is not None:
            others = await self._others(id, pairs.passed(found.state, passing))
            for other in pairs.older_than(id, found.state, passing, others):
                await self._end(other, f"{passing.why}; it takes over the same: {id}", passing)
        return await self.run(
            id, passing, lambda state: pairs.hand_over(id, state, passing, others)
        )

    async def _others(self, id: str, new: PairingState | None) -> list[pairs.Numbered]:
        if new is None:
            return []
        asked = {
            "_id": {"$ne": id},
            "state.giver.organization_id": new.giver.organization_id,
            "state.taker.organization_id": new.taker.organization_id,
            **self.open,
        }
        found = self.store.collection.find(asked, _LISTED)
        loaded = [self.store.load(document) async for document in found]
        return [(one.id, one.state) for one in loaded if one.state is not None]

    async def _end(self, id: str, why: str, passing: Passing) -> None:
        def decide(state: PairingState | None) -> Decision[PairingState] | None:
            if state is None or state.ended:
                return None
            return pairing_closed(id, state, why, passing.at)

        await self.store.execute(id, decide, by=passing.by)


class AssignmentWork(Documents[AssignmentState]):
    """Assigned tasks that are to be done, or done and not yet paid for."""

    fields = (
        Field("assigner.organization_id", "assigner"),
        Field("receiver.organization_id", "receiver"),
    )
    open: ClassVar[Document] = {
        "$or": [
            {"state.status": {"$in": list(OPEN)}},
            # Money that comes with a task has a date: what is owed has one, too.
            {"state.unpaid_by": {"$gt": datetime(2000, 1, 1, tzinfo=UTC)}},
        ]
    }

    def decide(
        self, id: str, state: AssignmentState, passing: Passing
    ) -> Decision[AssignmentState] | None:
        """See `Documents.decide`."""
        return tasks.hand_over(id, state, passing)

    def show(self, state: AssignmentState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Documents.show`."""
        sides = (state.assigner.organization_id, state.receiver.organization_id)
        return state.status, state.until, sides


class PlanWork(Documents[PlanState]):
    """Plans of an organization, and those with a share for it, that are not closed."""

    fields = (
        Field("place.id", "organization_id", kind=("place.kind", "organizations")),
        Field("places", "parts", "organizations/"),
    )
    open: ClassVar[Document] = {"state.status": {"$ne": "closed"}}

    def decide(self, id: str, state: PlanState, passing: Passing) -> Decision[PlanState] | None:
        """See `Documents.decide`."""
        return plans.hand_over(id, state, passing)

    def show(self, state: PlanState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Documents.show`; of a share, `other` is whose plan it is."""
        until = max((target.until for target in state.targets), default=None)
        own = state.place.kind == "organizations"
        return state.status, until, [state.place.id] if own else []

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`: the successor's own for the same part closes first, if older."""
        found = await self.store.get(id)
        above: PlanState | None = None
        others: list[plans.Numbered] = []
        if found is not None and found.state is not None:
            state = found.state
            if state.parent is not None and state.place == Place(
                kind="organizations", id=passing.old
            ):
                upper = await self.store.get(state.parent)
                above = upper.state if upper else None
            others = await self._others(id, plans.passed(state, passing))
            for other in plans.older_than(id, state, passing, others):
                await self._close(other, f"{passing.why}; it takes over one: {id}", passing)
        return await self.run(
            id, passing, lambda state: plans.hand_over(id, state, passing, above, others)
        )

    async def _others(self, id: str, new: PlanState | None) -> list[plans.Numbered]:
        if new is None or new.slot is None:
            return []
        asked = {"_id": {"$ne": id}, "state.slot": new.slot}
        found = self.store.collection.find(asked, _LISTED)
        loaded = [self.store.load(document) async for document in found]
        return [(one.id, one.state) for one in loaded if one.state is not None]

    async def _close(self, id: str, why: str, passing: Passing) -> None:
        def decide(state: PlanState | None) -> Decision[PlanState] | None:
            if state is None or state.status == "closed":
                return None
            return plan_closed(id, state, why, passing.at)

        await self.store.execute(id, decide, by=passing.by)


_OWNER = (Field("organization_id", "organization_id"),)


class CarrierWork(Documents[posts.CarrierState]):
    """Duty posts and responsibility areas that are not closed."""

    fields = _OWNER
    open: ClassVar[Document] = {"state.closed": None}

    def decide(
        self, id: str, state: posts.CarrierState, passing: Passing
    ) -> Decision[posts.CarrierState] | None:
        """See `Documents.decide`."""
        return posts.hand_over(id, state, passing)

    def show(self, state: posts.CarrierState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Documents.show`."""
        return state.kind.value, None, ()


class PromiseWork(Documents[promises.PromiseState]):
    """Promises whose date has not come."""

    fields = _OWNER
    open: ClassVar[Document] = {"state.status": PromiseStatus.OPEN.value}

    def decide(
        self, id: str, state: promises.PromiseState, passing: Passing
    ) -> Decision[promises.PromiseState] | None:
        """See `Documents.decide`."""
        return promises.hand_over(state, passing)

    def show(self, state: promises.PromiseState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Documents.show`."""
        return state.status.value, state.until, ()


class ErrandWork(Documents[errands.ErrandState]):
    """Errands that are not done."""

    fields = _OWNER
    open: ClassVar[Document] = {"state.stage": {"$ne": ErrandStage.DONE.value}}

    def decide(
        self, id: str, state: errands.ErrandState, passing: Passing
    ) -> Decision[errands.ErrandState] | None:
        """See `Documents.decide`."""
        return errands.hand_over(state, passing)

    def show(self, state: errands.ErrandState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Documents.show`."""
        return state.stage.value, None, ()


def carrier_works(carriers: Carriers) -> list[Work]:
    """Those of the three stores of carriers."""
    return [
        CarrierWork("carriers", carriers.posts),
        ErrandWork("errands", carriers.errands),
        PromiseWork("promises", carriers.promises),
    ]
