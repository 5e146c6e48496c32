"""Bodies and answers of carriers, promises and errands."""

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.handover import HandoverView
from shared.contracts.words import CarrierKind, ErrandStage, PromiseStatus
from shared.spans import Day
from shared.web.schemas import Body, ShortText, Slug, Text4000


class CarrierBody(Body):
    """A duty post (党员先锋岗), at a venue if so, or a responsibility area (党员责任区): a grid."""

    kind: CarrierKind
    organization_id: Slug
    name: ShortText = Field(description="Kept encrypted")
    venue_id: Slug | None = None
    grid_id: Slug | None = None


class HoldingBody(Body):
    """Who holds it from when to when; without `until`, until released."""

    person_id: Slug
    since: Day
    until: Day | None = None


class ReleaseBody(Body):
    """Until when it was or will be held."""

    at: Day


class WhyBody(Body):
    """Why, for the history."""

    why: ShortText


class HoldingView(BaseModel):
    """Who holds it from when to when."""

    id: str
    person_id: str
    since: AwareDatetime
    until: AwareDatetime | None


class CarrierView(BaseModel):
    """A duty post or responsibility area; `holders` are those of now."""

    id: str
    version: int
    kind: CarrierKind
    organization_id: str
    name: str
    venue_id: str | None
    grid_id: str | None
    area_path: list[str]
    holdings: list[HoldingView]
    holders: list[str]
    closed: AwareDatetime | None
    handovers: list[HandoverView] = []


class PromiseBody(Body):
    """What an organization or a person promises to do before `until`."""

    organization_id: Slug | None = None
    person_id: Slug | None = None
    text: Text4000 = Field(description="Kept encrypted")
    until: Day


class KeepBody(Body):
    """The record of work that shows it kept."""

    record_id: Slug


class PromiseView(BaseModel):
    """A promise; `settled_at` is when it was done, or when its date went by."""

    id: str
    version: int
    organization_id: str | None
    person_id: str | None
    text: str
    made_at: AwareDatetime
    until: AwareDatetime
    status: PromiseStatus
    record_id: str | None
    settled_at: AwareDatetime | None
    area_path: list[str]
    handovers: list[HandoverView] = []


class ErrandBody(Body):
    """An errand done for a resident by an organization or a person; texts are kept encrypted."""

    organization_id: Slug | None = None
    person_id: Slug | None = Field(default=None, description="Who accompanies it")
    text: Text4000
    resident: ShortText | None = Field(default=None, description="How to reach the resident")


class StepBody(Body):
    """The stage that it has come to."""

    stage: ErrandStage
    words: Text4000 | None = None


class WordBody(Body):
    """The resident's word; `code` was given when the errand was taken."""

    code: ShortText
    solved: bool
    satisfied: int = Field(ge=1, le=5)
    words: Text4000 | None = None


class TakenView(BaseModel):
    """Answer of taking an errand; `code` is for the resident, who has the last word with it."""

    id: str
    code: str


class StepView(BaseModel):
    """A stage that was reached."""

    stage: ErrandStage
    at: AwareDatetime
    words: str | None


class WordView(BaseModel):
    """What the resident said."""

    at: AwareDatetime
    solved: bool
    satisfied: int
    words: str | None


class ErrandView(BaseModel):
    """An errand with its steps."""

    id: str
    version: int
    organization_id: str | None
    person_id: str | None
    text: str
    resident: str | None
    stage: ErrandStage
    steps: list[StepView]
    word: WordView | None
    area_path: list[str]
    handovers: list[HandoverView] = []
