"""How like two requests are: category, distance, time and words. Pure.

The words of a text: pairs of neighbouring characters of Chinese, whole words of other scripts and
numbers. Likeness is Dice's coefficient of the two sets: twice what both have over what each has.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.request_intake.near import metres
from shared.contracts.payload import Point
from shared.storage.tables import Table

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[^\W_\u3400-\u9fff\uf900-\ufaff]+")
_ENDS = ("ing", "ed", "s")
_Share = Annotated[float, Field(ge=0, le=1)]


class Weights(BaseModel):
    """How much each part of the likeness weighs; what is not known of a pair weighs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: Annotated[float, Field(gt=0, le=1)]
    distance: _Share
    time: _Share
    words: _Share


class LikenessTable(Table):
    """When requests are taken to be about the same thing.

    The numbers are ours: no source settles them (docs/dispatch/joined.md).
    """

    NAME: ClassVar[str] = "likeness"

    within_m: float = Field(gt=0, le=2000)
    """Metres between two points; beyond, nothing is suggested."""
    within_hours: float = Field(gt=0, le=24 * 90)
    """Hours between two requests; beyond, nothing is suggested."""
    suggested_from: _Share
    """The score from which a pair is suggested."""
    suggested_from_without_words: _Share
    """The same where one has no text: neighbours often ask for the same kind of thing."""
    considered: int = Field(ge=1, le=500)
    """Candidates whose words are compared, the newest first."""
    shown: int = Field(ge=1, le=100)
    weights: Weights
    same_branch: _Share
    """Of the category's part where only the part before the first point is the same."""
    same_community: _Share
    """Of the distance's part where one has no point, and both are of the same community."""
    group_at_most: int = Field(ge=1, le=1000)
    """Requests joined to one."""
    stop_words: tuple[str, ...] = Field(max_length=1000)
    stop_characters: str = Field(max_length=1000)
    """Chinese characters that say nothing by themselves; what is left and right of one is apart."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two requests. `words`: None where it has no text, or the texts are not compared."""

    category: str
    at: datetime
    point: Point | None
    words: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a score: `what` (category, metres, hours, words), its `value` as measured (None:
    not known), and its `share` of the full weight, 0 to 1."""

    what: str
    value: float | str | None
    share: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """The weighted mean of what is known, 0 to 1, and why; and whether that is enough."""

    score: float
    reasons: tuple[Reason, ...]
    suggested: bool


def words_of(text: str, table: LikenessTable) -> frozenset[str]:
    """The words of a text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    stops = str.maketrans(dict.fromkeys(table.stop_characters, " "))
    found: set[str] = set()
    for run in _CHINESE.findall(folded.translate(stops)):
        found.update([run] if len(run) == 1 else [run[n : n + 2] for n in range(len(run) - 1)])
    found.update(_stem(word) for word in _WORD.findall(folded))
    return frozenset(found.difference(table.stop_words))


def _stem(word: str) -> str:
    for end in _ENDS:
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word.removesuffix(end)
    return word


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """How alike two sets are: 0 to 1."""
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


def branch(category: str) -> str:
    """The part of a code before its first point."""
    return category.partition(".")[0]


def compare(one: Side, other: Side, table: LikenessTable) -> Likeness | None:
    """How like they are; None where they are of different branches, or too far apart."""
    if branch(one.category) != branch(other.category):
        return None
    hours = abs((one.at - other.at).total_seconds()) / 3600
    if hours > table.within_hours:
        return None
    same = one.category == other.category
    weights = table.weights
    parts = [
        (Reason("category", other.category, 1 if same else table.same_branch), weights.category),
        (Reason("hours", round(hours, 1), 1 - hours / table.within_hours), weights.time),
    ]
    if one.point is None or other.point is None:
        parts.append((Reason("metres", None, table.same_community), weights.distance))
    else:
        far = metres(one.point, other.point)
        if far > table.within_m:
            return None
        parts.append((Reason("metres", round(far), 1 - far / table.within_m), weights.distance))
    from_score = table.suggested_from_without_words
    if one.words is not None and other.words is not None:
        from_score = table.suggested_from
        alike = dice(one.words, other.words)
        parts.append((Reason("words", round(alike, 2), alike), weights.words))
    total = sum(weight for _, weight in parts)
    score = sum(reason.share * weight for reason, weight in parts) / total
    return Likeness(score, tuple(reason for reason, _ in parts), score >= from_score)
