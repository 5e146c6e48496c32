"""The data file that says how a table is read: its schema, checked key by key.

Every key is explained in docs/formats.md; the shipped files in `cli/formats` are examples.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cli.failures import failure
from shared.contracts.words import AreaLevel, Channel, Domain, RequestKind, Urgency
from shared.web.schemas import Slug

SHIPPED = Path(__file__).resolve().parents[1] / "formats"


def _text(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise ValueError("put the value in quotation marks, so that YAML leaves it as it is")
    return str(value) if isinstance(value, int) else value


Text = Annotated[str, BeforeValidator(_text)]
Column = Annotated[Text, Field(min_length=1)]
"""Name of a column, as it stands in the table's first line."""
When = dict[Column, tuple[Text | None, ...]]
"""Column: the values of which one must be there; null: the value is missing."""


class Part(BaseModel):
    """A part of the data file: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def columns(self) -> Iterator[str]:
        """Columns that this part reads."""
        yield from ()


class Words(Part):
    """A sentence for people."""

    zh: str
    en: str


class Value(Part):
    """Where a field's value comes from: one of `constant`, `column`, `template`.

    `map` turns values into others; one that is not in it becomes `other`, and without `other` the
    row is rejected. `when_missing` stands for a missing value.
    """

    constant: Text | None = None
    column: Column | None = None
    template: Text | None = None
    map: dict[Text, Text] | None = None
    other: Text | None = None
    when_missing: Text | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = (self.constant, self.column, self.template)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of constant, column, template")
        if self.other is not None and self.map is None:
            raise ValueError("other needs a map")
        if self.template is not None:
            try:
                self.template.format_map(dict.fromkeys(self.columns(), ""))
            except (KeyError, ValueError, IndexError, AttributeError):
                raise ValueError("template: write columns as {COLUMN} and nothing more") from None
        return self

    def columns(self) -> Iterator[str]:
        """Columns that this value reads."""
        if self.column is not None:
            yield self.column
        if self.template is not None:
            yield from template_columns(self.template)

    def outputs(self) -> Iterator[str]:
        """Values that are known beforehand to come out."""
        mapped = (self.map or {}).values()
        yield from (v for v in (self.constant, self.other, self.when_missing, *mapped) if v)


def template_columns(template: str) -> list[str]:
    """Names between braces."""
    parts = template.split("{")[1:]
    return [part.partition("}")[0] for part in parts]


_CLOSED_LISTS: dict[str, type[StrEnum]] = {
    "channel": Channel,
    "kind": RequestKind,
    "urgency": Urgency,
}


class Fields(Part):
    """Fields of the report (`shared/contracts/units.py`, RequestReported)."""

    channel: Value = Value(constant="unit")
    kind: Value = Value(constant="other")
    category: Value | None = None
    urgency: Value | None = None
    text: Value | None = None

    @model_validator(mode="after")
    def _known_terms(self) -> Self:
        for name, terms in _CLOSED_LISTS.items():
            value: Value | None = getattr(self, name)
            for output in value.outputs() if value else ():
                if output not in list(terms):
                    raise ValueError(f"{name}: {output!r} is none of {', '.join(terms)}")
        if self.category is None and self.text is None:
            raise ValueError("give category or text")
        return self

    def given(self) -> Iterator[tuple[str, Value]]:
        """The fields that are there, with their names."""
        for name in type(self).model_fields:
            if (value := getattr(self, name)) is not None:
                yield name, value

    def columns(self) -> Iterator[str]:
        """Columns that the fields read."""
        for _, value in self.given():
            yield from value.columns()


class Time(Part):
    """A time: its column, its form (`strptime`, or `iso`), and the zone that it is told in."""

    column: Column
    format: str = "iso"
    zone: str

    @model_validator(mode="after")
    def _known_zone(self) -> Self:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"zone: {self.zone!r} is no IANA zone, as Asia/Shanghai") from None
        return self

    def columns(self) -> Iterator[str]:
        """Its column."""
        yield self.column


class AreaName(Part):
    """One level of areas: looked up in the registry as `prefix` + value + one of `suffixes`."""

    column: Column
    level: AreaLevel
    by: Literal["name", "code"] = "name"
    prefix: Text = ""
    suffixes: tuple[Text, ...] = ("",)

    def columns(self) -> Iterator[str]:
        """Its column."""
        yield self.column


class PointColumns(Part):
    """Columns with WGS 84 degrees, and to how many decimals they are sent (4: about 11 m)."""

    longitude: Column
    latitude: Column
    decimals: int = Field(default=4, ge=0, le=7)

    def columns(self) -> Iterator[str]:
        """Both columns."""
        yield from (self.longitude, self.latitude)


class UnitIdentity(Part):
    """A unit as the registry creates it where it is absent."""

    id: Slug
    name: str = Field(min_length=1, max_length=200)
    domain: Domain = Domain.AGENCY


class DomainRule(Part):
    """The domain of units whose name has one of these words."""

    words: tuple[Text, ...] = Field(min_length=1)
    domain: Domain


class HandlingUnit(Part):
    """The unit that has the case in hand: identified by one column, named by another."""

    column: Column
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")]
    name: Column | None = None
    names: dict[Text, Text] = {}
    """Names by value, before those of the column `name`."""
    domain: Domain = Domain.AGENCY
    domains: tuple[DomainRule, ...] = ()
    when_missing: Literal["reporter", "dispatch"] = "reporter"

    def columns(self) -> Iterator[str]:
        """Columns that identify and name."""
        yield self.column
        if self.name is not None:
            yield self.name


class Result(Part):
    """What the row says of the end; the first rule that fits counts."""

    when: When = {}
    outcome: Literal["done", "withdrawn", "none"]
    in_time: bool | None = None
    completed: Time | None = None
    remark: Words | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.outcome != "done" and self.in_time is not None:
            raise ValueError("in_time goes with outcome: done")
        if self.outcome == "none" and self.completed is not None:
            raise ValueError("completed goes with outcome: done or withdrawn")
        return self

    def columns(self) -> Iterator[str]:
        """Columns that the rule reads."""
        yield from self.when
        if self.completed is not None:
            yield self.completed.column


class Skip(Part):
    """Rows that are not taken, with the reason that the error file gives."""

    when: When = Field(min_length=1)
    reason: Words

    def columns(self) -> Iterator[str]:
        """Columns that the rule reads."""
        yield from self.when


class Format(Part):
    """A whole data file."""

    name: Slug
    about: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    missing: tuple[Text, ...] = ("",)
    unit: UnitIdentity
    case: Column
    time: Time
    fields: Fields
    area: tuple[AreaName, ...] = ()
    point: PointColumns | None = None
    handling_unit: HandlingUnit | None = None
    results: tuple[Result, ...] = ()
    skip: tuple[Skip, ...] = ()

    def columns(self) -> Iterator[str]:
        """Every column that the format reads, once each."""
        parts: list[Part | None] = [self.time, self.fields, self.point, self.handling_unit]
        parts += [*self.area, *self.results, *self.skip]
        named = [column for part in parts if part is not None for column in part.columns()]
        yield from dict.fromkeys([self.case, *named])


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, which YAML's own loader takes in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is there twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def shipped() -> list[str]:
    """Names of the formats that come with Lianxin."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_format(name_or_path: str) -> Format:
    """Read a format by its shipped name or its path. Raises `Failure` naming the key."""
    path = SHIPPED / f"{name_or_path}.yaml"
    if name_or_path not in shipped():
        path = Path(name_or_path)
        if path.suffix not in (".yaml", ".yml"):
            raise failure("format-unknown", name=name_or_path, names=", ".join(shipped()))
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise failure("file", path=path, error=error.strerror or error) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise failure("format-yaml", path=path, error=" ".join(str(error).split())) from None
    return read_format(found, str(path))


def read_format(found: Any, origin: str) -> Format:
    """Check what a data file says. Raises `Failure` naming the key and what is wrong with it."""
    if not isinstance(found, Mapping):
        raise failure("format-yaml", path=origin, error="key: value …")
    try:
        return Format.model_validate(found)
    except ValidationError as error:
        entries = error.errors(include_url=False)
        first = entries[0]
        key = ".".join(str(part) for part in first["loc"] if part != "[key]") or "-"
        raise failure(
            "format-key", path=origin, key=key, error=first["msg"], more=len(entries) - 1
        ) from None
