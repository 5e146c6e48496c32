"""Decisions on guarantees; pure."""

from collections.abc import Sequence
from datetime import datetime

from services.assessment.support.schemas import GiftBody, GuaranteeBody
from services.assessment.support.state import Gift, Guarantee
from shared.contracts.support import GuaranteeChanged, GuaranteeOverdue
from shared.storage.aggregates import Decision, IdempotencyConflict
from shared.web.auth import Principal, Role, sees_area, sees_unit
from shared.web.money import fen
from shared.web.problems import Problem

GIFTS_LIMIT = 500


def snapshot(state: Guarantee) -> GuaranteeChanged:
    """What others get to know of it."""
    return GuaranteeChanged(
        guarantee_id=state.id,
        kind=state.kind,
        organization_id=state.organization_id,
        giver=state.giver,
        year=state.year,
        by=state.by,
        promised_yuan=state.fen / 100,
        given_yuan=state.given / 100,
        withdrawn=state.withdrawn is not None,
    )


def _changed(state: Guarantee, why: str) -> Decision[Guarantee]:
    return Decision(state, [snapshot(state)], why)


def may_write(principal: Principal, area_path: Sequence[str]) -> None:
    """Raise `Problem` 403 unless the caller answers for the area of the receiver."""
    manages = principal.role in (Role.ADMINISTRATOR, Role.AREA_MANAGER)
    if not (manages and sees_area(principal, area_path)):
        raise Problem(403, "wrong-area")


def may_read(principal: Principal, state: Guarantee) -> bool:
    """Whether the caller answers for the receiver's area, or is of its unit."""
    return sees_area(principal, state.area_path) or sees_unit(principal, state.unit_id)


def promise(
    id: str,
    body: GuaranteeBody,
    area_path: Sequence[str],
    unit_id: str | None,
    principal: Principal,
) -> Decision[Guarantee]:
    """Promise it. Raises `Problem` 403, 422."""
    may_write(principal, area_path)
    if body.giver == body.organization_id:
        raise Problem(422, "guarantee-to-itself", field="giver")
    state = Guarantee(
        id=id,
        kind=body.kind,
        organization_id=body.organization_id,
        giver=body.giver,
        area_path=tuple(area_path),
        unit_id=unit_id,
        year=body.year,
        by=body.by,
        fen=fen(body.yuan),
    )
    return _changed(state, body.reason)


def give(
    state: Guarantee, gift_id: str, body: GiftBody, principal: Principal, by: str
) -> Decision[Guarantee] | None:
    """Record what was given; None where `gift_id` is there already. Raises `Problem` 403, 409.

    Raises also IdempotencyConflict: `gift_id` is another one.
    """
    may_write(principal, state.area_path)
    for earlier in state.gifts:
        if earlier.id == gift_id:
            if (earlier.fen, earlier.at) != (fen(body.yuan), body.at):
                raise IdempotencyConflict
            return None
    _ensure_open(state)
    left = state.fen - state.given
    if fen(body.yuan) > left:
        raise Problem(
            409, "guarantee-overspent", field="yuan", left=f"{left / 100:g}", yuan=f"{body.yuan:g}"
        )
    if len(state.gifts) >= GIFTS_LIMIT:
        raise Problem(409, "guarantee-too-many-gifts", limit=GIFTS_LIMIT)
    gift = Gift(id=gift_id, fen=fen(body.yuan), at=body.at, by=by)
    new = state.model_copy(update={"gifts": (*state.gifts, gift)})
    return _changed(new, body.reason)


def void(
    state: Guarantee, gift_id: str, reason: str, principal: Principal
) -> Decision[Guarantee] | None:
    """Take what was given by mistake out of the count; None where it is out. `Problem` 403, 404.

    The receiver may too: it knows what came.
    """
    if not sees_unit(principal, state.unit_id):
        may_write(principal, state.area_path)
    found = next((gift for gift in state.gifts if gift.id == gift_id), None)
    if found is None:
        raise Problem(404, "guarantee-gift-not-found", id=gift_id)
    if found.voided is not None:
        return None
    voided = found.model_copy(update={"voided": reason})
    gifts = tuple(voided if gift.id == gift_id else gift for gift in state.gifts)
    return _changed(state.model_copy(update={"gifts": gifts, "told": False}), reason)


def withdraw(state: Guarantee, reason: str, principal: Principal) -> Decision[Guarantee] | None:
    """It is no longer promised; None where it was withdrawn. Raises `Problem` 403."""
    may_write(principal, state.area_path)
    if state.withdrawn is not None:
        return None
    return _changed(state.model_copy(update={"withdrawn": reason}), reason)


def _ensure_open(state: Guarantee) -> None:
    if state.withdrawn is not None:
        raise Problem(409, "guarantee-withdrawn", reason=state.withdrawn)


def overdue(state: Guarantee, now: datetime) -> Decision[Guarantee] | None:
    """Tell once that something is missing after its date."""
    due = state.next_due()
    if due is None or due > now:
        return None
    told = GuaranteeOverdue(
        guarantee_id=state.id,
        kind=state.kind,
        organization_id=state.organization_id,
        giver=state.giver,
        by=state.by,
        missing_yuan=(state.fen - state.given) / 100,
    )
    return Decision(state.model_copy(update={"told": True}), [told], "overdue")
