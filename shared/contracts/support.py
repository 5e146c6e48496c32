"""What assessment publishes of guarantees: budgets, pay, insurance, venues (policy, art. 17).

Facts on `lianxin.reviews`. Money is in yuan.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Fact, Id, Moment


class GuaranteeKind(StrEnum):
    """What is guaranteed to an organization."""

    BUDGET = "budget"
    """Money for its service."""
    PAY = "pay"
    """Pay of its secretary and staff."""
    INSURANCE = "insurance"
    VENUE = "venue"


class GuaranteeChanged(Fact):
    """A guarantee was promised, given in part or whole, corrected or withdrawn. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.guarantee.changed"

    guarantee_id: Id
    kind: GuaranteeKind
    organization_id: Id
    """Who receives it."""
    giver: Id
    """The organization that promised it."""
    year: int
    by: Moment
    promised_yuan: float = Field(ge=0)
    given_yuan: float = Field(ge=0)
    withdrawn: bool = False


class GuaranteeOverdue(Fact):
    """A guarantee was not given in full by its date. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.guarantee.overdue"

    guarantee_id: Id
    kind: GuaranteeKind
    organization_id: Id
    giver: Id
    by: Moment
    missing_yuan: float = Field(gt=0)
