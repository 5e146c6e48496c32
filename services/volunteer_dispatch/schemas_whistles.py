"""Bodies and answers of whistles."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from services.volunteer_dispatch.messages_routing import Words, words_of
from services.volunteer_dispatch.schemas import Reason
from services.volunteer_dispatch.service.whistling import Status, WhistleState
from shared.contracts.tasks import Assignee
from shared.contracts.whistles import WhistleCase
from shared.web.schemas import AreaCode, Body, Text4000, Time

UnitId = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class SummonsBody(Body):
    """A unit to be summoned; `report_by`: by the city's table unless given."""

    unit_id: UnitId
    asks: Reason
    report_by: Time | None = None


class WhistleBody(Body):
    """Which area whistles in which case, for what, and whom it summons."""

    case: WhistleCase
    area: AreaCode
    text: Text4000
    units: list[SummonsBody] = Field(min_length=1, max_length=50)
    task_id: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = None


class ReportIn(Body):
    """The unit reports in now; what it will do, where it knows."""

    plan: Text4000 | None = None


class Said(Body):
    """What the unit will do, or has done; how a whistle ended."""

    words: Text4000


class RatingBody(Body):
    """The whistler's rating of a unit, 1 to 5."""

    rating: int = Field(ge=1, le=5)
    words: Text4000 | None = None


class RatingView(BaseModel):
    """A rating as it was given."""

    rating: int
    at: datetime
    by: str
    words: str | None


class SummonedView(BaseModel):
    """A summoned unit; what it said and its rating are the whistler's and its own to read."""

    unit: Assignee
    asks: str
    report_by: datetime
    reported_at: datetime | None
    in_time: bool | None = Field(description="None: not reported in yet")
    absent: bool = Field(description="Told once: not reported in by its time")
    plan: str | None
    planned_at: datetime | None
    result: str | None
    done_at: datetime | None
    rating: RatingView | None


class WhistleView(BaseModel):
    """A whistle."""

    id: str
    case: WhistleCase
    case_words: Words
    area: str
    area_path: tuple[str, ...]
    text: str
    blown_at: datetime
    blown_by: str
    supervisor: Assignee = Field(description="Hears of units that do not report in")
    task_id: str | None
    request_id: str | None
    status: Status
    late: bool = Field(description="A unit has not reported in by its time")
    summoned: list[SummonedView]
    ended_at: datetime | None
    outcome: str | None
    version: int


def whistle_view(
    state: WhistleState, version: int, unseal: Callable[[str], str], only: str | None
) -> WhistleView:
    """A whistle as it is shown; `only`: to this unit, which reads its own words and rating and not
    those of others. None: to the whistler, or who stands above."""

    def read(sealed: str | None) -> str | None:
        return None if sealed is None else unseal(sealed)

    same = ("unit", "asks", "report_by", "reported_at", "absent", "planned_at", "done_at")
    summoned = []
    for one in state.summoned:
        own = only in (None, one.unit.id)
        rating = one.rating if own else None
        said = rating and rating.model_dump() | {"words": read(rating.words)}
        summoned.append(
            {name: getattr(one, name) for name in same}
            | {
                "in_time": None if one.reported_at is None else one.in_time,
                "plan": read(one.plan) if own else None,
                "result": read(one.result) if own else None,
                "rating": said,
            }
        )
    plain = (
        "case", "area", "area_path", "blown_at", "blown_by", "supervisor", "task_id",
        "request_id", "status", "late", "ended_at",
    )  # fmt: skip
    return WhistleView.model_validate(
        {name: getattr(state, name) for name in plain}
        | {
            "id": state.whistle_id,
            "case_words": words_of(f"case.{state.case.value}"),
            "text": read(state.text),
            "summoned": summoned,
            "outcome": read(state.outcome) if only is None else None,
            "version": version,
        }
    )
