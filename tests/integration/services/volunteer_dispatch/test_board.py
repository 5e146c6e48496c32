"""Boards of people over HTTP, on real servers: counts, order, filters, pages, indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import monitoring
from pymongo.monitoring import CommandListener, CommandStartedEvent

from services.volunteer_dispatch.service.alerting import Alerts
from services.volunteer_dispatch.service.standing import Clock, Pause, Proposal
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.task_life import PauseKind, ProposalKind
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind, Urgency
from shared.storage.aggregates import SHARDS
from shared.web.auth import Role
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_LEADER,
    VOLUNTEER,
    World,
    bearer,
    document,
    running,
)

SERVICE = "volunteer_dispatch"
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
TEAM = Assignee(kind=AssigneeKind.GRID_TEAM, id="g1")
FAR = 100 * HOUR


def task(id: str, status: Status = Status.ACCEPTED, due: timedelta = FAR, **more: Any) -> TaskState:
    return TaskState.model_validate(
        {
            "task_id": id,
            "request_id": f"r-{id}",
            "status": status,
            "category": "other",
            "area_path": ("C", "S1", "S1-1"),
            "areas": ("C", "S1", "S1-1"),
            "grid_id": "g1",
            "assignee": TEAM,
            "deadline": NOW + due,
            "alerts": Alerts(full=True, wake=NOW + FAR),  # the loop of matching leaves it alone
        }
        | more
    )


def paused(kind: PauseKind) -> Clock:
    until = NOW + FAR
    return Clock(pause=Pause(kind=kind, since=NOW, until=until, deadline=until, reason="r"))


def one_of_each() -> Iterator[TaskState]:
    asks = Proposal(kind=ProposalKind.EXTENSION, by="x:y", at=NOW, reason="r")
    yield task("decides", proposal=asks)
    yield task("late", due=-HOUR)
    yield task("late-to-accept", Status.ASSIGNED, due=-2 * HOUR)
    yield task("soon", due=23 * HOUR, urgency="danger", category="care.meals")
    yield task("to-accept", Status.ASSIGNED, due=HOUR)
    yield task("asks", Status.MATCHING, due=HOUR)
    yield task("in-hand", due=25 * HOUR)
    yield task("waits", clock=paused(PauseKind.RESIDENT), due=-HOUR)
    yield task("aside", clock=paused(PauseKind.DEFERRAL))
    yield task("done", Status.COMPLETED, ended_at=NOW - HOUR)
    yield task("done-first", Status.FINALLY_ANSWERED, ended_at=NOW - 2 * HOUR)
    yield task("done-long-ago", Status.COMPLETED, ended_at=NOW - 8 * 24 * HOUR)
    yield task("gone", Status.CANCELLED)
    yield task("elsewhere", grid_id="g2", areas=("C", "S2"))


async def board(world: World, headers: dict[str, str], query: str = "") -> dict[str, list[str]]:
    answer = await world.http.get(f"/v1/board?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    columns = answer.json()["columns"]
    assert all(c["number"] >= len(c["items"]) for c in columns)
    return {c["column"]: [item["id"] for item in c["items"]] for c in columns if c["number"]}


async def test_a_leaders_board_shows_every_task_in_one_column_and_what_is_due_first(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await world.parts.store.collection.insert_many([document(one) for one in one_of_each()])
        answer = await world.http.get("/v1/board", headers=LEADER)
        first = answer.json()["columns"][0]
        assert first["name"] == {"zh": "待上级决定", "en": "Awaiting a decision"}
        assert await board(world, LEADER) == {
            "awaiting_decision": ["decides"],
            "overdue": ["late-to-accept", "late"],
            "due_soon": ["soon"],
            "to_accept": ["to-accept"],
            "asking": ["asks"],
            "in_hand": ["in-hand"],
            "waiting_for_resident": ["waits"],
            "set_aside": ["aside"],
            "done_lately": ["done", "done-first"],
        }
        assert await board(world, OTHER_LEADER) == {"in_hand": ["elsewhere"]}
        for query, found in (
            ("urgency=danger", {"due_soon": ["soon"]}),
            ("category=care.", {"due_soon": ["soon"]}),
            ("category=care", {}),
            ("status=matching", {"asking": ["asks"]}),
            ("awaits=extension", {"awaiting_decision": ["decides"]}),
            ("grid=g2", {"in_hand": ["elsewhere"]}),
            ("area=S2", {"in_hand": ["elsewhere"]}),
            ("holder=unit:power", {}),
        ):
            assert await board(world, ADMINISTRATOR, query) == found, query
        late = await board(world, LEADER, "overdue=true&holder=grid_team:g1")
        assert late == {
            "overdue": ["late-to-accept", "late"],
            "waiting_for_resident": ["waits"],
        }
        # A city may call another time soon.
        shown = await world.http.get("/v1/lists", headers=ADMINISTRATOR)
        tag = {"If-Match": shown.headers["etag"]}
        table = shown.json()["table"] | {"due_soon_hours": 26}
        put = await world.http.put("/v1/lists", json=table, headers=ADMINISTRATOR | tag)
        assert put.status_code == 200, put.text
        assert (await board(world, LEADER))["due_soon"] == ["soon", "in-hand"]
        refused = await world.http.get("/v1/board", headers=VOLUNTEER)
        assert refused.status_code == 403


NUMBER = 20_000
VERBOSE = "queryPlanner"
LISTED = ("state.column", "state.offered_to", "state.alerts.open.volunteer_id")


class Heard(CommandListener):
    """The queries on tasks that the service sends, while `listening`."""

    def __init__(self) -> None:
        self.database: str | None = None
        self.commands: list[dict[str, Any]] = []

    @contextmanager
    def listening(self, database: str) -> Iterator[None]:
        self.database, self.commands = database, []
        yield
        self.database = None

    def started(self, event: CommandStartedEvent) -> None:
        command, name = dict(event.command), event.command_name
        if name not in ("find", "aggregate") or event.database_name != self.database:
            return
        # Of lists, not of the loops that run beside.
        if command[name] == "tasks" and any(field in str(command) for field in LISTED):
            own = ("filter", "pipeline", "projection", "sort", "hint", "limit", "cursor")
            self.commands.append({k: command[k] for k in (name, *own) if k in command})

    def succeeded(self, event: object) -> None:
        pass

    def failed(self, event: object) -> None:
        pass


heard = Heard()


def stages_of(explained: Any) -> Iterator[str]:
    if isinstance(explained, dict):
        if "stage" in explained:
            yield explained["stage"]
        for name, value in explained.items():
            if name != "rejectedPlans":
                yield from stages_of(value)
    elif isinstance(explained, list):
        for value in explained:
            yield from stages_of(value)


LIKE = 240
"""So many differ in more than their ids and times."""


def many() -> Iterator[dict[str, Any]]:
    kinds, like = list(Urgency), []
    for n in range(LIKE):
        grid = n % 80
        unit = Assignee(kind=AssigneeKind.UNIT, id=f"u{n % 40}", unit_id=f"u{n % 40}")
        status = (Status.ACCEPTED, Status.ASSIGNED, Status.MATCHING, Status.COMPLETED)[n % 4]
        state = task(
            "", status, grid_id=f"g{grid}", areas=("C", f"S{grid % 8}", f"S{grid % 8}-{grid}"),
            urgency=kinds[n % 3], category=f"care.{n % 5}", assignee=unit if n % 2 else TEAM,
            clock=paused(PauseKind.RESIDENT) if n % 40 == 8 else Clock(),
        )  # fmt: skip
        like.append(document(state))
    for n in range(NUMBER):
        made, at = like[n % LIKE], NOW + timedelta(minutes=n % 9000 - 600)
        ids = {"task_id": f"t{n:05}", "request_id": f"r{n}"}
        state = made["state"] | ids | {"deadline": at, "column_at": at}
        yield made | {"_id": ids["task_id"], "shard": n % SHARDS, "state": state}


async def test_lists_of_twenty_thousand_tasks_read_an_index_each(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    monitoring.register(heard)
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        collection = world.parts.store.collection
        rows = list(many())
        for start in range(0, NUMBER, 4000):
            await collection.insert_many(rows[start : start + 4000], ordered=False)
        leader = bearer(Role.GRID_LEADER, "l", grids=frozenset({"g3", "g4"}))
        unit = bearer(Role.UNIT_OPERATOR, "u", unit_id="u7")
        database = world.parts.runtime.database
        calls = [
            ("board", leader), ("board", MANAGER), ("board", ADMINISTRATOR), ("board", unit),
            ("board?category=care.&urgency=danger", leader), ("board?grid=g5", ADMINISTRATOR),
            ("board?holder=unit:u7&overdue=true", ADMINISTRATOR),
            ("board/in_hand?limit=200", MANAGER), ("board/overdue", leader),
            ("board/done_lately", ADMINISTRATOR), ("mine", unit), ("mine/history", unit),
            ("pool", leader), ("pool", OPERATOR), ("mine", VOLUNTEER), ("pool", VOLUNTEER),
        ]  # fmt: skip
        sent: list[tuple[str, dict[str, Any]]] = []
        for path, headers in calls:
            with heard.listening(database.name):
                answer = await world.http.get(f"/v1/{path}", headers=headers)
            assert answer.status_code == 200, answer.text
            assert heard.commands, path
            sent += [(path, command) for command in heard.commands]
        # Bounds of an index reach to the end of time, which Python's dates do not.
        wide = CodecOptions[Any](datetime_conversion=DatetimeConversion.DATETIME_AUTO)
        for path, command in sent:
            explain = {"explain": command, "verbosity": VERBOSE}
            stages = list(stages_of(await database.command(explain, codec_options=wide)))
            assert "COLLSCAN" not in stages, (path, command)
            assert {"IXSCAN", "COUNT_SCAN"} & set(stages), (path, stages)
            if path == "board" and "$group" in str(command):
                assert "FETCH" not in stages, f"{command} reads documents to count them"
