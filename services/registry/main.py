"""The registry as a process: `python -m services.registry.main`."""

import sys
from typing import Any
from zoneinfo import ZoneInfo

from services.registry import (
    routes,
    routes_coverage,
    routes_grid_check,
    routes_history,
    routes_imports,
    routes_lists,
)
from services.registry.assets import routes as routes_assets
from services.registry.assets.counts import Counts
from services.registry.assets.repository import Scorecards
from services.registry.assignments import routes as routes_assignments
from services.registry.assignments.repository import Assignments
from services.registry.backbone import routes as routes_backbone
from services.registry.backbone import routes_lists as routes_backbone_lists
from services.registry.backbone.repository import Backbones
from services.registry.care import handlers as handlers_care
from services.registry.care import routes as routes_care
from services.registry.care.repository import CareRounds, CareTimers
from services.registry.care.table import CareRules
from services.registry.carriers import (
    routes as routes_carriers,
)
from services.registry.carriers import routes_errands, routes_promises
from services.registry.carriers.repository import Carriers
from services.registry.certificates import routes as routes_certificates
from services.registry.certificates.repository import Certificates
from services.registry.checkins import routes as routes_checkins
from services.registry.checkins import routes_lists as routes_checkins_lists
from services.registry.checkins.repository import Checkins, ReportTimers
from services.registry.checkins.table import CheckinRules
from services.registry.chinese import load_polyphones
from services.registry.commands import Registry
from services.registry.coverage_repository import CoverageRepository
from services.registry.coverage_watch import CoverageWatch
from services.registry.derived import FOLLOWED, Derived
from services.registry.duties import routes as routes_duties
from services.registry.duties.repository import Duties
from services.registry.follow_ups import follow_up
from services.registry.following import Follower
from services.registry.groups import routes as routes_groups
from services.registry.groups.decisions import Groups
from services.registry.homes import Homes
from services.registry.hours import handlers as handlers_hours
from services.registry.joint import routes as routes_joint
from services.registry.joint import routes_lists as routes_joint_lists
from services.registry.joint.follow import Follow
from services.registry.joint.repository import Joints
from services.registry.listening import with_
from services.registry.moves import Moves
from services.registry.ownership import repository as ownership
from services.registry.ownership import routes as routes_ownership
from services.registry.ownership.handlers import UnitSystems
from services.registry.pairings import routes as routes_pairings
from services.registry.pairings.repository import Pairings
from services.registry.plans import routes as routes_plans
from services.registry.plans.repository import Plans
from services.registry.record_sheet import routes as routes_record_sheet
from services.registry.records import routes as routes_records
from services.registry.records.repository import Records
from services.registry.registered import Registrations
from services.registry.repository import Repository
from services.registry.service import People, all_kinds
from services.registry.service.base import Kind
from services.registry.service.grids import on_due
from services.registry.succession import routes as routes_succession
from services.registry.succession.checkins import CheckinWork
from services.registry.succession.children import ChildWork
from services.registry.succession.entries import KINDS as ENTRIES
from services.registry.succession.entries import EntryWork
from services.registry.succession.follow import Succession
from services.registry.succession.joints import JointWork
from services.registry.succession.works import (
    AssignmentWork,
    PairingWork,
    PlanWork,
    carrier_works,
)
from services.registry.tables import SHIPPED, TABLES
from services.registry.together import add_watches
from services.registry.venues import routes as routes_venues
from services.registry.venues.decisions import Venues
from services.registry.venues.table import VenueUses
from services.registry.watch import Facts
from shared.contracts import topics
from shared.messaging.runtime import Runtime
from shared.messaging.timers import Timers
from shared.settings import Settings
from shared.storage.client import Client
from shared.storage.encryption import FieldCipher
from shared.storage.tables import Tables
from shared.web.process import Assembly, Definition, run_service
from shared.web.tables import table_router


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the parts."""
    cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())
    load_polyphones(settings.data_folder)
    database = client.database(settings.database_name)
    zone = ZoneInfo(settings.timezone)
    tables = Tables(database, TABLES, SHIPPED, settings.data_folder)
    kinds: dict[str, Kind[Any, Any]] = {
        kind.name: kind
        for kind in (
            *all_kinds(cipher),
            Venues(lambda: tables.get(VenueUses).codes, zone),
            Groups(),
        )
    }
    repository = Repository(database, list(kinds.values()), settings)
    coverage = CoverageRepository(database, settings)
    records = Records(database, settings)
    registrations = Registrations(database)

    duties = Duties(database, settings, repository, records, tables, registrations, zone)
    joints = Joints(database, settings)
    checkins = Checkins(database, settings, lambda: tables.get(CheckinRules))
    care = CareRounds(database, settings, records, lambda: tables.get(CareRules))
    backbones = Backbones(database, settings, tables, registrations)
    carriers = Carriers(database, settings, records)
    counts = Counts(database, zone, records, backbones, carriers)
    scorecards = Scorecards(database, settings, tables, counts, registrations)
    pairings = Pairings(database, settings, records)
    assignments = Assignments(database, settings)
    plans = Plans(database, settings, repository, records)
    certificates = Certificates(database, settings, records)
    facts = Facts(database, settings)
    moves = {name: Moves(database, name) for name, kind in kinds.items() if kind.tree}
    succession = Succession(
        repository,
        [
            PairingWork("pairings", pairings.store),
            AssignmentWork("assignments", assignments.store),
            PlanWork("plans", plans.store),
            *carrier_works(carriers),
            CheckinWork(checkins),
            JointWork(joints, zone),
            ChildWork(repository, moves["organizations"]),
            *(EntryWork(kinds[name], repository) for name in ENTRIES),
        ],
    )

    runtime = Runtime(
        settings,
        client,
        stores=[
            *repository.stores.values(),
            coverage.store,
            records.store,
            certificates.store,
            joints.store,
            checkins.store,
            checkins.places,
            care.store,
            backbones.store,
            carriers.posts,
            carriers.promises,
            carriers.errands,
            scorecards.store,
            pairings.store,
            assignments.store,
            plans.store,
            facts.store,
        ],
        consumes=with_(
            with_(UnitSystems(kinds, repository).consumes(), handlers_hours.heard(records.store)),
            handlers_care.heard(care.store, care.rules),
        ),
    )
    leases = runtime.leases
    follow = Follow(joints, repository, records, tables, leases, zone)
    registry = Registry(
        kinds=kinds,
        repository=repository,
        coverage=coverage,
        cipher=cipher,
        tables=tables,
        zone=zone,
        records=records,
        moves=moves,
        duties=duties,
        joints=joints,
        follow=follow,
        checkins=checkins,
        care=care,
        backbones=backbones,
        carriers=carriers,
        scorecards=scorecards,
        pairings=pairings,
        assignments=assignments,
        plans=plans,
        succession=succession,
        certificates=certificates,
    )

    runtime.add_work("tables", tables.follow)
    runtime.add_work("coverage", CoverageWatch(coverage, runtime.journal, leases).run)
    runtime.add_work("joint organizations", follow.run)
    waiting = [*checkins.follow_ups, care.follow_up]
    runtime.add_work("follow-ups", lambda: follow_up(waiting, leases))
    derived = Derived(backbones, carriers, scorecards)
    homes = Homes(repository, People(cipher), care)
    for name, followed, derive, spare in (
        ("derived", FOLLOWED, derived.follow, derived.catch_up),
        ("duties", (topics.REGISTRY, topics.WORK), duties.follow, duties.catch_up),
        ("succession", (topics.REGISTRY,), succession.follow, succession.catch_up),
        ("homes", (topics.REGISTRY,), homes.follow, None),
    ):
        follower = Follower(database, runtime.journal, leases, name, followed, derive, spare)
        runtime.add_work(name, follower.run)
    for timers in (
        Timers(repository.stores["grids"], on_due, leases),
        Timers(backbones.store, backbones.on_due, leases),
        Timers(carriers.promises, carriers.on_due, leases),
        ReportTimers(checkins, repository, leases),
        CareTimers(care, leases),
    ):
        runtime.add_timers(timers)
    add_watches(runtime, registry, facts)

    async def prepare() -> None:
        for part in (
            repository,
            coverage,
            records,
            duties,
            joints,
            checkins,
            care,
            backbones,
            carriers,
            scorecards,
            pairings,
            assignments,
            plans,
            succession,
            certificates,
        ):
            await part.create_indexes()
        await ownership.create_indexes(repository.stores)
        await tables.prepare()

    return Assembly(runtime, registry, prepare)


DEFINITION = Definition(
    name="registry",
    title="登记 Registry",
    routers=[
        routes_lists.router,
        routes_backbone_lists.router,
        routes_backbone.router,
        routes_grid_check.router,
        *routes.ROUTERS,
        routes_imports.router,
        routes_succession.router,
        routes_history.router,
        routes_coverage.router,
        routes_records.router,
        routes_pairings.router,
        routes_assignments.router,
        routes_plans.router,
        routes_venues.router,
        routes_carriers.router,
        routes_promises.router,
        routes_errands.router,
        routes_assets.router,
        routes_duties.router,
        routes_joint.router,
        routes_joint_lists.router,
        routes_record_sheet.router,
        routes_certificates.router,
        routes_groups.router,
        routes_checkins_lists.router,
        routes_checkins.router,
        routes_care.router,
        routes_ownership.router,
        table_router(TABLES, lambda request: request.app.state.parts.tables),
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
