"""The process of volunteer dispatch: `python -m services.volunteer_dispatch.main`."""

import sys

from services.volunteer_dispatch import routes_commands, routes_tables, routes_tasks
from services.volunteer_dispatch.parts import Parts
from shared.settings import Settings
from shared.storage.client import Client
from shared.web.process import Assembly, Definition, run_service


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the service."""
    parts = Parts(settings, client)
    return Assembly(parts.runtime, parts, parts.prepare)


DEFINITION = Definition(
    name="volunteer_dispatch",
    title="连心 · 派单 (Lianxin volunteer dispatch)",
    routers=[routes_tasks.router, routes_commands.router, routes_tables.router],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
