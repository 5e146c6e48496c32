"""The assessment service: `python -m services.assessment.main`."""

import json
import sys
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from services.assessment import routes, routes_audit, routes_rankings
from services.assessment.corrections import routes as routes_corrections
from services.assessment.handlers import HANDLERS, SNAPSHOTS, target
from services.assessment.measuring import Measuring
from services.assessment.parts import Parts, parts_in
from services.assessment.repository import Repository
from services.assessment.service.rankings import Weights
from services.assessment.tables import SHIPPED, TABLES
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.messaging.processor import Consumes
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import Client
from shared.storage.tables import Tables
from shared.web.process import Assembly, Definition, run_service
from shared.web.tables import table_router

_LISTENS = (topics.REGISTRY.name, topics.REQUESTS.name, topics.TASKS.name)


def load_weights(settings: Settings) -> Weights:
    """The table of weights: the city's own `weights.json`, where there is one, or the shipped.

    Raises:
        ValueError: the table is not valid; its sentence names the file and the field.
    """
    path = SHIPPED / "weights.json"
    if settings.data_folder and (own := Path(settings.data_folder) / path.name).is_file():
        path = own
    try:
        return Weights.model_validate(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the service."""
    zone = ZoneInfo(settings.timezone)
    database = client.database(settings.database_name)
    repository = Repository(database, settings)
    tables = Tables(database, TABLES, SHIPPED, settings.data_folder)

    async def prepare(_events: Sequence[Event]) -> tzinfo:
        return zone

    runtime = Runtime(
        settings,
        client,
        stores=[repository.cases, repository.figures],
        consumes=Consumes(
            topics=_LISTENS,
            store=repository.cases,
            facts=HANDLERS,
            target=target,
            prepare=prepare,
            snapshots=SNAPSHOTS,
            judges=frozenset(_LISTENS),
        ),
    )
    runtime.add_work("figures", Measuring(repository, runtime.leases).run)
    runtime.add_work("tables", tables.follow)
    parts = Parts(repository, load_weights(settings), zone, tables)

    async def prepare_database() -> None:
        await repository.create_indexes()
        await tables.prepare()

    return Assembly(runtime, parts, prepare_database)


DEFINITION = Definition(
    name="assessment",
    title="Lianxin assessment (连心 · 考评)",
    routers=[
        routes.router,
        routes_corrections.router,
        routes_rankings.router,
        routes_audit.router,
        table_router(TABLES, lambda request: parts_in(request).tables),
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
