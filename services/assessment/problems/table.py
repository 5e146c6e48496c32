"""When counts are a problem, who it is put to, and how long its rate is watched; as data."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.words import AreaLevel, RequestKind, Urgency
from shared.storage.tables import Table

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Ratio = Annotated[float, Field(ge=1, le=100)]
Months = Annotated[int, Field(ge=1, le=36)]
Level = Literal["city", "district", "street", "community", "grid"]


class Least(BaseModel):
    """What is too little to be a problem, whatever its p-value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: Count = Field(description="Requests counted in the place, in the span of the test")
    ratio: Ratio = Field(description="Of the count to what is expected")


class ProblemRules(Table):
    """When counts of a category are a recurring problem (policy, art. 11), and what follows."""

    NAME: ClassVar[str] = "problem-rules"

    kinds: tuple[RequestKind, ...] = Field(
        min_length=1, description="Kinds of requests that tell of problems"
    )
    category_parts: int | None = Field(
        ge=1, le=10, description="Leading parts of a code (a.b.c) that make one; null: all"
    )
    levels: tuple[Level, ...] = Field(
        min_length=1, description="Levels whose places are looked at one by one"
    )
    window: Months = Field(description="Months in which something is repeated or long unsolved")
    repeated_months: Annotated[int, Field(ge=2, le=36)] = Field(
        description="Months of the window that are above what is tested, this month among them"
    )
    tested_months: Annotated[int, Field(ge=1, le=36)] = Field(
        description="In fewer months than this there is a true excess: that is what is tested"
    )
    months_before: Months = Field(description="Months before that tell what is usual, at most")
    least_before: Months = Field(description="With fewer months before, nothing is widespread")
    places: Annotated[int, Field(ge=2, le=1000)] = Field(
        description="Places above expectation that make something widespread, at least"
    )
    places_share: float = Field(gt=0, le=1, description="And this share of the places there")

    false_discovery_rate: float = Field(gt=0, lt=0.5, description="Of all that a month finds")
    any_dependence: bool = Field(
        description="Under any dependence (Benjamini-Yekutieli), else Benjamini-Hochberg"
    )
    tested_ratio: Ratio = Field(description="What is tested: more than so many times expectation")
    dispersion: float = Field(
        ge=0, le=10, description="Relative variance of a count from month to month, as believed"
    )
    dispersion_weight: float = Field(
        gt=0, le=1e9, description="Sum of squared expected counts that the belief counts for"
    )
    dispersion_months: float = Field(
        gt=0, le=1000, description="Months that the belief counts for, of a whole area"
    )

    widespread: Least
    repeated: Least
    reopened: Least
    unsolved: Least
    long_hours: dict[Urgency, Annotated[float, Field(gt=0, le=100_000)]] = Field(
        description="Longer than this is long, also in time; by urgency"
    )

    owners: dict[Level, AreaLevel] = Field(
        description="Level of the area that can change the cause, by the level of what is affected"
    )
    owners_by_category: dict[str, AreaLevel] = Field(
        default={},
        description="Lowest level that can change the cause, by category code or its first parts",
    )
    days_after: Annotated[int, Field(ge=0, le=60)] = Field(
        description="A month is looked at so many days after its end"
    )
    accept_days: Annotated[int, Field(ge=1, le=365)] = Field(
        description="Neither accepted nor dismissed for so long: one level up"
    )
    fallen_ratio: Ratio = Field(description="Fallen: at most so many times expectation")
    fallen_months: Months = Field(description="Months in a row that it must have fallen to close")
    patience_months: Months = Field(
        description="Months without falling after which it goes one level up"
    )
    dismissed_months: Months = Field(description="Months for which a dismissal stands")

    def owner_level(self, category: str, level: str) -> AreaLevel:
        """The level that can change the cause of a category where `level` is affected: what
        `owners` says, or the higher one that the category needs wherever it is."""
        by_place = next((own for of, own in self.owners.items() if of == level), AreaLevel.CITY)
        parts = category.split(".")
        codes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        needed = (self.owners_by_category.get(code) for code in codes)
        order = list(AreaLevel)
        return min(by_place, next(filter(None, needed), by_place), key=order.index)

    def topic_of(self, category: str) -> str:
        """What a category counts as: its code, or the leading parts of it."""
        return ".".join(category.split(".")[: self.category_parts])
