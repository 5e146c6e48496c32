"""Bulk loads: up to 500 rows, each decided on its own, written together, safe to run again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.registry.commands import Registry, refer
from services.registry.moves import TRIES, Look, Move, moved, pause
from services.registry.schemas import Reason, RowResult
from services.registry.service.base import Kind
from shared.storage.aggregates import Aggregate, Contended
from shared.web.auth import Principal
from shared.web.errors import field_error, invalid
from shared.web.pages import author
from shared.web.problems import FieldError, Problem

_TRIES = 8


class Row(NamedTuple):
    """A readable row: its number from 1, its entry's id, its body as far as the row tells it."""

    number: int
    id: str
    body: Any


async def load(
    registry: Registry,
    kind: Kind[Any, Any],
    rows: Sequence[Mapping[str, Any]],
    principal: Principal,
) -> list[RowResult]:
    """Create or change what the rows say; the result of each, in their order.

    One read of what is there, one of what is referred to, one write; again where another writer
    was first. Rows see what rows before them in the batch have made.
    """
    readable, results = read_rows(kind, rows)
    ordered = parents_first(kind, readable)
    store = registry.repository.stores[kind.name]
    refused: set[int] = set()
    for tried in range(TRIES if kind.tree else _TRIES):
        look = await registry.moves[kind.name].look() if kind.tree else Look(0)
        aggregates = await store.get_many({row.id for row in readable})
        wholes = _wholes(kind, readable, aggregates, results)
        known = await registry.repository.known(
            kind,
            (
                (row.id, wholes[row.number], aggregates.get(row.id))
                for row in readable
                if row.number in wholes
            ),
            look.open,
            holders=tried > 0,
        )
        moves: list[Move] = []
        for row in ordered:
            if row.number not in wholes:
                continue
            aggregate = aggregates.get(row.id) or Aggregate(row.id)
            old = aggregate.state
            try:
                # A row before this one may have changed the same entry.
                body = whole(kind, row, old) if aggregate.changed else wholes[row.number]
                decision = kind.decide(row.id, body, old, known, principal)
            except Problem as problem:
                results[row.number] = rejected(row.number, problem, row.id)
                continue
            if decision is not None:
                aggregates[row.id] = aggregate
                store.record(aggregate, decision, by=author(principal))
                refer(kind, row.id, decision.state, known)
                if kind.tree and old is not None:
                    above = kind.above(old), kind.above(decision.state)
                    moves += moved(row.id, aggregate.version, *above)
                status = "created" if old is None else "changed"
                results[row.number] = RowResult(row=row.number, status=status, id=row.id)
            elif row.number not in results or results[row.number].status == "rejected":
                # Otherwise a try before this one has written it: that is what became of it.
                results[row.number] = RowResult(row=row.number, status="unchanged", id=row.id)
        if kind.tree:
            cycles = {n for n, result in results.items() if result.code == "parent-cycle"}
            changed = any(aggregate.changed for aggregate in aggregates.values())
            done = await _write_tree(registry, kind, list(aggregates.values()), look, moves)
            # A row may have met only an open move, or a parent that this batch has just changed.
            if done and cycles and (look.open or (changed and cycles != refused)):
                done = False
                await pause()
            refused = cycles
        else:
            done = await store.write(list(aggregates.values()))
        if done:
            return [results[number] for number in sorted(results)]
    raise Contended(kind.name)


async def _write_tree(
    registry: Registry,
    kind: Kind[Any, Any],
    aggregates: Sequence[Aggregate[Any]],
    look: Look,
    moves: Sequence[Move],
) -> bool:
    """Write entries of a tree; False where it has to be decided again, on what is there then.

    New ones come first, parents before children, so that nothing stored names what is not; moves
    are claimed in a try that makes nothing new, so that they are decided on what is stored.
    """
    store = registry.repository.stores[kind.name]
    changed = [aggregate for aggregate in aggregates if aggregate.changed]
    for level in levels(kind, [aggregate for aggregate in changed if aggregate.version == 0]):
        if not await store.write(level):
            return False
    there = [aggregate for aggregate in changed if aggregate.version]
    if moves and len(there) < len(changed):
        return False
    if moves and not await registry.moves[kind.name].claim(look, moves):
        await pause()
        return False
    return await store.write(there)


