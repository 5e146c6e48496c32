"""Bodies and answers of the lists."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from services.assessment.lists.exemplars import ExemplarStage, PeriodFacts, Revoked
from services.assessment.lists.weak import Judged, Stage
from services.assessment.service.figures import SubjectKind
from shared.contracts.words import AdoptionOutcome
from shared.spans import Day
from shared.web.reasons import Reason
from shared.web.schemas import Body, Change, PastTime, ShortText, Slug, Text4000

Steps = Annotated[list[Reason], Field(min_length=1, max_length=40)]


class DecisionBody(Body):
    """Whether what was found is confirmed, and why."""

    confirmed: bool
    reason: Reason


class MeasureBody(Body):
    """What will be done, and by when; kept encrypted."""

    words: ShortText
    by: Day


class PlanBody(Body):
    """A help plan: goals, measures, deadline, and the leader responsible."""

    leader: Slug = Field(description="Registry id of the person responsible")
    goals: Annotated[list[ShortText], Field(min_length=1, max_length=20)]
    measures: Annotated[list[MeasureBody], Field(min_length=1, max_length=40)]
    until: Day
    reason: Reason = Field(description="Why this plan, or why another one")


class CheckBody(Body):
    """What somebody found who went and looked."""

    checker: Slug = Field(description="Registry id of who checked; not the leader responsible")
    at: PastTime
    findings: Text4000 = Field(description="Kept encrypted")
    passed: bool


class LeaveBody(Body):
    """Why it leaves; `although`: why although criteria still hold, or cannot be judged."""

    reason: Reason
    although: Reason | None = None


class MeasureView(BaseModel):
    """A measure of a help plan."""

    words: str
    by: AwareDatetime


class PlanView(BaseModel):
    """The help plan as it stands."""

    revision: int
    at: AwareDatetime
    by: str
    leader: str
    goals: list[str]
    measures: list[MeasureView]
    until: AwareDatetime


class CheckView(BaseModel):
    """A check; `revision` is that of the plan it looked at."""

    at: AwareDatetime
    by: str
    checker: str
    findings: str
    passed: bool
    revision: int


class StayView(BaseModel):
    """One time on the list."""

    number: int
    stage: Stage
    found_at: AwareDatetime
    relapse: int = Field(description="How often it had left within the table's time before")
    judged: Judged = Field(description="What put it on the list, with the numbers")
    latest: Judged
    decided_at: AwareDatetime | None
    decided_by: str | None
    reason: str | None
    plan: PlanView | None
    checks: list[CheckView]
    left_at: AwareDatetime | None
    left_reason: str | None
    although: list[str]
    decision_due: AwareDatetime | None
    plan_due: AwareDatetime | None
    review_due: AwareDatetime | None


class ListedView(BaseModel):
    """A line of the list."""

    kind: SubjectKind
    subject_id: str
    name: str
    area_path: list[str]
    stage: Stage
    stage_label: str
    stay: int
    relapse: int
    found_at: AwareDatetime
    criteria: list[str] = Field(description="Labels of the criteria that put it on the list")
    leader: str | None
    until: AwareDatetime | None


class WeakView(ListedView):
    """Everything that is known of a listed one; the history says who, when, why."""

    version: int
    stays: list[StayView]
    history: list[Change]


class ExemplarDecisionBody(Body):
    """What a person found who checked a candidate."""

    accepted: bool
    checker: Slug = Field(description="Registry id of who checked")
    findings: Text4000 = Field(description="Kept encrypted")
    reason: Reason


class RevocationBody(Body):
    """Why it is no exemplar any more."""

    reason: Reason


class ExemplarView(BaseModel):
    """A candidate or exemplar, with the facts that made it one."""

    kind: SubjectKind
    subject_id: str
    name: str
    area_path: list[str]
    version: int
    stage: ExemplarStage
    stage_label: str
    found_at: AwareDatetime
    scheme: str
    periods: list[PeriodFacts]
    checker: str | None
    findings: str | None
    decided_at: AwareDatetime | None
    decided_by: str | None
    reason: str | None
    revoked: Revoked | None
    corrected_since: int = Field(
        description="Cases of these periods that were re-judged since it was found: look again"
    )


class EditionBody(Body):
    """A practice in steps that others can follow; read by everybody, so without personal data."""

    title: Reason
    summary: Reason
    steps: Steps


class PracticeBody(EditionBody):
    """What an accepted exemplar does."""

    kind: SubjectKind
    subject_id: Annotated[str, Field(min_length=1, max_length=120)]


class NewEditionBody(EditionBody):
    """Another edition, and why."""

    reason: Reason


class WithdrawBody(Body):
    """Why a practice is not recommended any more."""

    reason: Reason


class AdoptionBody(Body):
    """Which organization tries the practice."""

    organization_id: Slug


class AdoptionReportBody(Body):
    """How it went: taken over, taken over in another form, or dropped."""

    outcome: AdoptionOutcome
    result: Text4000 = Field(description="Kept encrypted")


class AdoptionView(BaseModel):
    """An organization that tries or tried a practice."""

    organization_id: str
    name: str
    at: AwareDatetime
    edition: int
    outcome: AdoptionOutcome | None
    outcome_label: str | None
    result: str | None
    reported_at: AwareDatetime | None


class PracticeLine(BaseModel):
    """A practice in the list."""

    id: str
    kind: SubjectKind
    subject_id: str
    name: str
    title: str
    summary: str
    steps: list[str]
    edition: int
    published_at: AwareDatetime
    withdrawn: bool
    adopters: int
    outcomes: dict[AdoptionOutcome, int]


class PracticeView(PracticeLine):
    """A practice with its adopters, the newest first."""

    version: int
    adoptions: list[AdoptionView]


class CriteriaView(BaseModel):
    """How the criteria stand for a subject now."""

    kind: SubjectKind
    subject_id: str
    judged: Judged


class PracticeCreated(BaseModel):
    """The id of a new practice."""

    id: str
