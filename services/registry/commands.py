"""Commands: fetch what a decision looks at, decide, write."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from services.registry.assets.repository import Scorecards
from services.registry.assignments.repository import Assignments
from services.registry.backbone.repository import Backbones
from services.registry.care.repository import CareRounds
from services.registry.carriers.repository import Carriers
from services.registry.certificates.repository import Certificates
from services.registry.checkins.repository import Checkins
from services.registry.coverage_repository import CoverageRepository
from services.registry.duties.repository import Duties
from services.registry.joint.follow import Follow
from services.registry.joint.repository import Joints
from services.registry.messages import not_registered
from services.registry.moves import TRIES, Moves, moved, pause
from services.registry.pairings.repository import Pairings
from services.registry.plans.repository import Plans
from services.registry.records.repository import Records
from services.registry.repository import Repository
from services.registry.service.base import Kind, Known, Reference
from services.registry.succession.follow import Succession
from shared.contracts.ids import uuid7
from shared.storage.aggregates import Aggregate, Contended, Created, Decision, VersionMismatch
from shared.storage.client import DuplicateKeyError
from shared.storage.encryption import FieldCipher
from shared.storage.tables import Tables
from shared.web.auth import Principal
from shared.web.idempotency import Idempotency
from shared.web.pages import author
from shared.web.problems import FieldError, Problem


@dataclass(frozen=True)
class Registry:
    """The parts that routes work with."""

    kinds: Mapping[str, Kind[Any, Any]]
    repository: Repository
    coverage: CoverageRepository
    cipher: FieldCipher
    tables: Tables
    zone: ZoneInfo
    """The city's time zone."""
    records: Records
    moves: Mapping[str, Moves]
    """By kind, of those that are trees."""
    duties: Duties
    joints: Joints
    follow: Follow
    checkins: Checkins
    care: CareRounds
    backbones: Backbones
    carriers: Carriers
    scorecards: Scorecards
    pairings: Pairings
    assignments: Assignments
    plans: Plans
    succession: Succession
    certificates: Certificates


async def read(registry: Registry, kind: str, id: str) -> Aggregate[Any]:
    """The entry. Raises `Problem` 404."""
    found = await registry.repository.stores[kind].get(id)
    if found is None:
        raise not_registered(kind, id)
    return found


async def create(
    registry: Registry,
    kind: Kind[Any, Any],
    body: Any,
    principal: Principal,
    attempt: Idempotency | None,
) -> Created:
    """Create an entry, once for one idempotency key. Raises `Problem` 403, 409, 422."""
    # First of all: what has been answered stays so, whatever has changed around it since.
    earlier = await registry.repository.earlier(kind.name, attempt)
    if earlier is not None:
        return Created(earlier["id"], earlier, replayed=True)
    id: str | None = body.id
    if id is None:
        if kind.name == "areas":
            raise Problem(
                422,
                "invalid-content",
                message="invalid-field",
                errors=[FieldError("id", "field.missing")],
                count=1,
            )
        id = uuid7()
    for taken in (False, True):
        known = await registry.repository.known(kind, [(id, body, None)], holders=taken)
        decision: Decision[Any] | None = kind.decide(id, body, None, known, principal)
        assert decision is not None  # a new entry is always a change
        with contextlib.suppress(DuplicateKeyError):
            return await registry.repository.stores[kind.name].create(
                id, decision, by=author(principal), answer={"id": id}, idempotency=attempt
            )
    raise Problem(409, "id-taken", field="id", where=f"/v1/{kind.name}", id=id)


async def change(
    registry: Registry,
    kind: Kind[Any, Any],
    id: str,
    body: Any,
    principal: Principal,
    version: int | None,
) -> Aggregate[Any]:
    """Change an entry as a whole. Raises `Problem` 403, 404, 409, 422; `VersionMismatch`."""
    if kind.tree:
        return await _change_in_tree(registry, kind, id, body, principal, version)
    current = await read(registry, kind.name, id)
    known: Known = await registry.repository.known(kind, [(id, body, current)], holders=True)

    def decide(state: Any) -> Decision[Any] | None:
        return kind.decide(id, body, state, known, principal)

    store = registry.repository.stores[kind.name]
    try:
        return await store.execute(id, decide, by=author(principal), version=version)
    except Contended:
        # Another entry may have taken a unique value since it was looked up.
        known = await registry.repository.known(kind, [(id, body, current)], holders=True)
        return await store.execute(id, decide, by=author(principal), version=version)


async def _change_in_tree(
    registry: Registry,
    kind: Kind[Any, Any],
    id: str,
    body: Any,
    principal: Principal,
    version: int | None,
) -> Aggregate[Any]:
    """As `change`; a new parent is claimed before it is written (see `moves`)."""
    store = registry.repository.stores[kind.name]
    for _ in range(TRIES):
        look = await registry.moves[kind.name].look()
        current = await read(registry, kind.name, id)
        if version is not None and current.version != version:
            raise VersionMismatch(current.version)
        known = await registry.repository.known(kind, [(id, body, current)], look.open)
        assert current.state is not None  # no entry of the registry is without
        parent = kind.above(current.state)
        try:
            decision = kind.decide(id, body, current.state, known, principal)
        except Problem as problem:
            if problem.code != "parent-cycle" or not look.open:
                raise
            await pause()  # an open move may be what closes it, and come to nothing
            continue
        if decision is None:
            return current
        moves = moved(id, current.version, parent, kind.above(decision.state))
        if moves and not await registry.moves[kind.name].claim(look, moves):
            await pause()
            continue
        store.record(current, decision, by=author(principal))
        if await store.write([current]):
            current.version += 1
            return current
    raise Contended(id)


async def retire(
    registry: Registry,
    kind: Kind[Any, Any],
    id: str,
    principal: Principal,
    version: int | None,
) -> Aggregate[Any]:
    """Retire an entry; it stays readable. Raises `Problem` 403, 404; `VersionMismatch`."""
    await read(registry, kind.name, id)

    def decide(state: Any) -> Decision[Any] | None:
        return kind.retire(id, state, principal)

    return await registry.repository.stores[kind.name].execute(
        id, decide, by=author(principal), version=version
    )


def refer(kind: Kind[Any, Any], id: str, state: Any, known: Known) -> None:
    """Let later decisions of the same batch see this one."""
    reference, new = Reference(kind.name, id), kind.referred(state)
    if kind.tree:
        # The old parent still counts: the write that takes it away may fail.
        known.beside[id] = known.parents(kind.name, id)
    known.entries[reference] = new
