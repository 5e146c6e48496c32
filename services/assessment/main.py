"""The assessment service: `python -m services.assessment.main`."""

import sys
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from services.assessment import routes, routes_audit, routes_rankings
from services.assessment.corrections import routes as routes_corrections
from services.assessment.handlers import HANDLERS, SNAPSHOTS, target
from services.assessment.listening import Listening
from services.assessment.lists import routes_exemplars, routes_weak
from services.assessment.lists import weak as weak_list
from services.assessment.lists.basis import Judges, where_named
from services.assessment.lists.finding import Finding
from services.assessment.lists.repository import Lists
from services.assessment.measuring import Measuring
from services.assessment.parts import Parts, parts_in
from services.assessment.problems import routes as routes_problems
from services.assessment.problems import routes_programmes
from services.assessment.problems import watch as problems_watch
from services.assessment.problems.repository import Problems
from services.assessment.problems.succession import Succession
from services.assessment.ratings import routes as routes_ratings
from services.assessment.reports import routes as routes_reports
from services.assessment.reports.boards import Boards
from services.assessment.reports.parts import report_parts
from services.assessment.repository import Repository
from services.assessment.rounds import routes as routes_rounds
from services.assessment.rounds.part import start_rounds, stores_of
from services.assessment.rounds.recounting import Recounting
from services.assessment.schemes import routes as routes_schemes
from services.assessment.schemes.versions import Schemes
from services.assessment.scores import routes as routes_scores
from services.assessment.scores import routes_audit as routes_reproduction
from services.assessment.scores.figures import FigureInputs
from services.assessment.scores.inputs import Provider
from services.assessment.scores.outdated import Outdated
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.scoring import Scoring
from services.assessment.scores.watching import Watching
from services.assessment.statements import routes as routes_statements
from services.assessment.statements import routes_points
from services.assessment.statements import statement as statements_of
from services.assessment.statements.filling import Filling
from services.assessment.statements.repository import Statements
from services.assessment.subjects import Subjects
from services.assessment.support import decisions as support
from services.assessment.support import routes as routes_support
from services.assessment.support.parts import support_parts
from services.assessment.tables import SHIPPED, TABLES
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.messaging.processor import Consumes
from shared.messaging.runtime import Runtime
from shared.messaging.timers import Timers
from shared.settings import Settings
from shared.storage.client import Client
from shared.storage.tables import Tables
from shared.web.process import Assembly, Definition, run_service
from shared.web.tables import table_router

_LISTENS = (topics.REGISTRY.name, topics.REQUESTS.name, topics.TASKS.name)


def build(settings: Settings, client: Client) -> Assembly:
    """Wire the service."""
    zone = ZoneInfo(settings.timezone)
    database = client.database(settings.database_name)
    repository = Repository(database, settings)
    tables = Tables(database, TABLES, SHIPPED, settings.data_folder)
    scores = ScoreRepository(database, settings)
    supported = support_parts(database, settings, tables)
    guarantees = supported.repository.guarantees

    def today() -> date:
        return datetime.now(zone).date()

    shipped = SHIPPED / "schemes" / "default.yaml"
    schemes = Schemes(database, shipped, settings.data_folder, lambda: f"{today():%Y-%m}")
    figures = FigureInputs(repository.figures.collection)
    rounds, ratings = stores_of(database, settings)
    subjects = Subjects(database)
    lists = Lists(database, settings, tables)
    statements = Statements(database, settings, tables)
    listening = Listening(target, repository.cases, (supported.listened, *lists.listened))
    listens = (*_LISTENS, *listening.topics)
    always: list[Provider] = [figures.provide, supported.inputs.provide, rounds.provide]
    providers = [*always, where_named(schemes, lists.inputs.provide)]
    scoring = Scoring(schemes, providers, repository, scores)
    problems = Problems(database, repository.cases.collection, settings)

    async def prepare(_events: Sequence[Event]) -> tzinfo:
        return zone

    runtime = Runtime(
        settings,
        client,
        stores=[
            repository.cases,
            repository.figures,
            scores.standings,
            scores.settlements,
            guarantees,
            supported.repository.works,
            problems.store,
            problems.programmes,
            *rounds.stores,
            *ratings.stores,
            *lists.stores,
            *statements.stores,
        ],
        consumes=Consumes(
            topics=listens,
            store=repository.cases,
            facts=HANDLERS | listening.facts,
            target=listening.target,
            prepare=prepare,
            snapshots=SNAPSHOTS,
            judges=frozenset(listens),
            store_of=listening.store_of,
        ),
    )
    leases = runtime.leases
    runtime.add_work(
        "figures", Measuring(repository, leases, Recounting(rounds, repository).hear).run
    )
    runtime.add_timers(Timers(guarantees, support.overdue, leases))
    runtime.add_work("tables", tables.follow)
    runtime.add_work("schemes", schemes.follow)
    outdated = Outdated(figures.provide, repository, scores, scoring)
    watching = Watching(repository, scores, schemes, scoring, outdated, leases, today)
    runtime.add_work("scores", watching.run)
    runtime.add_work(
        "problems", problems_watch.Watch(repository, problems, tables, leases, zone).run
    )
    runtime.add_work("successors", Succession(problems, subjects, leases).run)
    boards = Boards(schemes, scoring)
    reports = report_parts(database, settings, tables, boards, supported.inputs.provide)
    of_rounds = start_rounds(rounds, ratings, repository.answered, tables, runtime, settings)
    every = [*always, lists.inputs.provide]
    judges = Judges(schemes, scoring, every, lambda: supported.bounds)
    finding = Finding(lists, subjects, judges, leases)
    filling = Filling(lists, statements, subjects, judges)
    runtime.add_work("lists", finding.run)
    for timers in (
        problems_watch.timers(problems, tables, leases),
        Timers(lists.weak, weak_list.on_due, leases),
        Timers(statements.statements, statements_of.on_due, leases),
        Timers(statements.points, statements.point_due, leases),
    ):
        runtime.add_timers(timers)
    parts = Parts(
        repository,
        zone,
        tables,
        schemes,
        scores,
        scoring,
        reports,
        supported,
        problems,
        of_rounds,
        subjects,
        lists,
        finding,
        statements,
        filling,
    )

    async def prepare_database() -> None:
        indexed = (repository, scores, supported.repository, problems, of_rounds, lists, statements)
        for part in indexed:
            await part.create_indexes()
        await tables.prepare()
        await schemes.prepare()
        await repository.tell_corrections()

    return Assembly(runtime, parts, prepare_database)


DEFINITION = Definition(
    name="assessment",
    title="Lianxin assessment (连心 · 考评)",
    routers=[
        routes.router,
        routes_corrections.router,
        routes_rankings.router,
        routes_schemes.router,
        routes_scores.router,
        routes_audit.router,
        routes_reports.router,
        routes_support.router,
        routes_reproduction.router,
        routes_problems.router,
        routes_programmes.router,
        routes_rounds.router,
        routes_ratings.router,
        routes_weak.router,
        routes_exemplars.router,
        routes_points.router,
        routes_statements.router,
        table_router(TABLES, lambda request: parts_in(request).tables),
    ],
    build=build,
)

if __name__ == "__main__":
    sys.exit(run_service(DEFINITION))
