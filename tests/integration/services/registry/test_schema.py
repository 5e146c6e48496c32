"""The API as a process, against its own OpenAPI document, with good and spoilt input."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pymongo import MongoClient
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from deploy.local.services import ServiceProcess
from shared.web.auth import Principal, Role, issue_token
from tests.integration.messaging.world import SECRET

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OWN = (
    "/v1/areas",
    "/v1/units",
    "/v1/organizations",
    "/v1/grid",
    "/v1/people",
    "/v1/imports",
    "/v1/coverage",
    "/v1/records",
    "/v1/history",
    "/v1/works",
    "/v1/record-sheet",
    "/v1/checkin",
    "/v1/care",
)
TOKEN = issue_token(SECRET.get_secret_value(), Principal("someone", Role.ADMINISTRATOR))


@pytest.fixture
def registry(
    tmp_path: Path, kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> Iterator[ServiceProcess]:
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "MONGODB_URI": mongodb_uri,
        "LIANXIN_TOPIC_PREFIX": f"{unique}.",
        "LIANXIN_DATABASE": unique,
        "LIANXIN_TOKEN_SECRET": SECRET.get_secret_value(),
        "LIANXIN_FIELD_KEY": "f" * 40,
        "LIANXIN_KAFKA_IDEMPOTENCE": "false",
        "LIANXIN_KAFKA_PARTITIONS": "4",
    }
    with ServiceProcess("registry", tmp_path, environment) as process:
        yield process
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client.drop_database(unique)


@pytest.mark.timeout(400)  # each further operation costs about a second
def test_no_input_breaks_the_api(registry: ServiceProcess) -> None:
    schema = schemathesis.openapi.from_url(f"{registry.url}/openapi.json")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if not operation.path.startswith(OWN):
            continue  # what all services have is tried in one of them
        for mode in schemathesis.GenerationMode:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=3,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def answers_as_it_says(case: Any) -> None:
                case.call_and_validate(headers=headers, checks=CHECKS)

            answers_as_it_says()
        tried += 1
    assert tried == 58
