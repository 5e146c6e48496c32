"""The local run: `make run`, `lianxin local`, `python -m deploy.local.run`.

Starts a broker, a database and the four services as processes of their own, plays the demo day,
says what is where, and stays up until Ctrl-C. Everything it keeps is in the data folder; with
`KAFKA_BOOTSTRAP_SERVERS` or `MONGODB_URI` set, that server is used and none is started.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from deploy.local.crew import Crew
from deploy.local.errors import LocalError
from deploy.local.keys import Keys, keys_of, tell_addresses
from deploy.local.layout import Layout, own_servers
from deploy.local.one_runner import only_runner
from deploy.local.ports import BROKER_PORT, DATABASE_PORT, PORT_BASE, ensure_free, ports_needed
from deploy.local.processes import LocalServer
from deploy.local.servers import EmbeddedMongo, TansuBroker
from deploy.local.services import SERVICES, ServiceProcess
from deploy.local.steps import Steps

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


def run_local(
    *,
    data: Path = Path(".data"),
    port_base: int = PORT_BASE,
    broker_port: int = BROKER_PORT,
    database_port: int = DATABASE_PORT,
    demo: bool = True,
    demo_again: bool = False,
    exit_after_demo: bool = False,
    console: Console | None = None,
) -> int:
    """Run everything until it is told to stop; call it from the main thread.

    Args:
        data: the folder with all that is kept.
        port_base: port of the first service; the others follow it.
        demo: load the demo city and play its day, unless that has been done.
        demo_again: play another day.
        exit_after_demo: stop when the tables have been printed.

    Returns:
        The exit status: 0 when it was stopped after it was up, 1 with one sentence on standard
        error, 130 when it was interrupted before.
    """
    steps = Steps(console or Console())
    kafka, mongodb = own_servers()
    nothing = Keys("", "")
    layout = Layout(data.resolve(), port_base, broker_port, database_port, nothing, kafka, mongodb)
    before = {number: signal.signal(number, _interrupt) for number in STOPPING}
    up = False

    async def city() -> None:
        if demo:
            # Imported here: its clients take a second, and a taken port is told of at once.
            from deploy.local.demo.play import show_city  # noqa: PLC0415

            await show_city(layout, steps, again=demo_again)

    def is_up() -> None:
        nonlocal up
        up = True

    try:
        ensure_free(
            ports_needed(
                port_base, None if kafka else broker_port, None if mongodb else database_port
            )
        )
        with only_runner(layout.folder):
            layout = replace(layout, keys=keys_of(layout.folder))
            tell_addresses(layout.folder, layout.urls)
            _run(layout, steps, city, is_up, stay=not exit_after_demo)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if up else INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _run(
    layout: Layout,
    steps: Steps,
    city: Callable[[], Awaitable[None]],
    is_up: Callable[[], None],
    *,
    stay: bool,
) -> None:
    began = time.monotonic()
    crew = Crew(_servers(layout), _services(layout), lambda line: _warn(steps, line))
    try:
        _start(crew, layout, steps)
        seconds = time.monotonic() - began
        steps.say(f"[bold]已就绪[/] 全部服务可用 · ready after [cyan]{seconds:.1f} s[/]")
        asyncio.run(_live(crew, city, is_up, stay))
    finally:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)  # it stops already
        with steps.step("停止 · stopping"):
            crew.stop()
        steps.say(f"数据保留在 · data stays in {layout.folder}")


def _start(crew: Crew, layout: Layout, steps: Steps) -> None:
    if layout.mongodb:
        steps.say(f"数据库 · database: {layout.mongodb} (MONGODB_URI)")
    if layout.kafka:
        steps.say(f"消息服务器 · broker: {layout.kafka} (KAFKA_BOOTSTRAP_SERVERS)")
    for server in crew.servers:
        with steps.step(_TITLES[type(server)]) as tell:
            server.progress = tell
            server.start()
    with steps.step("四个服务 · four services") as tell:
        crew.launch_services(lambda names: tell("等待 · waiting for " + ", ".join(names)))


_TITLES: dict[type[LocalServer], str] = {
    EmbeddedMongo: "数据库 · database (MongoDB)",
    TansuBroker: "消息服务器 · broker (tansu, Kafka)",
}


def _servers(layout: Layout) -> list[LocalServer]:
    servers: list[LocalServer] = []
    if not layout.mongodb:
        servers.append(EmbeddedMongo(layout.folder / "database", layout.database_port))
        servers[-1].log = layout.log("database")
    if not layout.kafka:
        servers.append(TansuBroker(layout.folder / "broker", layout.broker_port))
        servers[-1].log = layout.log("broker")
    return servers


def _services(layout: Layout) -> list[ServiceProcess]:
    services = [
        ServiceProcess(
            name, layout.folder / "logs", layout.environment(name), layout.port_base + number
        )
        for number, name in enumerate(SERVICES)
    ]
    for service in services:
        service.log = layout.log(service.name)
    return services


async def _live(
    crew: Crew, city: Callable[[], Awaitable[None]], is_up: Callable[[], None], stay: bool
) -> None:
    """Watch the processes while the demo is played, and after it for as long as it stays up."""
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, asyncio.current_task().cancel)  # type: ignore[union-attr]
    watch = asyncio.ensure_future(crew.watch())
    play = asyncio.ensure_future(city())
    try:
        await asyncio.wait({watch, play}, return_when=asyncio.FIRST_COMPLETED)
        if watch.done():
            watch.result()  # raises
        play.result()
        is_up()
        if stay:
            await watch
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        play.cancel()
        watch.cancel()
        await asyncio.gather(play, watch, return_exceptions=True)


def _warn(steps: Steps, line: str) -> None:
    steps.console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """The command line of `make run`."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.run", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data"), help="data folder (.data)")
    parser.add_argument(
        "--port-base",
        type=int,
        default=PORT_BASE,
        help=f"port of the first service, the others follow ({PORT_BASE})",
    )
    parser.add_argument("--broker-port", type=int, default=BROKER_PORT, help=f"({BROKER_PORT})")
    parser.add_argument(
        "--database-port", type=int, default=DATABASE_PORT, help=f"({DATABASE_PORT})"
    )
    parser.add_argument("--no-demo", action="store_true", help="no demo city, only the services")
    parser.add_argument("--demo-again", action="store_true", help="play one more demo day")
    parser.add_argument(
        "--exit-after-demo", action="store_true", help="stop when the tables have been printed"
    )
    given = parser.parse_args()
    return run_local(
        data=given.data,
        port_base=given.port_base,
        broker_port=given.broker_port,
        database_port=given.database_port,
        demo=not given.no_demo,
        demo_again=given.demo_again,
        exit_after_demo=given.exit_after_demo,
    )


if __name__ == "__main__":
    sys.exit(main())
