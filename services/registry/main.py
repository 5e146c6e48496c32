"""The registry as a process: `python -m services.registry.main`."""

import sys

from services.registry import (
    routes,
    routes_coverage,
    routes_grid_check,
    routes_imports,
    routes_lists,
)
from services.registry.chinese import load_polyphones
from services.registry.commands import Registry
from services.registry.coverage_repository import CoverageRepository
from services.registry.coverage_watch import CoverageWatch
from services.registry.repository import Repository
from services.registry.service import all_kinds
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import Client
from shared.storage.encryption import FieldCipher
from shared.web.process import Assembly, Definition, run_service


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the parts. It listens to no topic yet."""
    cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())
    kinds = all_kinds(cipher)
    load_polyphones(settings.data_folder)
    database = client.database(settings.database_name)
    repository = Repository(database, kinds, settings)
    coverage = CoverageRepository(database, settings)
    runtime = Runtime(settings, client, stores=[*repository.stores.values(), coverage.store])
    watch = CoverageWatch(coverage, runtime.journal, runtime.leases)
    runtime.add_work("coverage", watch.run)
    registry = Registry({kind.name: kind for kind in kinds}, repository, coverage, cipher)

    async def create_indexes() -> None:
        await repository.create_indexes()
        await coverage.create_indexes()

    return Assembly(runtime, registry, create_indexes)


DEFINITION = Definition(
    name="registry",
    title="登记 Registry",
    routers=[
        routes_lists.router,
        routes_grid_check.router,
        *routes.ROUTERS,
        routes_imports.router,
        routes_coverage.router,
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
