"""What becomes of a recurring problem; pure. Months are told by the finder, in any order."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.assessment.problems.messages import STATUSES
from services.assessment.problems.state import (
    OPEN,
    WORKED_ON,
    Followed,
    Line,
    Measure,
    ProblemState,
    Statistic,
    problem_id,
)
from services.assessment.problems.table import ProblemRules
from shared.contracts.payload import Payload
from shared.contracts.problems import (
    ProblemAccepted,
    ProblemClosed,
    ProblemDismissed,
    ProblemFollowed,
    ProblemFound,
    ProblemFoundAgain,
    ProblemMeasureSet,
    ProblemRaised,
    ProblemRelapsed,
)
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

FINDINGS_KEPT = 240
FOLLOWED_KEPT = 60
MEASURES_MOST = 100


def opened(
    category: str,
    place: str,
    path: Sequence[tuple[str, str]],
    found: Sequence[Statistic],
    rules: ProblemRules,
    now: datetime,
) -> Decision[ProblemState]:
    """A problem is found for the first time.

    Args:
        path: code and level of the areas that the place lies in, or is, from the top down.
        found: of one month, at least one.
    """
    codes = tuple(code for code, _ in path)
    level = next((one.level for one in found if one.place == place), found[0].level)
    owner = _owner(path, rules.owner_level(category, level))
    state = ProblemState(
        category=category,
        place=place,
        level=level,
        area_path=codes,
        owner=owner,
        seen_by=_seen_by(codes, place, found),
        month=found[0].month,
        accept_by=_accept_by(codes, owner, rules, now),
        patience_from=found[0].month,
        findings=tuple(found),
    )
    return Decision(state, [_told(ProblemFound, state, found)], "found by counts")


def found_again(
    state: ProblemState, found: Sequence[Statistic], rules: ProblemRules, now: datetime
) -> Decision[ProblemState] | None:
    """The finder finds it in a month: the month's findings stand on it once.

    After an end (closing, dismissal) only what is later than the end counts; a dismissal also
    stands for some months. None where everything stands there already.
    """
    month = found[0].month
    known = {one.key: one for one in state.findings}
    if all(known.get(one.key) == one for one in found):
        return None
    first = not any(one.month == month for one in state.findings)
    findings = tuple(sorted((known | {one.key: one for one in found}).values(), key=_by_key))
    noted = state.model_copy(
        update={
            "findings": findings[-FINDINGS_KEPT:],
            "seen_by": _seen_by(state.area_path, state.place, findings),
        }
    )
    if state.status in OPEN:
        events = [_told(ProblemFoundAgain, noted, found)] if first else []
        return Decision(noted, events, f"found in {month}")
    since = _months_between(state.ended or month, month)
    rest = rules.dismissed_months if state.status == "dismissed" else 0
    if since <= rest:
        return Decision(noted, (), f"found in {month}; its end stands")
    relapsed = state.status == "closed"
    again = noted.model_copy(
        update={
            "status": "found",
            "month": month,
            "accept_by": _accept_by(state.area_path, state.owner, rules, now),
            "patience_from": month,
            "relapses": state.relapses + relapsed,
            "followed": (),
            "ended": None,
            "outcome": None,
        }
    )
    event = (
        _told(ProblemRelapsed, again, found, relapses=again.relapses)
        if relapsed
        else _told(ProblemFound, again, found, again=True)
    )
    return Decision(again, [event], f"found in {month} after its end")


def follow(
    state: ProblemState, month: str, lines: Sequence[Line], rules: ProblemRules
) -> Decision[ProblemState] | None:
    """A month after it was found: what was counted of the same, against what is expected.

    Its rate has fallen once `fallen_months` in a row are down to expectation. A problem that is
    worked on and whose rate has not fallen for `patience_months` goes one level up.
    """
    if state.status not in OPEN or month <= state.month or not lines:
        return None
    fell = all(line.count <= rules.fallen_ratio * line.expected for line in lines)
    one = Followed(month=month, lines=tuple(lines), fell=fell)
    known = {each.month: each for each in state.followed}
    if known.get(month) == one:
        return None
    followed = tuple(sorted((known | {month: one}).values(), key=lambda each: each.month))
    now = state.model_copy(update={"followed": followed[-FOLLOWED_KEPT:]})
    down = now.fallen_months() >= rules.fallen_months
    if state.status != "found":
        now = now.model_copy(update={"status": "fallen" if down else "accepted"})
    events: list[Payload] = [
        ProblemFollowed(
            **_names(now),
            month=month,
            count=sum(line.count for line in lines),
            expected=sum(line.expected for line in lines),
            fell=fell,
        )
    ]
    waited = [each for each in now.followed if each.month > now.patience_from]
    if now.status == "accepted" and not fell and len(waited) >= rules.patience_months:
        now = now.model_copy(update={"patience_from": month})
        up = _one_up(now, "not_fallen")
        if up is not None:
            now, raised = up
            events.append(raised)
    return Decision(now, events, f"counts of {month}")


def on_due(
    state: ProblemState, now: datetime, rules: ProblemRules
) -> Decision[ProblemState] | None:
    """Nobody has taken it in time: it goes one level up, as long as there is one."""
    due = state.next_due()
    if due is None or due > now:
        return None
    up = _one_up(state, "not_accepted")
    if up is None:
        return Decision(state.model_copy(update={"accept_by": None}), (), "nobody is above")
    raised, event = up
    accept_by = _accept_by(raised.area_path, raised.owner, rules, now)
    return Decision(
        raised.model_copy(update={"accept_by": accept_by}), [event], "not accepted in time"
    )


# What people decide


def ensure_owner(state: ProblemState, principal: Principal) -> None:
    """Raise `Problem` 403 unless the caller answers for the owner's area or one above it."""
    above = state.area_path[: state.area_path.index(state.owner) + 1]
    if principal.role is not Role.ADMINISTRATOR and principal.areas.isdisjoint(above):
        raise Problem(403, "problem-not-yours", owner=state.owner)


