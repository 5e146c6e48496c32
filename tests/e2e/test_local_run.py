"""What a newcomer gets: the local run as a program of its own, with its own broker and database."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.demo import areas
from deploy.local.processes import free_port, port_is_free

pytestmark = pytest.mark.timeout(240)

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "LIANXIN_TOPIC_PREFIX")
} | {"COLUMNS": "160", "PYTHONUNBUFFERED": "1"}


class LocalRun:
    """`python -m deploy.local.run` on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.base = _free_row(4)
        self.broker, self.database = free_port(), free_port()
        self.output = folder / "output"

    def command(self, *options: str) -> list[str]:
        return [
            *(sys.executable, "-m", "deploy.local.run", f"--data={self.data}"),
            *(f"--port-base={self.base}", f"--broker-port={self.broker}"),
            *(f"--database-port={self.database}", *options),
        ]

    def run(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*options),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        with self.output.open("wb") as out:
            return subprocess.Popen(
                self.command(*options),
                cwd=ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def told(self) -> str:
        return self.output.read_text(errors="replace")

    def ports(self) -> list[int]:
        return [*range(self.base, self.base + 4), self.broker, self.database]


def _free_row(count: int) -> int:
    while True:
        base = free_port()
        if all(port_is_free(base + n) for n in range(count)):
            return base


def _until(true: object, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    assert callable(true)
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = status.read_text().partition(" ")
            if int(rest.rpartition(")")[2].split()[1]) == parent:
                found.append(int(pid))
        except (OSError, IndexError, ValueError):
            continue
    return found


def _gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def _service(pids: list[int], name: str) -> int:
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids}
    return next(pid for pid, line in commands.items() if f"services.{name}.main".encode() in line)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalRun:
    return LocalRun(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def first(local: LocalRun) -> "subprocess.CompletedProcess[str]":
    """The first run on an empty data folder: the demo day played, then stopped."""
    return local.run("--exit-after-demo")


@pytest.fixture
def running(local: LocalRun, first: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A later run, up; killed at the end where the test has not stopped it."""
    process = local.start()
    try:
        _until(
            lambda: "make clean-data wipes it" in local.told() or process.poll() is not None,
            90,
            "up",
        )
        assert process.poll() is None, local.told()
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_first_run_plays_the_day_and_tells_its_ranking(
    local: LocalRun, first: "subprocess.CompletedProcess[str]"
) -> None:
    assert first.returncode == 0, first.stdout + first.stderr
    streets = first.stdout.partition("街道排名")[2].partition("单位排名")
    for name in areas.streets().values():
        assert re.search(rf"^ +[1-6] +{name} .*%", streets[0], re.MULTILINE), name
    units = streets[2].partition("得分说明")[0]
    assert len(re.findall(r"^ \S+ +\d+ .*%", units, re.MULTILINE)) >= 8
    assert_assessed(first.stdout, local.data)
    for role in ("RESIDENT", "VOLUNTEER", "UNIT_OPERATOR", "GRID_LEADER", "AREA_MANAGER"):
        assert re.search(rf"^{role}=ey\S+$", first.stdout, re.MULTILINE)
    for page in ("board", "my-tasks"):
        assert f"http://127.0.0.1:{local.base + 2}/{page}#token=ey" in first.stdout
    assert f"http://127.0.0.1:{local.base}/docs" in first.stdout
    assert all(port_is_free(port) for port in local.ports())


def assert_assessed(told: str, data: Path) -> None:
    """A score down to its cases, a round with margins and both lines, a recurring problem with its
    statistics, a bulletin to print."""
    score, round, problems = re.split("得分说明 · |三步考评 · |共性问题 · R", told)[1:4]
    assert re.search(r"满意率 +satisfied / rated +\d+ .*%", score)
    assert re.search(r"合计 [\d.]+ 分，第 \d/\d 名，等次“.+”.*依据 \d+ 件诉求", score)
    units = re.findall(r"\d/\d+ +\d+–\d+% +[\d.]+ +[\d.]+ +(?:好|较好|一般|差)", round)
    assert len(units) == 5
    assert (
        len(
            re.findall(r"垂直管理 .*地方党组织 [\d.]+、系统主管部门 [\d.]+、服务对象 [\d.]+", round)
        )
        == 2
    )
    assert "不计入 · set aside：同一网络的评价过多（3 票" in round
    assert re.search(r"和平里社区 +24 +[\d.]+ +[\d.]+ +\de-\d+ +和平街道，待认领", problems)
    (pdf,) = data.glob("bulletin-*.pdf")
    assert pdf.name in told
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_later_run_goes_on_from_its_data_and_stops_without_leaving_anything(
    local: LocalRun, running: "subprocess.Popen[bytes]"
) -> None:
    told = local.told()
    ready = re.search(r"ready after ([\d.]+) s", told)
    assert ready
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert float(ready[1]) <= 15 * busy
    assert "was played before" in told
    assert "街道排名" in told
    assert_assessed(told, local.data)
    script = ROOT / "deploy/local/demo/one_request.sh"
    whole = subprocess.run(
        ["sh", str(script), str(local.data / "tokens.sh")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert '"closed"' in whole.stdout

    second = local.run("--no-demo")
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    assert "is taken" in second.stderr or "already runs" in second.stderr
    cleaned = subprocess.run(
        [sys.executable, "-m", "deploy.local.clean", str(local.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert cleaned.returncode == 1
    assert f"process {running.pid}" in cleaned.stderr

    children = _children(running.pid)
    assert len(children) == 6
    running.send_signal(signal.SIGINT)
    assert running.wait(40) == 0
    assert _gone(children)
    assert (local.data / "secrets.json").exists()


def test_a_killed_service_is_told_of_and_started_again_and_a_killed_runner_takes_all_with_it(
    local: LocalRun, running: "subprocess.Popen[bytes]"
) -> None:
    children = _children(running.pid)
    os.kill(_service(children, "registry"), signal.SIGKILL)
    _until(lambda: "registry ended with status -9" in local.told(), 10, "told")

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{local.base}/ready", timeout=5):
                return True
        except OSError:
            return False

    _until(answers, 40, "registry is ready again")
    children = _children(running.pid)
    assert len(children) == 6
    running.kill()
    running.wait()
    _until(lambda: _gone(children), 10, "no process is left")


def test_a_taken_port_is_one_sentence_before_anything_is_started(tmp_path: Path) -> None:
    local = LocalRun(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", local.base + 2))
        other.listen(1)
        refused = local.run()
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert re.fullmatch(
        rf"Port {local.base + 2} for the volunteer_dispatch is taken .*--port-base.*\n",
        refused.stderr,
    )
    assert not local.data.exists()


def test_without_a_network_the_first_run_says_so_in_one_sentence(tmp_path: Path) -> None:
    """npm is pointed at a port that nothing listens on, with an empty cache."""
    local = LocalRun(tmp_path)
    nowhere = f"http://127.0.0.1:{free_port()}/"
    cut_off = ENVIRONMENT | {
        "LIANXIN_CACHE": str(tmp_path / "cache"),
        "npm_config_registry": nowhere,
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_replace_registry_host": "always",
        "npm_config_fetch_retries": "0",
    }
    refused = subprocess.run(
        local.command(),
        cwd=ROOT,
        env=cut_off,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "could not be fetched from npm" in refused.stderr
    assert all(port_is_free(port) for port in local.ports())
