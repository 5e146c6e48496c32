"""The registry as a process: `python -m services.registry.main`."""

import sys
from zoneinfo import ZoneInfo

from services.registry import (
    routes,
    routes_coverage,
    routes_grid_check,
    routes_history,
    routes_imports,
    routes_lists,
)
from services.registry.care import routes as routes_care
from services.registry.care.repository import CareRounds, CareTimers
from services.registry.care.table import CareRules
from services.registry.checkins import routes as routes_checkins
from services.registry.checkins import routes_lists as routes_checkins_lists
from services.registry.checkins.repository import Checkins, ReportTimers
from services.registry.checkins.table import CheckinRules
from services.registry.chinese import load_polyphones
from services.registry.commands import Registry
from services.registry.coverage_repository import CoverageRepository
from services.registry.coverage_watch import CoverageWatch
from services.registry.follow_ups import follow_up
from services.registry.record_sheet import routes as routes_record_sheet
from services.registry.records import routes as routes_records
from services.registry.records.repository import Records
from services.registry.repository import Repository
from services.registry.service import all_kinds
from services.registry.tables import SHIPPED, TABLES
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import Client
from shared.storage.encryption import FieldCipher
from shared.storage.tables import Tables
from shared.web.process import Assembly, Definition, run_service
from shared.web.tables import table_router


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the parts. It listens to no topic yet."""
    cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())
    kinds = all_kinds(cipher)
    load_polyphones(settings.data_folder)
    database = client.database(settings.database_name)
    repository = Repository(database, kinds, settings)
    coverage = CoverageRepository(database, settings)
    tables = Tables(database, TABLES, SHIPPED, settings.data_folder)
    records = Records(database, settings)
    checkins = Checkins(database, settings, lambda: tables.get(CheckinRules))
    stores = [*repository.stores.values(), coverage.store, records.store]
    care = CareRounds(database, settings, records, lambda: tables.get(CareRules))
    stores += [checkins.store, checkins.places, care.store]
    runtime = Runtime(settings, client, stores=stores)
    watch = CoverageWatch(coverage, runtime.journal, runtime.leases)
    runtime.add_work("coverage", watch.run)
    by_name = {kind.name: kind for kind in kinds}
    registry = Registry(
        by_name,
        repository,
        coverage,
        cipher,
        tables,
        records,
        checkins,
        care,
        zone=ZoneInfo(settings.timezone),
    )
    runtime.add_timers(ReportTimers(checkins, repository, runtime.leases))
    runtime.add_timers(CareTimers(care, runtime.leases))
    waiting = [*checkins.follow_ups, care.follow_up]
    runtime.add_work("follow-ups", lambda: follow_up(waiting, runtime.leases))
    runtime.add_work("tables", tables.follow)

    async def prepare() -> None:
        for part in (repository, coverage, records, checkins, care):
            await part.create_indexes()
        await tables.prepare()

    return Assembly(runtime, registry, prepare)


DEFINITION = Definition(
    name="registry",
    title="登记 Registry",
    routers=[
        routes_lists.router,
        routes_grid_check.router,
        *routes.ROUTERS,
        routes_imports.router,
        routes_history.router,
        routes_coverage.router,
        routes_records.router,
        routes_record_sheet.router,
        routes_checkins_lists.router,
        routes_checkins.router,
        routes_care.router,
        table_router(TABLES, lambda request: request.app.state.parts.tables),
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
