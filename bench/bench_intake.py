"""`POST /v1/requests` with everything on, against a bare FastAPI route with the same insert."""

import asyncio
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from bench.http_load import Answers, post, send
from deploy.local.processes import HOST, LocalServer
from deploy.local.services import ROOT
from shared.contracts.ids import uuid7
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from tests.city import load_city, request_body
from tests.servers import own_broker, own_database
from tests.system import SECRET, System

ROUNDS = 7
REQUESTS = 600


class BareIntake(LocalServer):
    """The peer as a process."""

    name = "bare intake"

    def __init__(self, data: Path, mongo: str, database: str) -> None:
        super().__init__(data)
        self._arguments = [mongo, database]

    def prepare(self) -> list[str]:
        module = [sys.executable, "-m", "bench.bare_intake", str(self.port), *self._arguments]
        return ["/usr/bin/env", f"PYTHONPATH={ROOT}", *module]

    def ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


def _request(headers: dict[str, str]) -> Any:
    def build(number: int) -> bytes:
        body = orjson.dumps(request_body(number))
        return post("/v1/requests", body, headers | {"Idempotency-Key": uuid7()})

    return build


async def measure(folder: Path) -> dict[str, Any]:
    """Interleaved rounds of the same load on both; the ratio of the medians.

    Without dispatch and assessment: what they make of a round would slow down the next one.
    """
    with own_broker(folder) as broker, own_database(folder) as database:
        system = System(
            folder,
            broker.address,
            database.address,
            "intake",
            idempotence=False,
            replicas={"volunteer_dispatch": 0, "assessment": 0},
        )
        async with system:
            return await _compare(system, folder)


async def _compare(system: System, folder: Path) -> dict[str, Any]:
    await load_city(await system.client("registry"), await system.client("request_intake"))
    token = issue_token(SECRET, Principal("bench", Role.ADMINISTRATOR), 7200)
    port = system.processes["request_intake"][0].port
    rates: dict[str, list[float]] = {"intake": [], "bare": []}
    with BareIntake(folder / "bare", system.mongo, f"{system.unique}_bare") as bare:
        for _ in range(ROUNDS):
            for name, target in (("bare", bare.port), ("intake", port)):
                answers: Answers = await send(
                    target,
                    _request({"Authorization": f"Bearer {token}"}),
                    total=REQUESTS,
                )
                if set(answers.statuses) != {201}:
                    raise RuntimeError(f"{name} answered {answers.statuses}")
                rates[name].append(answers.rate)
                # The relay publishes what intake took before the next round begins.
                await _outbox_empty(system)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "rates": rates,
        "bare": medians["bare"],
        "intake": medians["intake"],
        "ratio": medians["intake"] / medians["bare"],
    }


async def _outbox_empty(system: System) -> None:
    client = connect(system.mongo)
    try:
        requests = client.database(f"{system.unique}_request_intake")["requests"]
        while await requests.count_documents({"pending_since": {"$exists": True}}):
            await asyncio.sleep(0.05)
    finally:
        await client.close()


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="lianxin-bench") as folder:
        found = asyncio.run(measure(Path(folder)))
    print({name: [round(rate) for rate in rates] for name, rates in found["rates"].items()})
    print(f"ratio {found['ratio']:.2f}")


if __name__ == "__main__":
    main()
