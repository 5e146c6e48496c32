"""Category and urgency of a request from a table that a city can replace. Pure.

The table is data: categories with labels and a usual urgency, and rules in order. A rule fits a
text that holds all words of `all` and, where `any` is not empty, one of `any`; the first that fits
decides. Chinese words are found anywhere in the text, Latin ones as whole words in any case.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.payload import Code
from shared.contracts.words import Urgency

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]

_LATIN = re.compile(r"[a-z0-9']+")
_ALL_LATIN = re.compile(r"[a-z0-9' -]+")


class Category(BaseModel):
    """A category with its Chinese and English label and its usual urgency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    zh: Label
    en: Label
    urgency: Urgency = Urgency.ORDINARY
    public_space: bool = False
    """Whether it is about public space, so that public lists may show the place, rounded. Care,
    health, wages or safety at home tell of persons, whom even 100 m and a time can give away."""


class Rule(BaseModel):
    """What a text must hold for a category and urgency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    any: tuple[Word, ...] = Field(default=(), max_length=200)
    all: tuple[Word, ...] = Field(default=(), max_length=20)
    category: Code
    urgency: Urgency

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if not self.any and not self.all:
            raise PydanticCustomError("rule_without_words", "a rule needs words in any or all")
        return self


class Table(BaseModel):
    """Categories, rules in order, and the category (`default`) of a text that no rule fits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Code
    categories: tuple[Category, ...] = Field(min_length=1, max_length=500)
    rules: tuple[Rule, ...] = Field(max_length=2000)

    @model_validator(mode="after")
    def _categories_exist(self) -> Self:
        codes = [category.code for category in self.categories]
        known = set(codes)
        if len(known) < len(codes):
            twice = next(code for code in codes if codes.count(code) > 1)
            raise PydanticCustomError("category_twice", "twice", {"category": twice})
        for number, rule in enumerate(self.rules, 1):
            if rule.category not in known:
                raise PydanticCustomError(
                    "rule_category",
                    "unknown category",
                    {"number": number, "category": rule.category},
                )
        if self.default not in known:
            raise PydanticCustomError(
                "default_category", "unknown category", {"category": self.default}
            )
        return self


@dataclass(frozen=True, slots=True)
class Classified:
    """What was decided; `rule` is the number (from 1) of the rule that did, None: no rule."""

    category: str
    urgency: Urgency
    rule: int | None


class _Text:
    """A text made ready: folded, its Latin words, and what its words can begin with."""

    __slots__ = ("folded", "latin", "starts")

    def __init__(self, text: str) -> None:
        self.folded = text.casefold()
        tokens = _LATIN.findall(self.folded)
        self.latin = f" {' '.join(tokens)} "
        self.starts = {*self.folded, *tokens}


class _Words:
    """Words of one list, split into those found anywhere and whole Latin words."""

    __slots__ = ("anywhere", "starts", "whole")

    def __init__(self, words: tuple[str, ...]) -> None:
        folded = [word.casefold() for word in words]
        latin = [_LATIN.findall(w) for w in folded if _ALL_LATIN.fullmatch(w)]
        self.whole = tuple(f" {' '.join(tokens)} " for tokens in latin if tokens)
        self.anywhere = tuple(w for w in folded if not _ALL_LATIN.fullmatch(w))
        self.starts = {w[0] for w in self.anywhere} | {tokens[0] for tokens in latin if tokens}

    def one_in(self, text: _Text) -> bool:
        # Most rules end here: a text has few of the characters that words begin with.
        if self.starts.isdisjoint(text.starts):
            return False
        return any(w in text.folded for w in self.anywhere) or any(
            w in text.latin for w in self.whole
        )

    def all_in(self, text: _Text) -> bool:
        return all(w in text.folded for w in self.anywhere) and all(
            w in text.latin for w in self.whole
        )


class Classifier:
    """A table at one `version`, made ready for use."""

    def __init__(self, table: Table, version: int) -> None:
        self.table = table
        self.version = version
        self.categories = {category.code: category for category in table.categories}
        self._rules = [
            (number, rule, _Words(rule.any) if rule.any else None, _Words(rule.all))
            for number, rule in enumerate(table.rules, 1)
        ]

    def classify(self, text: str, category: str | None = None) -> Classified:
        """Category and urgency of `text`.

        Args:
            category: given by the sender, and kept. Its urgency comes from the first rule that
                fits and is of this category or about danger; else it is the category's usual
                one, `ordinary` for a category that the table does not have.
        """
        ready = _Text(text)
        for number, rule, any_of, all_of in self._rules:
            if category is not None and not (
                rule.category == category or rule.urgency == Urgency.DANGER
            ):
                continue
            if any_of is not None and not any_of.one_in(ready):
                continue
            if all_of.all_in(ready):
                return Classified(category or rule.category, rule.urgency, number)
        code = category or self.table.default
        known = self.categories.get(code)
        return Classified(code, known.urgency if known else Urgency.ORDINARY, None)

    def is_public(self, category: str, urgency: str) -> bool:
        """Whether everybody may know about where there is such a request: it is about public
        space, and not about danger, which may be danger to one person.
        """
        known = self.categories.get(category)
        return known is not None and known.public_space and urgency != Urgency.DANGER

    def label(self, code: str, language: str) -> str:
        """The label of a category; the code itself for one that the table does not have."""
        known = self.categories.get(code)
        if known is None:
            return code
        return known.en if language == "en" else known.zh
