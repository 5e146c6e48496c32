"""Who takes over from an organization that is retired (policy, art. 6). Pure."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Ended(Protocol):
    """As much of an organization as says who takes over."""

    @property
    def retired(self) -> bool:
        """Whether it is in service no more."""

    @property
    def successors(self) -> tuple[str, ...]:
        """Who took over, by id."""


class Succeeded(NamedTuple):
    """The least that is an `Ended`."""

    retired: bool
    successors: tuple[str, ...] = ()


def heir_of(id: str, organizations: Mapping[str, Ended]) -> str | None:
    """Who takes over all that `id` has open: its one successor, or that one's, and so on.

    None where it is in service, names nobody, or names several (a person says who gets what); and
    where the successors lead round to one already passed. The chain ends at one that is in
    service, or that has not one successor itself: what is open waits there for a person.
    """
    seen = {id}
    here = id
    while (found := organizations.get(here)) and found.retired and len(found.successors) == 1:
        following = found.successors[0]
        if following in seen:
            return None
        if following not in organizations:
            break
        seen.add(following)
        here = following
    return None if here == id else here
