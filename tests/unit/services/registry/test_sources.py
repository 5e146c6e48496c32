"""Each rule names its source (issue 3): the policy's article, a standard, or that it is ours."""

import ast
import re
from pathlib import Path

import pytest

from services import registry

ROOT = Path(registry.__file__).parent
DECIDING = {
    "decisions.py", "succession.py", "table.py", "rules.py", "breakdown.py", "progress.py",
    "posts.py", "errands.py", "promises.py", "feedback.py", "settling.py", "money.py",
    "handover.py", "coverage.py", "standing.py", "moves.py",
}  # fmt: skip
SOURCE = re.compile(
    r"\bart\. \d|(MZ/T|GB/T) \d|\bRFC \d|[Ii]ssue 3, item \d|\b[Oo]urs\b|DOMAIN\.md|DESIGN\.md"
    r"|national division codes"
)


def head(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def decides(path: Path) -> bool:
    """Modules of decisions by name or place, and those that call themselves pure."""
    if path.name == "__init__.py":
        return False
    pure = re.search(r"\b[Pp]ure\b", head(path)) is not None
    return pure or path.name in DECIDING or path.parent == ROOT / "service"


MODULES = sorted(path for path in ROOT.rglob("*.py") if decides(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_rules_names_their_source(path: Path) -> None:
    assert SOURCE.search(head(path)), "say in its docstring where its rules come from"


def test_the_modules_of_rules_are_found() -> None:
    found = {str(path.relative_to(ROOT)) for path in MODULES}
    assert {"pairings/decisions.py", "service/units.py", "venues/hours.py", "numbers.py"} <= found
    assert {path.name for path in MODULES} >= DECIDING
