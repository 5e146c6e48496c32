"""What assessment publishes on `lianxin.assessments`: the figures of a subject and month."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Id, Snapshot


class FigureMeasured(Snapshot):
    """Figures of one street, community, unit or organization in one month.

    Subject: `{month}/{subject_kind}/{subject_id}`. Rates are 0 to 1, None without a sample;
    hours run from the request's time to completion.
    """

    TYPE: ClassVar[str] = "lianxin.figure.measured"

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    subject_kind: str = Field(pattern="^(street|community|unit|organization)$")
    subject_id: Id
    requests: int = Field(ge=0)
    followed_up: int = Field(ge=0)
    response_rate: float | None = Field(default=None, ge=0, le=1)
    resolution_rate: float | None = Field(default=None, ge=0, le=1)
    satisfaction_rate: float | None = Field(default=None, ge=0, le=1)
    in_time_rate: float | None = Field(default=None, ge=0, le=1)
    median_hours: float | None = None
    p90_hours: float | None = None
