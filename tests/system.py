"""The whole system for end-to-end and fault tests: real processes of all four services."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.local.services import SERVICES, ServiceProcess
from shared.web.auth import Principal, Role, issue_token

SECRET = "a secret of the tests with 32 characters or more"


class System:
    """Four services (any number of replicas each) on a given broker and database.

    Args:
        folder: logs.
        unique: prefix of topics, groups and databases.
        idempotence: whether the broker knows idempotent producers (Apache Kafka does).
    """

    def __init__(
        self,
        folder: Path,
        kafka: str,
        mongo: str,
        unique: str,
        *,
        idempotence: bool,
        replicas: Mapping[str, int] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.kafka, self.mongo, self.unique = kafka, mongo, unique
        self._folder = folder
        self._replicas = dict.fromkeys(SERVICES, 1) | dict(replicas or {})
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "MONGODB_URI": mongo,
            "LIANXIN_TOPIC_PREFIX": f"{unique}.",
            "LIANXIN_TOKEN_SECRET": SECRET,
            "LIANXIN_FIELD_KEY": SECRET,
            "LIANXIN_KAFKA_IDEMPOTENCE": str(idempotence),
            "LIANXIN_KAFKA_PARTITIONS": "4",
            "LIANXIN_KAFKA_SESSION_TIMEOUT_MS": "3000",
        } | dict(more or {})
        self.processes: dict[str, list[ServiceProcess]] = {}
        self._clients = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for service, number in self._replicas.items():
            self.processes[service] = [self._new(service, n) for n in range(number)]
        try:
            await self.start(p for replicas in self.processes.values() for p in replicas)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _new(self, service: str, number: int) -> ServiceProcess:
        environment = self._environment | {
            "LIANXIN_DATABASE": f"{self.unique}_{service}",
            "LIANXIN_REPLICA": f"{service}-{number}",
        }
        return ServiceProcess(service, self._folder / f"{service}-{number}", environment)

    async def add(self, service: str) -> ServiceProcess:
        """One more replica, started."""
        replicas = self.processes[service]
        process = self._new(service, len(replicas))
        replicas.append(process)
        await self.start([process])
        return process

    async def start(self, processes: Iterable[ServiceProcess]) -> None:
        """Start processes together and wait until they are ready."""
        await asyncio.gather(*(asyncio.to_thread(process.start, 90) for process in processes))

    async def stop(self) -> None:
        """Stop everything that runs."""
        await self._clients.aclose()
        running = [p for replicas in self.processes.values() for p in replicas]
        await asyncio.gather(*(asyncio.to_thread(process.stop, 40) for process in running))

    def url(self, service: str) -> str:
        """The API of the first replica that lives."""
        return next(p.url for p in self.processes[service] if p.alive)

    async def client(self, service: str, principal: Principal | None = None) -> httpx.AsyncClient:
        """A client of `service` with a token; an administrator's unless told."""
        who = principal or Principal("admin", Role.ADMINISTRATOR)
        client = httpx.AsyncClient(
            base_url=self.url(service),
            headers={"Authorization": f"Bearer {issue_token(SECRET, who)}"},
            timeout=30,
        )
        return await self._clients.enter_async_context(client)

    def urls(self) -> dict[str, str]:
        """The APIs by service, as the command line takes them."""
        return {service: self.url(service) for service in SERVICES}

    @staticmethod
    def token() -> str:
        """An administrator's token for two hours."""
        return issue_token(SECRET, Principal("admin", Role.ADMINISTRATOR), 7200)


def metric(text: str, name: str) -> float:
    """Sum of a metric's samples in Prometheus text."""
    from prometheus_client.parser import text_string_to_metric_families

    found: Any = text_string_to_metric_families(text)
    samples = [sample for family in found for sample in family.samples if sample.name == name]
    return float(sum(sample.value for sample in samples))
