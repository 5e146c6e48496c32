"""The tables that a city can replace: where tasks go, and how long they may take."""

from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.volunteer_dispatch.service.activity_tables import ActivityTable, HoursTable
from services.volunteer_dispatch.service.alerting import AlertTable
from services.volunteer_dispatch.service.calendar import Counts
from services.volunteer_dispatch.service.category_words import CategoryWordTable
from services.volunteer_dispatch.service.limits import CalendarTable, LimitTable
from services.volunteer_dispatch.service.lists import ListTable
from services.volunteer_dispatch.service.whistle_table import WhistleTable
from shared.contracts.words import Domain, Urgency
from shared.storage.tables import Table

Target = Annotated[
    str,
    Field(
        pattern=r"^(unit:[^\s]{1,120}|domain:("
        + "|".join(d.value for d in Domain)
        + r")|grid_team|volunteer|area_duty)$"
    ),
]
"""`unit:<id>`, `domain:<domain>` (units of that domain in the area), `grid_team`, `volunteer` or
`area_duty`."""
Assisting = Annotated[
    str,
    Field(pattern=r"^(unit:[^\s]{1,120}|domain:(" + "|".join(d.value for d in Domain) + r"))$"),
]
"""`unit:<id>`, or `domain:<domain>`: the nearest unit of that domain in the area."""
_Code = Annotated[str, Field(pattern=r"^[^\s/|]{1,60}$")]
_Hours = Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Where(_Part):
    """Of which tasks a rule speaks; an empty list stands for all."""

    categories: tuple[_Code, ...] = ()
    """Codes, or prefixes that end with a point (`care.`)."""
    areas: tuple[_Code, ...] = ()
    """Area codes; an area stands for everything in it."""
    urgencies: tuple[Urgency, ...] = ()

    def fits(self, category: str, areas: tuple[str, ...], urgency: Urgency) -> bool:
        """Whether the rule speaks of this category, place and urgency."""
        if self.urgencies and urgency not in self.urgencies:
            return False
        by_category = not self.categories or any(
            category.startswith(code) if code.endswith(".") else category == code
            for code in self.categories
        )
        return by_category and (not self.areas or not set(self.areas).isdisjoint(areas))


class Rule(Where):
    """One rule of routing."""

    to: Target
    then: tuple[Target, ...] = Field(default=(), max_length=5)
    """Asked after `to`, in this order. With `area_duty` as `to` they are suggestions for the
    officer who decides."""
    assist: tuple[Assisting, ...] = Field(default=(), max_length=10)
    """Who assists whoever leads (主办、协办)."""
    shares: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(default=(), max_length=6)
    """Of a learnt rule: the estimated share of such cases that `to` and each of `then` has."""
    cases: int | None = Field(default=None, ge=0, le=1_000_000_000)
    """Of a learnt rule: how many cases of the past stand behind it."""
    skill: _Code | None = None
    """With `volunteer`: the skill that is needed; None: one named like the category."""

    @property
    def targets(self) -> tuple[str, ...]:
        """`to` and what comes after it, without what is there twice."""
        return tuple(dict.fromkeys((self.to, *self.then)))


class RoutingTable(Table):
    """Where tasks go: of ordered rules the first that fits; what none covers goes to the area's
    duty officer, and is listed as a gap of the table."""

    NAME: ClassVar[str] = "routing"

    rules: tuple[Rule, ...] = Field(max_length=5000)
    volunteers_tried: int = Field(default=3, ge=1, le=20)
    """Volunteers asked, one after another, before the grid team gets the task."""
    units_tried: int = Field(default=3, ge=1, le=20)
    """Units of a domain asked before it goes on (Bayannur: three units, then one level up)."""

    def rule_for(
        self, category: str, areas: tuple[str, ...], urgency: Urgency
    ) -> tuple[int, Rule] | None:
        """The first rule that fits, with its number (from 1)."""
        found = [*self._by_category.get("", ()), *self._by_category.get(category, ())]
        end = category.find(".")
        while end >= 0:
            found += self._by_category.get(category[: end + 1], ())
            end = category.find(".", end + 1)
        numbers = sorted(found)
        for number in numbers:
            rule = self.rules[number - 1]
            if rule.fits(category, areas, urgency):
                return number, rule
        return None

    @cached_property
    def _by_category(self) -> dict[str, list[int]]:
        """Numbers of the rules by each code or prefix that they name; `""`: any category.

        A city's learnt table has a thousand rules; a task looks at those of its category alone.
        """
        found: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules, 1):
            for code in rule.categories or ("",):
                found.setdefault(code, []).append(number)
        return found


class _HoursByUrgency(_Part):
    danger: _Hours
    utilities: _Hours
    ordinary: _Hours
    complex: _Hours

    def of(self, urgency: Urgency) -> float:
        """Hours for `urgency`."""
        hours: float = getattr(self, urgency.value)
        return hours


class _CountsByUrgency(_Part):
    danger: Counts = Counts.CALENDAR
    utilities: Counts = Counts.CALENDAR
    ordinary: Counts = Counts.CALENDAR
    complex: Counts = Counts.CALENDAR

    def of(self, urgency: Urgency) -> Counts:
        """The time that counts for `urgency`."""
        counts: Counts = getattr(self, urgency.value)
        return counts


class DeadlineRule(Where):
    """Another time for some tasks."""

    hours: _Hours
    counts: Counts


class DeadlineTable(Table):
    """How long tasks may take, in hours by urgency.

    Beijing's draft municipal standard of Dec 2021 (DOMAIN.md), whose days are of the calendar.
    """

    NAME: ClassVar[str] = "deadlines"

    hours: _HoursByUrgency
    """From the request's time to the deadline."""
    accept_within_hours: _HoursByUrgency
    """From assignment until a silent assignee is passed over."""
    counts: _CountsByUrgency = _CountsByUrgency()
    """Hours of the calendar, or working hours (the table `calendar`)."""
    rules: tuple[DeadlineRule, ...] = Field(default=(), max_length=500)
    """Of these the first that fits decides the deadline, before urgency does."""

    def allowed(
        self, category: str, areas: tuple[str, ...], urgency: Urgency
    ) -> tuple[float, Counts]:
        """Hours to the deadline, and the time in which they count."""
        for rule in self.rules:
            if rule.fits(category, areas, urgency):
                return rule.hours, rule.counts
        return self.hours.of(urgency), self.counts.of(urgency)


TABLES: tuple[type[Table], ...] = (
    RoutingTable,
    DeadlineTable,
    CalendarTable,
    LimitTable,
    AlertTable,
    ListTable,
    ActivityTable,
    HoursTable,
    WhistleTable,
    CategoryWordTable,
)
