"""A scheme: classes, indicators, grades and rules that a city writes (docs/assessment/schemes.md).

Every number here is the city's; what ships is in `services/assessment/data/schemes`. A scheme in
force is never edited: a new version counts from a month on.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.assessment.lists.quota import quota_in
from services.assessment.schemes.expressions import Expression, ExpressionError, parse, spelling
from services.assessment.service.figures import SubjectKind
from shared.contracts.words import Domain, OrganizationLevel

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
ValidMonth = Annotated[str, Field(pattern=MONTH)]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Points = Annotated[float, Field(ge=0, le=100)]
Period = Literal["month", "quarter", "year"]
AT = "at"
"""Key in the context of an error: the place below the part that was checked."""


def _parsed(text: str) -> Expression:
    try:
        return parse(text)
    except ExpressionError as error:
        about = {"column": error.column, "part": error.part}
        raise PydanticCustomError(error.kind, "no expression", about) from None


def _is_formula(text: str) -> str:
    return _parsed(text).text


def _is_condition(text: str) -> str:
    expression = _parsed(text)
    if not expression.condition:
        raise PydanticCustomError("expression_no_condition", "no condition", {"text": text})
    return expression.text


Formula = Annotated[str, AfterValidator(_is_formula)]
"""An expression (`expressions.py`) that gives a number."""
Condition = Annotated[str, AfterValidator(_is_condition)]
"""An expression that holds or not."""


class Part(BaseModel):
    """A part of a scheme: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


class Label(Part):
    """A name for people."""

    zh: Words
    en: Words

    def said(self, language: str) -> str:
        """The name in a language, `zh` or `en`."""
        return self.en if language == "en" else self.zh


class SubjectClass(Part):
    """Who is compared with whom: a subject is ranked only within its class (policy, art. 14)."""

    id: Identifier
    label: Label
    kind: SubjectKind
    domains: tuple[Domain, ...] = ()
    """Of units and organizations; none named: all."""
    levels: tuple[OrganizationLevel, ...] = ()
    """Of organizations; none named: all."""

    @model_validator(mode="after")
    def _traits_of_its_kind(self) -> Self:
        if self.kind.group == "area" and (self.domains or self.levels):
            raise PydanticCustomError("class_of_areas", "areas have neither", {"class": self.id})
        if self.kind is SubjectKind.UNIT and self.levels:
            raise PydanticCustomError("class_of_units", "units have no level", {"class": self.id})
        return self

    def takes(self, kind: SubjectKind, domain: str | None, level: str | None) -> bool:
        """Whether a subject belongs here."""
        return (
            kind is self.kind
            and (not self.domains or domain in self.domains)
            and (not self.levels or level in self.levels)
        )

    def meets(self, other: "SubjectClass") -> bool:
        """Whether a subject could belong to both."""
        return self.kind is other.kind and all(
            not mine or not theirs or set(mine) & set(theirs)
            for mine, theirs in ((self.domains, other.domains), (self.levels, other.levels))
        )


class Indicator(Part):
    """A number over recorded facts and what it is worth: 0 points at `floor`, 100 at `target`,
    linear between, at most `cap`."""

    id: Identifier
    label: Label
    formula: Formula
    sample: Formula | None = None
    """How many cases the value rests on; None: the value is no estimate from a sample."""
    weight: float = Field(gt=0, le=1000)
    direction: Literal["up", "down"] = "up"
    floor: float
    target: float
    cap: float = Field(default=100, gt=0, le=200)
    minimum_sample: int = Field(default=1, ge=0, le=1_000_000)
    """With a smaller sample a subject is not ranked by this indicator."""
    stand_in: bool = False
    """It counts only in a class where no subject has the sample of any other indicator."""
    classes: tuple[Identifier, ...] = ()
    """Ids of the classes that it counts in; none named: all."""

    @model_validator(mode="after")
    def _target_lies_ahead(self) -> Self:
        ahead = self.target - self.floor if self.direction == "up" else self.floor - self.target
        if ahead <= 0:
            about = {"indicator": self.id, "floor": self.floor, "target": self.target}
            raise PydanticCustomError(f"target_{self.direction}", "target and floor", about)
        return self

    @property
    def proportion(self) -> bool:
        """Whether it is a share of its sample (`solved / contacted` with sample `contacted`):
        such values are shrunk toward the class mean."""
        ratio = parse(self.formula).ratio
        return ratio is not None and self.sample is not None and ratio[1] == spelling(self.sample)

    def counts_in(self, class_id: str) -> bool:
        """Whether it counts in a class."""
        return not self.classes or class_id in self.classes


