"""A service behind a port with a browser in front of it, and a street office's tasks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.volunteer_dispatch.handlers import SNAPSHOTS
from services.volunteer_dispatch.service.alerting import Alerts
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.settings import Settings
from shared.storage.client import Database
from shared.web.auth import Role
from tests.browser import Browser
from tests.eventually import eventually
from tests.integration.services.volunteer_dispatch.test_changes import Served, served
from tests.integration.services.volunteer_dispatch.world import (
    REGISTRY,
    bearer,
    city,
    document,
    event_of,
    volunteer,
)

HOUR = timedelta(hours=1)
NAMES = {"S1": "和平街道", "S1-1": "和平里社区", "power": "东城供电公司", "water": "东城水务公司"}


async def put_city(database: Database, volunteers: Iterable[str] = ()) -> None:
    """The read models as the registry's snapshots leave them, without the broker's time."""
    found = [*city(), *((id, volunteer(id, capacity=3)) for id in volunteers)]
    for subject, data in found:
        collection, row = SNAPSHOTS[type(data)](event_of(REGISTRY, subject, data))
        row |= {"_id": subject, "applied_at": datetime.now(UTC)}
        row["name"] = NAMES.get(subject, row.get("name"))
        if collection == "grids":
            row["name"] = f"{subject[1:]}号网格"
        await database[collection].replace_one({"_id": subject}, row, upsert=True)


def task(id: str, due: float, grid: str = "g1", **more: Any) -> TaskState:
    """A task that its grid's team has in hand; `due`: hours from now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return TaskState.model_validate(
        {
            "task_id": id,
            "request_id": f"r-{id}",
            "status": Status.ACCEPTED,
            "category": "housing",
            "area_path": ("C", "S1", "S1-1"),
            "areas": ("C", "S1", "S1-1"),
            "grid_id": grid,
            "assignee": Assignee(kind=AssigneeKind.GRID_TEAM, id=grid),
            "requested_at": now - 20 * HOUR,
            "deadline": now + due * HOUR,
            # The loop of matching leaves it alone.
            "alerts": Alerts(full=True, wake=now + 100 * HOUR),
        }
        | more
    )


@dataclass
class Page:
    """The page in a browser, and others who work at the same time."""

    world: Served
    browser: Browser
    settings: Settings
    serving: AsyncExitStack
    """Holds the service."""

    async def restart(self, while_away: Callable[[], Awaitable[None]]) -> None:
        """The service ends, something is done meanwhile, and it begins again where it was."""
        port = self.world.http.base_url.port or 0
        await self.serving.aclose()
        await while_away()
        self.world = await self.serving.enter_async_context(served(self.settings, port))

    async def put(self, *tasks: TaskState) -> None:
        await self.world.parts.store.collection.insert_many([document(one) for one in tasks])

    async def change(self, id: str, fields: dict[str, Any]) -> None:
        """Write a task as no event tells of."""
        change = {"$inc": {"version": 1}, **({"$set": fields} if fields else {})}
        await self.world.parts.store.collection.update_one({"_id": id}, change)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The page loads nothing meanwhile but where a person does something."""
        await self.browser.run(
            "const later = setTimeout;"
            "for (let n = later(() => 0); n; n--) clearTimeout(n);"
            "window.setTimeout = (f, ms, ...rest) => (ms >= 200 ? 0 : later(f, ms, ...rest));"
            "window.go_on = () => { window.setTimeout = later }"
        )
        yield
        await self.browser.run("go_on()")

    async def enter(self, headers: dict[str, str], path: str = "/board") -> None:
        """Open the page with a link that brings the token, as nobody who was here before."""
        url = str(self.world.http.base_url)
        await self.browser.open(f"{url}/page/icon.svg")
        await self.browser.run("sessionStorage.clear(); localStorage.clear()")
        await self.browser.complaints()
        token = headers["Authorization"].removeprefix("Bearer ")
        await self.browser.open(f"{url}{path}#token={token}")

    async def lead(self, grid: str, *tasks: TaskState) -> dict[str, str]:
        """Put tasks and open the board of the grid's leader; the leader's headers."""
        await self.put(*tasks)
        headers = bearer(Role.GRID_LEADER, f"leader-{grid}", grids=frozenset({grid}))
        await self.enter(headers)
        await self.live()
        return headers

    async def live(self) -> None:
        await self.browser.until("document.getElementById('live').className === 'live'", "live")
        await self.browser.until("document.querySelector('main[aria-busy=false]')", "it has loaded")

    async def text(self, css: str) -> str:
        """The text of an element; empty where it is not there."""
        script = "return document.querySelector(arguments[0])?.textContent ?? ''"
        return str(await self.browser.run(script, css))

    async def texts(self, css: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)"
        return [str(one) for one in await self.browser.run(script, css)]

    async def until(self, css: str, text: str) -> None:
        """Until an element shows the text somewhere."""
        expression = "document.querySelector(arguments[0])?.textContent.includes(arguments[1])"
        await self.browser.until(expression, f"{css} shows {text}", css, text)

    async def ids(self, group: str = "") -> list[str]:
        """The ids of the rows, as they stand in a group or in all."""
        within = f"section[data-column={group}] " if group else ""
        script = "return [...document.querySelectorAll(arguments[0])].map(one => one.dataset.id)"
        return [str(one) for one in await self.browser.run(script, f"{within}.row")]

    async def until_ids(self, wanted: list[str]) -> None:
        async def right() -> bool:
            found = await self.ids()
            assert found == wanted, found
            return True

        await eventually(right, 30, f"the rows are {wanted}", interval=0.05)

    async def until_gone(self, css: str) -> None:
        await self.browser.until(
            "!document.querySelector(arguments[0])?.checkVisibility()", f"{css} is gone", css
        )

    async def answer(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.world.http.request(method, f"/v1/{path}", **more)
