"""The API as a process, against its own OpenAPI document, with good and spoilt input."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from deploy.local.services import ServiceProcess
from shared.web import operations
from shared.web.auth import Principal, Role, issue_token
from shared.web.health import health_router
from tests.integration.messaging.world import SECRET
from tests.integration.services.registry.world import registry_process

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PARTS = 8
OF_ALL_SERVICES = frozenset(
    getattr(route, "path", "")
    for route in (*operations.router.routes, *health_router({}, lambda: None).routes)
)
"""Tried in one of the services."""
TOKEN = issue_token(SECRET.get_secret_value(), Principal("someone", Role.ADMINISTRATOR))


@pytest.fixture(scope="module")
def registry(
    tmp_path_factory: pytest.TempPathFactory, kafka_bootstrap: str, mongodb_uri: str
) -> Iterator[ServiceProcess]:
    """One process for all parts: its start costs as much as a part."""
    folder, unique = tmp_path_factory.mktemp("registry"), f"t{uuid4().hex[:12]}"
    with registry_process(folder, kafka_bootstrap, mongodb_uri, unique) as process:
        yield process


@pytest.mark.timeout(400)  # six requests at least for each of many operations
@pytest.mark.parametrize("part", range(PARTS))
def test_no_input_breaks_the_api(registry: ServiceProcess, part: int) -> None:
    schema = schemathesis.openapi.from_url(f"{registry.url}/openapi.json")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    own = [operation for operation in found if operation.path not in OF_ALL_SERVICES]
    assert len(found) > len(own) > PARTS
    for operation in own[part::PARTS]:
        for mode in schemathesis.GenerationMode:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=3,
                database=None,
                derandomize=True,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def answers_as_it_says(case: Any) -> None:
                case.call_and_validate(headers=headers, checks=CHECKS)

            answers_as_it_says()
