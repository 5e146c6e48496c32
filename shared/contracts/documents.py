"""The published documents of the contracts, in docs/contracts.

    python -m shared.contracts.documents [--check] [--folder DIR]

writes a JSON Schema (draft 2020-12) for each type and version and one AsyncAPI 3.0 document.
A version that is written already may only grow (see `compatibility`): another change is refused,
as records of that version stand in topics and journals for ever. `--check` writes nothing and
exits with 1 where a document differs from the code.
"""

import argparse
import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.catalog import BY_FULL_TYPE, TOPIC_OF
from shared.contracts.compatibility import breaks
from shared.contracts.payload import Payload

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "contracts"
COMMAND = "python -m shared.contracts.documents"


def schema_of(payload: type[Payload]) -> dict[str, Any]:
    """JSON Schema of a payload's JSON, with its kind, topic and the fields' descriptions."""
    schema = payload.model_json_schema()
    _describe(schema, payload)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lianxin:contract:{payload.full_type()}",
        "title": payload.__name__,
        "description": inspect.cleandoc(payload.__doc__ or ""),
        "x-kind": payload.KIND.value,
        "x-topic": TOPIC_OF[payload.TYPE],
        "x-type": payload.full_type(),
    } | {name: value for name, value in schema.items() if name not in ("title", "description")}


def documents() -> dict[str, str]:
    """Every document by file name."""
    found = {
        f"{name}.schema.json": json.dumps(schema_of(payload), ensure_ascii=False, indent=2) + "\n"
        for name, payload in sorted(BY_FULL_TYPE.items())
    }
    found["asyncapi.yaml"] = yaml.safe_dump(
        asyncapi_document(), allow_unicode=True, sort_keys=False, width=100
    )
    return found


def drift(folder: Path = FOLDER) -> list[str]:
    """Names of the documents in `folder` that are missing, differ, or have no type any more."""
    wanted = documents()
    differing = [name for name, text in wanted.items() if _read(folder / name) != text]
    return sorted({*differing, *_left_over(folder)})


def refusals(folder: Path = FOLDER) -> list[str]:
    """Why `write` would break what is published: a sentence for each field or vanished type."""
    found = [
        f"{name}: this type is not in shared/contracts any more" for name in _left_over(folder)
    ]
    for name, payload in sorted(BY_FULL_TYPE.items()):
        before = _read(folder / f"{name}.schema.json")
        if before is not None:
            found += [f"{name}: {why}" for why in breaks(json.loads(before), schema_of(payload))]
    return found


def write(folder: Path = FOLDER) -> None:
    """Write every document."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


def _left_over(folder: Path) -> list[str]:
    known = {f"{name}.schema.json" for name in BY_FULL_TYPE}
    return sorted(p.name for p in folder.glob("*.schema.json") if p.name not in known)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _describe(schema: dict[str, Any], payload: type[Payload]) -> None:
    """Give fields the docstrings that stand below them in the code.

    Pydantic can do that itself (`use_attribute_docstrings`), but at each import: every service
    would read its own source when it starts.
    """
    models = {model.__name__: model for model in _models(payload)}
    for name, part in {payload.__name__: schema, **schema.get("$defs", {})}.items():
        model = models.get(name)
        for field, text in (_docstrings(model) if model else {}).items():
            part["properties"][field].setdefault("description", text)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if inspect.isclass(inner) and issubclass(inner, BaseModel):
                yield from _models(inner)


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and field.target.id in model.model_fields
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write or check; 0, or 1 with sentences on standard error."""
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where they differ")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args(arguments)
    broken = refusals(given.folder)
    for why in broken:
        print(why, file=sys.stderr)
    if broken:
        print(
            "A published version may only grow. Keep its class as it was and add a class with the "
            "next VERSION beside it in shared/contracts.",
            file=sys.stderr,
        )
        return 1
    if given.check:
        differing = drift(given.folder)
        if differing:
            print(
                f"{len(differing)} documents differ from shared/contracts "
                f"({', '.join(differing[:3])}{' ...' if differing[3:] else ''}): "
                f"run `{COMMAND}` and commit what it writes.",
                file=sys.stderr,
            )
        return 1 if differing else 0
    write(given.folder)
    print(f"{len(documents())} documents written to {given.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
