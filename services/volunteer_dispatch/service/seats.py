"""Who sits where: people against kinds of places, by the sparse assignment of `match`. Pure.

Nobody who has a place loses it; a newcomer gets one where the others can be seated so that one is
left (a first-aider on an ordinary place moves to a first-aider's).
"""

from collections.abc import Sequence

from services.volunteer_dispatch.match.assign import assign
from services.volunteer_dispatch.service.activity_state import ActivityState, SignUp


def joined(state: ActivityState, newcomer: SignUp) -> ActivityState | None:
    """The state with the newcomer on a place; None where there is none."""
    free = state.free
    # Places for a skill first: fewer people fit them.
    kinds = sorted(newcomer.fits, key=lambda n: state.places[n].skill is None)
    direct = next((n for n in kinds if free[n] > 0), None)
    if direct is not None:
        return _with(state, newcomer.model_copy(update={"seat": direct}))
    if not any(free):
        return None
    people = [*state.going, newcomer]
    seats = _seated(people, [place.number for place in state.places], state)
    if seats is None:
        return None
    moved = dict(zip((one.volunteer_id for one in people), seats, strict=True))
    stay = tuple(
        one if one.seat is None else one.model_copy(update={"seat": moved[one.volunteer_id]})
        for one in state.sign_ups
    )
    seat = moved[newcomer.volunteer_id]
    return _with(state.having(sign_ups=stay), newcomer.model_copy(update={"seat": seat}))


def moved_up(state: ActivityState) -> tuple[ActivityState, tuple[str, ...]]:
    """Who waits, in their order, as far as there are places that they fit; and who they were."""
    lucky: list[str] = []
    for one in state.waiting:
        if not any(state.free):
            break
        seated = joined(state, one)
        if seated is not None:
            state = seated
            lucky.append(one.volunteer_id)
    return state, tuple(lucky)


def _with(state: ActivityState, one: SignUp) -> ActivityState:
    """In the place of the entry where he or she waited, else at the end."""
    if state.of(one.volunteer_id) is None:
        return state.having(sign_ups=(*state.sign_ups, one))
    return state.having(
        sign_ups=tuple(
            one if other.volunteer_id == one.volunteer_id else other for other in state.sign_ups
        )
    )


def _seated(
    people: Sequence[SignUp], room: Sequence[int], state: ActivityState
) -> list[int] | None:
    """A kind of place for each, or None where not all can have one."""
    costs = [0.0 if place.skill is not None else 1.0 for place in state.places]
    edges = [[(n, costs[n]) for n in one.fits] for one in people]
    partner = assign(edges, dict(enumerate(room))).partner
    seats = [seat for seat in partner if seat is not None]
    return seats if len(seats) == len(people) else None
