"""What the command makes of options, files and servers that are not there."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.failures import Failure
from cli.main import app
from cli.messages import MESSAGES
from cli.publish import event_of, read_lines
from cli.replays import moment_of
from cli.sending import UnitEvent
from cli.world import DEFAULT_URLS, open_world, urls_of
from shared.contracts.envelope import decode
from shared.web.auth import Role, TokenReader
from shared.web.messages import placeholders

SECRET = "a secret of the tests, with 32 characters or more"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9"


def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
    given = {"COLUMNS": "200", "LIANXIN_TOKEN": "x", **(env or {})}
    return CliRunner().invoke(app, list(arguments), env=given, input=stdin)


def failed(result: Result, *words: str, status: int = 1) -> str:
    """It ended with one sentence on standard error and no traceback."""
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]
    return lines[0]


def test_every_sentence_is_there_in_both_languages() -> None:
    for key, texts in MESSAGES.items():
        assert placeholders(texts["zh"]) == placeholders(texts["en"]), key
        assert texts["zh"] != "" != texts["en"]


# Where and who


def test_addresses_come_from_file_environment_and_options_the_later_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert urls_of() == DEFAULT_URLS
    secrets = tmp_path / "secrets.json"
    secrets.write_text(
        json.dumps({"urls": {"registry": "http://a:1", "assessment": "http://a:4/"}})
    )
    monkeypatch.setenv("LIANXIN_SECRETS", str(secrets))
    monkeypatch.setenv("LIANXIN_REGISTRY_URL", "http://b:1")
    assert urls_of() == DEFAULT_URLS | {"registry": "http://b:1", "assessment": "http://a:4"}
    found = urls_of('{"registry": "http://c:1"}', ["assessment=https://d"])
    assert (found["registry"], found["assessment"]) == ("http://c:1", "https://d")


@pytest.mark.parametrize(
    ("urls", "url"),
    [
        ("[]", []),
        ("{", []),
        ('{"registri": "http://x"}', []),
        ('{"registry": 8101}', []),
        (None, ["http://x"]),
        (None, ["nobody=http://x"]),
        (None, ["registry=127.0.0.1:8101"]),
    ],
)
def test_addresses_that_cannot_be_read_are_told(urls: str | None, url: list[str]) -> None:
    with pytest.raises(Failure):
        urls_of(urls, url)


def test_a_token_is_made_with_the_secret_of_a_local_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"token_secret": SECRET}))
    monkeypatch.setenv("LIANXIN_SECRETS", str(secrets))
    assert TokenReader(SECRET).read(open_world().token).role is Role.ADMINISTRATOR
    assert open_world(token="given").token == "given"
    monkeypatch.setenv("LIANXIN_TOKEN", "of the environment")
    assert open_world().token == "of the environment"


def test_without_token_and_secret_it_says_what_to_set() -> None:
    failed(run("dead-letters", "list", env={"LIANXIN_TOKEN": ""}), "set LIANXIN_TOKEN")
    short = {"LIANXIN_TOKEN": "", "LIANXIN_TOKEN_SECRET": "short"}
    failed(run("dead-letters", "list", env=short), "at least 32 characters")


def test_tokens_carry_what_they_are_asked_for() -> None:
    env = {"LIANXIN_TOKEN_SECRET": SECRET}
    arguments = ("--role", "area_manager", "--area", "1101", "--area", "1102", "--days", "2")
    result = run("token", *arguments, env=env)
    assert result.exit_code == 0
    principal = TokenReader(SECRET).read(result.stdout.strip())
    assert (principal.role, principal.areas) == (
        Role.AREA_MANAGER,
        frozenset({"1101", "1102"}),
    )
    unit = run("token", "--role", "unit_operator", "--unit", "u1", env=env)
    assert TokenReader(SECRET).read(unit.stdout.strip()).unit_id == "u1"
    failed(run("token", "--role", "unit_operator", env=env), "needs --unit")
    failed(run("token", "--role", "grid_leader", env=env), "needs --grid")


# What can be foreseen to go wrong


@pytest.mark.parametrize(
    "arguments",
    [
        ("dead-letters", "list"),
        ("dead-letters", "show", "x"),
        ("dead-letters", "replay", "--all"),
        ("dead-letters", "skip", "x"),
        ("replay", "--since", "1h"),
        ("audit",),
    ],
)
def test_a_service_that_is_away_is_one_sentence(arguments: tuple[str, ...]) -> None:
    urls = json.dumps(dict.fromkeys(DEFAULT_URLS, NOBODY))
    failed(run(*arguments, "--urls", urls), NOBODY, "does not answer")


def test_the_sentence_is_chinese_unless_the_locale_says_english() -> None:
    urls = json.dumps(dict.fromkeys(DEFAULT_URLS, NOBODY))
    for lang in ("zh_CN.UTF-8", "C.UTF-8", ""):
        result = run("dead-letters", "list", "--urls", urls, env={"LANG": lang})
        failed(result, "没有应答")


def test_status_of_a_system_that_is_away_is_critical() -> None:
    urls = json.dumps(dict.fromkeys(DEFAULT_URLS, NOBODY))
    result = run("status", "--urls", urls)
    assert result.exit_code == 2
    assert result.stdout.count("critical") == 4
    found = json.loads(run("status", "--urls", urls, "--json").stdout)
    assert [f["what"] for f in found] == ["away"] * 4
    failed(run("status", "--watch", "1", "--json"), "do not go together")


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>an other server</html>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a web server that is no service of ours."""
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_is_no_service_is_told(stranger: str) -> None:
    urls = json.dumps(dict.fromkeys(DEFAULT_URLS, stranger))
    failed(run("dead-letters", "list", "--urls", urls), "not a Lianxin service")
    result = run("status", "--urls", urls)
    assert result.exit_code == 2
    assert "Lianxin" in result.stdout


