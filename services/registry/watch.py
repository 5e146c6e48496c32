"""Due moments that are told as facts on `lianxin.plans`, each once.

An entry publishes snapshots on one topic, and a fact needs a sequence of its own on another. So a
decision puts the fact into the entry's own document (`untold`), in the one write that also says
that it was decided; this loop then copies it to the document of the entry's facts, whose count is
the last number told, and strikes it off. Killed between any two of these steps, it does the rest
again: what was told already has a number that is not above the count.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from services.registry.states import Entry
from shared.contracts import topics
from shared.contracts.catalog import BY_FULL_TYPE
from shared.contracts.payload import Fact
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, At, Decision, State
from shared.storage.client import ASCENDING, UNREACHABLE, Database, Document
from shared.storage.loops import for_ever
from shared.telemetry import TIMERS_FIRED

log = logging.getLogger(__name__)

_BATCH = 200
_IDLE_SECONDS = 0.5


class Untold(BaseModel):
    """A fact that was decided and stands on no topic yet; `n` counts the entry's facts from 1."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    n: int
    at: datetime
    type: str
    data: dict[str, Any]


class Watched(Entry):
    """An entry with due moments that are told as facts."""

    told: int = 0
    """Facts decided so far, `untold` ones among them."""
    untold: tuple[Untold, ...] = ()

    def due(self) -> datetime | None:
        """When it has to be looked at next; None: never."""
        return None

    def next_due(self) -> datetime | None:
        """At once where something is to be told."""
        return self.untold[0].at if self.untold else self.due()


W = TypeVar("W", bound=Watched)

OnDue = Callable[[str, W, datetime], Awaitable[Decision[W] | None]]
"""`(id, state, now) -> decision`; what it looks up beside the state it must look up itself."""


def telling(state: W, at: datetime, *facts: Fact) -> W:
    """`state` with these facts to be told."""
    new = tuple(
        Untold(n=n, at=at, type=fact.full_type(), data=fact.model_dump(mode="json"))
        for n, fact in enumerate(facts, state.told + 1)
    )
    return state.model_copy(update={"untold": (*state.untold, *new), "told": state.told + len(new)})


class FactLog(State):
    """How many of an entry's facts have been published."""

    upto: int = 0


class Facts:
    """The published facts of all watched entries; `{kind}/{id}` is subject and key."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.store: AggregateStore[FactLog] = AggregateStore(
            database["plan_facts"], FactLog, topic=topics.PLANS.name, source=settings.source
        )

    async def tell(self, kind: str, id: str, untold: tuple[Untold, ...]) -> None:
        """Publish those of `untold` that have not been."""

        def publish(log: FactLog | None) -> Decision[FactLog] | None:
            upto = log.upto if log is not None else 0
            new = [fact for fact in untold if fact.n > upto]
            if not new:
                return None
            events = [At(f.at, BY_FULL_TYPE[f.type].model_validate(f.data)) for f in new]
            return Decision(FactLog(upto=new[-1].n), events, "due")

        await self.store.execute(f"{kind}/{id}", publish, by="timer")


class Watch(Generic[W]):
    """Looks at the entries of one store when they are due, and tells their facts."""

    def __init__(
        self, store: AggregateStore[W], on_due: OnDue[W], facts: Facts, leases: Leases
    ) -> None:
        self._store = store
        self._on_due = on_due
        self._facts = facts
        self._leases = leases

    async def run(self) -> None:
        """Look twice a second, for ever; at once again while there is more."""
        await for_ever(
            lambda: self.round(datetime.now(UTC)),
            _IDLE_SECONDS,
            "due entries wait for the database",
        )

    async def round(self, now: datetime) -> int:
        """Take one step with each entry due at `now` in the shards leased; how many were taken."""
        shards = self._leases.mine
        if not shards:
            return 0
        due = (
            await self._store.collection.find(
                {"next_due": {"$lte": now}, "shard": {"$in": shards}}, {"_id": 1}
            )
            .sort([("next_due", ASCENDING)])
            .limit(_BATCH)
            .to_list(None)
        )
        done = 0
        for aggregate in (await self._store.get_many(one["_id"] for one in due)).values():
            try:
                done += await self._step(aggregate, now)
            except UNREACHABLE:
                raise
            except Exception:
                # It stays due, where it is seen; the others go on.
                log.exception("a due entry failed", extra={"id": aggregate.id})
        TIMERS_FIRED.inc(done)
        return done

    async def _step(self, aggregate: Aggregate[W], now: datetime) -> bool:
        state = aggregate.state
        if state is None:
            return False
        if state.untold:
            await self._facts.tell(self._store.collection.name, aggregate.id, state.untold)
            return await self._strike_off(aggregate, state)
        decision = await self._on_due(aggregate.id, state, now)
        if decision is None:
            return False
        self._store.record(aggregate, decision, by="timer")
        return await self._store.write([aggregate])

    async def _strike_off(self, aggregate: Aggregate[W], state: W) -> bool:
        """Take off what was told, on the version read.

        The version stays: nothing has changed for those who read the entry and send `If-Match`.
        """
        due = state.model_copy(update={"untold": ()}).next_due()
        change: Document = {"$set": {"state.untold": []}}
        if due is None:
            change["$unset"] = {"next_due": ""}
        else:
            change["$set"]["next_due"] = due
        result = await self._store.collection.update_one(
            {"_id": aggregate.id, "version": aggregate.version}, change
        )
        return bool(result.modified_count)
