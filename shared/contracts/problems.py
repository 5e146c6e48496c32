"""What assessment publishes on `lianxin.reviews` of recurring problems (policy, art. 11): facts.

A problem's subject is `problems/{problem_id}`, a programme's `programmes/{programme_id}`. Words
that people write stay with assessment.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id

Month = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
"""As 2026-05, in the city's time zone."""
ProblemBasis = Literal["widespread", "repeated", "reopened", "unsolved"]


class ProblemStatistic(BaseModel):
    """Counted against expected; `p` is of "at most the tested ratio times what is expected"."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    basis: ProblemBasis
    place: Id
    """An area's code, or `grid/{grid_id}`."""
    count: int = Field(ge=0)
    sample: int = Field(ge=0)
    """Of how many, for shares (reopened, unsolved); else 0."""
    expected: float = Field(ge=0)
    p: float = Field(ge=0, le=1)


class _Problem(Fact):
    problem_id: Id
    category: Code
    place: Id
    """What is affected: an area's code, or `grid/{grid_id}`."""
    area_path: tuple[Code, ...]
    """Areas from the top down that the place lies in, or is."""
    owner: Code
    """Area that is to change the cause."""


class _Found(_Problem):
    month: Month
    statistics: tuple[ProblemStatistic, ...]


class ProblemFound(_Found):
    """A recurring problem was found and waits for its owner; `again`: after a dismissal."""

    TYPE: ClassVar[str] = "lianxin.problem.found"

    again: bool = False


class ProblemFoundAgain(_Found):
    """A problem that is being worked on was found in another month too."""

    TYPE: ClassVar[str] = "lianxin.problem.found_again"


class ProblemRelapsed(_Found):
    """A closed problem was found once more."""

    TYPE: ClassVar[str] = "lianxin.problem.relapsed"

    relapses: int = Field(ge=1)


class ProblemAccepted(_Problem):
    """The owner works on the cause."""

    TYPE: ClassVar[str] = "lianxin.problem.accepted"

    organization_id: Id | None = None
    """Who leads the work."""


class ProblemDismissed(_Problem):
    """A person found that it is no problem; the reason stays with assessment."""

    TYPE: ClassVar[str] = "lianxin.problem.dismissed"


class ProblemMeasureSet(_Problem):
    """Something is to be done about the cause, or is done."""

    TYPE: ClassVar[str] = "lianxin.problem.measure_set"

    measure: Id
    organization_id: Id | None = None
    done: bool = False


class ProblemFollowed(_Problem):
    """A month's counts after it was found; `fell`: all are down to what is expected."""

    TYPE: ClassVar[str] = "lianxin.problem.followed"

    month: Month
    count: int = Field(ge=0)
    expected: float = Field(ge=0)
    fell: bool


class ProblemRaised(_Problem):
    """It went one level up, to `owner`."""

    TYPE: ClassVar[str] = "lianxin.problem.raised"

    why: Literal["not_accepted", "not_fallen", "by_hand"]
    before: Code
    """The owner before."""


class ProblemClosed(_Problem):
    """Its rate fell, and a person closed it."""

    TYPE: ClassVar[str] = "lianxin.problem.closed"

    months: int = Field(ge=1)
    """Months in a row in which the rate had fallen."""


class ProgrammeProblemSet(Fact):
    """A problem was chosen for a month of a year's programme (每月一题), or changed."""

    TYPE: ClassVar[str] = "lianxin.programme.problem_set"

    programme_id: Id
    area: Code
    year: int
    item: Id
    month: Month
    category: Code
    lead: Id
    """Organization that leads."""
    problem_ids: tuple[Id, ...] = ()


class ProgrammeResultReported(Fact):
    """What came of a programme's problem so far; the words stay with assessment."""

    TYPE: ClassVar[str] = "lianxin.programme.result_reported"

    programme_id: Id
    area: Code
    year: int
    item: Id
    done: bool
