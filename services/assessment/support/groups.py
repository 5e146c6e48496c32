"""Who may be compared with whom: by the support that an organization got; pure.

Policy, art. 12: tasks come with money and resources; art. 17: budgets, pay and venues are
guaranteed. An organization that did not get what it was promised is therefore not ranked among
those that did: it is compared in a group of its own, and its rows are marked. Where nothing is
known of money or venue nobody is set apart: not to know is no reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class SupportGroup(StrEnum):
    """The group of a subject."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"


class Lack(StrEnum):
    """Why a subject is in the group of those without support."""

    FUNDS = "funds"
    VENUE = "venue"


LACKS = "Promised support that it did not get; its score is marked by that"
AMONG_LIKE = "Its place among those of its class with the same support: all of it, or not"


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on support counts as lacking (`support-rules`)."""

    funds_share: float = 0.5
    """Less than this share of the money due was given."""
    venue_counts: bool = True
    """Whether to have no venue is a lack."""


def lacks(inputs: Mapping[str, float], bounds: Bounds = Bounds()) -> tuple[Lack, ...]:
    """What a subject lacks.

    Args:
        inputs: `funds_promised` (what was to be there by the end of the period) and
            `funds_given`, yuan; `has_venue`, 1 or 0. What is absent is not known, and no lack.
    """
    found = []
    due = inputs.get("funds_promised", 0.0)
    if due > 0 and inputs.get("funds_given", 0.0) < due * bounds.funds_share:
        found.append(Lack.FUNDS)
    if bounds.venue_counts and inputs.get("has_venue") == 0:
        found.append(Lack.VENUE)
    return tuple(found)


def lacking_of(
    inputs: Mapping[str, Mapping[str, float]], bounds: Bounds
) -> dict[str, tuple[Lack, ...]]:
    """What each subject lacks that lacks something, from the inputs of each."""
    found = {id: lacks(theirs, bounds) for id, theirs in inputs.items()}
    return {id: what for id, what in found.items() if what}


def support_group(inputs: Mapping[str, float], bounds: Bounds = Bounds()) -> SupportGroup:
    """The group that a subject is compared in."""
    return SupportGroup.UNSUPPORTED if lacks(inputs, bounds) else SupportGroup.SUPPORTED
