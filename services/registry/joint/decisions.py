"""Decisions on a joint organization: who belongs to it, and its three lists; pure.

Policy, art. 6 (regional organizations of several units); the lists are ours (issue 3, item 2).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from services.registry.joint.states import (
    Council,
    JointState,
    Lists,
    Member,
    Need,
    Outcome,
    Project,
    Resource,
    snapshot,
)
from services.registry.states import OrganizationState
from shared.contracts.ids import derived_id
from shared.contracts.registry import JointResult
from shared.contracts.words import Domain, Founding, OrganizationLevel
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role, sees_area, sees_unit
from shared.web.problems import Problem

FORMS = (
    Founding.JOINT_AREA,
    Founding.TRADE,
    Founding.BUILDING,
    Founding.BUSINESS_PARK,
    Founding.MARKET,
    Founding.HOUSING_ESTATE,
    Founding.ONLINE,
)
"""Ways of founding that several units take together."""
_ANYWHERE = (Founding.TRADE, Founding.ONLINE)
_LEADS = (OrganizationLevel.TOWNSHIP, OrganizationLevel.GRASSROOTS)
OPEN_LIMIT = 500
TAKEN_LIMIT = 2000
"""Open entries of each list: of those added, and with what is taken over from others. An entry
has words of 200 characters, about 1.3 KB, so that a document stays under 8 of its 16 MB."""
MEMBERS_LIMIT = 2000
"""Members, those that left counted too."""
COUNCILS_KEPT = 50
RESULTS_TOLD = 20

Organizations = Mapping[str, OrganizationState]
T = TypeVar("T", Need, Resource, Project)


def decided(id: str, state: JointState, why: str) -> Decision[JointState]:
    """The new state with its snapshot."""
    return Decision(state, [snapshot(id, state)], why)


# Who may


def ensure_manager(principal: Principal, state: JointState) -> None:
    """Raise `Problem` 403 unless the caller answers for its area."""
    if principal.role is Role.UNIT_OPERATOR or not sees_area(principal, state.area_path):
        raise Problem(403, "wrong-area")


def acts_for(principal: Principal, state: JointState, *organizations: str) -> bool:
    """Whether the caller answers for the area, or for the unit of one of these members."""
    if principal.role is not Role.UNIT_OPERATOR:
        return sees_area(principal, state.area_path)
    return any(
        sees_unit(principal, each.unit_id)
        for each in (Member(organization_id=state.lead, unit_id=state.lead_unit_id, joined=""),
                     *state.members)
        if each.organization_id in organizations
    )  # fmt: skip


def _ensure_acts(principal: Principal, state: JointState, *organizations: str) -> None:
    if not acts_for(principal, state, *organizations):
        raise Problem(403, "wrong-unit")


def ensure_open(state: JointState) -> None:
    """Raise `Problem` 409 where it is dissolved."""
    if state.retired:
        where = f"/v1/joints/{state.heirs[0].joint_id}" if state.heirs else "/v1/joints"
        raise Problem(409, "joint-dissolved", where=where)


# Who belongs to it


def may_lead(domain: Domain, level: OrganizationLevel) -> bool:
    """Whether it is an organization of a street or community (art. 6)."""
    return domain is Domain.COMMUNITY and level in _LEADS


def check_lead(lead: str, organizations: Organizations) -> OrganizationState:
    """The lead: a street or community organization (art. 6). Raises `Problem` 422."""
    found = organization(lead, organizations, "lead")
    if not may_lead(found.domain, found.level):
        raise Problem(422, "lead-of-street-or-community", field="lead", id=lead)
    return found


def organization(id: str, organizations: Organizations, field: str) -> OrganizationState:
    """An organization in service. Raises `Problem` 422."""
    found = organizations.get(id)
    if found is None or found.retired:
        raise Problem(
            422, "unknown-reference", field=field, where="/v1/organizations",
            kind_zh="党组织", kind_en="organization", id=id,
        )  # fmt: skip
    return found


def join(
    id: str, state: JointState, who: str, day: str, organizations: Organizations,
    principal: Principal,
) -> Decision[JointState] | None:  # fmt: skip
    """Take in an organization of the area from a day on; None where it is a member."""
    ensure_manager(principal, state)
    ensure_open(state)
    return None if who in state.current() else decided(
        id, with_member(state, who, day, organizations), f"{who} joined"
    )  # fmt: skip


def with_member(state: JointState, who: str, day: str, organizations: Organizations) -> JointState:
    """The state with one more member. Raises `Problem` 409, 422."""
    found = organization(who, organizations, "organization_id")
    if state.form not in _ANYWHERE and state.area and state.area not in found.area_path:
        raise Problem(422, "member-outside", field="organization_id", id=who, area=state.area)
    if len(state.members) >= MEMBERS_LIMIT:
        raise Problem(409, "joint-full", limit=MEMBERS_LIMIT)
    last = max((m.left or "" for m in state.members if m.organization_id == who), default="")
    if day < last:
        raise Problem(422, "joined-before-left", field="joined", left=last)
    member = Member(organization_id=who, unit_id=found.unit_id, joined=day)
    return state.model_copy(update={"members": (*state.members, member)})


def leave(
    id: str, state: JointState, who: str, day: str, now: datetime, why: str, principal: Principal
) -> Decision[JointState] | None:
    """Let a member go: its open needs and resources are withdrawn, its projects go on."""
    ensure_manager(principal, state)
    ensure_open(state)
    member = next((m for m in state.members if m.organization_id == who and not m.left), None)
    if member is None:
        raise Problem(404, "not-a-member-organization", where=f"/v1/joints/{id}", id=who)
    if day < member.joined:
        raise Problem(422, "left-before-joined", field="left", joined=member.joined)
    gone = member.model_copy(update={"left": day})
    new = state.model_copy(
        update={"members": tuple(gone if each is member else each for each in state.members)}
    )
    ours = [
        each.id for each in state.open.offers()
        if each.organization_id == who
    ]  # fmt: skip
    for entry in ours:
        new = _withdrawn(new, entry, now)
    if state.councils and who in state.councils[-1].order:
        last = state.councils[-1]
        order = tuple(each for each in last.order if each != who)
        start = max(day, last.start)
        new = _with_council(new, Council(order=order, start=start, days=last.days))
    return decided(id, new, why)


def set_council(
    id: str, state: JointState, council: Council, principal: Principal
) -> Decision[JointState] | None:
    """Name the council and whose turn follows whose, from a day on."""
    ensure_manager(principal, state)
    ensure_open(state)
    for each in council.order:
        if each not in state.current():
            raise Problem(422, "members-only", field="order", id=each)
    if state.councils and council.start < state.councils[-1].start:
        raise Problem(422, "council-earlier", field="start", start=state.councils[-1].start)
    if state.councils and state.councils[-1] == council:
        return None
    return decided(id, _with_council(state, council), f"council from {council.start}")


def _with_council(state: JointState, council: Council) -> JointState:
    before = [each for each in state.councils if each.start != council.start]
    return state.model_copy(update={"councils": (*before, council)[-COUNCILS_KEPT:]})


# The three lists


def ensure_takes(successor: JointState, *others: JointState) -> None:
    """Raise `Problem` 409 unless a successor has room for what is open of others."""
    states = (successor, *others)
    for name in ("needs", "resources", "projects"):
        if sum(len(getattr(state.open, name)) for state in states) > TAKEN_LIMIT:
            raise Problem(409, "list-full", limit=TAKEN_LIMIT, name=name)


def find(entries: tuple[T, ...], id: str, field: str = "id") -> T:
    """The open entry. Raises `Problem` 404, or 422 for one that a body names."""
    for entry in entries:
        if entry.id == id and entry.outcome is None:
            return entry
    raise Problem(404 if field == "id" else 422, "not-open", field=field, id=id)


def add(
    id: str, state: JointState, entry: Need | Resource, principal: Principal
) -> Decision[JointState]:
    """State a need, or offer a resource, of a member."""
    ensure_open(state)
    _ensure_acts(principal, state, entry.organization_id)
    if entry.organization_id not in state.current():
        raise Problem(422, "members-only", field="organization_id", id=entry.organization_id)
    name = "needs" if isinstance(entry, Need) else "resources"
    entries = getattr(state.open, name)
    _ensure_room(entries, name)
    new = _opened(state, state.open.model_copy(update={name: (*entries, entry)}))
    return decided(id, new, f"{name}: {entry.id}")


def _ensure_room(entries: tuple[object, ...], name: str) -> None:
    if len(entries) >= OPEN_LIMIT:
        raise Problem(409, "list-full", limit=OPEN_LIMIT, name=name)


def _opened(state: JointState, lists: Lists) -> JointState:
    return state.model_copy(update={"open": lists})


def claim(
    id: str,
    state: JointState,
    project: str,
    need_id: str,
    resource_id: str,
    quantity: float,
    now: datetime,
    fingerprint: str | None,
    principal: Principal,
) -> Decision[JointState]:
    """Claim a resource, or a part, for a need: a project. Never more than is left."""
    ensure_open(state)
    need = find(state.open.needs, need_id, "need_id")
    resource = find(state.open.resources, resource_id, "resource_id")
    _ensure_acts(principal, state, need.organization_id)
    _ensure_room(state.open.projects, "projects")
    if quantity > resource.left:
        raise Problem(409, "more-than-left", field="quantity", left=resource.left)
    if need.kind not in (None, resource.kind):
        raise Problem(422, "other-kind", field="resource_id", kind=need.kind)
    made = Project(
        id=project,
        need_id=need_id,
        need_by=need.organization_id,
        resource_id=resource_id,
        resource_by=resource.organization_id,
        kind=resource.kind,
        quantity=quantity,
        at=now,
        resource_words=resource.words,
        resource_origin=resource.origin or resource.id,
        fingerprint=fingerprint,
    )
    rest = resource.model_copy(update={"left": round(resource.left - quantity, 2)})
    lists = state.open.model_copy(
        update={
            "resources": tuple(rest if e is resource else e for e in state.open.resources),
            "projects": (*state.open.projects, made),
        }
    )
    return decided(id, _opened(state, lists), f"project {project}")


def end_project(
    id: str,
    state: JointState,
    project: str,
    result: Mapping[str, object],
    need_met: bool,
    principal: Principal,
) -> Decision[JointState] | None:
    """End a project with its result; given up, what was claimed is there again.

    Args:
        result: the fields of `Project` that its end sets: `outcome`, `ended`, `words`, ...
    """
    found = next((each for each in state.closed.projects if each.id == project), None)
    if found is not None and found.outcome == result["outcome"]:
        return None  # sent twice
    ensure_open(state)
    there = find(state.open.projects, project)
    _ensure_acts(principal, state, there.need_by, there.resource_by)
    ended = there.model_copy(update=dict(result))
    new = _opened(state, state.open.without([project]))
    new = new.model_copy(update={"closed": new.closed + Lists(projects=(ended,))})
    if ended.outcome == "given_up" and there.returns:
        new = _given_back(new, there)
    assert ended.ended is not None
    assert ended.outcome is not None
    told = JointResult(
        project_id=project,
        outcome=ended.outcome,
        ended=ended.ended,
        **ended.model_dump(include={"need_by", "resource_by", "kind", "quantity"}),
    )
    new = new.model_copy(update={"results": (*state.results, told)[-RESULTS_TOLD:]})
    if ended.outcome == "done" and need_met:
        new = _closed(new, there.need_id, "done", ended.ended)
    return decided(id, _tidied(new, there.resource_id, ended.ended), f"{ended.outcome}: {project}")


def _given_back(state: JointState, project: Project) -> JointState:
    """What a project had claimed is left again, in a resource of its own where that one is gone."""
    resources = state.open.resources
    if any(each.id == project.resource_id for each in resources):
        back = tuple(
            each.model_copy(update={"left": round(each.left + project.quantity, 2)})
            if each.id == project.resource_id
            else each
            for each in resources
        )
    else:
        part = Resource(
            id=derived_id("given back", project.id),
            organization_id=project.resource_by,
            kind=project.kind,
            words=project.resource_words,
            quantity=project.quantity,
            left=project.quantity,
            at=project.at,
            origin=project.resource_origin,
        )
        back = (*resources, part)
    return _opened(state, state.open.model_copy(update={"resources": back}))


def withdraw(
    id: str, state: JointState, entry: str, now: datetime, why: str, principal: Principal
) -> Decision[JointState]:
    """Take back a need or resource: nothing new is claimed; what was claimed goes on."""
    ensure_open(state)
    there = next((each for each in state.open.offers() if each.id == entry), None)
    if there is None:
        raise Problem(404, "not-open", field="id", id=entry)
    _ensure_acts(principal, state, there.organization_id)
    return decided(id, _withdrawn(state, entry, now), why)


def _withdrawn(state: JointState, entry: str, now: datetime) -> JointState:
    projects = tuple(
        each.model_copy(update={"returns": False}) if each.resource_id == entry else each
        for each in state.open.projects
    )
    lists = state.open.model_copy(update={"projects": projects})
    return _closed(_opened(state, lists), entry, "withdrawn", now)


def _closed(state: JointState, entry: str, outcome: Outcome, now: datetime) -> JointState:
    """The state with a need or resource moved from the open to the closed ones."""
    end = {"outcome": outcome, "ended": now}
    closed = Lists(
        needs=tuple(e.model_copy(update=end) for e in state.open.needs if e.id == entry),
        resources=tuple(e.model_copy(update=end) for e in state.open.resources if e.id == entry),
    )
    return state.model_copy(
        update={"open": state.open.without([entry]), "closed": state.closed + closed}
    )


def _tidied(state: JointState, resource: str, now: datetime) -> JointState:
    """A resource of which nothing is left and which no project has claimed is used up."""
    used = any(each.resource_id == resource for each in state.open.projects)
    spent = any(each.id == resource and each.left <= 0 for each in state.open.resources)
    return _closed(state, resource, "done", now) if spent and not used else state
