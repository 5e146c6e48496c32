"""Answers of the record sheet."""

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


class SheetView(BaseModel):
    """The basic data of a person, and the items that come from records."""

    person: PersonView
    items: list[SheetItemView]
