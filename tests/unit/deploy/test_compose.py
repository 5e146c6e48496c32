"""docker-compose.yml, read as text: valid, pinned, limited, without secrets, fed what it needs.

Nothing is built or started: no Docker engine is asked. Where the `docker compose` client is at
hand it reads the file too.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((Path(__file__).parent / "schemas/compose-spec.json").read_text())
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {
    "registry": "registry",
    "request-intake": "request_intake",
    "volunteer-dispatch": "volunteer_dispatch",
    "assessment": "assessment",
}
ONE_SHOT = {"mongodb-setup", "lianxin"}
DRAIN_SECONDS = 30
PINNED = re.compile(r"^[\w./-]+:v?\d+\.\d+\.\d+(-[\w.-]+)?$")
VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")
SECRET = re.compile(r"PASSWORD|SECRET|FIELD_KEY|TOKEN")


def test_fits_the_compose_specification() -> None:
    Draft202012Validator(SCHEMA).validate(COMPOSE)


@pytest.mark.parametrize(
    "wrong", [{"imagine": "x"}, {"mem_limits": "1g"}, {"depends_on": {"a": {"condition": "up"}}}]
)
def test_the_schema_refuses_what_is_wrong(wrong: dict[str, Any]) -> None:
    kafka = SERVICES["kafka"] | wrong
    assert not Draft202012Validator(SCHEMA).is_valid({"services": {"kafka": kafka}})


def test_every_image_is_pinned() -> None:
    images = {service["image"] for service in SERVICES.values()}
    images |= set(re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M))
    assert [image for image in images if not PINNED.match(image)] == []
    assert not PINNED.match("mongo:8")
    assert not PINNED.match("nginx:latest")


@pytest.mark.parametrize("name", SERVICES)
def test_is_watched_limited_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[MG]", service["deploy"]["resources"]["limits"]["memory"])
    assert service["logging"]["options"]["max-size"]
    if name in ONE_SHOT:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    for wanted in service.get("depends_on", {}):
        condition = service["depends_on"][wanted]["condition"]
        done = "service_completed_successfully" if wanted in ONE_SHOT else "service_healthy"
        assert condition == done


@pytest.mark.parametrize("name", OURS)
def test_a_service_scales_and_stops_in_order(name: str) -> None:
    service = SERVICES[name]
    assert service["command"] == ["python", "-m", f"services.{OURS[name]}.main"]
    assert not {"container_name", "hostname", "ports", "volumes"} & set(service)
    assert set(service["depends_on"]) == {"kafka", "mongodb-setup"}
    assert service["init"] is True
    assert service["read_only"] is True
    assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS


def test_the_gateway_knows_every_service() -> None:
    configuration = (ROOT / "deploy/compose/gateway/nginx.conf").read_text()
    routes = dict(re.findall(r"^\s+(\d+) ([a-z-]+);$", configuration, re.M))
    assert set(routes.values()) == set(OURS)
    published = [port.rpartition(":")[2] for port in SERVICES["gateway"]["ports"]]
    assert published == list(routes)
    assert set(SERVICES["gateway"]["depends_on"]) == set(OURS)


def known_names() -> set[str]:
    """Names of the environment's variables that `Settings` reads."""
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names.add(alias if isinstance(alias, str) else f"LIANXIN_{name}".upper())
    return names


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_given_what_it_needs_and_nothing_unknown(name: str) -> None:
    given = SERVICES[name]["environment"]
    assert set(given) - known_names() == set()
    required = {
        f"LIANXIN_{field}".upper()
        for field, info in Settings.model_fields.items()
        if info.is_required()
    }
    assert required | {"KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"} <= set(given)
    secret = "0" * 32
    values = {
        key: VARIABLE.sub(lambda m: (m[2] or "")[2:] if (m[2] or "")[:2] == ":-" else secret, v)
        for key, v in given.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for key, value in values.items():
            patch.setenv(key, value)
        settings = Settings(service=OURS[name])
    uri = settings.mongodb_uri
    assert uri.startswith(f"mongodb://{OURS[name]}:")
    assert uri.endswith(f"authSource={settings.database_name}")
    assert settings.kafka_bootstrap_servers == "kafka:9092"


def test_the_command_finds_every_service() -> None:
    given = SERVICES["lianxin"]["environment"]
    for name, package in OURS.items():
        assert given[f"LIANXIN_{package.upper()}_URL"] == f"http://{name}:8080"
    assert SERVICES["lianxin"]["profiles"] == ["tools"]


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in (service.get("environment") or {}).items():
            if SECRET.search(key):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {key}"
            for user in re.findall(r"://[^/@]*@", value):
                assert re.fullmatch(r"://\w+:\$\{\w+:\?[^}]+\}@", user), f"{name}: {key}"


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    used = {name: rule or "" for name, rule in VARIABLE.findall(TEXT)}
    assert set(example) == set(used)
    for name, rule in used.items():
        if rule.startswith(":?"):
            assert example[name] == "", f"{name} must not have a value in .env.example"
        else:
            assert rule == f":-{example[name]}", f"{name}: other default in .env.example"


def test_new_env_makes_secrets_once(tmp_path: Path) -> None:
    script, target = ROOT / "deploy/compose/new-env.sh", tmp_path / "made.env"
    subprocess.run(["bash", script, target], check=True, capture_output=True)
    made = dict(
        line.split("=", 1)
        for line in target.read_text().splitlines()
        if line and not line.startswith("#")
    )
    secrets = [value for name, value in made.items() if SECRET.search(name)]
    assert len(secrets) == len(set(secrets)) == 8
    assert all(re.fullmatch("[0-9a-f]{48}", secret) for secret in secrets)
    assert made["LIANXIN_OPEN311_JURISDICTION"] == ""
    assert target.stat().st_mode & 0o077 == 0
    before = target.read_text()
    again = subprocess.run(["bash", script, target], check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "stays as it is" in again.stderr
    assert target.read_text() == before


def test_mongodb_setup_makes_the_users_of_the_services() -> None:
    script = (ROOT / "deploy/compose/mongodb/setup.js").read_text()
    listed = re.search(r"const SERVICES = \[(.*?)\]", script)
    assert listed is not None
    assert re.findall(r'"(\w+)"', listed[1]) == list(OURS.values())
    needed = {"MONGO_ROOT_PASSWORD"} | {f"MONGO_{name.upper()}_PASSWORD" for name in OURS.values()}
    assert needed <= set(SERVICES["mongodb-setup"]["environment"])


def test_kafka_takes_large_records_and_makes_no_topics_by_itself() -> None:
    settings = SERVICES["kafka"]["environment"]
    assert settings["KAFKA_MESSAGE_MAX_BYTES"] == "4194304"
    assert settings["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_every_mounted_file_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), source


@pytest.mark.parametrize("script", sorted((ROOT / "deploy/compose").rglob("*.sh")), ids=str)
def test_shell_scripts_parse(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="no docker-compose client here")
def test_the_compose_client_reads_it(tmp_path: Path) -> None:
    target = tmp_path / "made.env"
    subprocess.run(
        ["bash", ROOT / "deploy/compose/new-env.sh", target], check=True, capture_output=True
    )
    command = ["docker-compose", "--project-directory", str(ROOT), "--env-file", str(target)]
    subprocess.run([*command, "--profile", "monitoring", "config", "--quiet"], check=True, cwd=ROOT)
    empty = tmp_path / "empty.env"
    empty.write_text("")
    refused = subprocess.run(
        ["docker-compose", "--env-file", str(empty), "config", "--quiet"],
        check=False, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert refused.returncode != 0
    assert "set it in .env" in refused.stderr
