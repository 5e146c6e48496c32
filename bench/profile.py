"""Where the services' time goes under load: each runs under pyinstrument, requests flow.

    python -m bench.profile [RATE]

Prints for each service the share of its busy time by library or package, and its busiest functions.
"""

import asyncio
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench.bench_flow import Flow
from deploy.local.services import SERVICES, ServiceProcess
from tests.city import load_city
from tests.servers import own_broker, own_database
from tests.system import System

SECONDS = 30.0
RATE = 100.0
SHOWN = 14
_LOOP = "asyncio"
"""The event loop itself: waiting, and what it does in C."""


class Profiled(ServiceProcess):
    """A service under the profiler; it writes its samples when it ends."""

    def prepare(self) -> list[str]:
        """The service's command, with the profiler before it."""
        *command, dash_m, module = super().prepare()
        options = ["-m", "pyinstrument", "-i", "0.005", "-r", "json", "-o"]
        return [*command, *options, str(self.profile), dash_m, module]

    @property
    def profile(self) -> Path:
        """Where the samples are."""
        return self.data / "profile.json"


class ProfiledSystem(System):
    """The system with every service under the profiler."""

    def _new(self, service: str, number: int) -> ServiceProcess:
        plain = super()._new(service, number)
        return Profiled(service, plain.data, plain.environment)


def own_seconds(frame: dict[str, Any], found: Counter[tuple[str, str]]) -> None:
    """Add the time spent in each frame itself, by file and function."""
    children = frame.get("children", [])
    own = frame["time"] - sum(child["time"] for child in children)
    found[_package(frame.get("file_path_short") or ""), frame["function"]] += own
    for child in children:
        own_seconds(child, found)


def _package(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    for own in ("services", "shared"):
        if own in parts:
            return "/".join(parts[parts.index(own) : parts.index(own) + 2]).removesuffix(".py")
    return parts[0] if len(parts) == 1 else parts[-2]


def report(service: str, profile: Path) -> str:
    """The shares of a service's busy time."""
    found: Counter[tuple[str, str]] = Counter()
    session = json.loads(profile.read_text())
    own_seconds(session["root_frame"], found)
    busy = Counter({key: spent for key, spent in found.items() if key[0] != _LOOP})
    total = sum(busy.values()) or 1.0
    packages: Counter[str] = Counter()
    for (package, _), spent in busy.items():
        packages[package] += spent
    lines = [f"## {service}: busy {total:.1f} of {session['duration']:.0f} s"]
    lines += [f"{100 * spent / total:5.1f} %  {name}" for name, spent in packages.most_common(10)]
    lines += ["  by function:"]
    lines += [
        f"{100 * spent / total:5.1f} %  {package}: {function}"
        for (package, function), spent in busy.most_common(SHOWN)
    ]
    return "\n".join(lines)


async def measure(folder: Path, rate: float) -> None:
    """Run the load and print where the time went."""
    with own_broker(folder) as broker, own_database(folder) as database:
        system = ProfiledSystem(
            folder, broker.address, database.address, "profile", idempotence=False
        )
        async with system:
            await load_city(await system.client("registry"), await system.client("request_intake"))
            await Flow(system).load(rate, SECONDS)
            profiles = {s: system.processes[s][0] for s in SERVICES}
    for service, process in profiles.items():
        assert isinstance(process, Profiled)
        print(report(service, process.profile))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="lianxin-profile") as name:
        asyncio.run(measure(Path(name), float(sys.argv[1]) if len(sys.argv) > 1 else RATE))
