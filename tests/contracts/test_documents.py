"""docs/contracts is what the code says, and valid."""

import importlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import SecretStr

from shared.contracts import documents
from shared.contracts.asyncapi import RECEIVES
from shared.contracts.catalog import BY_FULL_TYPE, PUBLISHED
from shared.contracts.envelope import encode_payload
from shared.contracts.topics import TOPICS
from shared.settings import Settings
from shared.storage.client import connect
from tests.contracts.golden_files import Golden, goldens, read

ASYNCAPI = Draft7Validator(
    json.loads((Path(__file__).parent / "schemas/asyncapi-3.0.0.json").read_text())
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents.write(tmp_path)
    return tmp_path


def published() -> dict[str, Any]:
    text = (documents.FOLDER / "asyncapi.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_the_committed_documents_are_the_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert documents.main(["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
def test_goldens_fit_their_schema_both_ways(golden: Golden) -> None:
    schema = json.loads((documents.FOLDER / f"{golden.type}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(golden.value)
    data = read(golden).data
    assert data is not None
    validator.validate(json.loads(encode_payload(data)))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({name: [{}] for name in golden.value})


def test_schemas_name_type_kind_and_topic_and_describe_fields() -> None:
    schema = documents.schema_of(BY_FULL_TYPE["lianxin.request.accepted.v1"])
    assert schema["x-kind"] == "fact"
    assert schema["x-topic"] == "lianxin.requests"
    assert schema["$id"].endswith(":lianxin.request.accepted.v1")
    assert "empty while" in schema["properties"]["area_path"]["description"]
    inner = documents.schema_of(BY_FULL_TYPE["lianxin.task.assigned.v1"])["$defs"]["Assignee"]
    assert inner["properties"]["id"]["description"].startswith("Unit id")


def test_the_asyncapi_document_is_valid() -> None:
    ASYNCAPI.validate(published())


def test_the_asyncapi_schema_refuses_what_is_wrong() -> None:
    document = published()
    document["operations"]["request_intake.send.requests"]["action"] = "shout"
    assert not ASYNCAPI.is_valid(document)


def test_the_asyncapi_document_has_every_topic_message_and_target() -> None:
    document = published()
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {topic.name for topic in TOPICS}
    messages = set(document["components"]["messages"])
    assert messages == {*BY_FULL_TYPE, "dead-letter"}
    for topic, payloads in PUBLISHED.items():
        channel = document["channels"][topic.removeprefix("lianxin.")]
        assert set(channel["messages"]) == {payload.full_type() for payload in payloads}
    for reference in _references(document):
        if reference.startswith("./"):
            assert (documents.FOLDER / reference).exists()
        else:
            _follow(document, reference)


@pytest.mark.parametrize("name", ["registry", "request_intake", "volunteer_dispatch", "assessment"])
async def test_what_services_receive_is_what_they_listen_to(name: str) -> None:
    definition = importlib.import_module(f"services.{name}.main").DEFINITION
    secret = SecretStr("a secret of the tests with 32 characters or more")
    settings = Settings(service=name, token_secret=secret, field_key=secret)
    client = connect(settings.mongodb_uri, "pymongo")  # connects when first asked, which is never
    processor = definition.build(settings, client).runtime.processor
    listened = set() if processor is None else set(processor.consumes.topics)
    assert {topic.name for topic in RECEIVES[name]} == listened
    await client.close()


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []


def _follow(document: Any, reference: str) -> None:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]


def test_a_changed_missing_or_left_over_document_is_drift(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert documents.drift(folder) == []
    (folder / "asyncapi.yaml").write_text("asyncapi: 3.0.0\n")
    (folder / "lianxin.task.created.v1.schema.json").unlink()
    assert documents.drift(folder) == ["asyncapi.yaml", "lianxin.task.created.v1.schema.json"]
    assert documents.main(["--check", "--folder", str(folder)]) == 1
    assert documents.COMMAND in capsys.readouterr().err
    (folder / "lianxin.task.forgotten.v1.schema.json").write_text("{}")
    assert "lianxin.task.forgotten.v1.schema.json" in documents.drift(folder)


def test_a_breaking_change_is_refused_and_nothing_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The older document has a field that the code lost."""
    path = folder / "lianxin.request.closed.v1.schema.json"
    schema = json.loads(path.read_text())
    schema["properties"]["closed_by"] = {"type": "string"}
    path.write_text(json.dumps(schema))
    assert documents.main(["--folder", str(folder)]) == 1
    told = capsys.readouterr().err
    assert "lianxin.request.closed.v1: closed_by: the field was removed" in told
    assert "next VERSION" in told
    assert "closed_by" in path.read_text()


def test_an_added_optional_field_is_written(folder: Path) -> None:
    """The older document lacks an optional field that the code has now."""
    path = folder / "lianxin.request.located.v1.schema.json"
    schema = json.loads(path.read_text())
    del schema["properties"]["grid_id"]
    path.write_text(json.dumps(schema))
    assert documents.main(["--folder", str(folder)]) == 0
    assert documents.drift(folder) == []
