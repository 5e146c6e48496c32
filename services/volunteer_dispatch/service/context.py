"""What decisions look at besides the state and the message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.volunteer_dispatch.service.alerting import Asking
from services.volunteer_dispatch.service.calendar import Calendar
from services.volunteer_dispatch.service.directory import Directory
from services.volunteer_dispatch.service.limits import LimitTable
from services.volunteer_dispatch.service.lists import ListTable
from services.volunteer_dispatch.service.tables import DeadlineTable, RoutingTable


@dataclass(frozen=True, slots=True)
class Context:
    """The time, the city, the tables, and `seal(task_id, words)` that encrypts words."""

    now: datetime
    directory: Directory
    routing: RoutingTable
    deadlines: DeadlineTable
    calendar: Calendar
    limits: LimitTable
    seal: Callable[[str, str], str]
    versions: Mapping[str, int] = field(default_factory=dict)
    """Version in force of each table, by its name."""
    asking: Asking = field(default_factory=Asking)
    lists: ListTable = field(default_factory=ListTable)
