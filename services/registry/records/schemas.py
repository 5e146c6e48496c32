"""Bodies and answers of recorded work."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.web.schemas import Body, PastTime, Slug, Text4000

Plural = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,40}$")]


class AboutBody(Body):
    """What the work was done for: an entry of the registry, as `{"kind": "venues", "id": …}`."""

    model_config = ConfigDict(frozen=True)

    kind: Plural
    id: Slug


class RecordBody(Body):
    """Work that was done by an organization, a person, or a person for an organization."""

    work: Slug
    at: PastTime
    organization_id: Slug | None = None
    person_id: Slug | None = None
    about: AboutBody | None = None
    quantity: float = Field(
        default=1, ge=0, le=1e12, allow_inf_nan=False, description="In the work's unit"
    )
    words: Text4000 | None = Field(default=None, description="Kept encrypted")


class RecordView(BaseModel):
    """A record; `words` are null for those who may not read them."""

    id: str
    version: int
    work: str
    at: AwareDatetime
    organization_id: str | None
    person_id: str | None
    about: AboutBody | None
    quantity: float
    words: str | None
    area_path: list[str]
    recorded_by: str
    voided: str | None
    """The reason; null while it counts."""


class TotalView(BaseModel):
    """How often and how much of one work."""

    work: str
    records: int
    quantity: float


class TotalsView(BaseModel):
    """Totals by work, of records that count."""

    items: list[TotalView]
