"""Answers of the record sheet."""

from datetime import date

from pydantic import AwareDatetime, BaseModel

from services.registry.records.schemas import TotalView
from services.registry.schemas import PersonView, Words


class SheetTotal(TotalView):
    """How often and how much of one work, in its unit."""

    label: Words
    unit: str


class SheetEntry(BaseModel):
    """A record that counts; `words` are null where there are none."""

    id: str
    work: str
    at: AwareDatetime
    quantity: float
    organization_id: str | None
    words: str | None


class SheetItemView(BaseModel):
    """An item: totals of its works, and its latest entries, the newest first."""

    item: str
    label: Words
    totals: list[SheetTotal]
    latest: list[SheetEntry]


class SheetCertificate(BaseModel):
    """A certificate of service hours that holds; days of the city, the last one included.

    Its code, which shows the name to anybody, stands at `/v1/people/{id}/certificates`.
    """

    number: str
    since: date
    until: date
    hours: float
    services: int
    issued_on: date


class SheetView(BaseModel):
    """The basic data of a person, the items that come from records, the certificates issued."""

    person: PersonView
    items: list[SheetItemView]
    issued: list[SheetCertificate]
    """The newest first, at most 100."""
