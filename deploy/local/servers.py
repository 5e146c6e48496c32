"""The servers of Lianxin without Docker: a broker and a database on loopback ports.

    python -m deploy.local.servers tansu|kafka|mongodb [--port N] [--data DIR]

runs one in the foreground until Ctrl-C. They have no authentication: loopback only, for
development, demonstrations, tests and measurements.
"""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from deploy.local import downloads
from deploy.local.errors import LocalError
from deploy.local.probes import kafka_ready, mongodb_ready
from deploy.local.processes import HOST, LocalServer, free_port

__all__ = ["ApacheKafka", "EmbeddedMongo", "LocalError", "LocalServer", "TansuBroker"]

CLUSTER_ID = "lianxinlianxinlianxinA"
"""A Kafka cluster id is a UUID in base 64; a fixed one lets a data folder be moved."""

# After kill -9 a broker is let in again only when its old session is over: 9 s by default.
KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
num.network.threads=2
num.io.threads=4
auto.create.topics.enable=false
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.min.session.timeout.ms=500
"""


_SYNCED = ("/usr/bin/env", "WIREDTIGER_CONFIG=transaction_sync=(enabled=true,method=none)")
"""The engine answers writes with `journal: true` before its log has left the process, on a busy
machine: kill -9 then took up to 151 of 200. So each commit hands its log to the system itself."""


class TansuBroker(LocalServer):
    """A broker of 40 MB that speaks Kafka's protocol and keeps everything in memory.

    Its data folder holds only its log file: after a restart its topics are gone. Its wheel's
    build has no engine that writes to a disk.
    """

    name = "tansu"

    def prepare(self) -> list[str]:
        """The broker's command."""
        listen = f"tcp://{self.address}"
        return [
            str(downloads.tansu()),
            "broker",
            f"--listener-url={listen}",
            f"--advertised-listener-url={listen}",
            "--storage-engine=memory://tansu/",
        ]

    def ready(self) -> bool:
        """Whether it answers as a Kafka broker."""
        return kafka_ready(HOST, self.port)


class ApacheKafka(LocalServer):
    """Apache Kafka itself, one node that is broker and controller (KRaft); wants Java 17."""

    name = "Apache Kafka"

    def __init__(
        self, data: Path, port: int = 0, progress: downloads.Progress = downloads.quiet
    ) -> None:
        super().__init__(data, port, progress)
        self._controller = free_port()

    def prepare(self) -> list[str]:
        """Write the settings, format the storage at the first start, and return the command."""
        java = shutil.which("java")
        if java is None:
            raise LocalError(
                "Apache Kafka needs Java 17, and there is no java: "
                "install it, or set KAFKA_BOOTSTRAP_SERVERS to a server of your own."
            )
        jars = downloads.kafka_jars(self.progress)
        logs = self.data / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        properties = self.data / "server.properties"
        properties.write_text(
            KAFKA_PROPERTIES.format(
                host=HOST, port=self.port, controller=self._controller, logs=logs
            )
        )
        log_settings = downloads.HERE / "kafka/log4j2.properties"
        run = [java, "-Xmx512m", f"-Dlog4j2.configurationFile={log_settings}", "-cp", f"{jars}/*"]
        if not (logs / "meta.properties").exists():
            downloads.run(
                [*run, "kafka.tools.StorageTool", "format", f"-t={CLUSTER_ID}", f"-c={properties}"],
                self.data,
                "Apache Kafka could not format its storage",
                f"check that java is version 17 or newer, and empty {self.data}",
            )
        return [*run, "kafka.Kafka", str(properties)]

    def ready(self) -> bool:
        """Whether it has a controller and can coordinate consumer groups."""
        return kafka_ready(HOST, self.port)


class EmbeddedMongo(LocalServer):
    """The MongoDB engine in a Node process, with its journal in the data folder.

    It has no sessions, transactions, change streams or authentication.
    """

    name = "embedded MongoDB"

    @property
    def address(self) -> str:
        """A URI for any MongoDB driver."""
        return f"mongodb://{HOST}:{self.port}/?directConnection=true"

    def prepare(self) -> list[str]:
        """Fetch the engine and the C library it needs, and return its command."""
        modules = downloads.mongodb_modules(self.progress)
        node = downloads.node_command(self.progress)
        files = self.data / "db"
        files.mkdir(parents=True, exist_ok=True)
        server = downloads.HERE / "mongodb/server.mjs"
        return [*_SYNCED, *node, str(server), str(modules), str(files), str(self.port)]

    def ready(self) -> bool:
        """Whether it takes writes."""
        return mongodb_ready(HOST, self.port)


SERVERS: dict[str, tuple[type[LocalServer], int]] = {
    "tansu": (TansuBroker, 9092),
    "kafka": (ApacheKafka, 9092),
    "mongodb": (EmbeddedMongo, 27017),
}


def main() -> int:
    """Run one server in the foreground; 0 when asked to stop, 1 when it failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.servers", description=__doc__)
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--port", type=int, help="the usual one of the server by default")
    parser.add_argument("--data", type=Path, help=".data/<server> by default")
    given = parser.parse_args()
    kind, usual_port = SERVERS[given.server]
    port = usual_port if given.port is None else given.port
    server = kind(given.data or Path(".data") / given.server, port, print)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.start()
        print(f"{server.name} is ready at {server.address}, its log is {server.log}", flush=True)
        while server.alive:
            time.sleep(0.5)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        server.stop()
        return 0
    print(f"{server.name} has ended, see {server.log}", file=sys.stderr)
    server.stop()
    return 1


if __name__ == "__main__":
    sys.exit(main())
