"""How long reports are and what a bulletin names, as data that a city replaces."""

import json
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import Settings
from shared.storage.tables import Table

_SHIPPED = Path(__file__).parents[1] / "data" / "category-names.json"


class ReportRules(Table):
    """How long reports are, and what a bulletin names."""

    NAME: ClassVar[str] = "report-rules"

    source: str
    """Where the numbers come from, and how sure they are."""
    trend_months: int = Field(ge=2, le=36)
    """Months that a month's report shows the course of."""
    rows: int = Field(ge=10, le=2000)
    """Rows of a table; what is left out is counted, and said."""
    charted: int = Field(ge=3, le=40)
    """Rows of a table that its chart shows, in the table's order."""
    categorized_requests: int = Field(ge=0, le=1_000_000_000)
    """With more requests in the two periods than this, they are not counted by category."""
    minimum_sample: int = Field(ge=1, le=1_000_000)
    """Requests in one of two months below which what rose or fell is not named."""
    bulletin_rows: int = Field(ge=1, le=60)
    """Communities that a bulletin lists, so that it stays at two pages."""
    named: int = Field(ge=1, le=10)
    """How many a bulletin names of what rose most, fell most, is best, is last."""
    issuer_zh: str = Field(max_length=60)
    """Who signs a bulletin; empty: the area above the street."""
    issuer_en: str = Field(max_length=60)


class Category(BaseModel):
    """A category with its names; the rest of intake's table is nothing to assessment."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    zh: str
    en: str


class Categories(BaseModel):
    """Names of categories: a city's own `categories.json` (intake's), else the shipped ones."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    categories: Annotated[tuple[Category, ...], Field(max_length=5000)]

    def names(self, language: str) -> dict[str, str]:
        """Name by code."""
        return {c.code: c.en if language == "en" else c.zh for c in self.categories}


def load_categories(settings: Settings) -> Categories:
    """The names of categories. Raises `ValueError` where the table is not valid."""
    path = _SHIPPED
    if settings.data_folder and (own := Path(settings.data_folder) / "categories.json").is_file():
        path = own
    try:
        return Categories.model_validate(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
