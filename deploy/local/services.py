"""A Lianxin service as a child process, beside the broker and the database."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from deploy.local.processes import HOST, LocalServer

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("registry", "request_intake", "volunteer_dispatch", "assessment")


class ServiceProcess(LocalServer):
    """One replica of a service. It is ready when `/ready` says so.

    Args:
        service: name of its package in `services`.
        environment: its settings, as `shared.settings` reads them.
    """

    def __init__(
        self, service: str, data: Path, environment: Mapping[str, str], port: int = 0
    ) -> None:
        super().__init__(data, port)
        self.name = service
        self.environment = dict(environment)

    def prepare(self) -> list[str]:
        """The command that starts it."""
        settings = self.environment | {
            "LIANXIN_HOST": HOST,
            "LIANXIN_PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        pairs = [f"{name}={value}" for name, value in settings.items()]
        return ["/usr/bin/env", *pairs, sys.executable, "-m", f"services.{self.name}.main"]

    @property
    def url(self) -> str:
        """Where its API answers."""
        return f"http://{HOST}:{self.port}"

    def ready(self) -> bool:
        """Whether it and all that it depends on is there."""
        return self.missing() == []

    def missing(self) -> list[str]:
        """What `/ready` says is missing; the service itself where it does not answer yet."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=5):
                return []
        except urllib.error.HTTPError as error:
            with error:
                problem = json.loads(error.read() or b"{}")
            return [entry["name"] for entry in problem.get("missing", [])] or [self.name]
        except (OSError, ValueError):
            return [self.name]
