"""Commands: fetch what a decision looks at, decide, write."""

import contextlib
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from services.registry.care.repository import CareRounds
from services.registry.checkins.repository import Checkins
from services.registry.coverage_repository import CoverageRepository
from services.registry.messages import not_registered
from services.registry.records.repository import Records
from services.registry.repository import Repository
from services.registry.service.base import Kind, Known, Reference
from services.registry.stores import author
from shared.contracts.ids import uuid7
from shared.storage.aggregates import Aggregate, Contended, Created, Decision
from shared.storage.client import DuplicateKeyError
from shared.storage.encryption import FieldCipher
from shared.storage.tables import Tables
from shared.web.auth import Principal
from shared.web.idempotency import Idempotency
from shared.web.problems import FieldError, Problem


@dataclass(frozen=True)
class Registry:
    """The parts that routes work with."""

    kinds: dict[str, Kind[Any, Any]]
    repository: Repository
    coverage: CoverageRepository
    cipher: FieldCipher
    tables: Tables
    records: Records
    checkins: Checkins
    care: CareRounds
    zone: tzinfo


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
    known.entries[Reference(kind.name, id)] = kind.referred(state)