class Grade(Part):
    """A grade from so many points on."""

    id: Identifier
    label: Label
    at_least: Points


class SpecialRule(Part):
    """What a fact sets whatever the points say: a cap or floor of the total, or a highest grade."""

    id: Identifier
    label: Label
    when: Condition
    cap: Points | None = None
    floor: Points | None = None
    grade_at_most: Identifier | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.cap is None and self.floor is None and self.grade_at_most is None:
            raise PydanticCustomError("rule_of_nothing", "sets nothing", {"rule": self.id})
        return self


class Steps(Part):
    """Weights of the three steps of assessment, in percent (policy, art. 14)."""

    self_rating: Points
    public_rating: Points
    organizational_rating: Points

    @model_validator(mode="after")
    def _public_first(self) -> Self:
        total = self.self_rating + self.public_rating + self.organizational_rating
        if abs(total - 100) > 1e-9:
            raise PydanticCustomError("steps_sum", "do not add up to 100", {"total": total})
        if self.public_rating < max(self.self_rating, self.organizational_rating):
            about = {"public": self.public_rating}
            raise PydanticCustomError("public_share", "the public's share is smaller", about)
        return self


class WeakCriterion(Part):
    """What puts an organization on the list for help: it held `periods` times one after the
    other. Never a quota."""

    id: Identifier
    label: Label
    when: Condition
    periods: int = Field(default=1, ge=1, le=60)

    @model_validator(mode="after")
    def _no_quota(self) -> Self:
        if (why := quota_in(self.when, self.periods)) is not None:
            raise PydanticCustomError(why, "a quota")
        return self


