"""What the routes of schemes answer."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.assessment.schemes.scheme import Label, Period
from services.assessment.schemes.versions import SchemeVersion


class FaultOut(BaseModel):
    """What is wrong in a line, and what to do."""

    line: int
    field: str = Field(description="Dotted path; empty where the whole text is meant")
    detail: str


class CheckOut(BaseModel):
    """Whether a text is a scheme that could be put in force, with every fault by line."""

    valid: bool
    faults: list[FaultOut]


class VersionOut(BaseModel):
    """A version of a scheme; `by`: `role:subject`, `file` or `shipped`."""

    id: str
    version: int
    name: Label
    source: str
    valid_from: str
    period: Period
    at: datetime
    by: str
    why: str

    @classmethod
    def of(cls, one: SchemeVersion) -> "VersionOut":
        """The answer for a version."""
        return cls(**_shown(one))


class SchemeOut(VersionOut):
    """A version with the whole scheme."""

    scheme: dict[str, Any]

    @classmethod
    def of(cls, one: SchemeVersion) -> "SchemeOut":
        """The answer for a version."""
        return cls(**_shown(one), scheme=one.scheme.model_dump(mode="json"))


def _shown(one: SchemeVersion) -> dict[str, Any]:
    scheme = one.scheme
    return {
        "id": one.id,
        "version": one.version,
        "name": scheme.name,
        "source": scheme.source,
        "valid_from": scheme.valid_from,
        "period": scheme.period,
        "at": one.at,
        "by": one.by,
        "why": one.why,
    }


class VersionsOut(BaseModel):
    """All versions, by number."""

    items: list[VersionOut]


class InputsOut(BaseModel):
    """Names that formulas may ask for; `outcomes`: in criteria for weak organizations only."""

    inputs: dict[str, Label]
    outcomes: dict[str, Label]
