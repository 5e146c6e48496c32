"""The fixed ports of a local run, looked at before anything is started."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.local.errors import LocalError
from deploy.local.processes import port_is_free
from deploy.local.services import SERVICES

PORT_BASE, BROKER_PORT, DATABASE_PORT = 8101, 9092, 27017


@dataclass(frozen=True, slots=True)
class PortUse:
    """What a port is for, and the option that chooses another one."""

    port: int
    what: str
    option: str


def ports_needed(
    base: int, broker: int | None, database: int | None, services: Sequence[str] = SERVICES
) -> list[PortUse]:
    """The ports of the services (`base` and up), the broker and the database.

    None stands for a server that is not started here. Raises `LocalError` for a number that is
    no port or is given twice.
    """
    uses = [PortUse(base + n, name, "--port-base") for n, name in enumerate(services)]
    if broker is not None:
        uses.append(PortUse(broker, "broker", "--broker-port"))
    if database is not None:
        uses.append(PortUse(database, "database", "--database-port"))
    seen: dict[int, PortUse] = {}
    for use in uses:
        if not 1024 <= use.port <= 65535:
            raise LocalError(
                f"{use.port} is no port for the {use.what}: "
                f"give {use.option} a number from 1024 to 65535."
            )
        other = seen.setdefault(use.port, use)
        if other is not use:
            raise LocalError(
                f"Port {use.port} is asked for by the {other.what} and by the {use.what}: "
                f"give {use.option} another number."
            )
    return uses


def ensure_free(uses: Sequence[PortUse], free: Callable[[int], bool] = port_is_free) -> None:
    """Raise `LocalError` for the first port that another program has taken."""
    for use in uses:
        if not free(use.port):
            raise LocalError(
                f"Port {use.port} for the {use.what} is taken by another program: stop that one, "
                f"or choose another port with {use.option} (make run ARGS='{use.option} …')."
            )
