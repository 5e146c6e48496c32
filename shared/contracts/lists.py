"""What assessment publishes of its lists on `lianxin.reviews`: weak organizations, exemplars.

Policy, art. 13 and DOMAIN.md (weak organizations: by criteria, never by quota). People are registry
ids; what people wrote stays in the database. The subject of a listed one and of an exemplar is
`{subject_kind}/{subject_id}`; of a practice its id.
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import AdoptionOutcome


class _OfSubject(Fact):
    subject_kind: str = Field(pattern="^(street|community|unit|organization)$")
    subject_id: Id
    area_path: tuple[Code, ...] = ()


class WeakFound(_OfSubject):
    """Criteria of the scheme in force hold: it is to be confirmed or refused by a person."""

    TYPE: ClassVar[str] = "lianxin.weak.found"

    stay: int = Field(ge=1)
    """Counts the times it was listed from 1."""
    period: Code
    scheme: Id
    """The version of the scheme whose criteria these are."""
    criteria: tuple[Code, ...]
    relapse: int = Field(default=0, ge=0)
    """How often it had left the list within the table's time."""


class WeakDecided(_OfSubject):
    """A person confirmed what was found, or refused it."""

    TYPE: ClassVar[str] = "lianxin.weak.decided"

    stay: int = Field(ge=1)
    confirmed: bool


class WeakDecisionMissing(_OfSubject):
    """Found, and neither confirmed nor refused for longer than the table allows."""

    TYPE: ClassVar[str] = "lianxin.weak.decision_missing"

    stay: int = Field(ge=1)
    since: Moment


class WeakPlanned(_OfSubject):
    """A help plan was made or put anew."""

    TYPE: ClassVar[str] = "lianxin.weak.planned"

    stay: int = Field(ge=1)
    revision: int = Field(ge=1)
    leader: Id
    """The person responsible."""
    until: Moment


class WeakPlanMissing(_OfSubject):
    """Confirmed, and without a help plan for longer than the table allows."""

    TYPE: ClassVar[str] = "lianxin.weak.plan_missing"

    stay: int = Field(ge=1)
    since: Moment


class WeakReviewDue(_OfSubject):
    """The help plan's time is over: it is to be checked."""

    TYPE: ClassVar[str] = "lianxin.weak.review_due"

    stay: int = Field(ge=1)
    leader: Id
    until: Moment


class WeakChecked(_OfSubject):
    """Somebody went and looked whether it can leave the list."""

    TYPE: ClassVar[str] = "lianxin.weak.checked"

    stay: int = Field(ge=1)
    checker: Id
    passed: bool


class WeakLeft(_OfSubject):
    """It left the list."""

    TYPE: ClassVar[str] = "lianxin.weak.left"

    stay: int = Field(ge=1)
    since: Moment
    """When it was found."""
    although: tuple[Code, ...] = ()
    """Criteria that still held, or could not be judged; the reason stands in its history."""


class ExemplarFound(_OfSubject):
    """Sustained and recognized by the public: to be checked by a person."""

    TYPE: ClassVar[str] = "lianxin.exemplar.found"

    period: Code
    scheme: Id
    periods: int = Field(ge=1)
    """How many it was sustained over."""


class ExemplarDecided(_OfSubject):
    """A person checked a candidate."""

    TYPE: ClassVar[str] = "lianxin.exemplar.decided"

    checker: Id
    accepted: bool


class ExemplarRevoked(_OfSubject):
    """An accepted exemplar is none any more; the reason stands in its history."""

    TYPE: ClassVar[str] = "lianxin.exemplar.revoked"


class PracticePublished(_OfSubject):
    """An exemplar's practice was written up and published, or a new edition of it."""

    TYPE: ClassVar[str] = "lianxin.practice.published"

    practice_id: Id
    edition: int = Field(ge=1)
    steps: int = Field(ge=1)


class PracticeWithdrawn(_OfSubject):
    """A practice is not recommended any more; who adopted it goes on as it likes."""

    TYPE: ClassVar[str] = "lianxin.practice.withdrawn"

    practice_id: Id


class PracticeAdopted(Fact):
    """An organization tries a practice. Subject: the practice's id."""

    TYPE: ClassVar[str] = "lianxin.practice.adopted"

    practice_id: Id
    organization_id: Id


class AdoptionReported(Fact):
    """How it went with an adopted practice. Subject: the practice's id."""

    TYPE: ClassVar[str] = "lianxin.practice.adoption_reported"

    practice_id: Id
    organization_id: Id
    outcome: AdoptionOutcome
