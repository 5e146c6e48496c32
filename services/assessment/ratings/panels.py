"""Invited panels: seats drawn by quota, so that anybody can draw them again; pure.

Who is drawn follows from the seed alone: of each group the ids with the smallest SHA-256 of
`seed\\0group\\0id`, as many as its quota. The order in which ids were given does not matter. The
seed and the draw are kept; the seed is drawn by the service unless somebody gives one that was
drawn in public.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

from shared.web.problems import Problem
from shared.web.sources import Hash


class Quota(NamedTuple):
    """`seats` of a group: from `ids` of the registry, or anonymous where there are none."""

    group: str
    seats: int
    ids: Sequence[str] = ()


class Seat(NamedTuple):
    """A seat of a panel; `person_id` is None for an anonymous invitation."""

    number: int
    group: str
    person_id: str | None


def draw(quotas: Sequence[Quota], seed: str) -> tuple[Seat, ...]:
    """The seats, in order of the quotas.

    Raises:
        Problem: 422, a group has fewer ids than seats, or a group stands there twice.
    """
    seats: list[Seat] = []
    groups: set[str] = set()
    for n, quota in enumerate(quotas):
        if quota.group in groups:
            raise Problem(422, "panel-group-twice", field=f"quotas.{n}.group", group=quota.group)
        groups.add(quota.group)
        drawn: Sequence[str | None] = [None] * quota.seats
        if quota.ids:
            ids = sorted(set(quota.ids), key=lambda id: (_lot(seed, quota.group, id), id))
            if len(ids) < quota.seats:
                raise Problem(
                    422,
                    "panel-pool-short",
                    field=f"quotas.{n}.seats",
                    group=quota.group,
                    count=len(ids),
                    seats=quota.seats,
                )
            drawn = ids[: quota.seats]
        seats += [Seat(len(seats) + i + 1, quota.group, id) for i, id in enumerate(drawn)]
    return tuple(seats)


def _lot(seed: str, group: str, id: str) -> str:
    return hashlib.sha256(f"{seed}\0{group}\0{id}".encode()).hexdigest()


def token_of(hash_of: Hash, panel_id: str, number: int) -> str:
    """The invitation of a seat, `p.<panel>.<number>.<signature>`: made when asked for, kept
    nowhere."""
    signature = hash_of(f"seat\0{panel_id}\0{number}")[:24]
    return f"p.{panel_id}.{number}.{signature}"


def seat_of(hash_of: Hash, token: str) -> tuple[str, int] | None:
    """Panel and number of an invitation; None of one that was never made."""
    match token.split("."):
        case ["p", panel_id, number, _] if number.isascii() and number.isdigit():
            # Compared in constant time: how much of a guess is right must not show.
            made = token_of(hash_of, panel_id, int(number[:9]))
            if hmac.compare_digest(made.encode(), token.encode()):
                return panel_id, int(number)
    return None
