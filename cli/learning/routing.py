"""A draft of dispatch's routing table from cases of the past: smoothed counts with back-off.

A *cell* is a category (or a prefix of it) in an area (or anywhere). Cases are counted in every
cell of their *chain*, from the finest (whole category, lowest area) to the coarsest (anything,
anywhere): first the area widens up to the highest that the history names, then the category
shortens, then the area is let go. The share of a unit in a cell is

    (its cases in the cell + weight x its share in the next coarser cell) / (cases + weight)

so that a cell with few cases follows the coarser one and a cell with many follows its own. Where
the largest share reaches `confidence` the cell's rule sends to that unit and names the next ones;
where it does not, a person decides (`area_duty`) and sees the likeliest. A rule that says what the
next coarser one says is left out.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ANYWHERE = ""
CANDIDATES = 3
"""Units that a rule names: the one it sends to and the next ones, or those it suggests."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case of the past: category code, area codes from the widest to the lowest that the
    history names, and the unit that dealt with it."""

    category: str
    areas: tuple[str, ...]
    unit: str


class Cell(NamedTuple):
    """A category or prefix (`a.b.`; empty: any) in an area (empty: anywhere)."""

    category: str
    area: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of a cell: its cases and the likeliest units with their shares."""

    cell: Cell
    cases: int
    units: tuple[tuple[str, float], ...]
    sure: bool
    """Whether the first unit's share reaches the confidence asked for."""

    def rule(self) -> dict[str, Any]:
        """As it stands in the routing table."""
        targets = [f"unit:{unit}" for unit, _ in self.units]
        shares = [round(share, 3) for _, share in self.units]
        to, then = (targets[0], targets[1:]) if self.sure else ("area_duty", targets)
        return {
            "categories": [self.cell.category] if self.cell.category else [],
            "areas": [self.cell.area] if self.cell.area else [],
            "to": to,
            "then": then,
            "shares": shares if self.sure else [0.0, *shares],
            "cases": self.cases,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """Rules held against cases that they were not learnt from; numbers of cases."""

    cases: int
    first: int
    """The recorded unit is the first that the rule names, sent to or suggested."""
    among_three: int
    for_person: int
    """No rule, or one that leaves it to a person."""
    sent_right: int
    """Sent without a person, to the recorded unit."""

    def shares(self) -> dict[str, float]:
        """As shares: `top_1`, `top_3`, `for_person` of all, `sent_right` of those sent."""
        sent = self.cases - self.for_person
        return {
            "top_1": self.first / max(1, self.cases),
            "top_3": self.among_three / max(1, self.cases),
            "for_person": self.for_person / max(1, self.cases),
            "sent_right": self.sent_right / max(1, sent),
        }


@dataclass
class Draft:
    """Rules by cell, finest first, with the chain that a case goes through."""

    chains: "Chains"
    rules: dict[Cell, Learnt] = field(default_factory=dict)

    def of(self, case: Case) -> Learnt | None:
        """The rule that the table applies to a case."""
        return next((self.rules[c] for c in self.chains.of(case) if c in self.rules), None)

    def table(self) -> dict[str, Any]:
        """The routing table, as dispatch takes it."""
        return {"rules": [learnt.rule() for learnt in self.rules.values()]}

    def check(self, cases: Iterable[Case]) -> Checked:
        """Hold the rules against other cases."""
        number = first = among = person = right = 0
        for case in cases:
            number += 1
            rule = self.of(case)
            units = [unit for unit, _ in rule.units] if rule else []
            hit = units[:1] == [case.unit]
            first += hit
            among += case.unit in units
            sure = rule is not None and rule.sure
            person += not sure
            right += sure and hit
        return Checked(number, first, among, person, right)

    def undecided(self, cases: Iterable[Case]) -> list[tuple[Learnt, int]]:
        """Rules that leave it to a person, with how many of the cases fall to each; most first.

        A cell's own count is another number: most of its cases have finer rules.
        """
        fallen = Counter(rule.cell for case in cases if (rule := self.of(case)) and not rule.sure)
        found = [(self.rules[cell], number) for cell, number in fallen.items()]
        return sorted(found, key=lambda one: (-one[1], one[0].cell))


class Chains:
    """The cells of a case, finest first. `skip`: how many leading parts of a category all cases
    share, which therefore say nothing."""

    def __init__(self, cases: Sequence[Case]) -> None:
        heads = [case.category.split(".")[:-1] for case in cases]
        shared = min(map(len, heads), default=0)
        for depth in range(shared):
            if len({head[depth] for head in heads}) > 1:
                shared = depth
                break
        self._skip = shared
        self._located = any(case.areas for case in cases)

    def of(self, case: Case) -> list[Cell]:
        """The chain of a case; one without a place says nothing of areas."""
        parts = case.category.split(".")
        prefixes = [".".join(parts[:n]) + "." for n in range(len(parts) - 1, self._skip, -1)]
        codes = [case.category, *prefixes]
        if self._located and not case.areas:
            return [Cell(codes[-1], ANYWHERE), Cell("", ANYWHERE)]
        widest = case.areas[0] if case.areas else ANYWHERE
        chain = [Cell(case.category, area) for area in reversed(case.areas[1:])]
        chain += [Cell(code, widest) for code in codes]
        chain += [Cell(codes[-1], ANYWHERE), Cell("", ANYWHERE)]
        return list(dict.fromkeys(chain))


def learn(
    cases: Sequence[Case], *, confidence: float, weight: float = 2.0, least: int = 1
) -> Draft:
    """Learn a draft.

    Args:
        cases: what the past tells; in no order.
        confidence: the share, 0 to 1, from which a rule sends without a person.
        weight: cases that the coarser cell counts for.
        least: cells with fewer cases get no rule of their own.
    """
    chains = Chains(cases)
    counts: dict[Cell, Counter[str]] = {}
    coarser: dict[Cell, Cell | None] = {}
    rank: dict[Cell, int] = {}
    for case in cases:
        chain = chains.of(case)
        for n, cell in enumerate(chain):
            counts.setdefault(cell, Counter())[case.unit] += 1
            coarser[cell] = chain[n + 1] if n + 1 < len(chain) else None
            rank[cell] = max(rank.get(cell, 0), len(chain) - n)
    shares: dict[Cell, dict[str, float]] = {}
    said: dict[Cell, tuple[bool, tuple[str, ...]]] = {}
    found: list[Learnt] = []
    for cell in sorted(counts, key=lambda cell: (rank[cell], cell)):
        above = coarser[cell]
        shares[cell] = _smoothed(counts[cell], shares[above] if above else {}, weight)
        learnt = _learnt(cell, counts[cell], shares[cell], confidence)
        says = learnt.sure, tuple(unit for unit, _ in learnt.units)
        inherited = said.get(above) if above else None
        root = above is None
        if says == inherited or counts[cell].total() < least or (root and not learnt.sure):
            said[cell] = inherited or (False, ())
            continue
        said[cell] = says
        found.append(learnt)
    return Draft(chains, {learnt.cell: learnt for learnt in reversed(found)})


def halves(cases: Sequence[Case], seed: int) -> tuple[list[Case], list[Case]]:
    """The cases shuffled by `seed`, in two halves."""
    shuffled = list(cases)
    random.Random(seed).shuffle(shuffled)
    middle = len(shuffled) // 2
    return shuffled[:middle], shuffled[middle:]


def _smoothed(counts: Counter[str], above: Mapping[str, float], weight: float) -> dict[str, float]:
    if not above:
        return {unit: number / counts.total() for unit, number in counts.items()}
    total = counts.total() + weight
    return {unit: (counts[unit] + weight * share) / total for unit, share in above.items()}


def _learnt(
    cell: Cell, counts: Counter[str], shares: Mapping[str, float], confidence: float
) -> Learnt:
    likeliest = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:CANDIDATES]
    return Learnt(cell, counts.total(), tuple(likeliest), likeliest[0][1] >= confidence)