def accept(
    state: ProblemState, cause: str, organization_id: str | None, principal: Principal
) -> Decision[ProblemState]:
    """The owner works on the cause; also one that was dismissed may be taken after all."""
    _ensure(state, principal, "found", "dismissed")
    now = state.model_copy(
        update={
            "status": "accepted",
            "cause": cause,
            "organization_id": organization_id,
            "patience_from": state.latest(),
            "ended": None,
            "outcome": None,
        }
    )
    event = ProblemAccepted(**_names(now), organization_id=organization_id)
    return Decision(now, [event], cause)


def dismiss(state: ProblemState, reason: str, principal: Principal) -> Decision[ProblemState]:
    """It is no problem, for the reason given. One that was accepted is followed until its rate
    has fallen; who took it in error raises it with the reason."""
    _ensure(state, principal, "found")
    now = _ended(state, "dismissed", reason)
    return Decision(now, [ProblemDismissed(**_names(now))], reason)


def set_measure(
    state: ProblemState, measure: Measure, principal: Principal
) -> Decision[ProblemState]:
    """Something is to be done about the cause."""
    _ensure(state, principal, "accepted", "fallen")
    if len(state.measures) >= MEASURES_MOST:
        raise Problem(409, "too-many-measures", limit=MEASURES_MOST)
    now = state.model_copy(update={"measures": (*state.measures, measure)})
    event = ProblemMeasureSet(
        **_names(now), measure=measure.id, organization_id=measure.organization_id
    )
    return Decision(now, [event], measure.what)


def finish_measure(
    state: ProblemState, id: str, result: str, principal: Principal, by: str, at: datetime
) -> Decision[ProblemState] | None:
    """A measure was taken; None where that was said before, in the same words."""
    _ensure(state, principal, "accepted", "fallen")
    measure = next((one for one in state.measures if one.id == id), None)
    if measure is None:
        raise Problem(404, "measure-not-found", id=id)
    if measure.result == result:
        return None
    done = measure.model_copy(update={"done_at": at, "done_by": by, "result": result})
    measures = tuple(done if one.id == id else one for one in state.measures)
    now = state.model_copy(update={"measures": measures})
    event = ProblemMeasureSet(
        **_names(now), measure=id, organization_id=done.organization_id, done=True
    )
    return Decision(now, [event], result)


def raise_up(
    state: ProblemState, reason: str, principal: Principal, rules: ProblemRules, now: datetime
) -> Decision[ProblemState]:
    """The owner cannot change the cause: one level up, which is asked anew."""
    _ensure(state, principal, "found", "accepted")
    up = _one_up(state, "by_hand")
    if up is None:
        raise Problem(409, "problem-at-the-top", owner=state.owner)
    raised, event = up
    accept_by = _accept_by(raised.area_path, raised.owner, rules, now)
    update = {"status": "found", "accept_by": accept_by, "patience_from": state.latest()}
    return Decision(raised.model_copy(update=update), [event], reason)


