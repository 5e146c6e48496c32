"""Decisions on plans; pure (policy, art. 10, 16)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registry.plans import breakdown
from services.registry.plans.breakdown import Spots
from services.registry.plans.schemas import (
    PartProgress,
    PlanBody,
    Status,
    TargetBody,
    TargetProgress,
)
from services.registry.plans.state import (
    Baseline,
    Behind,
    Part,
    Place,
    PlanState,
    Revision,
    Target,
)
from services.registry.plans.table import PlanTable
from services.registry.records.decisions import may_record
from services.registry.records.table import WorkTable
from services.registry.schemas import ReasonBody
from services.registry.watch import telling
from shared.contracts.payload import Fact
from shared.contracts.plans import (
    PlanBehind,
    PlanCaughtUp,
    PlanChanged,
    PlannedPart,
    PlannedTarget,
)
from shared.contracts.words import OrganizationLevel
from shared.storage.aggregates import Decision
from shared.web.auth import Principal
from shared.web.problems import Problem

REVISIONS_LIMIT = 50
PARTS_LIMIT = 1000
STATUS_ZH: dict[Status, str] = {"draft": "草案", "in_force": "实施中", "closed": "已结束"}


@dataclass(frozen=True, slots=True)
class Around:
    """What was looked up for a decision on a plan.

    Attributes:
        spots: where the plan's place and those of its parts lie.
        level: of the plan's area or organization.
        path: of the area that the plan is for, or its organization answers for.
        unit_id: the organization's.
        above: the plan above, if it has one.
        below: keys of parts that have a plan of their own, not closed.
    """

    spots: Spots
    level: OrganizationLevel
    path: tuple[str, ...]
    unit_id: str | None
    above: PlanState | None
    below: frozenset[str] = frozenset()


def place_of(area: str | None, organization_id: str | None, field: str) -> Place:
    """The one of the two that is given. Raises `Problem` 422."""
    if area is not None and organization_id is None:
        return Place(kind="areas", id=area)
    if organization_id is not None and area is None:
        return Place(kind="organizations", id=organization_id)
    raise Problem(422, "one-place", field=field)


def places_in(body: PlanBody) -> tuple[Place, list[Place]]:
    """The plan's place and those of its parts. Raises `Problem` 422."""
    own = place_of(body.area, body.organization_id, "area")
    parts = [
        place_of(part.area, part.organization_id, f"targets.{n}.parts.{m}.area")
        for n, target in enumerate(body.targets)
        for m, part in enumerate(target.parts)
    ]
    if len(parts) > PARTS_LIMIT:
        raise Problem(422, "too-many-parts", field="targets", count=len(parts), limit=PARTS_LIMIT)
    return own, parts


def may_write(principal: Principal, path: tuple[str, ...], unit_id: str | None) -> None:
    """Raise `Problem` 403 unless the caller answers for the plan's place."""
    if not may_record(principal, path, unit_id):
        raise Problem(403, "wrong-area")


def snapshot(id: str, state: PlanState) -> PlanChanged:
    """What others get to know of it."""
    return PlanChanged(
        plan_id=id,
        level=state.level,
        **state.place.fields,
        parent=state.parent,
        status=state.status,
        revision=state.revision,
        since=state.since,
        targets=tuple(
            PlannedTarget(
                **target.model_dump(include={"id", "work", "count", "quantity", "until"}),
                parts=tuple(
                    PlannedPart(**part.place.fields, share=part.share, by=part.by)
                    for part in target.parts
                ),
            )
            for target in state.targets
        ),
    )


def _target(body: TargetBody, field: str, works: WorkTable) -> Target:
    if (body.work is None) is (body.count is None):
        raise Problem(422, "one-measure", field=f"{field}.work")
    if body.work is not None:
        works.find(body.work, f"{field}.work")
    baseline = body.baseline and Baseline(**body.baseline.model_dump())
    return Target(
        **body.model_dump(include={"id", "work", "count", "quantity", "until", "reason"}),
        baseline=baseline,
        parts=tuple(
            Part(
                place=place_of(part.area, part.organization_id, field),
                share=part.share,
                by=part.by,
            )
            for part in body.parts
        ),
    )


