"""The API against its own OpenAPI document, with input that nobody thinks of."""

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
from tests.integration.messaging.world import SECRET
from tests.integration.services.request_intake.world import ADMINISTRATOR

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def intake(
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
    with ServiceProcess("request_intake", tmp_path, environment) as process:
        yield process
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client.drop_database(unique)


def test_no_input_breaks_the_api(intake: ServiceProcess) -> None:
    schema = schemathesis.openapi.from_url(f"{intake.url}/openapi.json")
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=10,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def answers_as_it_says(case: Any) -> None:
            case.call_and_validate(headers=ADMINISTRATOR, checks=CHECKS)

        answers_as_it_says()
        tried += 1
    assert tried >= 30
