"""When a plan counts as behind, as data; ours: art. 16 asks for plans, it names no tolerance."""

from typing import ClassVar

from pydantic import Field

from shared.storage.tables import Table


class PlanTable(Table):
    """When a plan counts as behind, and how often it is looked at."""

    NAME: ClassVar[str] = "plan-rules"

    tolerance: float = Field(
        ge=0, lt=1, description="So much less than the share of time that passed is not behind"
    )
    from_share: float = Field(
        ge=0, lt=1, description="Before this share of the time nothing is behind"
    )
    check_minutes: int = Field(ge=1, le=10_080, description="Looked at so often while in force")
