"""The table of the record sheet: its items, and the works that count for each (MZ/T 061-2015)."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.storage.tables import Table
from shared.web.schemas import ShortText, Slug


class SheetItem(BaseModel):
    """An item of the sheet, as training; `works` are codes of the table of works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    zh: ShortText
    en: ShortText
    works: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=100)]


class RecordSheet(Table):
    """Items of a person's record sheet, in their order, and how many latest entries it shows."""

    NAME: ClassVar[str] = "record-sheet"

    items: Annotated[tuple[SheetItem, ...], Field(min_length=1, max_length=30)]
    latest: int = Field(ge=1, le=50)
