"""Kinds of assigned tasks, why one may be returned, and where money must come with it; as data.

Policy, art. 12 (money, resources, through the grassroots organization); the kinds and the reasons
to return one are ours.
"""

from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.words import Domain, OrganizationLevel
from shared.storage.tables import Table
from shared.web.problems import Problem
from shared.web.schemas import ShortText, Slug


class Named(BaseModel):
    """A code with its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    zh: ShortText
    en: ShortText


class TaskKind(Named):
    """A kind of task."""

    without_cost: bool = Field(
        default=False, description="May come without funds and resources, with the reason"
    )
    for_residents: bool = Field(
        default=False, description="Serves the residents of an area, which must be named"
    )


class AssignmentTable(Table):
    """Kinds of assigned tasks, reasons to return one, which levels money must follow a task to."""

    NAME: ClassVar[str] = "assignment-kinds"

    kinds: Annotated[tuple[TaskKind, ...], Field(min_length=1, max_length=200)]
    return_reasons: Annotated[tuple[Named, ...], Field(min_length=1, max_length=50)]
    grassroots_levels: Annotated[
        tuple[OrganizationLevel, ...],
        Field(
            description="Receivers of these levels get funds or resources with each task,"
            " and pass on what is for residents"
        ),
    ]
    channel_domains: Annotated[
        tuple[Domain, ...],
        Field(min_length=1, description="Organizations that tasks for residents go through"),
    ]

    @model_validator(mode="after")
    def _codes_differ(self) -> "AssignmentTable":
        if len(self._kinds) != len(self.kinds):
            raise ValueError("a kind stands there twice")
        if len({reason.code for reason in self.return_reasons}) != len(self.return_reasons):
            raise ValueError("a reason stands there twice")
        return self

    @cached_property
    def _kinds(self) -> dict[str, TaskKind]:
        return {kind.code: kind for kind in self.kinds}

    def kind(self, code: str) -> TaskKind:
        """The kind of a task. Raises `Problem` 422."""
        found = self._kinds.get(code)
        if found is None:
            where = f"/v1/{self.NAME}"
            raise Problem(422, "unknown-kind", field="kind", where=where, id=code)
        return found

    def check_reason(self, code: str) -> None:
        """Raise `Problem` 422 where a task may not be returned for this reason."""
        allowed = [reason.code for reason in self.return_reasons]
        if code not in allowed:
            raise Problem(422, "unknown-reason", field="reason", allowed=allowed, id=code)
