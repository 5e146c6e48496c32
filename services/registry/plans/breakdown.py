"""Rules of breaking a plan down: parts inside, none twice, none the same as all (art. 10, 16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.plans.state import Part, Place, PlanState, Target
from shared.web.problems import Problem

ONE_SIZE, ADDED_ON = "one-size", "added-on"
_CLOSE = 1e-9
"""Sums of shares that differ by less, relatively, are equal."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with what it lies in: codes of its areas, and the organizations above it."""

    place: Place
    path: tuple[str, ...] = ()
    lineage: tuple[str, ...] = ()

    def inside(self, outer: Place) -> bool:
        """Whether it lies in `outer` and is not the same."""
        if outer == self.place:
            return False
        return outer.id in (self.path if outer.kind == "areas" else self.lineage)


Spots = Mapping[str, Spot]
"""By `Place.key`."""


def check_parts(plan: Place, target: Target, spots: Spots, field: str) -> None:
    """Raise `Problem` 422 where parts lie outside the plan or overlap."""
    kinds = {part.place.kind for part in target.parts}
    if len(kinds) > 1:
        raise Problem(422, "parts-mixed", field=f"{field}.parts")
    if target.count is not None and "organizations" in {plan.kind, *kinds}:
        raise Problem(422, "count-by-areas", field=f"{field}.count")
    taken = {part.place.id for part in target.parts}
    seen: set[str] = set()
    for number, part in enumerate(target.parts):
        at = f"{field}.parts.{number}"
        spot, id = spots[part.place.key], part.place.id
        if not spot.inside(plan):
            raise Problem(422, "part-outside", field=at, id=id)
        above = spot.path[:-1] if part.place.kind == "areas" else spot.lineage
        other = id if id in seen else next((code for code in above if code in taken), None)
        if other is not None:
            raise Problem(422, "parts-overlap", field=at, id=id, other=other)
        seen.add(id)


def check_dates(since: datetime, target: Target, field: str) -> None:
    """Raise `Problem` 422 where a part is not due between the plan's beginning and the target."""
    for number, part in enumerate(target.parts):
        if not since < part.by <= target.until:
            raise Problem(422, "part-date", field=f"{field}.parts.{number}.by")


def total(parts: Sequence[Part]) -> float:
    """The sum of shares."""
    return sum(part.share for part in parts)


def warnings(target: Target) -> list[str]:
    """What of a breakdown needs a reason: the same number for all; more than was asked for."""
    found = []
    shares = {part.share for part in target.parts}
    if len(target.parts) > 1 and len(shares) == 1:
        found.append(ONE_SIZE)
    if target.parts and total(target.parts) > target.quantity * (1 + _CLOSE):
        found.append(ADDED_ON)
    return found


def check_warnings(target: Target, field: str) -> None:
    """Raise `Problem` 422 for what needs a reason and has none."""
    found = warnings(target)
    if found and target.reason is None:
        raise Problem(
            422,
            found[0],
            field=f"{field}.reason",
            sum=f"{total(target.parts):g}",
            quantity=f"{target.quantity:g}",
        )


def check_ready(targets: Sequence[Target]) -> None:
    """Raise `Problem` 422 where a plan cannot come into force yet.

    Each target was surveyed first (art. 10), and its parts make up for all of it (art. 16).
    """
    for number, target in enumerate(targets):
        if target.baseline is None:
            raise Problem(422, "baseline-needed", field=f"targets.{number}.baseline", id=target.id)
        if target.parts and total(target.parts) < target.quantity * (1 - _CLOSE):
            raise Problem(
                422,
                "shares-short",
                field=f"targets.{number}.parts",
                id=target.id,
                missing=f"{target.quantity - total(target.parts):g}",
                sum=f"{total(target.parts):g}",
                quantity=f"{target.quantity:g}",
            )


def check_share(above: PlanState, plan: PlanState) -> None:
    """Raise `Problem` 422 where a plan does not take up its share of the plan above.

    A target of the same id must count the same, ask for no less than the share, not later than the
    share is due, and count from no earlier. Together with `check_parts` this leaves no cycle: each
    plan lies strictly inside the one above, which is there already and stays the same.
    """
    shared = False
    for number, target in enumerate(plan.targets):
        share = above.share_of(target.id, plan.place)
        if share is None:
            continue
        shared = True
        given, part = share
        short = target.quantity < part.share * (1 - _CLOSE)
        times = above.since <= plan.since and target.until <= part.by
        if target.measure != given.measure or short or not times:
            raise Problem(
                422,
                "share-differs",
                field=f"targets.{number}",
                id=target.id,
                share=f"{part.share:g}",
                by=part.by.isoformat(),
            )
    if not shared:
        raise Problem(422, "no-share", field="parent", id=plan.parent)
