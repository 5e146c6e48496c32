"""A retired organization's place in a joint organization passes to its successor; pure.

One write on the joint organization. The successor is lead, member, in the turn of duty, in need,
helping where the former one was. The former one's days as a member stay, and what has ended of the
lists stays its own. Rules of fit (which area) are not asked again: what was agreed goes on. Only a
lead must be of a street or community (art. 6): where the successor is not, the former one stays
lead until a person names another.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from services.registry.handover import Passing
from services.registry.joint.decisions import COUNCILS_KEPT, decided, may_lead
from services.registry.joint.states import Council, JointState, Lists, Member
from shared.storage.aggregates import Decision

ROLES = ("lead", "member", "duty", "lists")


def roles_of(state: JointState, who: str) -> list[str]:
    """What an organization is in it: `lead`, `member`, has `duty` in turn, or something open in
    the `lists`."""
    if state.retired:
        return []
    theirs = {each.organization_id for each in state.open.offers()} | {
        side for each in state.open.projects for side in (each.need_by, each.resource_by)
    }
    there: dict[str, bool] = {
        "lead": state.lead == who,
        "member": any(m.organization_id == who and m.left is None for m in state.members),
        "duty": bool(state.councils) and who in state.councils[-1].order,
        "lists": who in theirs,
    }
    return [role for role in ROLES if there[role]]


def hand_over(
    id: str, state: JointState, passing: Passing, day: str
) -> Decision[JointState] | None:
    """Pass the place on from a day (of the city) on; None where nothing of it can pass."""
    old = passing.old
    roles = set(roles_of(state, old))
    leads = may_lead(passing.new.domain, passing.new.level)
    if "lead" in roles and not leads:
        roles.remove("lead")
        if passing.new.organization_id not in state.current():
            roles.add("member")  # to have its turn, and what it has in the lists
    if not roles:
        return None
    new = state
    if "lead" in roles:
        new = new.model_copy(
            update={"lead": passing.new.organization_id, "lead_unit_id": passing.new.unit_id}
        )
    if "member" in roles:
        new = new.model_copy(update={"members": _members(new, passing, day)})
    to = passing.new.organization_id
    kept = tuple(passing.kept(role) for role in ROLES if role in roles)
    new = new.model_copy(
        update={
            "councils": _councils(state.councils, old, to, day),
            "open": _lists(new.open, old, to),
            "handovers": (*state.handovers, *kept),
        }
    )
    return decided(id, new, passing.why)


def _members(state: JointState, passing: Passing, day: str) -> tuple[Member, ...]:
    """The former one has left; the successor has joined that day, unless it is there."""
    to = passing.new.organization_id
    days = [day]
    members = []
    for each in state.members:
        if each.organization_id == passing.old and each.left is None:
            # One who was to join later never did; the successor does.
            gone = max(day, each.joined)
            members.append(each.model_copy(update={"left": gone}))
            days.append(gone)
        else:
            members.append(each)
    if to in state.current():
        return tuple(members)
    days += [each.left for each in state.members if each.organization_id == to and each.left]
    joined = Member(organization_id=to, unit_id=passing.new.unit_id, joined=max(days))
    return (*members, joined)


def _lists(lists: Lists, old: str, to: str) -> Lists:
    def now(who: str) -> str:
        return to if who == old else who

    return Lists(
        needs=tuple(
            each.model_copy(update={"organization_id": now(each.organization_id)})
            for each in lists.needs
        ),
        resources=tuple(
            each.model_copy(update={"organization_id": now(each.organization_id)})
            for each in lists.resources
        ),
        projects=tuple(
            each.model_copy(
                update={"need_by": now(each.need_by), "resource_by": now(each.resource_by)}
            )
            for each in lists.projects
        ),
    )


def _councils(councils: Sequence[Council], old: str, to: str, day: str) -> tuple[Council, ...]:
    """The successor has the former one's turns from `day` on; who had duty before stays known.

    The turn that runs goes on to its end. Where it is the former one's own, the successor begins a
    whole one that day, and the others follow.
    """
    running = max((each.start for each in councils if each.start <= day), default=None)
    made: list[Council] = []
    for each in councils:
        if old not in each.order or each.start < (running or ""):
            made.append(each)
        elif each.start > day:
            made.append(each.model_copy(update={"order": _taken(each.order, old, to)}))
        else:
            made += _from(each, old, to, day)
    return tuple(made[-COUNCILS_KEPT:])


def _from(council: Council, old: str, to: str, day: str) -> list[Council]:
    start = date.fromisoformat(council.start)
    turns = (date.fromisoformat(day) - start).days // council.days
    first = turns % len(council.order)
    own = council.order[first] == old
    begins = day if own else (start + timedelta(days=turns * council.days)).isoformat()
    order = _taken((*council.order[first:], *council.order[:first]), old, to)
    new = Council(order=order, start=begins, days=council.days)
    return [new] if begins == council.start else [council, new]


def _taken(order: Sequence[str], old: str, to: str) -> tuple[str, ...]:
    """The order with one in the place of another, nobody twice."""
    return tuple(dict.fromkeys(to if each == old else each for each in order))
