"""Every service says what it offers: OpenAPI documents that are valid and unambiguous."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from deploy.local.services import SERVICES
from shared.settings import Settings
from shared.web.process import service_app

SECRET = SecretStr("for documents only, never started")


def document_of(name: str) -> dict[str, Any]:
    """A service's OpenAPI document."""
    definition = importlib.import_module(f"services.{name}.main").DEFINITION
    settings = Settings(service=name, token_secret=SECRET, field_key=SECRET)
    # A name that is there twice warns, and warnings are errors here.
    document: dict[str, Any] = service_app(definition, settings).openapi()
    return document


@pytest.mark.parametrize("name", SERVICES)
def test_each_operation_is_described_once(name: str) -> None:
    operations = [one for path in document_of(name)["paths"].values() for one in path.values()]
    assert len(operations) > 10
    assert all(one["operationId"].isidentifier() for one in operations)
    assert all(one["responses"]["default"] for one in operations)


@pytest.mark.parametrize("name", SERVICES)
def test_no_whole_number_that_comes_in_is_larger_than_the_database_takes(name: str) -> None:
    document = document_of(name)
    endless = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            given = [(one["name"], one["schema"]) for one in operation.get("parameters", ())]
            contents = operation.get("requestBody", {}).get("content", {})
            given += [("body", content.get("schema", {})) for content in contents.values()]
            for where, schema in given:
                found = unlimited(schema, document["components"]["schemas"], where, set())
                endless += [f"{method} {path} {one}" for one in found]
    assert endless == []


def unlimited(schema: Any, named: dict[str, Any], where: str, seen: set[str]) -> Iterator[str]:
    """Integers of a schema that have no maximum, by where they stand in it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            yield from unlimited(named[name], named, where, seen)
        return
    limits = ("maximum", "exclusiveMaximum", "enum", "const")
    if schema.get("type") == "integer" and not any(limit in schema for limit in limits):
        yield where
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in schema.get(word, ()):
            yield from unlimited(one, named, where, seen)
    for name, one in schema.get("properties", {}).items():
        yield from unlimited(one, named, f"{where}.{name}", seen)
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from unlimited(schema[word], named, f"{where}[]", seen)
