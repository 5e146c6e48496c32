"""Who gets whom in a batch: a sparse assignment at the least total cost.

Exact: successive shortest augmenting paths with potentials (Edmonds & Karp 1972; Tomizawa 1971;
rows first take their cheapest free partner, as Jonker & Volgenant 1987). `scipy.sparse.csgraph`
offers `min_weight_full_bipartite_matching`, which raises where no full matching exists, has no
capacities, and costs an idle service 25 MB: see docs/decisions/0009-matching-in-memory.md.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NOBODY = 1e6
"""Cost of a task without a partner: more than any chain of costs, so that most tasks get one."""

Edges = Sequence[Sequence[tuple[int, float]]]
"""For each task the partners that it could get, with their costs (finite, below `NOBODY`)."""


@dataclass
class Assignment:
    """Partners by task (None: no feasible one was left), and the prices that prove it optimal.

    `paid[task] + price[partner] <= cost` for every edge, with equality on those chosen; a partner
    with room left has price 0.
    """

    partner: list[int | None]
    paid: list[float]
    price: dict[int, float] = field(default_factory=dict)


def assign(edges: Edges, room: Mapping[int, int]) -> Assignment:
    """The assignment with the fewest tasks left over, among those the one with the least cost.

    Args:
        room: how many tasks each partner can take; 1 where it is not told.
    """
    paid = [min((cost for _, cost in row), default=NOBODY) for row in edges]
    found = Assignment([None] * len(edges), paid)
    mates: dict[int, list[int]] = {}
    for task in range(len(edges)):
        _augment(task, edges, room, found, mates)
    return found


def _augment(
    start: int,
    edges: Edges,
    room: Mapping[int, int],
    found: Assignment,
    mates: dict[int, list[int]],
) -> None:
    """Give `start` a partner by the cheapest chain of exchanges, or leave out who costs most."""
    paid, price = found.paid, found.price
    far: dict[int, float] = {}
    came: dict[int, int] = {}
    done: dict[int, float] = {}
    rows: list[tuple[int, float]] = []
    heap: list[tuple[float, int]] = []
    alone, loser = NOBODY * len(edges) * 2, start
    column: int | None = None
    scan = [(start, 0.0)]
    while True:
        for row, at in scan:
            rows.append((row, at))
            slack = at - paid[row]
            if slack + NOBODY < alone:
                alone, loser = slack + NOBODY, row
            for other, cost in edges[row]:
                if other in done:
                    continue
                reached = slack + cost - price.get(other, 0.0)
                if reached < far.get(other, alone):
                    far[other], came[other] = reached, row
                    heapq.heappush(heap, (reached, other))
        while heap and (heap[0][1] in done or heap[0][0] > far[heap[0][1]]):
            heapq.heappop(heap)
        if not heap or heap[0][0] >= alone:
            end = alone
            break
        end, last = heapq.heappop(heap)
        held = mates.setdefault(last, [])
        if len(held) < room.get(last, 1):
            column = last
            break
        done[last] = end
        scan = [(mate, end) for mate in held]
    for row, at in rows:
        paid[row] += end - at
    for used, at in done.items():
        price[used] = price.get(used, 0.0) - (end - at)
    _exchange(start, column, loser, came, found.partner, mates)


def _exchange(
    start: int,
    column: int | None,
    loser: int,
    came: dict[int, int],
    partner: list[int | None],
    mates: dict[int, list[int]],
) -> None:
    """Walk back along the chain, each task moving to the partner after its own."""
    row = loser if column is None else came[column]
    while True:
        before = partner[row]
        partner[row] = column
        if column is not None:
            mates[column].append(row)
        if before is not None:
            mates[before].remove(row)
        if row == start:
            return
        assert before is not None
        column = before
        row = came[column]


def greedy(edges: Edges, room: Mapping[int, int]) -> list[int | None]:
    """For comparison: the cheapest pair that is still free, again and again."""
    pairs = sorted((cost, row, column) for row, of in enumerate(edges) for column, cost in of)
    partner: list[int | None] = [None] * len(edges)
    used: dict[int, int] = {}
    for _, row, column in pairs:
        if partner[row] is None and used.get(column, 0) < room.get(column, 1):
            partner[row] = column
            used[column] = used.get(column, 0) + 1
    return partner


def total(edges: Edges, partner: Sequence[int | None]) -> float:
    """Cost of the pairs."""
    return sum(
        min(cost for other, cost in edges[row] if other == column)
        for row, column in enumerate(partner)
        if column is not None
    )
