"""Made-up cities without and with recurring problems: `python -m bench.bench_problems [CITIES]`.

How many cities without a problem find one (that share is the false discovery rate where nothing is
true), what share of what is found in cities with problems is none, and how many of those planted
are found, by how large they are; for both step-up procedures. docs/assessment/problems.md has the
figures.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from services.assessment.problems.finder import look_at
from services.assessment.problems.findings import Finding
from services.assessment.problems.table import Least
from tests.unit.services.assessment.problems.cities import MONTHS, RULES, Made

LEAST = Least(cases=1, ratio=1)
FREE = dict.fromkeys(("widespread", "repeated", "reopened", "unsolved"), LEAST)
RULESETS = {"shipped": RULES, "no least": RULES.model_copy(update=FREE)}
TABLES = [f"{procedure}, {rules}" for rules in RULESETS for procedure in ("BH", "BY")]
CITY = Made(0, uneven=0.15, bursts=0.05, season=0.15)
WITHOUT: Mapping[str, Made] = {
    "alike": Made(0),
    "shares within 15 %, bursts": replace(CITY, season=0),
    "and seasons of 15 %": CITY,
    "and seasons of 30 %": replace(CITY, season=0.3),
    "bursts of 0.3": replace(CITY, bursts=0.3),
}
REPEATED, WIDESPREAD, UNSOLVED = (2.0, 3.0, 5.0), (1.5, 2.0, 3.0), (2.0, 3.0, 5.0)
NOISY = tuple(f"k{n:02}" for n in range(0, 10))
"""Categories that have problems: from one in twelve requests to one in fifty."""


def looks(made: Made) -> Iterator[tuple[str, list[Finding]]]:
    """What each table finds in the last month of a city, before findings explain each other."""
    rows, levels = made.by_category(), made.levels()
    for name, rules in RULESETS.items():
        finder = look_at(rows, levels, rules, MONTHS[-1])[0]
        yield f"BH, {name}", finder.found(any_dependence=False)
        yield f"BY, {name}", finder.found(any_dependence=True)


def without(cities: int) -> None:
    """Cities without a problem."""
    for name, city in WITHOUT.items():
        any_found: Counter[str] = Counter()
        for seed in range(cities):
            for table, found in looks(replace(city, seed=seed)):
                any_found[table] += bool(found)
        shown = ", ".join(f"{table} {any_found[table]}" for table in TABLES)
        print(f"of {cities} cities ({name}) found something: {shown}", flush=True)


def planted(seed: int, size: int) -> tuple[Made, dict[str, tuple[str, str]]]:
    """A city with problems of the size asked for: each third category has one of each basis.

    Returns:
        The city, and by category what was planted: basis and place.
    """
    made = replace(CITY, seed=seed)
    codes = [path[-1] for path in made.paths()]
    more: dict[tuple[str, str, str], float] = {}
    late: dict[tuple[str, str], float] = {}
    where: dict[str, tuple[str, str]] = {}
    for n, category in enumerate(NOISY):
        spot = codes[(seed * 7 + n * 5) % len(codes)]
        if n % 3 == 0:
            where[category] = ("repeated", spot)
            more |= {(category, spot, month): REPEATED[size] for month in MONTHS[-5:]}
        elif n % 3 == 1:
            where[category] = ("widespread", spot[:2])
            inside = [code for code in codes if code.startswith(spot[:2])]
            more |= {(category, code, MONTHS[-1]): WIDESPREAD[size] for code in inside}
        else:
            where[category] = ("unsolved", spot[:4])
            inside = [code for code in codes if code.startswith(spot[:4])]
            late |= {(category, code): 0.1 * UNSOLVED[size] for code in inside}
    return replace(made, planted=more, late=late), where


def hits(found: Iterable[Finding], where: Mapping[str, tuple[str, str]]) -> set[str]:
    """Categories whose problem was found: its basis, at its place or one above or below it."""
    right = set()
    for one in found:
        basis, place = where.get(one.category, ("", ""))
        if one.basis == basis and (one.place.startswith(place) or place.startswith(one.place)):
            right.add(one.category)
    return right


def with_problems(cities: int) -> None:
    """Cities with problems."""
    for size in range(3):
        right: dict[str, Counter[str]] = {table: Counter() for table in TABLES}
        false: Counter[str] = Counter()
        told: Counter[str] = Counter()
        there: Counter[str] = Counter()
        for seed in range(cities):
            made, where = planted(seed, size)
            there.update(basis for basis, _ in where.values())
            for table, found in looks(made):
                right[table].update(where[category][0] for category in hits(found, where))
                told[table] += len(found)
                false[table] += sum(one.category not in where for one in found)
        sizes = (REPEATED[size], WIDESPREAD[size], UNSOLVED[size])
        for table in TABLES:
            power = ", ".join(
                f"{basis} x{by:g} {right[table][basis] / there[basis]:.2f}"
                for basis, by in zip(("repeated", "widespread", "unsolved"), sizes, strict=True)
            )
            share = false[table] / max(1, told[table])
            print(
                f"{table}: found {power}; of {told[table]} told {share:.3f} are false", flush=True
            )


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    began = time.perf_counter()
    without(number)
    with_problems(number)
    print(f"{time.perf_counter() - began:.0f} s")