class Shrinkage(Part):
    """Bounds on how many cases the class mean weighs against a subject's own
    (docs/assessment/scores.md)."""

    at_least: float = Field(default=5, ge=0, le=10_000)
    at_most: float = Field(default=100, ge=0, le=10_000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at_least > self.at_most:
            raise PydanticCustomError("shrinkage_bounds", "bounds in the wrong order", {})
        return self


class Scheme(Part):
    """How a city assesses; checked as a whole."""

    name: Label
    source: str = Field(min_length=1, max_length=1000)
    """Where its numbers come from, and how sure they are."""
    valid_from: ValidMonth
    """The first month that it counts in."""
    period: Period = "month"
    classes: tuple[SubjectClass, ...] = Field(min_length=1, max_length=100)
    indicators: tuple[Indicator, ...] = Field(min_length=1, max_length=50)
    grades: tuple[Grade, ...] = Field(min_length=1, max_length=10)
    """From the best to the worst."""
    rules: tuple[SpecialRule, ...] = Field(default=(), max_length=50)
    steps: Steps
    weak: tuple[WeakCriterion, ...] = Field(default=(), max_length=50)
    shrinkage: Shrinkage = Shrinkage()
    ranked_with: float = Field(default=0.5, gt=0, le=1)
    """Share of the weight for which a subject needs the minimum sample to be ranked."""
    warning_margin: float = Field(default=2, ge=0, le=100)
    """Points to a grade's bound from which on a change is warned of."""
    steady_within: float = Field(default=1, ge=0, le=100)
    """Points up to which a change against the period before is no trend."""
    settled_after_days: int | None = Field(default=None, ge=1, le=3660)
    """A period is settled so many days after its end; None: when an administrator settles it."""

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        for name in ("classes", "indicators", "grades", "rules", "weak"):
            ids = [part.id for part in getattr(self, name)]
            for n, id in enumerate(ids):
                if id in ids[:n]:
                    about = {"list": name, "id": id, AT: (name, n, "id")}
                    raise PydanticCustomError("id_twice", "twice", about)
        return self

    @model_validator(mode="after")
    def _known_references(self) -> Self:
        classes = [one.id for one in self.classes]
        for n, indicator in enumerate(self.indicators):
            _known("class", indicator.classes, classes, ("indicators", n, "classes"))
        grades = [grade.id for grade in self.grades]
        for n, rule in enumerate(self.rules):
            named = [rule.grade_at_most] if rule.grade_at_most else []
            _known("grade", named, grades, ("rules", n, "grade_at_most"))
        return self

    @model_validator(mode="after")
    def _each_subject_in_one_class(self) -> Self:
        for n, one in enumerate(self.classes):
            for other in self.classes[:n]:
                if one.meets(other):
                    about = {"one": other.id, "other": one.id, AT: ("classes", n)}
                    raise PydanticCustomError("classes_meet", "classes meet", about)
            if not any(not i.stand_in and i.counts_in(one.id) for i in self.indicators):
                about = {"class": one.id, AT: ("classes", n)}
                raise PydanticCustomError("class_without", "no indicator", about)
        return self

    @model_validator(mode="after")
    def _public_first_among_indicators(self) -> Self:
        # Ratings may be indicators too: also there the public's share is not the smaller (art. 14).
        for one in self.classes:
            for stand_in in (False, True):
                named = [
                    (n, rating, indicator.weight)
                    for n, indicator in enumerate(self.indicators)
                    if indicator.stand_in is stand_in and indicator.counts_in(one.id)
                    for rating in sorted(_RATINGS & parse(indicator.formula).names)
                ]
                _ensure_public_first(named)
        return self

    @model_validator(mode="after")
    def _grades_from_the_best(self) -> Self:
        for n, (one, other) in enumerate(pairwise(self.grades), 1):
            if one.at_least <= other.at_least:
                about = {"grade": other.id, AT: ("grades", n, "at_least")}
                raise PydanticCustomError("grades_order", "not from the best to the worst", about)
        if self.grades[-1].at_least != 0:
            about = {"grade": self.grades[-1].id, AT: ("grades", len(self.grades) - 1, "at_least")}
            raise PydanticCustomError("grades_end", "the worst starts above 0", about)
        return self

    def class_of(
        self, kind: SubjectKind, domain: str | None = None, level: str | None = None
    ) -> SubjectClass | None:
        """The class of a subject; None where the scheme has none for it."""
        return next((one for one in self.classes if one.takes(kind, domain, level)), None)

    def grade_of(self, total: float) -> Grade:
        """The grade for so many points."""
        return next(grade for grade in self.grades if total >= grade.at_least)

    def indicators_of(self, class_id: str) -> list[Indicator]:
        """The indicators that count in a class, with those that stand in."""
        return [indicator for indicator in self.indicators if indicator.counts_in(class_id)]

    def expressions(self) -> Iterator[tuple[tuple[str | int, ...], Expression, bool]]:
        """Every expression with the place where it stands, and whether outcomes (`score`, `rank`)
        may stand in it: a score cannot rest on itself."""
        for n, indicator in enumerate(self.indicators):
            yield ("indicators", n, "formula"), parse(indicator.formula), False
            if indicator.sample is not None:
                yield ("indicators", n, "sample"), parse(indicator.sample), False
        for n, rule in enumerate(self.rules):
            yield ("rules", n, "when"), parse(rule.when), False
        for n, criterion in enumerate(self.weak):
            yield ("weak", n, "when"), parse(criterion.when), True


_PUBLIC = "public_rating"
_RATINGS = frozenset(Steps.model_fields)


def _ensure_public_first(named: Sequence[tuple[int, str, float]]) -> None:
    """Of a class: number, rating and weight of each indicator whose formula names a rating."""
    weights = dict.fromkeys(_RATINGS, 0.0)
    for n, rating, weight in named:
        if [one for one, _, _ in named].count(n) > 1:
            # What each weighs inside of a formula, no weight says.
            raise PydanticCustomError("ratings_mixed", "two ratings", {AT: ("indicators", n)})
        weights[rating] += weight
    for n, rating, _ in named:
        if weights[rating] > weights[_PUBLIC]:
            about = {"rating": rating, "weight": weights[rating], "public": weights[_PUBLIC]}
            about[AT] = ("indicators", n, "weight")
            raise PydanticCustomError("public_share_indicators", "the public's is smaller", about)


def _known(
    what: str, named: Iterable[str], known: Sequence[str], at: tuple[str | int, ...]
) -> None:
    for id in named:
        if id not in known:
            about = {"what": what, "id": id, "known": ", ".join(known), AT: at}
            raise PydanticCustomError("unknown_reference", "unknown", about)
