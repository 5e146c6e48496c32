"""A small city for decisions: one city, district, two streets, communities, grids and units."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import services.volunteer_dispatch.service as package
from services.volunteer_dispatch import handlers
from services.volunteer_dispatch.service.calendar import Calendar
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.directory import Directory
from services.volunteer_dispatch.service.limits import CalendarTable, LimitTable
from services.volunteer_dispatch.service.state import TaskState
from services.volunteer_dispatch.service.tables import DeadlineTable, RoutingTable
from shared.contracts import requests, units
from shared.contracts.envelope import Event
from shared.contracts.ids import lead_task_id, reported_request_id
from shared.contracts.payload import Payload
from shared.storage.aggregates import At, Decision

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
PATH = ("C", "D", "S1", "S1-1")
DATA = Path(package.__file__).parent.parent / "data"
SHIPPED = RoutingTable.model_validate_json((DATA / "routing.json").read_bytes())
DEADLINES = DeadlineTable.model_validate_json((DATA / "deadlines.json").read_bytes())
TABLE = CalendarTable.model_validate_json((DATA / "calendar.json").read_bytes())
CALENDAR = Calendar(TABLE)
LIMITS = LimitTable.model_validate_json((DATA / "limits.json").read_bytes())


def directory() -> Directory:
    city = Directory()
    parents = {"C": None, "D": "C", "S1": "D", "S2": "D", "S1-1": "S1", "S2-1": "S2"}
    city.put("areas", [{"_id": code, "parent": parent} for code, parent in parents.items()])
    city.put(
        "grids",
        [
            {"_id": "g1", "area": "S1-1", "organization_id": "org-g1"},
            {"_id": "g2", "area": "S2-1", "organization_id": None},
        ],
    )
    city.put(
        "units",
        [
            {"_id": "power", "domain": "state_enterprise", "area": "S1"},
            {"_id": "water", "domain": "state_enterprise", "area": "S1"},
            {"_id": "shut", "domain": "state_enterprise", "area": "S1-1", "retired": True},
            {"_id": "agency", "domain": "agency", "area": "D"},
        ],
    )
    city.put(
        "organizations",
        [
            {"_id": "org-power", "unit_id": "power", "area": "S1"},
            {"_id": "org-s1", "area": "S1"},
            {"_id": "org-g1", "area": "S1-1"},
        ],
    )
    return city


def context(now: datetime = NOON, rules: list[dict[str, Any]] | None = None) -> Context:
    table = SHIPPED if rules is None else RoutingTable.model_validate({"rules": rules})
    return Context(
        now, directory(), table, DEADLINES, CALENDAR, LIMITS, lambda _id, words: f"sealed:{words}"
    )


def accepted(**more: Any) -> requests.RequestAccepted:
    return requests.RequestAccepted.model_validate(
        {
            "request_id": "r1",
            "channel": "web",
            "kind": "help",
            "category": "other",
            "urgency": "ordinary",
            "rules_version": 1,
            "grid_id": "g1",
            "area_path": PATH,
            "received_at": NOON,
        }
        | more
    )


def event(data: Payload, *, source: str = "", subject: str = "r1", time: datetime = NOON) -> Event:
    return Event(
        id="e",
        source=source or "/services/request-intake",
        type=data.full_type(),
        subject=subject,
        sequence=1,
        time=time,
        partition_key=subject,
        trace_parent=None,
        data=data,
    )


def of_unit(
    data: units.TaskProgress | units.TaskResult,
    unit: str = "power",
    subject: str = f"task/{lead_task_id('r1')}",
    time: datetime = NOON,
) -> Event:
    return event(data, source=f"/units/{unit}", subject=subject, time=time)


CASE = "case/77"
CASE_REQUEST = reported_request_id("/units/power", CASE)


def handle(state: TaskState | None, what: Event, ctx: Context | None = None) -> Decision[TaskState]:
    assert what.data is not None
    handler = handlers.HANDLERS[type(what.data)]
    decision = handler(state, what, ctx or context(what.time))
    assert decision is not None
    return decision


def new(ctx: Context | None = None, **more: Any) -> Decision[TaskState]:
    return handle(None, event(accepted(**more)), ctx)


def names(decision: Decision[TaskState]) -> list[str]:
    return [type(payload_of(item)).__name__ for item in decision.events]


def payload_of(item: Payload | At) -> Any:
    return item.data if isinstance(item, At) else item


def held(state: TaskState) -> str:
    assert state.assignee is not None
    return f"{state.assignee.kind}:{state.assignee.id}"


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
