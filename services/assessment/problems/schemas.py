"""Bodies and answers of problems and programmes."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from services.assessment.problems.findings import Basis
from services.assessment.problems.programme import Course, Item, ProgrammeState
from services.assessment.problems.state import Followed, Measure, ProblemState, Statistic, Status
from services.assessment.schemes.scheme import MONTH, ValidMonth
from shared.storage.aggregates import Aggregate
from shared.storage.client import Document
from shared.web.reasons import Reason
from shared.web.schemas import AreaCode, Body, Change, ShortText, Slug, Time

Category = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\s/|]+$")]
AskedMonth = Annotated[str | None, Query(pattern=MONTH, description="As 2026-05")]


class AcceptBody(Body):
    """Who works on what cause."""

    cause: Reason
    organization_id: Slug | None = None


class ReasonBody(Body):
    """Why, or with what result."""

    reason: Reason


class MeasureBody(Body):
    """What is to be done until when, and by whom."""

    what: Reason
    until: Time
    organization_id: Slug | None = None


class RoundBody(Body):
    """A month to be looked at."""

    month: ValidMonth


class ProgrammeBody(Body):
    """A year of an area."""

    area: AreaCode
    year: int = Field(ge=2000, le=2200)
    name: ShortText


class ItemBody(Body):
    """A problem chosen for a month; `at_most`: requests a month afterwards, as a share of those
    before."""

    month: ValidMonth
    category: Category
    lead: Slug
    goal: Reason
    at_most: float | None = Field(default=None, gt=0, le=1)
    problem_ids: tuple[Slug, ...] = Field(default=(), max_length=50)
    reason: Reason


class ResultBody(Body):
    """What came of it so far."""

    words: Reason
    done: bool = False


class StatisticView(BaseModel):
    """Counted against expected; `p` before multiplicity, `cut` the largest that was found."""

    month: str
    basis: Basis
    basis_label: str
    place: str
    level: str
    count: int
    sample: int = Field(description="Of how many, for shares; else 0")
    expected: float
    ratio: float
    p: float
    cut: float
    above: list[str] = Field(description="Months (repeated) or places (widespread) above")
    of: int
    rules_version: int

    @classmethod
    def of_statistic(cls, one: Statistic, label: str) -> "StatisticView":
        """As it is shown."""
        return cls(
            **one.model_dump(exclude={"rate"}),
            basis_label=label,
            ratio=one.count / one.expected,
        )


class ProblemView(BaseModel):
    """A recurring problem, its root-cause case."""

    id: str
    version: int
    category: str
    place: str
    place_name: str
    level: str
    area_path: list[str]
    owner: str
    owner_name: str
    status: Status
    status_label: str
    month: str
    accept_by: datetime | None
    organization_id: str | None
    cause: str | None
    findings: list[StatisticView]
    followed: list[Followed]
    fallen_months: int = Field(description="In a row, up to the last")
    measures: list[Measure]
    raised: int
    relapses: int
    outcome: str | None
    history: list[Change] = []

    @classmethod
    def of(
        cls,
        found: Aggregate[ProblemState],
        names: dict[str, str],
        labels: dict[str, str],
        history: list[Document] | None = None,
    ) -> "ProblemView":
        """As it is shown."""
        state = found.state
        assert state is not None  # no problem is without
        left_out = {"findings", "seen_by", "patience_from", "ended", "followed", "measures"}
        return cls(
            id=found.id,
            version=found.version,
            **state.model_dump(exclude=left_out),
            place_name=names.get(state.place, state.place),
            owner_name=names.get(state.owner, state.owner),
            status_label=labels[state.status],
            findings=[StatisticView.of_statistic(s, labels[s.basis]) for s in state.findings],
            followed=list(state.followed),
            fallen_months=state.fallen_months(),
            measures=list(state.measures),
            history=[Change.model_validate(line) for line in history or ()],
        )


class FoundView(StatisticView):
    """A finding with the problem that it stands on."""

    category: str
    problem_id: str


class RoundView(BaseModel):
    """What a month has found."""

    month: str
    at: datetime
    rules_version: int
    window: list[str]
    before: list[str]
    requests: int
    tests: int = Field(description="Hypotheses tested")
    findings: list[FoundView]


class RoundsView(BaseModel):
    """Months that were looked at, the earliest first."""

    items: list[str]


class ProgrammeView(BaseModel):
    """A year's programme."""

    id: str
    version: int
    area: str
    year: int
    name: str
    items: list[Item]

    @classmethod
    def of(cls, found: Aggregate[ProgrammeState]) -> "ProgrammeView":
        """As it is shown."""
        state = found.state
        assert state is not None  # no programme is without
        return cls(id=found.id, version=found.version, **state.model_dump(exclude={"area_path"}))


class MonthView(BaseModel):
    """Counts of a month."""

    month: str
    requests: int
    judged: int
    long: int
    reopened: int


class CourseView(BaseModel):
    """A programme's problem in figures; `before`, `after`: requests a month, on average."""

    item: Item
    months: list[MonthView]
    before: float | None
    after: float | None
    change: float | None = Field(description="After to before")
    goal_met: bool | None = Field(description="null: no goal in figures, or no month after")

    @classmethod
    def of(cls, item: Item, course: Course) -> "CourseView":
        """As it is shown."""
        change = course.change
        met = None if change is None or item.at_most is None else change <= item.at_most
        return cls(
            item=item,
            months=[MonthView(month=m, **cell._asdict()) for m, cell in course.months],
            before=course.before,
            after=course.after,
            change=change,
            goal_met=met,
        )
