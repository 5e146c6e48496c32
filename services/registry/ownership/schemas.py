"""Bodies and answers on ownership."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.registry.schemas import Reason
from shared.web.schemas import Body, ShortText, Slug


class OwnerBody(Body):
    """Who is to own an entry: a unit, or nobody (null), and why."""

    unit_id: Slug | None
    reason: ShortText


class OwnerView(BaseModel):
    """Who owns an entry; `barred` units had it taken away and cannot report it."""

    id: str
    version: int
    owner: str | None
    barred: list[str]


class ReturnedView(BaseModel):
    """A change of the caller that the owner's first report has overwritten."""

    kind: str = Field(examples=["organizations"])
    id: str
    at: datetime
    unit_id: str
    fields: list[str]
    reason: Reason