def build(body: PlanBody, around: Around, works: WorkTable) -> PlanState:
    """The draft that `body` asks for. Raises `Problem` 422."""
    place = place_of(body.area, body.organization_id, "area")
    province = (body.level, around.level) == (OrganizationLevel.PROVINCE, OrganizationLevel.CITY)
    if body.level not in (None, around.level) and not (province and place.kind == "areas"):
        raise Problem(422, "level-differs", field="level", level=around.level)
    targets: list[Target] = []
    for number, asked in enumerate(body.targets):
        field = f"targets.{number}"
        target = _target(asked, field, works)
        if any(target.id == earlier.id for earlier in targets):
            raise Problem(422, "repeated-target", field=f"{field}.id", id=target.id)
        if target.until <= body.since:
            raise Problem(422, "until-before-since", field=f"{field}.until")
        breakdown.check_parts(place, target, around.spots, field)
        breakdown.check_dates(body.since, target, field)
        breakdown.check_warnings(target, field)
        targets.append(target)
    state = PlanState(
        name=body.name,
        level=body.level or around.level,
        place=place,
        area_path=around.path,
        unit_id=around.unit_id,
        parent=body.parent,
        slot=body.parent and f"{body.parent}/{place.key}",
        since=body.since,
        targets=tuple(targets),
        places=tuple(sorted({part.place.key for t in targets for part in t.parts})),
    )
    if around.above is not None:
        breakdown.check_share(around.above, state)
    return state


def draft(
    id: str, body: PlanBody, principal: Principal, around: Around, works: WorkTable
) -> Decision[PlanState]:
    """Make a plan that is not in force yet. Raises `Problem` 403, 409, 422."""
    may_write(principal, around.path, around.unit_id)
    if around.above is not None and around.above.status != "in_force":
        raise Problem(409, "parent-not-in-force", id=body.parent)
    state = build(body, around, works)
    return Decision(state, [snapshot(id, state)], "drafted")


def change(
    state: PlanState,
    id: str,
    body: PlanBody,
    principal: Principal,
    around: Around,
    works: WorkTable,
    now: datetime,
    by: str,
) -> Decision[PlanState] | None:
    """Replace what a plan says; in force with a reason, and what it said is kept.

    Raises `Problem` 403, 409, 422.
    """
    may_write(principal, state.area_path, state.unit_id)
    _ensure(state, "draft", "in_force")
    new = build(body, around, works)
    if (new.place, new.parent) != (state.place, state.parent):
        raise Problem(422, "plan-fixed", field="parent")
    said = ("name", "level", "since", "targets", "places")
    changes = {field: getattr(new, field) for field in said}
    if all(getattr(state, field) == value for field, value in changes.items()):
        return None
    why = body.reason or "changed"
    if state.status == "in_force":
        changes |= _revised(state, new, body.reason, now, by)
        lost = sorted(around.below & (set(state.places) - set(new.places)))
        if lost:
            raise Problem(409, "part-broken-down", field="targets", id=lost[0])
    changed = state.model_copy(update=changes)
    return Decision(changed, [snapshot(id, changed)], why)


def _revised(
    state: PlanState, new: PlanState, reason: str | None, now: datetime, by: str
) -> dict[str, object]:
    """What a change while in force sets besides what the plan says."""
    if reason is None:
        raise Problem(422, "plan-reason-needed", field="reason")
    if new.since != state.since:
        raise Problem(422, "plan-fixed", field="since")
    if len(state.revisions) >= REVISIONS_LIMIT:
        raise Problem(409, "too-many-revisions", limit=REVISIONS_LIMIT)
    breakdown.check_ready(new.targets)
    was = tuple(target for target in state.targets if target not in new.targets)
    revision = Revision(revision=state.revision, at=now, by=by, reason=reason, was=was)
    return {
        "revision": state.revision + 1,
        "revisions": (*state.revisions, revision),
        "next_check": now,
    }


