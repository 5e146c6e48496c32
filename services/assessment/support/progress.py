"""Targets of plans against recorded work: what was due, and was done; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Due:
    """What of a plan is up to a place until then."""

    place: str
    plan_id: str
    target: str
    work: str | None
    share: float
    since: datetime
    by: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Work of a kind between two moments."""

    work: str
    since: datetime
    by: datetime


def dues(
    plan: Mapping[str, Any], places: Iterable[str], start: datetime, end: datetime
) -> list[Due]:
    """What a plan asks of `places` with a date from `start` on, before `end`.

    A share is asked for by the plan that gave it; the plan that breaks it down further asks for
    the same once more, and is passed over (its own place is a part of the one above).
    """
    wanted = set(places)
    found = []
    for target in plan["targets"]:
        asked = [(part["place"], part["share"], part["by"]) for part in target["parts"]]
        if plan["parent"] is None:
            asked.append((plan["place"], target["quantity"], target["until"]))
        found += [
            Due(place, plan["_id"], target["id"], target["work"], share, plan["since"], by)
            for place, share, by in asked
            if place in wanted and start <= by < end
        ]
    return found


def span_of(due: Due) -> Span | None:
    """The work that counts for it; None for new entries, which the registry counts."""
    return None if due.work is None else Span(due.work, due.since, due.by)


def missed(due: Due, done: float | None, now: datetime) -> bool:
    """Whether its date passed without it."""
    return done is not None and due.by <= now and done < due.share * (1 - _CLOSE)


def below(roots: Iterable[str], parents: Mapping[str, str | None]) -> dict[str, set[str]]:
    """Each organization with all below it. `parents`: of every organization known."""
    children: dict[str, list[str]] = {}
    for id, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(id)
    found = {}
    for root in roots:
        seen, queue = {root}, [root]
        while queue:
            new = [id for id in children.get(queue.pop(), ()) if id not in seen]
            seen.update(new)
            queue += new
        found[root] = seen
    return found


def rolled_up(
    sums: Mapping[str, float], trees: Mapping[str, Sequence[str] | set[str]]
) -> dict[str, float]:
    """What was done by each organization and all below it, from what each did itself."""
    return {root: sum(sums.get(id, 0.0) for id in tree) for root, tree in trees.items()}
