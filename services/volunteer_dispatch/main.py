"""The process of volunteer dispatch: `python -m services.volunteer_dispatch.main`."""

import sys

from services.volunteer_dispatch import (
    routes_activities,
    routes_audit,
    routes_board,
    routes_bulk,
    routes_changes,
    routes_commands,
    routes_explanation,
    routes_gaps,
    routes_groups,
    routes_handover,
    routes_helpers,
    routes_hours,
    routes_mine,
    routes_parts,
    routes_problems,
    routes_tasks,
    routes_turns,
    routes_whistles,
)
from services.volunteer_dispatch.page import files as page_files
from services.volunteer_dispatch.page import routes as page_routes
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.tables import TABLES
from shared.settings import Settings
from shared.storage.client import Client
from shared.web.process import Assembly, Definition, run_service
from shared.web.tables import table_router


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the service."""
    parts = Parts(settings, client)
    return Assembly(parts.runtime, parts, parts.prepare, parts.changes.close)


DEFINITION = Definition(
    name="volunteer_dispatch",
    title="连心 · 派单 (Lianxin volunteer dispatch)",
    routers=[
        page_files.router,
        page_routes.router,
        routes_bulk.router,
        routes_board.router,
        routes_mine.router,
        routes_changes.router,
        routes_handover.router,
        routes_tasks.router,
        routes_commands.router,
        routes_explanation.router,
        routes_gaps.router,
        routes_helpers.router,
        routes_parts.router,
        routes_turns.router,
        routes_whistles.router,
        routes_problems.router,
        routes_activities.router,
        routes_hours.router,
        routes_groups.router,
        table_router(TABLES, lambda request: request.app.state.parts.tables),
        routes_audit.router,
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