def start(
    state: PlanState, id: str, principal: Principal, above: PlanState | None, now: datetime
) -> Decision[PlanState] | None:
    """Put a plan in force, once it was surveyed and adds up. Raises `Problem` 403, 409, 422."""
    may_write(principal, state.area_path, state.unit_id)
    _ensure(state, "draft", "in_force")
    if state.status == "in_force":
        return None
    if above is not None:
        if above.status != "in_force":
            raise Problem(409, "parent-not-in-force", id=state.parent)
        breakdown.check_share(above, state)
    breakdown.check_ready(state.targets)
    new = state.model_copy(update={"status": "in_force", "next_check": now})
    return Decision(new, [snapshot(id, new)], "in force")


def close(
    state: PlanState, id: str, body: ReasonBody, principal: Principal, now: datetime
) -> Decision[PlanState]:
    """End a plan; nothing of it is watched any more. Raises `Problem` 403, 409."""
    may_write(principal, state.area_path, state.unit_id)
    _ensure(state, "draft", "in_force")
    return closed(id, state, body.reason, now)


def closed(id: str, state: PlanState, reason: str, now: datetime) -> Decision[PlanState]:
    """End it, whoever asks."""
    ended = {
        "status": "closed",
        "outcome": reason,
        "slot": None,
        "next_check": None,
        "behind": (),
        "is_behind": False,
    }
    new = telling(state.model_copy(update=ended), now, *caught_up(id, state.behind, ()))
    return Decision(new, [snapshot(id, new)], reason)


def caught_up(id: str, was: Iterable[Behind], kept: Iterable[Behind]) -> list[PlanCaughtUp]:
    """What tells that those of `was` that are not among `kept` are behind no more."""
    still = {behind.key for behind in kept}
    return [
        PlanCaughtUp(
            plan_id=id,
            target=one.target,
            since=one.since,
            **(one.place.fields if one.place else {}),
        )
        for one in was
        if one.key not in still
    ]


def _ensure(state: PlanState, *status: Status) -> None:
    if state.status not in status:
        zh = STATUS_ZH[state.status]
        raise Problem(409, "plan-status", state=state.status, zh=zh)


def observe(
    id: str,
    state: PlanState,
    progress: Sequence[TargetProgress],
    now: datetime,
    rules: PlanTable,
) -> Decision[PlanState] | None:
    """Keep what is behind; tell of what was not before, and of what is no more. None where it is
    not due."""
    if state.next_check is None or state.next_check > now:
        return None
    known = {behind.key: behind for behind in state.behind}
    kept: list[Behind] = []
    facts: list[Fact] = []
    for target in progress:
        for figures in (target, *target.parts):
            place = None
            if isinstance(figures, PartProgress):
                place = place_of(figures.area, figures.organization_id, "area")
            if not figures.behind:
                continue
            found = Behind(target=target.id, place=place, since=now)
            kept.append(known.get(found.key, found))
            if found.key not in known:
                facts.append(
                    PlanBehind(
                        plan_id=id,
                        target=target.id,
                        **(place.fields if place else {}),
                        quantity=figures.quantity,
                        reported=figures.reported,
                        expected=figures.expected,
                    )
                )
    facts += caught_up(id, state.behind, kept)
    end = max(target.until for target in state.targets)
    following = min(now + timedelta(minutes=rules.check_minutes), max(end, now))
    new = state.model_copy(
        update={
            "behind": tuple(kept),
            "is_behind": bool(kept),
            "next_check": following if following > now else None,
        }
    )
    return Decision(telling(new, now, *facts), [], "compared with the time")
