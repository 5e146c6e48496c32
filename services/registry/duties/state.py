"""What is kept of an organization's duties, so that those behind are found and not looked for.

The sums of its records by year and work, and from when on it is behind with each duty if nothing
more is recorded: that moment follows from the sums, the table and from when on it owes, and
changes only with them. So a list is one query on moments that have passed. Kept up by a follower.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from services.registry.duties.decisions import late_from, span_of
from services.registry.duties.table import Duty
from services.registry.records.repository import Total
from shared.contracts.words import Domain
from shared.storage.aggregates import State


class Kept(BaseModel):
    """A frozen piece of state."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Done(Kept):
    """How often and how much of a work was recorded in a year."""

    work: str
    records: int
    quantity: float


class Late(Kept):
    """From when on less of a work is recorded than is due."""

    work: str
    at: datetime


class Year(Kept):
    """A year in which something was recorded; `late` has the duties that it may be behind with."""

    year: int
    done: tuple[Done, ...]
    late: tuple[Late, ...]

    @property
    def totals(self) -> dict[str, Total]:
        """What was recorded, by work."""
        return {one.work: Total(one.records, one.quantity) for one in self.done}


class Owed(State):
    """An organization as the list shows it, and its years; `rules` is the table's version."""

    name: str
    sort_key: str
    domain: Domain
    area_path: tuple[str, ...]
    retired: bool
    founded: str | None
    years: tuple[Year, ...]
    rules: int
    begun: datetime | None = None
    """From when on it owes (`begins`); None in a document of before this was kept."""

    def done_in(self, year: int) -> dict[str, Total]:
        """What was recorded in a year, by work."""
        return next((one.totals for one in self.years if one.year == year), {})


def year_of(
    year: int,
    done: Mapping[str, Total],
    duties: Iterable[Duty],
    begun: datetime,
    zone: ZoneInfo,
) -> Year:
    """What is kept of a year."""
    span = span_of(year, zone)
    late = (
        (duty.work, late_from(duty, done.get(duty.work, Total(0, 0.0)), span, begun))
        for duty in duties
    )
    return Year(
        year=year,
        done=tuple(Done(work=work, **total._asdict()) for work, total in sorted(done.items())),
        late=tuple(Late(work=work, at=at) for work, at in late if at is not None),
    )
