"""A crew of real processes: watched, started again, given up on, stopped in order."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.local import crew
from deploy.local.crew import Crew
from deploy.local.errors import LocalError
from deploy.local.processes import LocalServer
from tests.eventually import eventually


class Program(LocalServer):
    """A Python program; ready at once."""

    def __init__(self, name: str, data: Path, code: str) -> None:
        super().__init__(data)
        self.name = name
        self._code = code

    def prepare(self) -> list[str]:
        return [sys.executable, "-c", self._code]

    def ready(self) -> bool:
        return self.alive


ENDLESS = "import time\nprint('up', flush=True)\ntime.sleep(600)"
TELLING = f"""
import signal, sys, time
def end(*_):
    open({{file!r}}, 'a').write({{name!r}})
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
{ENDLESS}
"""


async def test_a_crashed_process_is_told_of_and_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    program = Program("thing", tmp_path / "thing", ENDLESS)
    group = Crew([], [program], told.append)
    group.launch_services(lambda _names: None)
    watch = asyncio.ensure_future(group.watch())
    try:
        first = program.pid
        assert first is not None

        async def said() -> bool:
            return "up" in program.log.read_text()

        await eventually(said)
        os.kill(first, signal.SIGKILL)

        async def again() -> bool:
            return program.pid not in (None, first)

        await eventually(again)
        assert len(told) == 1
        assert told[0].startswith("thing ended with status -9")
        assert "up" in told[0]
        assert "started again in 0.5 s" in told[0]
    finally:
        watch.cancel()
        group.stop()
    assert not program.alive


async def test_a_process_that_crashes_on_and_on_ends_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "PAUSES", (0.01,))
    told: list[str] = []
    program = Program("thing", tmp_path / "thing", "raise SystemExit('no luck')")
    program.launch()
    with pytest.raises(LocalError, match=r"no luck.*crashed 5 times within 60 seconds"):
        await asyncio.wait_for(Crew([], [program], told.append).watch(), 30)
    assert len(told) == 4
    program.stop()


def test_one_that_does_not_start_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    good = Program("good", tmp_path / "good", ENDLESS)
    bad = Program("bad", tmp_path / "bad", "raise SystemExit('no luck')")
    bad.ready = lambda: False  # type: ignore[method-assign]
    group = Crew([], [good, bad], lambda _line: None)
    try:
        with pytest.raises(LocalError, match=r"bad ended with status 1; .*no luck"):
            group.launch_services(lambda _names: None)
    finally:
        group.stop()
    assert not good.alive


async def test_services_stop_before_the_servers_that_they_need(tmp_path: Path) -> None:
    file = tmp_path / "order"

    def program(name: str) -> Program:
        return Program(name, tmp_path / name, TELLING.format(file=str(file), name=name))

    database, broker, service = (program(name) for name in "dbs")
    group = Crew([database, broker], [service], lambda _line: None)
    for each in (database, broker, service):
        each.start()

    async def up() -> bool:
        return all("up" in each.log.read_text() for each in (database, broker, service))

    await eventually(up)
    await asyncio.to_thread(group.stop)
    assert file.read_text() == "sbd"
