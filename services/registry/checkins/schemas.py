"""Bodies and answers of check-ins."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.registry.checkins.states import PostStatus, Stage
from services.registry.handover import HandoverView
from services.registry.schemas import Words, distinct
from shared.web.schemas import AreaCode, Body, Slug, Text4000

Services = Annotated[list[Slug], Field(min_length=1, max_length=30), AfterValidator(distinct)]


class CheckinBody(Body):
    """A member or a whole organization reports to a community and offers services there."""

    person_id: Slug | None = None
    organization_id: Slug | None = None
    community: AreaCode
    services: Services


class PostBody(Body):
    """A post to hold, a code of the table `checkin-rules`."""

    post: Slug


class ReportBody(Body):
    """The report; words are kept encrypted."""

    words: Text4000 | None = None


class FeedbackBody(Body):
    """The community's word on a period, for the employing unit's organization; kept encrypted."""

    period: str = Field(max_length=20, examples=["2026-Q1"])
    words: Text4000


class PostView(BaseModel):
    """A post; `held`, or for a moment `asked` or `leaving`."""

    post: str
    since: AwareDatetime
    status: PostStatus


class CheckinView(BaseModel):
    """A check-in; `stage` is that of the report due at `report_due_at`."""

    id: str
    person_id: str | None
    organization_id: str | None
    community: str
    area_path: list[str]
    services: list[str]
    posts: list[PostView]
    since: AwareDatetime
    stage: Stage
    report_due_at: AwareDatetime
    last_report_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    handovers: list[HandoverView] = []


class BookView(BaseModel):
    """One who reports, with the check-ins that were asked for."""

    person_id: str | None
    organization_id: str | None
    checkins: list[CheckinView]


class PostPlaces(BaseModel):
    """How many hold a post in a community, and how many can."""

    post: str
    label: Words
    holders: int
    limit: int


class PlacesView(BaseModel):
    """The posts of a community."""

    community: str
    items: list[PostPlaces]


class ServedView(BaseModel):
    """A check-in as the employer hears of it; `word` is the community's, null while not given."""

    checkin: CheckinView
    reported: bool
    """Whether a report was made within the period."""
    word: str | None
    word_at: AwareDatetime | None


class ServedBy(BaseModel):
    """A member: check-ins within the period, and what was recorded of him or her in it."""

    person_id: str
    number: str | None
    checkins: list[ServedView]
    records: int
    hours: float


class FeedbackView(BaseModel):
    """The list for an organization: its own check-ins, and a page of its members."""

    organization_id: str
    period: str
    since: AwareDatetime
    until: AwareDatetime
    own: list[ServedView]
    items: list[ServedBy]
    next: str | None = None