def test_bad_files_and_names_are_told(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n")
    absent = str(tmp_path / "absent.csv")
    failed(
        run("import", "requests", absent, "--format", "pingshan"), "absent.csv", "cannot be read"
    )
    failed(run("import", "requests", str(table), "--format", "pingshan"), "lacks columns", "REC_ID")
    failed(run("import", "requests", str(table), "--format", "paris"), "la311, pingshan")
    absent_format = str(tmp_path / "absent.yaml")
    failed(run("import", "requests", str(table), "--format", absent_format), "absent.yaml")
    failed(run("publish", str(tmp_path / "absent.ndjson")), "absent.ndjson")
    failed(run("dead-letters", "list", "-s", "nobody"), "There is no service nobody")
    failed(run("dead-letters", "replay"), "--all")
    failed(run("replay", "--since", "soon"), "cannot be read")
    event = tmp_path / "e.ndjson"
    event.write_text("{}\n")
    failed(run("publish", "--kafka", "--unit", "u", str(event)), "KAFKA_BOOTSTRAP_SERVERS")


def test_a_broker_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    event = tmp_path / "e.ndjson"
    event.write_text(json.dumps(GOOD) + "\n")
    env = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
    failed(run("publish", "--kafka", "--unit", "u", str(event), env=env), "broker cannot be used")
    env["LIANXIN_KAFKA_PARTITIONS"] = "many"
    failed(run("publish", "--kafka", "--unit", "u", str(event), env=env), "kafka_partitions")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("90s", NOW - timedelta(seconds=90)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-05-01T13:00:00+08:00", datetime(2026, 5, 1, 5, tzinfo=UTC)),
        ("2026-04-30T00:00:00Z", datetime(2026, 4, 30, tzinfo=UTC)),
    ],
)
def test_times(text: str, wanted: datetime) -> None:
    assert moment_of(text, NOW) == wanted


@pytest.mark.parametrize("text", ["", "2x", "tomorrow", "2027-01-01", "99999999999d", "2026-13-01"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(Failure):
        moment_of(text, NOW)


# Events in a file

GOOD = {
    "type": "request_reported",
    "subject": "case/1",
    "sequence": 1,
    "time": "2026-01-01T08:00:00+08:00",
    "data": {"category": "care"},
}


def test_lines_are_read_each_on_its_own() -> None:
    content = b'\xef\xbb\xbf{"a": 1}\n\n[1]\nnot json\n{"b": 2}'
    found = [(line.number, line.event, bool(line.error)) for line in read_lines(content)]
    assert found == [(1, {"a": 1}, False), (3, {}, True), (4, {}, True), (5, {"b": 2}, False)]


def test_an_event_becomes_a_record_that_services_read() -> None:
    event = event_of("u1", GOOD)
    assert isinstance(event, UnitEvent)
    record = event.as_record()
    read = decode(record.value, record.headers)
    assert (read.source, read.subject, read.sequence) == ("/units/u1", "case/1", 1)
    assert read.time == datetime(2026, 1, 1, tzinfo=UTC)
    assert record.key == b"case/1"
    again = event_of("u1", GOOD)
    assert isinstance(again, UnitEvent)
    assert again.id == event.id
    assert again.as_json()["type"] == "request_reported"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "request_lost"}, "type must be one of"),
        ({"sequence": 0}, "sequence must be"),
        ({"sequence": True}, "sequence must be"),
        ({"subject": "1"}, "subject must be"),
        ({"time": "2026-01-01"}, "time must be"),
        ({"time": "2099-01-01T00:00:00Z"}, "time must be"),
        ({"data": {}}, "data: "),
        ({"data": {"category": "care", "colour": "red"}}, "data.colour: "),
        ({"when": "now"}, "no such fields: when"),
    ],
)
def test_an_event_that_is_none_is_told(change: dict[str, Any], word: str) -> None:
    found = event_of("u1", GOOD | change)
    assert isinstance(found, str)
    assert word in found


def test_an_event_without_unit_is_told() -> None:
    assert "unit_id is missing" in str(event_of("", GOOD))
