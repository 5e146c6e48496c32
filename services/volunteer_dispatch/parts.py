"""The parts of the service, wired; routes find them in `request.app.state.parts`."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services.volunteer_dispatch import handlers
from services.volunteer_dispatch.activities import Activities, ActivityLoop, activity_store
from services.volunteer_dispatch.boards import Boards
from services.volunteer_dispatch.bookings import Bookings
from services.volunteer_dispatch.bulk_answers import BulkAnswers
from services.volunteer_dispatch.changes import Changes
from services.volunteer_dispatch.gaps import Gaps
from services.volunteer_dispatch.groups import Everybody, GroupTasks, group_volunteers
from services.volunteer_dispatch.hours import HoursBook, TaskHours, hours_store
from services.volunteer_dispatch.joint_repository import JointParts
from services.volunteer_dispatch.matching import Matcher
from services.volunteer_dispatch.page.repository import Names
from services.volunteer_dispatch.pool import Pool
from services.volunteer_dispatch.repository import Follower, Tasks, task_store
from services.volunteer_dispatch.service import activities as activity_decisions
from services.volunteer_dispatch.service import whistling
from services.volunteer_dispatch.service.activity_tables import HoursTable
from services.volunteer_dispatch.service.alerting import AlertTable, Asking
from services.volunteer_dispatch.service.calendar import Calendar
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.directory import Directory
from services.volunteer_dispatch.service.limits import CalendarTable, LimitTable
from services.volunteer_dispatch.service.lists import ListTable
from services.volunteer_dispatch.service.tables import TABLES, DeadlineTable, RoutingTable
from services.volunteer_dispatch.service.timers import on_due
from services.volunteer_dispatch.upkeep import Upkeep
from services.volunteer_dispatch.volunteers import Volunteers
from services.volunteer_dispatch.whistle_repository import Whistles
from shared.contracts import care, requests
from shared.contracts.envelope import Event
from shared.messaging.processor import Consumes
from shared.messaging.runtime import Runtime
from shared.messaging.timers import Timers
from shared.settings import Settings
from shared.storage.client import Client, Database
from shared.storage.encryption import FieldCipher, context_of
from shared.storage.loops import for_ever
from shared.storage.tables import Tables
from shared.telemetry import ROUTING_GAPS

_FOLLOW_SECONDS = 1.0
_COUNT_GAPS_SECONDS = 30.0
_SHIPPED = Path(__file__).parent / "data"
_REFRESH_AT_MOST_EVERY = 0.1


class Parts:
    """Stores, caches and loops of dispatch."""

    def __init__(self, settings: Settings, client: Client) -> None:
        database = client.database(settings.database_name)
        self._cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())
        self.store = task_store(database, settings)
        self.tasks = Tasks(self.store)
        self.gaps = Gaps(self.store)
        self.joint = JointParts(self.store)
        self.whistles = Whistles(database, settings, self._cipher)
        self.volunteers = Volunteers(database)
        self.boards = Boards(self.store)
        self.bulk = BulkAnswers(database)
        self.names = Names(database)
        self.changes = Changes(database, self.store)
        self.groups = group_volunteers(database)
        self.everybody = Everybody(self.volunteers, self.groups)
        self.group_tasks = GroupTasks(self.store.collection)
        self.bookings = Bookings(database)
        self.activities = Activities(activity_store(database, settings))
        self.hours = HoursBook(hours_store(database, settings))
        self.tables = Tables(database, TABLES, _SHIPPED, settings.data_folder)
        self.directory = Directory()
        self._follower = Follower(database, self.directory)
        self._refreshed = 0.0
        self._calendar: tuple[int, Calendar] | None = None
        self.runtime = Runtime(
            settings,
            client,
            stores=[
                self.store,
                self.whistles.store,
                self.activities.store,
                self.hours.store,
            ],
            consumes=Consumes(
                topics=handlers.TOPICS,
                store=self.store,
                facts=handlers.HANDLERS,
                target=handlers.target,
                prepare=self.context_of,
                snapshots=handlers.SNAPSHOTS,
                judges=handlers.JUDGES,
            ),
        )
        leases = self.runtime.leases
        self._zone = ZoneInfo(settings.timezone)
        self.pool = Pool(self.volunteers, lambda: self.asking, self.groups)
        self.matcher = Matcher(self.store, self.everybody, self.pool, leases, self.context)
        self.timers = Timers(
            self.store,
            lambda state, now: on_due(state, self.context(now)),
            leases,
        )
        self.upkeep = Upkeep(self.store, leases)
        self.runtime.add_timers(self.timers)
        self.runtime.add_timers(Timers(self.whistles.store, whistling.on_due, leases))
        self._add_activities(database)
        self.runtime.add_work("matching", self.matcher.run)
        self.runtime.add_work("sweep", self.matcher.run_sweep)
        self.runtime.add_work("follow", self._follow)
        self.runtime.add_work("gaps", self._show_gaps)
        self.runtime.add_work("changes", self.changes.run)
        self.runtime.add_work("upkeep", self.upkeep.run)
        self.runtime.add_work("forget", lambda: self.bulk.run(leases))
        self.runtime.add_work("tables", self.tables.follow)

    def _add_activities(self, database: Database) -> None:
        """What works on activities and service hours."""
        leases = self.runtime.leases
        self.activity_loop = ActivityLoop(
            self.activities.store,
            self.volunteers,
            self.bookings,
            self.hours,
            self.pool,
            leases,
            self.tables,
            lambda: self.asking,
        )
        self.task_hours = TaskHours(
            database,
            self.runtime.journal,
            leases,
            self.store,
            self.hours,
            lambda: self.tables.get(HoursTable),
        )
        self.runtime.add_timers(Timers(self.activities.store, activity_decisions.on_due, leases))
        self.runtime.add_work("activities", self.activity_loop.run)
        self.runtime.add_work("sweep of bookings", self.activity_loop.run_sweep)
        self.runtime.add_work("hours of tasks", self.task_hours.run)

    async def prepare(self) -> None:
        """Create the indexes; load tables and city."""
        await self.tasks.create_indexes()
        await self.gaps.create_indexes()
        for part in (
            self.joint,
            self.whistles,
            self.volunteers,
            self.groups,
            self.group_tasks,
            self.bookings,
            self.activities,
            self.hours,
            self.boards,
            self.bulk,
            self.upkeep,
        ):
            await part.create_indexes()
        await self._follower.create_indexes()
        await self.tables.prepare()
        await self._follower.refresh()

    @property
    def asking(self) -> Asking:
        """How volunteers are asked now."""
        newest = self.tables.newest(AlertTable)
        return Asking(table=newest.table, version=newest.version, zone=self._zone)

    def context(self, now: datetime | None = None) -> Context:
        """What decisions look at, as of `now`."""
        return Context(
            now=now or datetime.now(UTC),
            directory=self.directory,
            routing=self.tables.get(RoutingTable),
            deadlines=self.tables.get(DeadlineTable),
            calendar=self._calendar_in_force(),
            limits=self.tables.get(LimitTable),
            seal=self.seal,
            versions={model.NAME: self.tables.newest(model).version for model in TABLES},
            asking=self.asking,
            lists=self.tables.get(ListTable),
        )

    def _calendar_in_force(self) -> Calendar:
        newest = self.tables.newest(CalendarTable)
        if self._calendar is None or self._calendar[0] != newest.version:
            self._calendar = newest.version, Calendar(newest.table)
        return self._calendar[1]

    async def context_of(self, events: Sequence[Event]) -> Context:
        """The context for a batch of facts; the city is read again where it lacks somebody."""
        # Not each time: an id that the registry never had must not cost queries a batch.
        may = time.monotonic() - self._refreshed > _REFRESH_AT_MOST_EVERY
        if may and any(self._lacks(event) for event in events):
            await self._follower.refresh()
            self._refreshed = time.monotonic()
        return self.context()

    def _lacks(self, event: Event) -> bool:
        data = event.data
        if not isinstance(data, requests.RequestAccepted | requests.RequestLocated | care.CareDue):
            return False
        if data.grid_id is not None and data.grid_id not in self.directory.grids:
            return True
        unit = data.handling_unit if isinstance(data, requests.RequestAccepted) else None
        if unit is not None and unit not in self.directory.units:
            return True
        return any(code not in self.directory.areas for code in data.area_path)

    async def _follow(self) -> None:
        await for_ever(self._freshen, _FOLLOW_SECONDS, "the city waits for the database")

    async def _freshen(self) -> None:
        await self._follower.refresh()
        await self.pool.freshen(datetime.now(UTC))

    async def _show_gaps(self) -> None:
        await for_ever(self._count_gaps, _COUNT_GAPS_SECONDS, "the gaps wait for the database")

    async def _count_gaps(self) -> None:
        ROUTING_GAPS.set(await self.gaps.count_open())

    def seal(self, task_id: str, words: str) -> str:
        """Encrypt words about a task."""
        return self._cipher.encrypt(words, context_of("tasks", "words", task_id))

    def mark(self, text: str) -> str:
        """HMAC-SHA-256 of a text, in hex: a code that only this service can make."""
        return self._cipher.blind_index(text)

    def unseal(self, task_id: str, sealed: str) -> str:
        """Read words about a task."""
        return self._cipher.decrypt(sealed, context_of("tasks", "words", task_id))