def levels(kind: Kind[Any, Any], new: Sequence[Aggregate[Any]]) -> list[list[Aggregate[Any]]]:
    """New entries by depth: none before the one that it names as its parent."""
    depths: dict[str, int] = {}
    found: list[list[Aggregate[Any]]] = []
    for aggregate in new:  # in the order decided, in which a parent comes first
        above = None if aggregate.state is None else kind.above(aggregate.state)
        depth = 0 if above is None else 1 + depths.get(above, -1)
        depths[aggregate.id] = depth
        if depth == len(found):
            found.append([])
        found[depth].append(aggregate)
    return found


def read_rows(
    kind: Kind[Any, Any], rows: Iterable[Mapping[str, Any]]
) -> tuple[list[Row], dict[int, RowResult]]:
    """The rows that can be read, and by number what is wrong with the others."""
    readable: list[Row] = []
    results: dict[int, RowResult] = {}
    for number, row in enumerate(rows, 1):
        try:
            body = kind.body.model_validate(row)
        except ValidationError as error:
            results[number] = rejected(number, _unreadable(error), _text(row.get("id")))
            continue
        id = body.id or kind.import_id(body)
        if id is None:
            problem = invalid([FieldError("id", "field.missing")])
            results[number] = rejected(number, problem)
            continue
        readable.append(Row(number, id, body))
    return readable, results


def _wholes(
    kind: Kind[Any, Any],
    rows: Iterable[Row],
    aggregates: Mapping[str, Aggregate[Any]],
    results: dict[int, RowResult],
) -> dict[int, Any]:
    """The bodies that rows ask for, by number; rows that have none are rejected."""
    wholes = {}
    for row in rows:
        there = aggregates.get(row.id)
        try:
            wholes[row.number] = whole(kind, row, None if there is None else there.state)
        except Problem as problem:
            results[row.number] = rejected(row.number, problem, row.id)
    return wholes


def whole(kind: Kind[Any, Any], row: Row, current: Any) -> Any:
    """The body that the row asks for: what it does not tell stays as it is.

    So a file need not have every column, and one that is loaded again erases nothing. What follows
    from something that the row changes (`Kind.follows`) is left to follow from it. Raises `Problem`
    422 where what is there cannot be said any more.
    """
    if current is None:
        return row.body
    said = kind.said(row.id, current)
    told = {name: getattr(row.body, name) for name in row.body.model_fields_set}
    for name, other in kind.follows:
        if told.get(other) not in (None, said.get(other)):
            said.pop(name, None)
    try:
        return kind.body.model_validate(said | told)
    except ValidationError as error:
        raise _unreadable(error) from None


def _unreadable(error: ValidationError) -> Problem:
    """What is wrong with the first field of a body."""
    first = error.errors(include_url=False, include_input=False)[0]
    return invalid([field_error({**first, "loc": ("body", *first["loc"])})])


def rejected(number: int, problem: Problem, id: str | None = None) -> RowResult:
    """The result of a row that was not taken."""
    return RowResult(
        row=number,
        status="rejected",
        id=id,
        field=problem.errors[0].field if problem.errors else None,
        code=problem.code,
        reason=Reason(zh=problem.render("zh")["detail"], en=problem.render("en")["detail"]),
    )


def parents_first(kind: Kind[Any, Any], rows: Sequence[Row]) -> list[Row]:
    """`rows` with each after the row of its parent, else in their order."""
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    done: set[str] = set()
    ordered: list[Row] = []
    for row in rows:
        chain: list[str] = []
        id: str | None = row.id
        while id is not None and id in by_id and id not in done:
            done.add(id)
            chain.append(id)
            id = kind.above(by_id[id][-1].body)
        for id in reversed(chain):
            ordered.extend(by_id[id])
    return ordered


def _text(value: Any) -> str | None:
    return value[:120] if isinstance(value, str) else None
