"""A scheme from YAML (or JSON, which is YAML too): errors name the line.

`read_scheme` holds the thread for as long as YAML is parsed: about a second for the longest text.
"""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.assessment.schemes import messages  # noqa: F401  (registers the sentences)
from services.assessment.schemes.scheme import AT, Scheme
from services.assessment.scores.inputs import INPUTS, OUTCOMES
from shared.web.errors import field_error
from shared.web.messages import Language, say
from shared.web.problems import FieldError

LONGEST_BYTES = 100_000
_DEEPEST = 20
Place = tuple[str | int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line (from 1), with the key of its sentence; `field` is a dotted path."""

    line: int
    field: str
    message: str
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """What to do, for people."""
        return say(self.message, language, self.parameters)


class SchemeInvalid(ValueError):
    """A text that is no scheme: all faults that were found, by line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.line, fault.field))
        super().__init__("; ".join(f"line {f.line}: {f.sentence('en')}" for f in self.faults))


def read_scheme(text: str) -> Scheme:
    """The scheme that `text` says.

    Raises:
        SchemeInvalid: it is none, with every fault found and its line.
    """
    lines: dict[Place, int] = {(): 1}
    content = _content(text, lines)
    try:
        scheme = Scheme.model_validate(content)
    except ValidationError as error:
        raise SchemeInvalid(_faults(error, lines)) from None
    if faults := list(_unknown_names(scheme, lines)):
        raise SchemeInvalid(faults)
    return scheme


def read_file(path: Path) -> Scheme:
    """The scheme in a file. Raises `ValueError` whose sentence names file and lines."""
    try:
        return read_scheme(path.read_text("utf-8"))
    except (SchemeInvalid, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _content(text: str, lines: dict[Place, int]) -> Any:
    # 2 MB, and only where somebody reads a scheme.
    import yaml  # noqa: PLC0415

    if len(text.encode(errors="replace")) > LONGEST_BYTES:
        raise SchemeInvalid([Fault(1, "", "scheme.too_long", {"limit": LONGEST_BYTES})])
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            return None if node is None else _Reader(loader, lines).value(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        about = {"problem": str(error.problem or error.context)}
        line = 1 if mark is None else mark.line + 1
        raise SchemeInvalid([Fault(line, "", "scheme.yaml", about)]) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, SchemeInvalid):
            raise
        about = {"problem": str(getattr(error, "reason", "")) or type(error).__name__}
        raise SchemeInvalid([Fault(1, "", "scheme.yaml", about)]) from None


class _Reader:
    """Values from YAML's nodes, noting the line of each."""

    def __init__(self, loader: Any, lines: dict[Place, int]) -> None:
        self._loader = loader
        self._lines = lines
        self._seen: set[int] = set()

    def value(self, node: Any, place: Place) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(place, line)
        # A text of a few lines could stand for millions of values.
        if id(node) in self._seen or len(place) > _DEEPEST:
            raise SchemeInvalid([Fault(line, _dotted(place), "scheme.alias")])
        self._seen.add(id(node))
        if node.id == "scalar":
            return self._loader.construct_object(node)
        if node.id == "sequence":
            return [self.value(item, (*place, n)) for n, item in enumerate(node.value)]
        content: dict[str, Any] = {}
        for key, value in node.value:
            name, at = str(key.value), key.start_mark.line + 1
            if key.id != "scalar" or name in content:
                about = {"key": name if key.id == "scalar" else "?"}
                raise SchemeInvalid([Fault(at, _dotted((*place, name)), "scheme.key", about)])
            self._lines[*place, name] = at
            content[name] = self.value(value, (*place, name))
        return content


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place)[:200]


def _line(place: Place, lines: Mapping[Place, int]) -> int:
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _faults(error: ValidationError, lines: Mapping[Place, int]) -> list[Fault]:
    errors = error.errors(include_url=False)
    # Pydantic also counts what is left once the items with faults are gone.
    inside = {loc[:n] for one in errors for loc in [one["loc"]] for n in range(len(loc))}
    told = [e for e in errors if e["type"] != "too_short" or e["loc"] not in inside]
    return [_fault(one, lines) for one in told]


def _fault(error: Any, lines: Mapping[Place, int]) -> Fault:
    place: Place = (*error["loc"], *(error.get("ctx") or {}).get(AT, ()))
    # `field_error` takes the first part for where a request's field stands.
    found: FieldError = field_error({**error, "loc": ("scheme", *place)})
    return Fault(_line(place, lines), _dotted(place), found.message, found.parameters)


def _unknown_names(scheme: Scheme, lines: Mapping[Place, int]) -> Iterator[Fault]:
    for place, expression, outcomes in scheme.expressions():
        known = [*INPUTS, *(OUTCOMES if outcomes else ())]
        for name in sorted(expression.names - set(known)):
            near = difflib.get_close_matches(name, known, n=3) or known
            about = {"name": name, "near": ", ".join(near)}
            yield Fault(_line(place, lines), _dotted(place), "scheme.unknown_name", about)
