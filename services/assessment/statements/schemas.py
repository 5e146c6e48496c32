"""Bodies and answers of statements and contact points."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from services.assessment.service.figures import SubjectKind
from services.assessment.statements.statement import Attendance, Stage, Verdict, Votes
from shared.contracts.words import Domain, OrganizationLevel, ReviewGrade
from shared.spans import Day
from shared.web.reasons import Reason
from shared.web.schemas import AreaCode, Body, Change, PastTime, ShortText, Slug, Text4000

Year = Annotated[int, Field(ge=2000, le=2999)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class OpenBody(Body):
    """Who is to make the year's statement by when: the organizations in an area."""

    year: Year
    area: AreaCode
    domains: Annotated[tuple[Domain, ...], Field(max_length=8)] = ()
    levels: Annotated[tuple[OrganizationLevel, ...], Field(max_length=5)] = ()
    due: Day


class OpenedView(BaseModel):
    """How many statements were opened (or moved), and how many there are for this call."""

    opened: int
    statements: int


class SubmitBody(Body):
    """The statement in words; the figures are the system's."""

    words: Annotated[Text4000, Field(description="Kept encrypted")]


class WordsBody(Body):
    """A question, or its answer; kept encrypted."""

    words: Text4000


class AttendanceBody(Body):
    """Who attended for the superior, and when."""

    person_id: Slug = Field(description="Registry id")
    at: PastTime


class VerdictBody(Body):
    """The superior's grade and why."""

    grade: ReviewGrade
    reason: Reason


class VotesBody(Body):
    """How many of those present gave each grade."""

    present: Count
    good: Count
    fairly_good: Count
    average: Count
    poor: Count


class FigureLine(BaseModel):
    """A figure that the system filled in; null: no sample."""

    code: str
    label: str
    of: str
    period: str
    value: float | None
    sample: float | None


class QuestionView(BaseModel):
    """A question and its answer."""

    id: str
    at: AwareDatetime
    by: str
    words: str
    answer: str | None
    answered_at: AwareDatetime | None
    answered_by: str | None


class StatementLine(BaseModel):
    """A statement in the list."""

    organization_id: str
    name: str
    year: int
    area_path: list[str]
    stage: Stage
    stage_label: str
    due: AwareDatetime
    overdue: bool
    grade: ReviewGrade | None
    grade_label: str | None


class StatementView(StatementLine):
    """A statement; until it is handed in the figures are those of now, then they stand."""

    version: int
    opened_at: AwareDatetime
    words: str | None
    submitted_at: AwareDatetime | None
    submitted_by: str | None
    figures_at: AwareDatetime
    figures: list[FigureLine]
    corrected_since: int = Field(
        description="Cases of the year that were re-judged since the figures stand; 0 until then"
    )
    questions: list[QuestionView]
    attendances: list[Attendance]
    verdict: Verdict | None
    votes: Votes | None
    missing: list[str] = Field(description="What it lacks to be concluded")
    concluded_at: AwareDatetime | None
    history: list[Change]


class PointBody(Body):
    """A place that a leader keeps contact with."""

    leader: Slug = Field(description="Registry id of the leader")
    kind: SubjectKind
    place_id: Annotated[str, Field(min_length=1, max_length=120)]


class PromisedBody(Body):
    """Something promised at a visit, and by when; kept encrypted."""

    words: ShortText
    by: Day


class VisitBody(Body):
    """A visit: what was found, what was promised."""

    at: PastTime
    found: Annotated[Text4000, Field(description="Kept encrypted")]
    promised: Annotated[tuple[PromisedBody, ...], Field(max_length=20)] = ()


class SettleBody(Body):
    """What came of something promised; kept encrypted."""

    kept: bool
    result: Text4000


class CloseBody(Body):
    """Why the leader keeps it no more."""

    reason: Reason


class PromisedView(BaseModel):
    """Something promised; `kept` null: open."""

    id: str
    words: str
    by: AwareDatetime
    kept: bool | None
    result: str | None
    done_at: AwareDatetime | None


class VisitView(BaseModel):
    """A visit."""

    id: str
    at: AwareDatetime
    by: str
    found: str
    promised: list[PromisedView]


class PointView(BaseModel):
    """A contact point with its visits, the oldest first."""

    id: str
    version: int
    leader: str
    kind: SubjectKind
    place_id: str
    name: str
    area_path: list[str]
    opened_at: AwareDatetime
    last_visit: AwareDatetime | None
    silent_at: AwareDatetime | None = Field(description="A visit is overdue from then on")
    open_items: int
    closed: str | None
    visits: list[VisitView]


class SilentPage(BaseModel):
    """Contact points without a visit for too long, the longest first."""

    what_to_do: str
    items: list[PointView]
    next: str | None


class Made(BaseModel):
    """The id of what was made."""

    id: str
