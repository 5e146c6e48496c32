"""Ports, secrets, the one runner and wiping: what a local run checks before it starts."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.clean import clean
from deploy.local.errors import LocalError
from deploy.local.keys import keys_of, tell_addresses
from deploy.local.layout import Layout
from deploy.local.one_runner import only_runner
from deploy.local.ports import ensure_free, ports_needed
from deploy.local.processes import free_port

ROOT = Path(__file__).parents[3]


def test_each_server_started_here_needs_its_port() -> None:
    uses = ports_needed(8101, 9092, 27017)
    assert [use.port for use in uses] == [8101, 8102, 8103, 8104, 9092, 27017]
    assert [use.port for use in ports_needed(8101, None, None)] == [8101, 8102, 8103, 8104]


def test_a_taken_port_is_named_with_its_option() -> None:
    uses = ports_needed(8101, 9092, 27017)
    with pytest.raises(LocalError, match=r"^Port 8103 for the volunteer_dispatch .*--port-base"):
        ensure_free(uses, lambda port: port != 8103)
    with pytest.raises(LocalError, match=r"^Port 27017 for the database .*--database-port"):
        ensure_free(uses, lambda port: port != 27017)
    ensure_free(uses, lambda _port: True)


@pytest.mark.parametrize(
    ("ports", "says"),
    [
        ((8101, 8102, 27017), r"Port 8102 is asked for .* --broker-port"),
        ((8101, 9092, 9092), r"Port 9092 is asked for .* --database-port"),
        ((80, 9092, 27017), "80 is no port .* --port-base"),
        ((65533, 9092, 27017), "65536 is no port .* --port-base"),
    ],
)
def test_ports_that_cannot_be(ports: tuple[int, int, int], says: str) -> None:
    with pytest.raises(LocalError, match=says):
        ports_needed(*ports)


def test_secrets_are_made_once_and_kept_for_their_owner(tmp_path: Path) -> None:
    made = keys_of(tmp_path)
    assert min(len(made.token_secret), len(made.field_key)) >= 32
    tell_addresses(tmp_path, {"registry": "http://127.0.0.1:8101"})
    assert keys_of(tmp_path) == made
    file = tmp_path / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["urls"] == {"registry": "http://127.0.0.1:8101"}


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"token_secret": "x"}'])
def test_unreadable_secrets_are_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(LocalError, match=r"secrets\.json cannot be read"):
        keys_of(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == content


def test_a_second_runner_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    with (
        only_runner(tmp_path),
        pytest.raises(LocalError, match=rf"process {os.getpid()}\)"),
        only_runner(tmp_path),
    ):
        pass
    with only_runner(tmp_path):
        pass


def test_cleaning_refuses_while_a_runner_is_alive(tmp_path: Path) -> None:
    keys_of(tmp_path)
    with only_runner(tmp_path), pytest.raises(LocalError, match="already runs"):
        clean(tmp_path)
    assert (tmp_path / "secrets.json").exists()


def test_cleaning_takes_what_a_run_makes_and_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert "nothing to wipe" in clean(data)
    (data / "database/db").mkdir(parents=True)
    keys_of(data)
    assert clean(data) == f"Wiped {data}."
    assert not data.exists()
    data.mkdir()
    (data / "mine.txt").write_text("mine")
    keys_of(data)
    assert "stays" in clean(data)
    assert [entry.name for entry in data.iterdir()] == ["mine.txt"]


def test_cleaning_needs_no_package(tmp_path: Path) -> None:
    bare = [sys.executable, "-I", "-S", "-c", _CLEAN, str(ROOT), str(tmp_path / "none")]
    done = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to wipe" in done.stdout


_CLEAN = """
import sys
root, folder = sys.argv[1:]
sys.path.insert(0, root)
sys.argv[1:] = [folder]
from deploy.local.clean import main
sys.exit(main())
"""


def test_services_are_told_what_the_embedded_broker_cannot_do(tmp_path: Path) -> None:
    keys = keys_of(tmp_path)
    own = Layout(tmp_path, 8101, 9092, 27017, keys, None, None).environment("registry")
    assert own["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:9092"
    assert own["LIANXIN_KAFKA_IDEMPOTENCE"] == "false"
    given = Layout(tmp_path, 8101, 9092, 27017, keys, "kafka:9092", "mongodb://db")
    told = given.environment("registry")
    assert (told["KAFKA_BOOTSTRAP_SERVERS"], told["MONGODB_URI"]) == ("kafka:9092", "mongodb://db")
    assert "LIANXIN_KAFKA_IDEMPOTENCE" not in told
    assert told["LIANXIN_TOKEN_SECRET"] == keys.token_secret


def test_servers_that_are_made_before_they_start_have_ports_of_their_own() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == 200
