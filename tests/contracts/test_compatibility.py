"""What may change in a published version: growth, and nothing else."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.compatibility import breaks


class Inner(BaseModel):
    kind: Literal["a", "b"]


class Base(BaseModel):
    name: Annotated[str, Field(max_length=10, pattern="^x")]
    count: int = Field(ge=1, default=1)
    inner: Inner | None = None
    tags: tuple[str, ...] = ()


class Same(Base):
    pass


class NewOptional(Base):
    note: str | None = None


class Wider(Base):
    name: Annotated[str, Field(max_length=20, pattern="^x")]
    count: float = Field(ge=0, default=1)  # type: ignore[assignment]


class InnerMore(BaseModel):
    kind: Literal["a", "b", "c"]
    more: int = 0


class InnerGrown(Base):
    inner: InnerMore | None = None  # type: ignore[assignment]


class Removed(BaseModel):
    name: Annotated[str, Field(max_length=10, pattern="^x")]
    count: int = Field(ge=1, default=1)
    inner: Inner | None = None


class NewRequired(Base):
    note: str


class MadeRequired(Base):
    inner: Inner | None


class OtherType(Base):
    count: str = "1"  # type: ignore[assignment]


class OtherItems(Base):
    tags: tuple[int, ...] = ()  # type: ignore[assignment]


class NoNull(Base):
    inner: Inner = Inner(kind="a")


class Shorter(Base):
    name: Annotated[str, Field(max_length=5, pattern="^x")]


class Higher(Base):
    count: int = Field(ge=2, default=1)


class OtherPattern(Base):
    name: Annotated[str, Field(max_length=10, pattern="^y")]


class OtherDefault(Base):
    count: int = Field(ge=1, default=2)


class InnerLess(BaseModel):
    kind: Literal["a"]


class InnerShrunk(Base):
    inner: InnerLess | None = None  # type: ignore[assignment]


class Strict(Base):
    model_config = ConfigDict(extra="forbid")


@pytest.mark.parametrize("grown", [Same, NewOptional, Wider, InnerGrown])
def test_growth_is_let_through(grown: type[BaseModel]) -> None:
    assert breaks(Base.model_json_schema(), grown.model_json_schema()) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (Removed, "tags: the field was removed"),
        (NewRequired, "note: the field was made required"),
        (MadeRequired, "inner: the field was made required"),
        (OtherType, "count: its type changed from integer to string"),
        (OtherItems, "tags[]: its type changed from string to integer"),
        (NoNull, "inner: its type changed from null to object"),
        (Shorter, "name: maxLength became narrower"),
        (Higher, "count: minimum became narrower"),
        (OtherPattern, "name: its pattern changed"),
        (OtherDefault, "count: its default changed"),
        (InnerShrunk, "inner.kind: 'b' is not allowed any more"),
        (Strict, "the payload: unknown fields are refused now"),
    ],
)
def test_what_breaks_is_told(changed: type[BaseModel], told: str) -> None:
    assert told in breaks(Base.model_json_schema(), changed.model_json_schema())
