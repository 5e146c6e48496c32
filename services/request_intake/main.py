"""The request intake service: `python -m services.request_intake.main`."""

import sys
from typing import Any

from services.request_intake import (
    messages,  # noqa: F401 (its sentences)
    routes_audit,
    routes_joins,
    routes_places,
    routes_requests,
    routes_rules,
    routes_similar,
    routes_timelines,
    routes_units,
)
from services.request_intake.handlers import HANDLERS, Context, target
from services.request_intake.joiner import Joiner
from services.request_intake.likeness import LikenessTable
from services.request_intake.open311 import routes as open311
from services.request_intake.parts import Parts, now
from services.request_intake.read_models import SNAPSHOTS
from services.request_intake.service import on_due
from services.request_intake.state import RequestState
from shared.contracts import topics
from shared.messaging.processor import Consumes
from shared.messaging.runtime import Runtime
from shared.messaging.timers import Timers
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import Client
from shared.web.process import Assembly, Definition, run_service
from shared.web.tables import table_router


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the service."""
    parts = Parts(settings, client.database(settings.database_name))
    listened = (topics.REGISTRY.name, topics.TASKS.name, topics.UNITS.name)
    consumes: Consumes[RequestState, Context] = Consumes(
        topics=listened,
        store=parts.requests.store,
        facts=HANDLERS,
        target=target,
        prepare=parts.context,
        snapshots=SNAPSHOTS,
        judges=frozenset(listened),
    )
    stores: list[AggregateStore[Any]] = [parts.requests.store, parts.unit_reports.store]
    runtime = Runtime(settings, client, stores=stores, consumes=consumes)
    runtime.add_timers(Timers(parts.requests.store, on_due, runtime.leases))
    runtime.add_work("read models", parts.keep_fresh)
    parts.joiner = Joiner(parts.requests.store, parts.tables, runtime.leases, parts.follow_up, now)
    runtime.add_work("joined requests", parts.joiner.run)
    return Assembly(runtime, parts, parts.prepare)


DEFINITION = Definition(
    name="request_intake",
    title="诉求受理 · Request intake",
    routers=[
        routes_requests.router,
        routes_places.router,
        routes_joins.router,
        routes_similar.router,
        routes_timelines.router,
        routes_rules.router,
        routes_units.router,
        table_router((LikenessTable,), lambda request: request.app.state.parts.tables),
        routes_audit.router,
        *open311.ROUTERS,
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
