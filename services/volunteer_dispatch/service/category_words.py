"""The table of words for categories: what people read in place of a code."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.storage.tables import Table


class CategoryWord(BaseModel):
    """A category's words; codes as in intake's table `categories`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^[^\s/|]{1,60}$")]
    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(min_length=1, max_length=100)


class CategoryWordTable(Table):
    """What categories are called on lists and boards. No event carries a city's words, so a city
    that replaces intake's `categories` puts its words here too; a code without any is shown."""

    NAME: ClassVar[str] = "category-words"

    words: Annotated[tuple[CategoryWord, ...], Field(max_length=2000)] = ()

    @model_validator(mode="after")
    def _once_each(self) -> "CategoryWordTable":
        if len({word.code for word in self.words}) != len(self.words):
            raise ValueError("a category is listed twice")
        return self
