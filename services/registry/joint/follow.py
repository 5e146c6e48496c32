"""What has to happen in a second document, done until it is done.

Due as long as the document says so (`JointState.next_due`): after a command at once, and after a
kill by the replica that holds its shard. Each step can be done again and by several at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.registry.joint.repository import Joints
from services.registry.joint.states import Heir, JointState, Parcel, Project
from services.registry.joint.succession import absorbed, delivered, dissolve, filed, receive
from services.registry.records.decisions import record, references
from services.registry.records.repository import Records
from services.registry.records.schemas import AboutBody, RecordBody
from services.registry.records.table import WorkTable
from services.registry.repository import Repository
from services.registry.service.base import Known
from shared.contracts.ids import derived_id
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import UNREACHABLE, DuplicateKeyError
from shared.storage.loops import for_ever
from shared.storage.tables import Tables
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

log = logging.getLogger(__name__)

_IDLE_SECONDS = 0.5
_BY = "joint"


class Follow:
    """Delivers open work to successors, files what has ended, records work of projects."""

    def __init__(
        self,
        joints: Joints,
        repository: Repository,
        records: Records,
        tables: Tables,
        leases: Leases,
        zone: ZoneInfo,
    ) -> None:
        self._joints = joints
        self._repository = repository
        self._records = records
        self._tables = tables
        self._leases = leases
        self.zone = zone

    def today(self) -> str:
        """The day in the city."""
        return datetime.now(self.zone).date().isoformat()

    async def run(self) -> None:
        """Follow what is due in the shards of this replica, for ever."""
        await for_ever(self._step, _IDLE_SECONDS, "joint organizations wait for the database")

    async def _step(self) -> bool:
        due = await self._joints.due(datetime.now(UTC), self._leases.mine)
        for id in due:
            await self._follow_safely(id)
        return bool(due)

    async def _follow_safely(self, id: str) -> None:
        try:
            await self.follow(id)
        except UNREACHABLE:
            raise
        except Exception:
            # It stays due, where it is seen; the others go on.
            log.exception("a joint organization could not be followed", extra={"id": id})
            await asyncio.sleep(_IDLE_SECONDS)

    async def follow(self, id: str) -> None:
        """Do what is due of one joint organization, and of those that it hands on to."""
        found = await self._joints.store.get(id)
        if found is None or found.state is None:
            return
        state = found.state
        for other in state.absorbing:
            await self._absorb(id, other)
        for parcel in state.parcels:
            await self._deliver(id, parcel)
        if state.closed:
            for project in state.closed.projects:
                if project.work is not None:
                    await self._record(id, project)
            await self._joints.file(id, state.closed)
            ids = [entry.id for entry in state.closed.every()]
            await self._change(id, lambda there: filed(id, there, ids))

    async def _deliver(self, id: str, parcel: Parcel) -> None:
        """Give a parcel to its successor and let go of it; in this order, whoever is killed."""
        received = await self._change(
            parcel.to, lambda there: receive(parcel.to, there, id, parcel)
        )
        await self._change(id, lambda there: delivered(id, there, parcel.key))
        if received.state is not None and received.state.parcels:
            await self.follow(parcel.to)

    async def _change(
        self, id: str, decide: Callable[[JointState], Decision[JointState] | None]
    ) -> Aggregate[JointState]:
        def there(state: JointState | None) -> Decision[JointState] | None:
            return None if state is None else decide(state)

        return await self._joints.store.execute(id, there, by=_BY)

    async def _absorb(self, id: str, other: str) -> None:
        """Dissolve another one into `id`; one that has ended otherwise meanwhile stays so."""
        with contextlib.suppress(Problem):
            await self._change(
                other,
                lambda there: dissolve(
                    other, there, [Heir(joint_id=id)], self.today(), f"merged into {id}", None
                ),
            )
        await self._change(id, lambda there: absorbed(id, there, other))
        await self.follow(other)

    async def _record(self, id: str, project: Project) -> None:
        """Record a project as work of the organization that helped; once, by an id of its own."""
        assert project.work is not None
        assert project.ended is not None
        body = RecordBody(
            work=project.work,
            at=project.ended,
            organization_id=project.resource_by,
            about=AboutBody(kind="joints", id=id),
            quantity=project.work_quantity,
        )
        entries = await self._repository.look_up(references(body))
        # It was there when the project was ended; that it is retired now takes nothing away.
        known = Known({name: replace(each, retired=False) for name, each in entries.items()})
        root = Principal(_BY, Role.ADMINISTRATOR)
        record_id = derived_id("record of project", project.id)
        decision = record(
            record_id, body, self._tables.get(WorkTable), known, root, lambda words: words
        )
        by = project.ended_by or _BY
        state = decision.state.model_copy(update={"recorded_by": by})
        with contextlib.suppress(DuplicateKeyError):  # recorded by a try before this one
            await self._records.store.create(
                record_id,
                Decision(state, decision.events, decision.why, decision.time),
                by=by,
                answer={"id": record_id},
            )
