"""What is widespread, repeated or long unsolved in a month, by counts against expectation; pure.

The method with its sources is in docs/assessment/problems.md. In short, for a category:

- **widespread** in an area: the month's counts of the places right below it are above what these
  places had in the months before, in at least so many of them (partial conjunction over places),
  and so is the area's own count;
- **repeated** in a place: its counts are above what the other places of its level had in the same
  months, in at least so many months, and not for one month alone (partial conjunction over months);
- **reopened**, which is a way of being repeated, and **unsolved** in a place: more of its requests
  were reopened, or are late or took very long, than of all others.

Each p-value is of the hypothesis "at most `tested_ratio` times what is expected". One that is
below the least counts is 1, and stays a hypothesis: the number of hypotheses does not depend on
what was counted.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.assessment.problems.beside import Beside
from services.assessment.problems.counts import (
    GRID,
    NOTHING,
    Cell,
    City,
    Counts,
    Row,
    over,
    rolled_up,
)
from services.assessment.problems.findings import Basis, Finding, part, settled
from services.assessment.problems.statistics import (
    dispersion,
    partial_conjunction,
    shape_of,
    step_up,
    upper_tail,
    variation,
)
from services.assessment.problems.table import Least, ProblemRules

_SPREAD = 0.25
"""Relative variance of a category's share between places, as believed without counts."""
_SPREAD_WEIGHT = 1000.0


@dataclass
class Family:
    """Tests of one basis: how many there are, and those that may be found."""

    number: int
    candidates: list[Finding]


