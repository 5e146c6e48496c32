"""The table of the backbone's rules (policy, art. 7; DOMAIN.md, weak organizations)."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.words import Post
from shared.storage.tables import Table
from shared.web.schemas import Slug


class BackboneRules(Table):
    """How long a post may be vacant, and how often its holder is trained."""

    NAME: ClassVar[str] = "backbone-rules"

    vacancy_months: int = Field(ge=1, le=120, description="Vacant for so long: listed and told")
    ending_months: int = Field(ge=1, le=60, description="Terms that end within: listed")
    training_years: int = Field(ge=1, le=20, description="Each is trained once within")
    training_hours: float = Field(gt=0, le=10_000, description="What counts as trained")
    training_work: Slug = Field(description="The work (table works) whose hours are training")
    trained: Annotated[tuple[Post, ...], Field(max_length=2, description="Whom it concerns")]
