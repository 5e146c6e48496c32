"""Bodies and answers of care."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.care.decisions import Stage
from services.registry.schemas import Words
from shared.web.schemas import Body, PastTime, Slug, Text4000

Running = Literal["upcoming", "due", "overdue"]


class CareBody(Body):
    """A person who needs care; `kind` is a code of the table `care-rules`."""

    person_id: Slug
    kind: Slug
    note: Text4000 | None = Field(default=None, description="Kept encrypted")


class VisitBody(Body):
    """A visit that was made, by whom; it becomes a record of the work `care_visit`."""

    at: PastTime
    person_id: Slug | None = None
    organization_id: Slug | None = None
    words: Text4000 | None = Field(default=None, description="Kept encrypted")


class CareView(BaseModel):
    """A mark with its running round: who, why, when the next visit is due, what to do.

    Only those who answer for the person's area or grid see it.
    """

    id: str
    round: int
    person_id: str
    name: str | None
    telephone: str | None
    kind: str
    label: Words
    note: str | None
    grid_id: str
    area_path: list[str]
    stage: Stage
    due_at: AwareDatetime
    overdue_at: AwareDatetime
    done_at: AwareDatetime | None
    what_to_do: Words | None