class Finder:
    """Looks at one category after the other, then says what a month has found.

    Args:
        city: with the requests of all categories.
        month: the month looked at.
    """

    def __init__(self, city: City, rules: ProblemRules, month: str) -> None:
        self._city, self._rules, self.month = city, rules, month
        known = [m for m in city.months() if m <= month]
        self.window = known[-rules.window :]
        self.before = [m for m in known if m < month][-rules.months_before :]
        self._all = {place: over(months, self.window) for place, months in city.totals.items()}
        self._whole = NOTHING
        for top in city.tops():
            self._whole = self._whole.plus(self._all[top])
        self._number: dict[str, int] = {level: len(city.at(level)) for level in rules.levels}
        self._size = {
            level: sum(self._all[place].requests for place in city.at(level))
            for level in {*rules.levels, *city.levels.values(), GRID}
        }
        self._areas = list(self._where_it_can_spread())
        self.families: dict[Basis, Family] = {}

    def _where_it_can_spread(self) -> Iterable[tuple[str, list[str], int]]:
        """Areas with enough places below: area, places, how many of them it takes."""
        rules = self._rules
        if len(self.before) < rules.least_before:
            return
        for area, below in self._city.children().items():
            places = [place for place in below if self._all.get(place, NOTHING).requests]
            least = max(rules.places, math.ceil(rules.places_share * len(places)))
            if self._city.level(area) is not None and len(places) >= least:
                yield area, places, least

    # Tests

    def look(self, category: str, counts: Counts) -> None:
        """Take in the tests of a category."""
        if self.month not in self.window:
            return
        for area, places, least in self._areas:
            found = self._spread(category, counts, area, places, least)
            self._add(Basis.WIDESPREAD, 1, found)
        by_level: dict[str, dict[str, Mapping[str, Cell]]] = {}
        for place, months in counts.items():
            level_of = self._city.level(place)
            if level_of in self._number:
                by_level.setdefault(level_of, {})[place] = months
        for level, number in self._number.items():
            if number:
                self._at(category, by_level.get(level, {}), level)

    def _add(self, basis: Basis, number: int, *found: Finding | None) -> None:
        family = self.families.setdefault(basis, Family(0, []))
        family.number += number
        # More than the rate itself is never found.
        most = self._rules.false_discovery_rate
        family.candidates += [one for one in found if one is not None and one.p <= most]

    def _spread(
        self, category: str, counts: Counts, area: str, places: Sequence[str], least: int
    ) -> Finding | None:
        rules, month = self._rules, self.month
        own = counts.get(area, {})
        count = own.get(month, NOTHING).requests
        if count < rules.widespread.cases:
            return None
        rate, exposed = self._usual(counts, area)
        expected = rate * exposed
        if not expected or count < rules.widespread.ratio * expected:
            return None
        varies = variation(
            (
                (own.get(m, NOTHING).requests, rate * self._others(counts, area, [m]))
                for m in self.before
            ),
            rules.dispersion,
            rules.dispersion_months,
        )
        usual = over(own, self.before).requests
        tested = rules.tested_ratio
        p_area = upper_tail(count, tested * expected, shape_of(varies, 1 / (usual + 0.5)))
        ps, above = self._each(category, counts, places, rate)
        return Finding(
            basis=Basis.WIDESPREAD,
            category=category,
            place=area,
            level=self._city.level(area) or "",
            count=count,
            sample=0,
            expected=expected,
            p=max(p_area, partial_conjunction(ps, least)),
            above=tuple(above),
            of=len(places),
            rate=rate,
        )

    def _each(
        self, category: str, counts: Counts, places: Sequence[str], rate: float
    ) -> tuple[list[float], list[str]]:
        """The places' own p-values, each against its months before, drawn towards the area's."""
        rules, month = self._rules, self.month
        before = {
            place: (
                over(counts.get(place), self.before).requests,
                self._others(counts, place, self.before),
            )
            for place in places
        }
        cells = {
            (place, m): counts[place][m].requests
            for place in places
            if place in counts
            for m in self.before
            if m in counts[place]
        }
        varies = dispersion(cells, rules.dispersion, rules.dispersion_weight)
        off = math.fsum((n - rate * others) ** 2 - rate * others for n, others in before.values())
        squares = math.fsum((rate * others) ** 2 for _, others in before.values())
        spread = max(0.01, (off + _SPREAD_WEIGHT * _SPREAD) / (squares + _SPREAD_WEIGHT))
        ps, above = [], []
        for place, (n, others) in before.items():
            # Gamma with mean `rate` and relative variance `spread`, then the months before.
            shape = 1 / spread + n
            mean = shape / (1 / spread / rate + others) * self._others(counts, place, [month])
            count = counts.get(place, {}).get(month, NOTHING).requests
            if count > rules.tested_ratio * mean:
                above.append(place)
            ps.append(
                upper_tail(count, rules.tested_ratio * mean, shape_of(varies, 1 / shape))
                if mean
                else 1.0
            )
        return ps, above

    def _usual(self, counts: Counts, area: str) -> tuple[float, float]:
        """The category's requests per request of others in the months before, with half a request
        more so that it is never 0; and the requests of others this month."""
        others = self._others(counts, area, self.before)
        if not others:
            return 0.0, 0.0
        usual = over(counts.get(area), self.before).requests + 0.5
        return usual / others, self._others(counts, area, [self.month])

    def _others(self, counts: Counts, place: str, months: Iterable[str]) -> float:
        wanted = list(months)
        every = over(self._city.totals.get(place), wanted).requests
        return float(every - over(counts.get(place), wanted).requests)

    def _at(self, category: str, counts: Counts, level: str) -> None:
        number, rules = self._number[level], self._rules
        for basis in (Basis.UNSOLVED, Basis.REOPENED):
            least = getattr(rules, basis.value)
            shares = [self._share(basis, least, category, counts, p, level) for p in counts]
            self._add(basis, number, *shares)
        if number < 2 or len(self.window) < rules.repeated_months:
            return
        beside = self._beside(counts, level)
        cells = {
            (place, m): months[m].requests
            for place, months in counts.items()
            for m in self.window
            if m in months
        }
        varies = dispersion(cells, rules.dispersion, rules.dispersion_weight)
        found = [
            self._repeated(category, counts, place, level, beside, varies)
            for place, months in counts.items()
            if over(months, self.window).requests >= rules.repeated.cases
        ]
        self._add(Basis.REPEATED, number, *found)

    def _beside(self, counts: Counts, level: str) -> Beside:
        return Beside(self._all, self._size.get(level, 0), counts, self.window)

    def _repeated(
        self, category: str, counts: Counts, place: str, level: str, beside: Beside, varies: float
    ) -> Finding | None:
        rules = self._rules
        count, total = 0, 0.0
        ps, above = [], []
        for m in self.window:
            n = counts[place].get(m, NOTHING).requests
            mean, known = beside.expected(place, m)
            if not mean:
                return None
            count, total = count + n, total + mean
            if n > rules.tested_ratio * mean:
                above.append(m)
            ps.append(upper_tail(n, rules.tested_ratio * mean, shape_of(varies, 1 / known)))
        # What was once and is no more is nothing to work on.
        if count < rules.repeated.ratio * total or self.month not in above:
            return None
        if len(above) < rules.repeated_months:
            return None
        return Finding(
            basis=Basis.REPEATED,
            category=category,
            place=place,
            level=level,
            count=count,
            sample=0,
            expected=total,
            p=partial_conjunction(ps, rules.tested_months),
            above=tuple(above),
            of=len(self.window),
        )

    def _share(
        self, basis: Basis, least: Least, category: str, counts: Counts, place: str, level: str
    ) -> Finding | None:
        own = over(counts[place], self.window)
        count, sample = part(basis, own)
        if count < least.cases:
            return None
        elsewhere, of = part(basis, self._whole.minus(own))
        if not of:
            return None
        expected = sample * (elsewhere + 0.5) / of
        if count < least.ratio * expected:
            return None
        rules = self._rules
        p = upper_tail(
            count,
            rules.tested_ratio * expected,
            shape_of(rules.dispersion, 1 / (elsewhere + 0.5)),
        )
        return Finding(basis, category, place, level, count, sample, expected, p)

    # What was found

    def found(self, *, any_dependence: bool | None = None) -> list[Finding]:
        """All that the month has found; see `settled`.

        Args:
            any_dependence: None: as the table says.
        """
        rules = self._rules
        if any_dependence is None:
            any_dependence = rules.any_dependence
        if not self.families:
            return []
        level = rules.false_discovery_rate / len(self.families)
        found: list[Finding] = []
        for family in self.families.values():
            cut = step_up(
                [one.p for one in family.candidates],
                family.number,
                level,
                any_dependence=any_dependence,
            )
            found += [replace(one, cut=cut) for one in family.candidates if one.p <= cut]
        return found

    @property
    def requests(self) -> int:
        """Requests of the month that were looked at."""
        here = (self._city.totals[top].get(self.month, NOTHING) for top in self._city.tops())
        return sum(cell.requests for cell in here)

    def number(self) -> int:
        """How many hypotheses were tested."""
        return sum(family.number for family in self.families.values())

    # The months that follow

    def follow(
        self, basis: Basis, place: str, counts: Counts, rate: float
    ) -> tuple[int, float] | None:
        """Counted and expected of what was found once, by the same statistics, in this month.

        Args:
            rate: of the finding, for what was widespread: what was usual then is compared with,
                as the months after it are no measure of what is usual.

        Returns:
            None where nothing can be said: no requests there, or nothing to compare with.
        """
        own = counts.get(place, {}).get(self.month, NOTHING)
        if basis is Basis.WIDESPREAD:
            expected = rate * self._others(counts, place, [self.month])
            return (own.requests, expected) if expected else None
        if basis is Basis.REPEATED:
            level = self._city.level(place) or ""
            at = {p: months for p, months in counts.items() if self._city.level(p) == level}
            mean, _ = self._beside(at, level).expected(place, self.month)
            return (own.requests, mean) if mean else None
        count, sample = part(basis, own)
        elsewhere, of = part(basis, self._whole.minus(over(counts.get(place), self.window)))
        return (count, sample * (elsewhere + 0.5) / of) if of else None


def span(known: Iterable[str], month: str, rules: ProblemRules) -> list[str]:
    """The months that a look at `month` reads, of those that had requests."""
    return sorted(m for m in known if m <= month)[-max(rules.months_before + 1, rules.window) :]


def look_at(
    rows: Mapping[str, Sequence[Row]], levels: Mapping[str, str], rules: ProblemRules, month: str
) -> tuple[Finder, list[Finding]]:
    """A month of a city whose counts are at hand, by category; what is told of it."""
    months = span({row.month for some in rows.values() for row in some}, month, rules)
    seen = {c: own for c, some in rows.items() if (own := [r for r in some if r.month in months])}
    city = City.of((row for some in seen.values() for row in some), levels)
    finder = Finder(city, rules, month)
    for category, own in seen.items():
        finder.look(category, rolled_up(own))
    return finder, settled(finder.found(), city, rules)
