"""docs/registry/proof.md: all eleven items stand there, and each test that it names exists."""

import ast
import re

from tests.unit.deploy.test_compose import ROOT

TEXT = (ROOT / "docs/registry/proof.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)


def test_every_item_is_there_with_its_tests() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.M)[1:]
    numbered = [section for section in sections if section[0].isdigit()]
    assert [section.partition(".")[0] for section in numbered] == [str(n) for n in range(1, 12)]
    for section in sections:
        for row in re.findall(r"^\| (?!clause|---).*$", section, re.M):
            assert re.search(r"`[\w/]+\.py::\w+`", row), row


def test_every_test_named_exists() -> None:
    missing = []
    for file, name in NAMED:
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        there = {node.name for node in tree.body if isinstance(node, kinds)}
        missing += [] if name in there else [f"{file}::{name}"]
    assert missing == []
