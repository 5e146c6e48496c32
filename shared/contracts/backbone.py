"""What the registry publishes on `lianxin.backbone`: who holds which post, and vacancies (art. 7).

People are ids. The subject of all is the organization's id.
"""

from typing import ClassVar

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import Chosen, Post, TermEnd, VacancyEnd


class Appointed(Fact):
    """Somebody has or will have a post for a term; it may begin later than the event."""

    TYPE: ClassVar[str] = "lianxin.backbone.appointed"

    organization_id: Id
    area_path: tuple[Code, ...]
    term_id: Id
    post: Post
    person_id: Id
    chosen: Chosen
    from_unit: Id | None = None
    """The unit that sent him or her."""
    since: Moment
    until: Moment
    """The planned end; the moment itself is outside."""


class AppointmentVoided(Fact):
    """A term was entered by mistake: it never was."""

    TYPE: ClassVar[str] = "lianxin.backbone.appointment_voided"

    organization_id: Id
    area_path: tuple[Code, ...]
    term_id: Id
    post: Post
    person_id: Id


class TermEnded(Fact):
    """A term is over."""

    TYPE: ClassVar[str] = "lianxin.backbone.term_ended"

    organization_id: Id
    area_path: tuple[Code, ...]
    term_id: Id
    post: Post
    person_id: Id
    at: Moment
    reason: TermEnd


class VacancyOverdue(Fact):
    """A post has had nobody for longer than the city allows."""

    TYPE: ClassVar[str] = "lianxin.backbone.vacancy_overdue"

    organization_id: Id
    area_path: tuple[Code, ...]
    post: Post
    since: Moment


class VacancyEnded(Fact):
    """A vacancy that was told of is over."""

    TYPE: ClassVar[str] = "lianxin.backbone.vacancy_ended"

    organization_id: Id
    area_path: tuple[Code, ...]
    post: Post
    since: Moment
    how: VacancyEnd


class TrainingOverdue(Fact):
    """Somebody in office was not trained within the set period."""

    TYPE: ClassVar[str] = "lianxin.backbone.training_overdue"

    organization_id: Id
    area_path: tuple[Code, ...]
    post: Post
    person_id: Id
    due: Moment


class TrainingCaughtUp(Fact):
    """Training that was told to be overdue is not any more: trained, or in office no more."""

    TYPE: ClassVar[str] = "lianxin.backbone.training_caught_up"

    organization_id: Id
    area_path: tuple[Code, ...]
    post: Post
    person_id: Id
    due: Moment
