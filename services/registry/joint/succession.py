"""Dissolving, merging, splitting: what is open goes to the successors; pure.

One write on the document that ends puts what is open into parcels, one a successor. Each parcel is
then taken in by its successor, which notes the key, and after that let go (`follow.py`). Killed in
between, the parcel is sent again and known by its key.

Ours (issue 3, item 2): the policy has organizations set up (art. 6), and says nothing of their end.
"""

from collections.abc import Iterable, Sequence

from services.registry.joint.decisions import decided, ensure_manager, ensure_open
from services.registry.joint.states import Heir, JointState, Lists, Member, Parcel
from shared.contracts.ids import derived_id
from shared.storage.aggregates import Decision
from shared.web.auth import Principal
from shared.web.problems import Problem


def dissolve(
    id: str,
    state: JointState,
    heirs: Sequence[Heir],
    day: str,
    why: str,
    principal: Principal | None,
) -> Decision[JointState] | None:
    """End it; `heirs` take over: one (dissolved or merged into) or several (split).

    Args:
        principal: None where the successor has been told to take it in by who may.
    """
    if principal is not None:
        ensure_manager(principal, state)
    if state.retired and tuple(heirs) == state.heirs:
        return None
    if not state.open:
        ensure_open(state)  # what came later to one that is dissolved can still be handed on
    if any(heir.joint_id == id for heir in heirs):
        raise Problem(422, "successor-is-itself", field="into")
    if not heirs and (state.open or state.absorbing):
        raise Problem(409, "successor-needed", field="into")
    _check_split(state, heirs)
    gone = tuple(
        member if member.left else member.model_copy(update={"left": max(day, member.joined)})
        for member in state.members
    )
    moving = tuple(
        each.model_copy(update={"joined": day})
        for each in state.current().values()
    )  # fmt: skip
    new = state.model_copy(
        update={
            "retired": True,
            "heirs": tuple(heirs),
            "members": gone,
            "open": Lists(),
            "parcels": (
                *state.parcels,
                *parcels((id, len(state.received)), state.open, moving, heirs, day),
            ),
        }
    )
    return decided(id, new, why)


def _check_split(state: JointState, heirs: Sequence[Heir]) -> None:
    """Of several successors, each member goes to exactly one."""
    if len({heir.joint_id for heir in heirs}) < len(heirs):
        raise Problem(422, "split-members", field="into", ids="")
    if len(heirs) < 2:
        return
    given = [each for heir in heirs for each in heir.members or ()]
    wanted = set(state.current())
    wrong = sorted((wanted ^ set(given)) | {each for each in given if given.count(each) > 1})
    if wrong:
        raise Problem(422, "split-members", field="into", ids=", ".join(wrong[:10]))


def parcels(
    origin: tuple[object, ...],
    lists: Lists,
    members: Iterable[Member],
    heirs: Sequence[Heir],
    day: str,
    via: tuple[str, ...] = (),
) -> list[Parcel]:
    """What each heir gets: entries go with their organization, projects with who needs them.

    What belongs to nobody named goes to the first.

    Args:
        origin: what tells this content from any other that is sent to the same heir.
    """
    owner = {each: heir.joint_id for heir in reversed(heirs) for each in heir.members or ()}
    people = tuple(members)
    made = []
    for number, heir in enumerate(heirs):

        def is_theirs(
            organization: str, to: str = heir.joint_id, first: bool = number == 0
        ) -> bool:
            return owner[organization] == to if organization in owner else first

        made.append(
            Parcel(
                key=derived_id("parcel", *map(str, origin), heir.joint_id),
                to=heir.joint_id,
                day=day,
                lists=Lists(
                    needs=tuple(e for e in lists.needs if is_theirs(e.organization_id)),
                    resources=tuple(e for e in lists.resources if is_theirs(e.organization_id)),
                    projects=tuple(e for e in lists.projects if is_theirs(e.need_by)),
                ),
                members=tuple(each for each in people if is_theirs(each.organization_id)),
                via=via,
            )
        )
    return made


def receive(id: str, state: JointState, sender: str, parcel: Parcel) -> Decision[JointState] | None:
    """Take in a parcel, once; one that is dissolved itself hands it on to its own heirs.

    What comes round again, as of two that were dissolved into each other at once, stays here.
    """
    if parcel.key in state.received:
        return None
    update: dict[str, object] = {
        "received": (*state.received, parcel.key),
        "predecessors": tuple(dict.fromkeys((*state.predecessors, sender))),
    }
    if state.heirs and id not in parcel.via:
        onward = parcels(
            (parcel.key,),
            parcel.lists,
            parcel.members,
            state.heirs,
            parcel.day,
            (*parcel.via, id),
        )
        update["parcels"] = (*state.parcels, *onward)
    else:
        here = state.current()
        new = [each for each in parcel.members if each.organization_id not in here]
        update["open"] = state.open + parcel.lists
        if not state.retired:
            update["members"] = (*state.members, *new)
    return decided(id, state.model_copy(update=update), f"taken over from {sender}")


def delivered(id: str, state: JointState, key: str) -> Decision[JointState] | None:
    """Let go of a parcel that has been taken in."""
    left = tuple(parcel for parcel in state.parcels if parcel.key != key)
    if len(left) == len(state.parcels):
        return None
    return Decision(state.model_copy(update={"parcels": left}), (), f"delivered {key}")


def absorb(
    id: str, state: JointState, others: Sequence[str], why: str, principal: Principal
) -> Decision[JointState] | None:
    """Be the successor of others: they are dissolved into this one next."""
    ensure_manager(principal, state)
    ensure_open(state)
    if id in others:
        raise Problem(422, "successor-is-itself", field="predecessors")
    new = tuple(dict.fromkeys((*state.absorbing, *others)))
    if new == state.absorbing:
        return None
    return Decision(state.model_copy(update={"absorbing": new}), (), why)


def absorbed(id: str, state: JointState, other: str) -> Decision[JointState] | None:
    """One that was to be taken over has been dissolved."""
    if other not in state.absorbing:
        return None
    left = tuple(each for each in state.absorbing if each != other)
    return Decision(state.model_copy(update={"absorbing": left}), (), f"absorbed {other}")


def filed(id: str, state: JointState, ids: Iterable[str]) -> Decision[JointState] | None:
    """Let go of closed entries that stand in documents of their own."""
    left = state.closed.without(ids)
    if left == state.closed:
        return None
    return Decision(state.model_copy(update={"closed": left}), (), "filed")