def close(
    state: ProblemState, result: str, principal: Principal, rules: ProblemRules
) -> Decision[ProblemState]:
    """Its rate has fallen for long enough, and stays down as far as one knows."""
    _ensure(state, principal, "accepted", "fallen")
    months = state.fallen_months()
    if state.status != "fallen":
        raise Problem(409, "problem-not-fallen", months=months, needed=rules.fallen_months)
    now = _ended(state, "closed", result)
    return Decision(now, [ProblemClosed(**_names(now), months=months)], result)


def hand_over(state: ProblemState, heirs: Mapping[str, str]) -> Decision[ProblemState] | None:
    """The organization that leads the work, or that a measure to come is with, has a successor.

    What is done stays with who did it. None where nobody works on it, or none of them.

    Args:
        heirs: who took over from organizations that are retired, by id.
    """
    if state.status not in WORKED_ON:
        return None
    gone: list[str] = []

    def now(who: str | None) -> str | None:
        if who is None or who not in heirs:
            return who
        gone.append(who)
        return heirs[who]

    leader = now(state.organization_id)
    measures = tuple(
        one
        if one.done_at is not None
        else one.model_copy(update={"organization_id": now(one.organization_id)})
        for one in state.measures
    )
    if not gone:
        return None
    new = state.model_copy(update={"organization_id": leader, "measures": measures})
    events: list[Payload] = []
    if leader != state.organization_id:
        events.append(ProblemAccepted(**_names(new), organization_id=leader))
    events += [
        ProblemMeasureSet(**_names(new), measure=one.id, organization_id=one.organization_id)
        for one, before in zip(measures, state.measures, strict=True)
        if one != before
    ]
    why = ", ".join(f"{heirs[id]} took over from {id}" for id in dict.fromkeys(gone))
    return Decision(new, events, why)


# Parts


def _ensure(state: ProblemState, principal: Principal, *statuses: str) -> None:
    ensure_owner(state, principal)
    if state.status not in statuses:
        zh, en = STATUSES[state.status]
        raise Problem(409, "problem-status", allowed=statuses, zh=zh, en=en)


def _ended(state: ProblemState, status: str, outcome: str) -> ProblemState:
    update = {"status": status, "outcome": outcome, "ended": state.latest(), "accept_by": None}
    return state.model_copy(update=update)


def _owner(path: Sequence[tuple[str, str]], level: str) -> str:
    """The area of that level, or the next one above it that is on the path."""
    order = ("city", "district", "street", "community")
    fits = [code for code, own in path if own in order and order.index(own) <= order.index(level)]
    return fits[-1] if fits else path[0][0]


def _one_up(state: ProblemState, why: Any) -> tuple[ProblemState, ProblemRaised] | None:
    at = state.area_path.index(state.owner)
    if at == 0:
        return None
    now = state.model_copy(update={"owner": state.area_path[at - 1], "raised": state.raised + 1})
    return now, ProblemRaised(**_names(now), why=why, before=state.owner)


def _accept_by(
    codes: Sequence[str], owner: str, rules: ProblemRules, now: datetime
) -> datetime | None:
    return None if owner == codes[0] else now + timedelta(days=rules.accept_days)


def _seen_by(codes: Sequence[str], place: str, found: Sequence[Statistic]) -> tuple[str, ...]:
    places = [place, *(one.place for one in found)]
    # Of what is widespread, the places; of what is repeated, `above` has months.
    places += [code for one in found if one.basis.value == "widespread" for code in one.above]
    return tuple(dict.fromkeys((*codes, *places)))


def _names(state: ProblemState) -> dict[str, Any]:
    return {
        "problem_id": problem_id(state.category, state.place),
        "category": state.category,
        "place": state.place,
        "area_path": state.area_path,
        "owner": state.owner,
    }


def _told(
    event: type[ProblemFound] | type[ProblemFoundAgain] | type[ProblemRelapsed],
    state: ProblemState,
    found: Sequence[Statistic],
    **more: Any,
) -> Payload:
    statistics = tuple(one.told for one in found)
    return event(**_names(state), month=found[0].month, statistics=statistics, **more)


def _by_key(one: Statistic) -> tuple[str, str, str]:
    return one.key


def _months_between(earlier: str, later: str) -> int:
    years, months = int(later[:4]) - int(earlier[:4]), int(later[5:]) - int(earlier[5:])
    return 12 * years + months


def put_to(place: str, path: Sequence[str], open_at: Mapping[str, str]) -> str:
    """The place whose case takes a finding: the nearest at or above it that has an open one, else
    its own.

    Args:
        path: places from the top down to the finding's own.
        open_at: id by place of the category's open cases.
    """
    return next((one for one in reversed(path) if one in open_at), place)
