"""Where the parts of a local run are, and what its services are told by their environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.keys import Keys
from deploy.local.processes import HOST
from deploy.local.services import SERVICES

ROTATE_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """A local run: its data folder, its ports, its secrets, and the servers it uses.

    `kafka` and `mongodb` are the addresses of servers of the user's own; None: started here.
    """

    folder: Path
    port_base: int
    broker_port: int
    database_port: int
    keys: Keys
    kafka: str | None
    mongodb: str | None

    @property
    def urls(self) -> dict[str, str]:
        """The API of each service."""
        return {name: f"http://{HOST}:{self.port_base + n}" for n, name in enumerate(SERVICES)}

    @property
    def kafka_address(self) -> str:
        """Bootstrap servers."""
        return self.kafka or f"{HOST}:{self.broker_port}"

    @property
    def mongodb_uri(self) -> str:
        """URI of the database server."""
        return self.mongodb or f"mongodb://{HOST}:{self.database_port}/?directConnection=true"

    def environment(self, service: str) -> dict[str, str]:
        """Settings of one service (`shared.settings`)."""
        told = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_address,
            "MONGODB_URI": self.mongodb_uri,
            "LIANXIN_TOKEN_SECRET": self.keys.token_secret,
            "LIANXIN_FIELD_KEY": self.keys.field_key,
            # The same name each time: after a kill -9 it goes on with its own leases at once.
            "LIANXIN_REPLICA": f"{service}-local",
        }
        if self.kafka is None:  # what the embedded broker can and cannot do
            told |= {
                "LIANXIN_KAFKA_IDEMPOTENCE": "false",
                "LIANXIN_KAFKA_PARTITIONS": "4",
                "LIANXIN_KAFKA_SESSION_TIMEOUT_MS": "3000",
            }
        return told

    def log(self, name: str) -> Path:
        """The log file of one process; one that has grown large begins anew beside the old."""
        file = self.folder / "logs" / f"{name}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > ROTATE_BYTES:
            file.replace(file.with_suffix(".log.1"))
        return file


def own_servers(environment: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """The user's own Kafka and MongoDB, by the usual variables; None where there is none."""
    return environment.get("KAFKA_BOOTSTRAP_SERVERS") or None, environment.get(
        "MONGODB_URI"
    ) or None
