"""What the registry publishes on `lianxin.carriers`: how organizations serve (policy, art. 8).

Duty posts and responsibility areas with who holds them, promises, accompanied errands. People are
ids; what was promised or asked for stays in the registry.
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import CarrierKind, ErrandStage


class CarrierOpened(Fact):
    """A duty post or responsibility area was set up. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.carrier.opened"

    carrier_id: Id
    kind: CarrierKind
    organization_id: Id
    area_path: tuple[Code, ...]
    venue_id: Id | None = None
    grid_id: Id | None = None


class CarrierHeld(Fact):
    """Somebody holds it, from a moment on that may still come. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.carrier.held"

    carrier_id: Id
    organization_id: Id
    person_id: Id
    since: Moment
    until: Moment | None = None
    """The planned end; None: until it is released."""


class CarrierReleased(Fact):
    """Somebody holds it no longer than until `at`. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.carrier.released"

    carrier_id: Id
    organization_id: Id
    person_id: Id
    at: Moment


class CarrierClosed(Fact):
    """It is there no more. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.carrier.closed"

    carrier_id: Id
    organization_id: Id


class CarrierHandedOver(Fact):
    """Another organization has it now, with those who hold it: it took over what the former one
    had open. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.carrier.handed_over"

    carrier_id: Id
    organization_id: Id
    """Whose it is now."""
    from_organization_id: Id
    area_path: tuple[Code, ...]


class PromiseMade(Fact):
    """An organization or a person promised something until a moment. Subject: the promise's id."""

    TYPE: ClassVar[str] = "lianxin.promise.made"

    promise_id: Id
    organization_id: Id | None = None
    person_id: Id | None = None
    area_path: tuple[Code, ...]
    until: Moment


class PromiseKept(Fact):
    """A record shows that it was kept in time. Subject: the promise's id."""

    TYPE: ClassVar[str] = "lianxin.promise.kept"

    promise_id: Id
    record_id: Id


class PromiseBroken(Fact):
    """Its date went by without a record. Subject: the promise's id."""

    TYPE: ClassVar[str] = "lianxin.promise.broken"

    promise_id: Id


class PromiseReopened(Fact):
    """The record that showed it kept was voided: it is open again. Subject: the promise's id."""

    TYPE: ClassVar[str] = "lianxin.promise.reopened"

    promise_id: Id
    record_id: Id


class PromiseVoided(Fact):
    """It was entered by mistake and counts for nothing. Subject: the promise's id."""

    TYPE: ClassVar[str] = "lianxin.promise.voided"

    promise_id: Id


class PromiseHandedOver(Fact):
    """Another organization is to keep it: it took over what the former one had open. Subject: the
    promise's id."""

    TYPE: ClassVar[str] = "lianxin.promise.handed_over"

    promise_id: Id
    organization_id: Id
    """Who is to keep it now."""
    from_organization_id: Id
    area_path: tuple[Code, ...]


class ErrandStepped(Fact):
    """An accompanied errand was taken, is in hand, or is done. Subject: the errand's id."""

    TYPE: ClassVar[str] = "lianxin.errand.stepped"

    errand_id: Id
    organization_id: Id | None = None
    person_id: Id | None = None
    area_path: tuple[Code, ...]
    stage: ErrandStage


class ErrandHandedOver(Fact):
    """Another organization does it: it took over what the former one had open. Subject: the
    errand's id."""

    TYPE: ClassVar[str] = "lianxin.errand.handed_over"

    errand_id: Id
    organization_id: Id
    """Whose it is now."""
    from_organization_id: Id
    area_path: tuple[Code, ...]


class ErrandRated(Fact):
    """The resident's word on an errand that is done. Subject: the errand's id."""

    TYPE: ClassVar[str] = "lianxin.errand.rated"

    errand_id: Id
    organization_id: Id | None = None
    person_id: Id | None = None
    solved: bool
    satisfied: int = Field(ge=1, le=5)
