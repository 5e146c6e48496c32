"""Joining over several documents, one write each, and telling the members what the lead hears.

Whoever joins notes the intention in the member, then has the lead list it, then says so in the
member. The loop finishes what a process that died left, and carries the lead's news to the members
(docs/dispatch/joined.md).
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from services.request_intake import joining as decide
from services.request_intake.likeness import LikenessTable
from services.request_intake.state import Joining, Member, RequestState
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate, AggregateStore, Contended, Decision
from shared.storage.client import ASCENDING, UNREACHABLE
from shared.storage.loops import for_ever
from shared.storage.tables import Tables
from shared.web.problems import Problem

log = logging.getLogger(__name__)

_BATCH = 200
_IDLE_SECONDS = 0.25
_LEFT_AFTER = timedelta(seconds=3)
"""After which an intention is taken to be left by who died."""
_BY = "joined requests"


class Joiner:
    """Joins, separates, and tells; `now` gives the time."""

    def __init__(
        self,
        store: AggregateStore[RequestState],
        tables: Tables,
        leases: Leases,
        follow_up: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._tables = tables
        self._leases = leases
        self._follow_up = follow_up
        self._now = now

    async def create_indexes(self) -> None:
        """One index for the loop's work."""
        await self._store.collection.create_index(
            [("shard", ASCENDING)], partialFilterExpression={"state.todo": True}, name="todo"
        )

    # By people

    async def join(self, id: str, joining: Joining) -> RequestState:
        """Join the request to `joining.lead`. Raises `Problem` where that is not lawful."""
        lead = await self._store.get(joining.lead)
        if lead is None or lead.state is None:
            raise Problem(404, "request-not-found", id=joining.lead)
        try:
            started = await self._start(id, joining)
        except Problem as problem:
            if problem.code != "leads-others":
                raise
            # Those that have gone may only not have been taken off the list yet.
            found = await self._store.get(id)
            assert found is not None
            await self._tell(found)
            started = await self._start(id, joining)
        assert started.state is not None
        if started.state.joining is None:
            return started.state
        return await self.go_on(id, started.state.joining)

    async def _start(self, id: str, joining: Joining) -> Aggregate[RequestState]:
        def start(state: RequestState | None) -> decide.Changed:
            assert state is not None
            return decide.start(state, joining)

        return await self._store.execute(id, start, by=joining.by)

    async def go_on(self, id: str, joining: Joining) -> RequestState:
        """From the intention to the end. Raises `Problem` where the lead says no."""
        member = Member(id=id, join_id=joining.id)
        at_most = self._tables.get(LikenessTable).group_at_most

        def enlist(lead: RequestState | None) -> decide.Changed:
            if lead is None:
                raise Problem(404, "request-not-found", id=joining.lead)
            return decide.enlist(lead, member, at_most)

        try:
            lead = await self._store.execute(joining.lead, enlist, by=joining.by)
        except Problem:
            await self._change(id, lambda state: decide.drop(state, joining.id), joining.by)
            raise
        assert lead.state is not None
        return await self._finish(id, joining.id, lead.state, joining.by)

    async def _finish(self, id: str, join_id: str, lead: RequestState, by: str) -> RequestState:
        return await self._change(
            id, lambda state: decide.finish(state, join_id, lead, self._now()), by
        )

    async def separate(self, id: str, reason: str, by: str) -> RequestState:
        """Part the request from its lead. Raises `Problem` where it cannot be."""
        return await self._change(id, lambda state: decide.separate(state, reason, self._now()), by)

    async def _change(
        self, id: str, change: Callable[[RequestState], Decision[RequestState] | None], by: str
    ) -> RequestState:
        def decided(state: RequestState | None) -> decide.Changed:
            assert state is not None
            return change(state)

        aggregate = await self._store.execute(id, decided, by=by)
        assert aggregate.state is not None
        return aggregate.state

    # The loop

    async def run(self) -> None:
        """Carry on for ever."""
        await for_ever(
            self._step,
            _IDLE_SECONDS,
            "joined requests wait for the database",
            over=(*UNREACHABLE, Contended),
        )

    async def _step(self) -> None:
        await self.round(self._leases.mine)

    async def round(self, shards: Sequence[int]) -> int:
        """Serve one batch of the requests of `shards` that need it; how many there were."""
        if not shards:
            return 0
        wanted = {"state.todo": True, "shard": {"$in": list(shards)}}
        found = self._store.collection.find(wanted, {"_id": 1}).limit(_BATCH)
        requests = await self._store.get_many([document["_id"] async for document in found])
        for request in requests.values():
            state = request.state
            if state is None:
                continue
            left = state.joining
            if left is not None and left.at <= self._now() - _LEFT_AFTER:
                try:
                    await self.go_on(request.id, left)
                except Problem as problem:
                    log.info("a joining was left and is not lawful", extra={"code": problem.code})
            if state.untold:
                await self._tell(request)
        return len(requests)

    async def _tell(self, lead: Aggregate[RequestState]) -> None:
        """Let each member hear what is new; take those off the list that have gone."""
        state = lead.state
        assert state is not None
        members = await self._store.get_many(member.id for member in state.members)
        gone: list[Member] = []
        later = False
        for member in state.members:
            found = members.get(member.id)
            after = found.state if found else None
            if after is not None and after.joining and after.joining.id == member.join_id:
                after = await self._finish(member.id, member.join_id, state, after.joining.by)
            if after is None or after.joined is None or after.joined.id != member.join_id:
                gone.append(member)
                continue
            if decide.follow(after, state, self._now(), self._follow_up) is not None:
                after = await self._change(member.id, self._following(state, member), _BY)
            mine = after.joined is not None and after.joined.id == member.join_id
            later = later or (mine and decide.waits(after, state))

        await self._change(
            lead.id, lambda now: decide.heard_all(now, state, tuple(gone), later), _BY
        )

    def _following(
        self, lead: RequestState, member: Member
    ) -> Callable[[RequestState], decide.Changed]:
        def follow(state: RequestState) -> decide.Changed:
            if state.joined is None or state.joined.id != member.join_id:
                return None  # it has gone meanwhile
            return decide.follow(state, lead, self._now(), self._follow_up)

        return follow
