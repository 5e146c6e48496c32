"""Why a decision came out as it did: kept with the task, bounded in size.

One shape for a route, a match and an escalation, so that people read one list: which rule of which
version of the table decided, who was considered with what score, and who was chosen.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Moment

KEPT = 20
"""Explanations kept of one task; older ones give way."""
CONSIDERED = 20
"""Candidates kept of one decision: the chosen one and those nearest to it."""


class Kind(StrEnum):
    """What was decided."""

    ROUTE = "route"
    """Where the task goes first, or anew after it was placed."""
    MATCH = "match"
    """Which volunteer is asked, or that none was found."""
    ESCALATION = "escalation"
    """Who gets it after the one before declined, returned it, kept silent or was late."""
    HELP = "help"
    """Who is asked for a part of it, or suggested."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Considered(_Part):
    """One candidate of a decision."""

    key: str
    """`kind:id`, as in `TaskState.tried`."""
    score: float | None = None
    """As the decider ranks (higher is better); None: by order."""
    note: str = ""
    """Why it was or was not taken, as a code: `chosen`, `tried`, `next`…"""
    through: str = ""
    """Of a helper: the joint organization or pairing that leads there."""


class Explained(_Part):
    """One decision."""

    kind: Kind
    at: Moment
    table: str = ""
    """Name of the table that decided (`routing`, `matching`…); empty: none did."""
    version: int = 0
    """Version of that table."""
    rule: str = ""
    """The rule by its number in the table, or its name; empty: none fitted."""
    candidates: Annotated[tuple[Considered, ...], Field(max_length=CONSIDERED)] = ()
    chosen: str | None = None
    """`kind:id`; None: nobody was found."""
    why: str = ""
    """What led to the decision, as a code: `created`, `declined`, `silent`, `overdue`…"""


def considered(
    candidates: Iterable[Considered], chosen: str | None = None
) -> tuple[Considered, ...]:
    """As many candidates as are kept, in their order; the chosen one is always among them."""
    given = tuple(candidates)
    beyond = [one for one in given[CONSIDERED:] if one.key == chosen][:1]
    return (*given[: CONSIDERED - len(beyond)], *beyond)
