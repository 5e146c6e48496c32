"""The table of check-in: limits, posts, the rhythm of reports and of feedback (policy, art. 5)."""

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.storage.tables import Table
from shared.web.schemas import ShortText, Slug

_Days = Annotated[int, Field(ge=0, le=366)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Each(_Row):
    """A limit for one person and for one organization."""

    people: int = Field(ge=0, le=20)
    organizations: int = Field(ge=0, le=20)


class PostKind(_Row):
    """A post that members hold in a community; `holders`: at most so many at once in each."""

    code: Slug
    zh: ShortText
    en: ShortText
    holders: int = Field(ge=0, le=500)


class CheckinRules(Table):
    """Check-in: limits, posts, how often to report, how often the employer hears of it.

    Source of the shipped values: practice of Foshan (report every half year) and Zhongjiang (8
    kinds of posts, quarterly feedback), DOMAIN.md.
    """

    NAME: ClassVar[str] = "checkin-rules"

    communities_each: Each
    posts_each: Each
    report_every_months: int = Field(ge=1, le=36)
    tell_days_before: _Days
    remind_days_before: _Days
    overdue_days_after: _Days
    feedback_every_months: Literal[3, 6]
    posts: Annotated[tuple[PostKind, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _makes_sense(self) -> "CheckinRules":
        if len(self.by_code) != len(self.posts):
            raise ValueError("a code stands there twice")
        if self.remind_days_before > self.tell_days_before:
            raise ValueError("a reminder comes after the first word: give it fewer days")
        return self

    @cached_property
    def by_code(self) -> dict[str, PostKind]:
        """The kinds of posts by code."""
        return {post.code: post for post in self.posts}
