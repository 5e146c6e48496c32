"""Every service says what it offers: OpenAPI documents that are valid and unambiguous."""

import importlib
from typing import Any

import pytest
from pydantic import SecretStr

from deploy.local.services import SERVICES
from shared.settings import Settings
from shared.web.process import service_app

SECRET = SecretStr("for documents only, never started")


@pytest.mark.parametrize("name", SERVICES)
def test_each_operation_is_described_once(name: str) -> None:
    definition = importlib.import_module(f"services.{name}.main").DEFINITION
    settings = Settings(service=name, token_secret=SECRET, field_key=SECRET)
    # A name that is there twice warns, and warnings are errors here.
    document: dict[str, Any] = service_app(definition, settings).openapi()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) > 10
    assert all(one["operationId"].isidentifier() for one in operations)
    assert all(one["responses"]["default"] for one in operations)
