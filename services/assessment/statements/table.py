"""The table of statements and contact points."""

from typing import ClassVar

from pydantic import Field

from shared.storage.tables import Table
from shared.web.schemas import ShortText


class StatementRules(Table):
    """How often a leader visits a contact point (art. 15)."""

    NAME: ClassVar[str] = "statement-rules"

    source: ShortText = Field(description="Where the numbers come from, and how sure they are")
    visit_days: int = Field(ge=1, le=1000, description="No visit for so long: listed and told")
