"""bench/RESULTS.md: the table of `make bench` on top, the city's section, what people wrote."""

import os
from pathlib import Path

import yaml

RESULTS = Path(__file__).with_name("RESULTS.md")
_COMPOSE = Path(__file__).parents[1] / "docker-compose.yml"
CITY = "## Whole city (`make bench-city`)"
ASSESSMENT = "## Assessment of a large city (`make bench-assessment`)"
LIMITS = "## Limits"


def resident_megabytes(pid: int, name: str = "VmRSS") -> float:
    """Resident memory of a process, MB of 1,000,000 bytes; `VmHWM`: the most that it ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return kilobytes * 1024 / 1e6


def forget_most() -> None:
    """Have the most memory that this process ever had counted from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def memory_limit(service: str) -> float:
    """The MB that docker-compose.yml lets a service have; Kubernetes has the same."""
    services = yaml.safe_load(_COMPOSE.read_text())["services"]
    limit = services[service.replace("_", "-")]["deploy"]["resources"]["limits"]["memory"]
    return float(limit[:-1]) * {"M": 2**20, "G": 2**30}[limit[-1]] / 1e6


def machine() -> str:
    """What all figures were measured on."""
    total = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return (
        f"Machine: {os.cpu_count()} cores, {total:.0f} GB of memory; embedded broker and database;"
        "\nload, servers and services share it."
    )


def put(title: str, page: str, results: Path = RESULTS) -> None:
    """Write `page` in place of the section `title` ("": what stands before all sections).

    The other sections stay as they are; a new one stands before the limits.
    """
    text = results.read_text() if results.exists() else ""
    sections: dict[str, str] = {}
    at = ""
    for line in text.splitlines():
        if line.startswith("## "):
            at = line
        sections[at] = sections.get(at, "") + line + "\n"
    sections[title] = page.strip("\n") + "\n\n"
    first = ["", CITY, ASSESSMENT, LIMITS]
    order = [*first, *(name for name in sections if name not in first)]
    results.write_text("".join(sections[name] for name in order if name in sections))
