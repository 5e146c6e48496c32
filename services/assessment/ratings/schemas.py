"""Bodies and answers of the public rating."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field
from pydantic import StringConstraints as Constrained

from services.assessment.ratings.votes import Purpose, Source
from services.assessment.rounds.schemas import PublicView, SubjectId, Words
from services.assessment.service.figures import SubjectKind
from shared.web.reasons import Reason
from shared.web.schemas import Body, DeviceText, ShortText


class CodeBody(Body):
    """A code for a place where residents meet the subject's service."""

    place: ShortText = Field(description="As it stands beside the code; no address of anybody")
    venue_id: SubjectId | None = None


class CodeView(BaseModel):
    """A code: print it as the address `/v1/ratings/{code}` of this service."""

    code: str
    round_id: str
    subject_id: str
    place: str
    venue_id: str | None
    retired: bool


class RetireBody(Body):
    """Why a code is no longer used."""

    reason: Reason


class QuotaBody(Body):
    """Seats of a group: drawn from `ids` of the registry, or anonymous invitations without."""

    group: ShortText
    seats: int = Field(ge=1, le=2000)
    ids: Annotated[list[SubjectId], Field(max_length=20_000)] = Field(default=[])


class PanelBody(Body):
    """A panel; without `seed` the service draws one. `together`: it votes in one room, where the
    network says nothing; said when it is drawn."""

    purpose: Purpose = Purpose.PUBLIC
    together: bool = False
    quotas: Annotated[list[QuotaBody], Field(min_length=1, max_length=50)]
    seed: Annotated[str, Constrained(min_length=1, max_length=100)] | None = None


class SeatView(BaseModel):
    """A seat and its invitation; whoever holds the token votes once."""

    number: int
    group: str
    person_id: str | None
    token: str


class PanelView(BaseModel):
    """A panel as drawn: with the same seed and groups anybody draws the same seats."""

    id: str
    round_id: str
    subject_id: str
    purpose: Purpose
    together: bool
    seed: str
    drawn_at: AwareDatetime
    drawn_by: str
    pools: dict[str, int]
    """How many each group had to draw from; 0 for anonymous invitations."""
    seats: list[SeatView]


class BallotView(BaseModel):
    """What whoever scans a code or opens an invitation is asked about."""

    subject_id: str
    name: str
    kind: SubjectKind
    period: str
    place: str | None
    open: bool
    until: AwareDatetime


class VoiceBody(Body):
    """A voice: 1 (very dissatisfied) to 5 (very satisfied).

    `device` is a random text that the page made once and keeps on the device; it says nothing of
    the person, and only a hash of it is kept.
    """

    rating: Annotated[int, Field(ge=1, le=5, strict=True)]
    device: DeviceText


class TakenView(BaseModel):
    """The voice was taken."""

    message: str


class SourceView(BaseModel):
    """Counted voices of one source."""

    source: Source
    voices: int
    satisfied: int


class EnteredView(BaseModel):
    """Who entered the counted follow-ups: the resident, staff, staff of the very place that they
    rate; `unknown` of answers that were kept before it was said."""

    resident: int
    staff: int
    own_staff: int
    unknown: int


class AsideView(BaseModel):
    """Voices that do not count: `size` of the `of` in the group, and why."""

    name: str
    rule: str
    reason: Words
    size: int
    of: int
    satisfied: int
    share: float | None


class JudgementView(BaseModel):
    """What a person said of a group of voices."""

    group: str
    counts: bool
    reason: str
    by: str
    at: AwareDatetime


class JudgementBody(Body):
    """Have a group of voices count, or not, and why. The last word on a group is valid.

    `follow_ups` are all of them, `staff:own` those that the subject's own staff entered.
    """

    group: Annotated[
        str,
        Constrained(
            pattern=r"^(follow_ups|(vote|code|panel|follow_up|device|network|asker|staff|rate"
            r"|pattern):\S{1,200})$"
        ),
    ]
    counts: bool
    reason: Reason


class PublicRatingView(BaseModel):
    """The public rating down to its sources; `provisional` while voices are taken."""

    round_id: str
    subject_id: str
    provisional: bool
    result: PublicView
    sources: list[SourceView]
    entered: EnteredView | None
    aside: list[AsideView]
    judgements: list[JudgementView]
    recipients: list[SourceView]
    recipients_aside: list[AsideView]
