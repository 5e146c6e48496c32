"""A running system with the city of `lianxin make-city`, as `bench_city` measures it."""

from pathlib import Path
from typing import Any

import httpx

from cli.city.plan import Plan
from shared.storage.client import Client
from shared.web.auth import Principal, Role, issue_token
from tests.system import SECRET, System

_TOKEN_SECONDS = 12 * 3600


class City:
    """A running system on embedded servers, and the folder with the city's files."""

    def __init__(self, system: System, folder: Path, plan: Plan, servers: dict[str, int]) -> None:
        self.system, self.folder, self.plan, self.servers = system, folder, plan, servers
        token = issue_token(SECRET, Principal("bench", Role.ADMINISTRATOR), _TOKEN_SECONDS)
        self.headers = {"Authorization": f"Bearer {token}"}

    def pids(self) -> dict[str, int]:
        """Process ids of what runs, by name."""
        running = {
            service: replicas[0].pid or 0
            for service, replicas in self.system.processes.items()
            if replicas[0].alive
        }
        return running | self.servers

    def client(self, service: str) -> httpx.Client:
        """A client of a service, for threads."""
        return httpx.Client(
            base_url=self.system.url(service), headers=self.headers, timeout=120, trust_env=False
        )

    def database(self, client: Client, service: str) -> Any:
        """The database of a service."""
        return client.database(f"{self.system.unique}_{service}")

    def asking(self, service: str) -> httpx.AsyncClient:
        """A client of a service."""
        return httpx.AsyncClient(
            base_url=self.system.url(service), headers=self.headers, timeout=120, trust_env=False
        )

    async def get(self, service: str, path: str) -> dict[str, Any]:
        """What a service answers."""
        async with self.asking(service) as client:
            answer = await client.get(path)
            if answer.is_error:  # the folder with the log goes when this ends
                said = self.system.processes[service][0].last_lines()
                raise RuntimeError(f"{path} of {service}: {answer.status_code}; its log: {said}")
            found: dict[str, Any] = answer.json()
            return found
