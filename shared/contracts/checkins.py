"""What the registry publishes on `lianxin.checkins`: members and organizations who report to a
community and serve there (policy, art. 5). Subject: the one who reports, `people-{id}` or
`organizations-{id}`. Communities are told by code; no names, no addresses.
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Fact, Id, Moment


class CheckinFact(Fact):
    """What all of them carry; either a person or an organization reports."""

    checkin_id: Id
    person_id: Id | None = None
    organization_id: Id | None = None
    community: Code
    area_path: tuple[Code, ...] = ()
    """Codes from the top area down to the community."""


class CheckedIn(CheckinFact):
    """Reported to a community, to serve there."""

    TYPE: ClassVar[str] = "lianxin.checkin.checked_in"

    services: tuple[Code, ...] = ()
    """Kinds of service offered."""


class PostHeld(CheckinFact):
    """Holds a post in the community, within its limits.

    For the unit that hears how its people serve, and for who shows a community's posts.
    """

    TYPE: ClassVar[str] = "lianxin.checkin.post_held"

    post: Code
    """A code of the registry's table of check-ins."""


class PostLeft(CheckinFact):
    """Holds the post no more: it was left, or the check-in ended. For those who heard of it."""

    TYPE: ClassVar[str] = "lianxin.checkin.post_left"

    post: Code


class ReportDue(CheckinFact):
    """The half-yearly report is due soon; told once, and again as a reminder."""

    TYPE: ClassVar[str] = "lianxin.checkin.report_due"

    due_at: Moment
    reminder: bool = False


class Reported(CheckinFact):
    """The report was made."""

    TYPE: ClassVar[str] = "lianxin.checkin.reported"

    due_at: Moment | None = None
    """The date that it was due by; None for a further report within one period."""


class ReportOverdue(CheckinFact):
    """The report was not made by its date."""

    TYPE: ClassVar[str] = "lianxin.checkin.report_overdue"

    due_at: Moment


class FeedbackGiven(CheckinFact):
    """The community gave its word on a period, for the employing unit's organization."""

    TYPE: ClassVar[str] = "lianxin.checkin.feedback_given"

    period: str = Field(max_length=20, examples=["2026-Q1", "2026-H2"])


class CheckinEnded(CheckinFact):
    """Serves there no more."""

    TYPE: ClassVar[str] = "lianxin.checkin.ended"
