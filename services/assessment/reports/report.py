"""A report, whichever way it is shown: JSON is this; XLSX and PDF are drawn from it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.assessment.corrections.touched import CORRECTED
from services.assessment.reports.numbers import Numbers

Unit = Literal["count", "share", "score", "hours"]


class Part(BaseModel):
    """A part of a report; frozen."""

    model_config = ConfigDict(frozen=True)


class Series(Part):
    """A line or a set of bars; null where there is no sample."""

    id: str
    name: str
    values: list[float | None]


class Chart(Part):
    """A chart: `x` are labels, each series has as many values. Shares are 0 to 1."""

    id: str
    title: str
    type: Literal["line", "bar"]
    unit: Unit
    x: list[str]
    series: list[Series]


class Column(Part):
    """A number's name: `id` as in the rows."""

    id: str
    label: str
    unit: Unit


class Place(Part):
    """Where the subject stands in its class; rank and score are null under the minimum sample."""

    class_: str = Field(serialization_alias="class")
    class_label: str
    basis: Literal["indicators", "stand_in"]
    basis_label: str
    rank: int | None
    of: int = Field(description="How many are ranked in the class")
    score: float | None = Field(description="Points, 0 to 100, as in GET /v1/scores")
    grade: str | None
    sample: int
    minimum: int
    apart: bool = Field(description="It lacks promised support")
    group_rank: int | None = Field(description="Among those of the class with the same support")
    group_of: int
    rank_before: int | None
    score_before: float | None


class Support(Part):
    """What a subject was given and asked, up to the end of the period; null where nothing was
    promised, told or due."""

    funds_promised: float | None = Field(None, description="Yuan that were to be there by the end")
    funds_given: float | None = None
    has_venue: bool | None = None
    plans_due: int | None = Field(None, description="Targets and shares of plans due")
    plans_overdue: int | None = None


class Row(Part):
    """A line of a table. `score`: points, 0 to 100; `rank`: among those of the table of its class
    with the same support; both null for one that is not ranked."""

    id: str
    name: str
    class_: str = Field(serialization_alias="class")
    class_label: str
    rank: int | None
    score: float | None
    score_before: float | None
    grade: str | None
    apart: bool = Field(description="Ranked among those of the class that lack promised support")
    mark: str | None = Field(description="What it lacks, and corrected cases, in words")
    support: Support | None = Field(description="Null where nothing of it is known")
    corrected_cases: int = Field(description=CORRECTED)
    numbers: Numbers

    @property
    def marked(self) -> str:
        """Its name with its mark."""
        return f"{self.name} {self.mark}" if self.mark else self.name


class Rows(Part):
    """A table of what lies below the subject; `left_out`: rows that are not shown."""

    id: str
    title: str
    rows: list[Row]
    left_out: int


class MonthRow(Part):
    """A month of the course."""

    month: str
    numbers: Numbers


class CategoryRow(Part):
    """Requests of a category, now and in the period before."""

    id: str
    name: str
    requests: int
    requests_before: int


class Report(Part):
    """A report of a subject's month or year, ready to be shown; rates are 0 to 1."""

    kind: str
    kind_label: str
    id: str
    name: str
    period: str
    period_before: str
    language: str
    title: str
    at: str = Field(description="When it was made, RFC 3339")
    columns: list[Column]
    now: Numbers
    before: Numbers
    place: Place | None
    support: Support | None
    corrected_cases: int = Field(description=CORRECTED)
    months: list[MonthRow]
    tables: list[Rows]
    categories: list[CategoryRow] | None = Field(description="Null where not counted")
    charts: list[Chart]
    notes: list[str]


class RateLine(Part):
    """One of the three rates against last month; `change` in shares (0.01: a point)."""

    id: str
    label: str
    now: float | None
    before: float | None
    change: float | None
    sample: int


class Moved(Part):
    """What rose or fell: requests of a category, or a community's score."""

    id: str
    name: str
    now: float
    before: float


class Moves(Part):
    """What rose most and what fell most, the greatest first."""

    rose: list[Moved]
    fell: list[Moved]


class UnitClass(Part):
    """Units of one class by their work on the street's requests: the best and the last of those
    with the minimum sample, none in both."""

    class_: str = Field(serialization_alias="class")
    class_label: str
    apart: bool = Field(description="Those of the class that lack promised support")
    best: list[Row]
    last: list[Row]
    ranked: int
    under_minimum: int


class ProblemLine(Part):
    """A recurring problem that is not ended; `since`: the month in which it was found."""

    id: str
    name: str
    since: str
    owner: str | None


class Bulletin(Part):
    """A street's bulletin of a month (通报)."""

    id: str
    name: str
    period: str
    period_before: str
    language: str
    title: str
    issuer: str
    at: str
    requests: int
    requests_before: int
    place: Place | None
    rates: list[RateLine]
    communities: Rows
    categories: Moves | None = Field(description="Null where not counted")
    scores: Moves
    units: list[UnitClass]
    problems: list[ProblemLine]
    minimum: int
    charts: list[Chart]
    notes: list[str]
