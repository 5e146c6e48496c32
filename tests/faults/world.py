"""The system under faults: a broker and a database of its own, load on it, and the audit."""

import asyncio
import io
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from cli.audit import run_audit
from deploy.local.servers import LocalServer, TansuBroker
from shared.web.auth import Principal, Role, issue_token
from tests.city import load_city, request_body
from tests.faults.load import Load
from tests.servers import own_broker, own_database
from tests.system import SECRET, System


@asynccontextmanager
async def world(
    folder: Path, unique: str, *, system_class: type[System] = System, **replicas: int
) -> AsyncIterator[tuple[System, LocalServer, LocalServer]]:
    with own_broker(folder) as broker, own_database(folder) as database:
        system = system_class(
            folder,
            broker.address,
            database.address,
            unique,
            idempotence=not isinstance(broker, TansuBroker),
            replicas=replicas,
        )
        async with system:
            await load_city(await system.client("registry"), await system.client("request_intake"))
            yield system, broker, database


def load_on(system: System, total: int, rate: float) -> Load:
    token = issue_token(SECRET, Principal("admin", Role.ADMINISTRATOR), 7200)
    choice = random.Random(7)

    def url() -> str:
        return choice.choice(system.processes["request_intake"]).url

    return Load(url, {"Authorization": f"Bearer {token}"}, request_body, total, rate)


async def audited(system: System, answered: set[str], wait: float = 150) -> None:
    """The audit is clean within `wait` seconds, and knows every request that was answered."""
    out = io.StringIO()
    status = await asyncio.to_thread(
        run_audit, system.urls(), system.token(), Console(file=out, width=160), wait=wait
    )
    assert status == 0, out.getvalue()
    known: set[str] = set()
    client = await system.client("request_intake")
    after: str | None = ""
    while after is not None:
        parameters = {"limit": "5000"} | ({"after": after} if after else {})
        page = (await client.get("/v1/audit/requests", params=parameters)).json()
        known |= {item["request_id"] for item in page["items"]}
        after = page["next"]
    assert answered <= known
