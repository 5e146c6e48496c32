"""What a unit's report makes of an entry, and who is to own it. Pure.

Ours (issue 3, item 11): the owner wins, and the other change is returned with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.registry.ownership import messages  # noqa: F401  (registers the sentences)
from services.registry.ownership.schemas import OwnerBody
from services.registry.service.base import Kind, Known, Reference
from services.registry.service.ownership import carried, differing
from services.registry.states import Entry, Returned
from shared.contracts.units import UnitFact
from shared.messaging.processor import NotYet, Refused
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

UNNAMED = "（姓名待登记）"
"""The name of a person whom only a unit's system has told of: events carry no names."""
RETURNED_KEPT = 20


@dataclass(frozen=True, slots=True)
class Reports:
    """What the reports of a batch look at besides the entries.

    Args:
        known: what is referred to, by kind.
        authors: who last changed an entry that nobody owns, as in the history.
    """

    known: Mapping[str, Known]
    authors: Mapping[Reference, str]
    now: datetime


def body_of(
    kind: Kind[Any, Any], id: str, unit: str, current: Entry | None, report: UnitFact
) -> Any:
    """The body that says what is there, with what the report says in its place.

    Raises `ValidationError` where that is no body of the kind.
    """
    said = {} if current is None else kind.said(id, current)
    told = report.model_dump(exclude_none=True)
    if current is not None:
        # Where it stands in the tree is decided above it (commands), not by the unit.
        told.pop("parent", None)
    values = {"name": UNNAMED} | said | told | {"id": id, "unit_id": unit}
    fields = kind.body.model_fields
    return kind.body.model_validate({name: values[name] for name in fields if name in values})


def report(
    kind: Kind[Any, Any],
    id: str,
    unit: str,
    current: Any,
    told: UnitFact,
    reports: Reports,
) -> Decision[Any] | None:
    """Take a unit's report over; None where it says what is there.

    The unit owns the entry from then on. What was changed by hand before is returned to its author.

    Raises:
        Refused: the entry is another one's, or what is told cannot be right.
        NotYet: it names what is not registered, which may only be late.
    """
    try:
        if current is not None:
            _ensure_may_report(id, unit, current)
        body = body_of(kind, id, unit, current, told)
        known = reports.known.get(kind.name, Known())
        built = kind.build(id, body, current, known)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Refused(f"{place}: {first['msg']}") from None
    except Problem as problem:
        sentence = " ".join(problem.render(language)["detail"] for language in ("zh", "en"))
        late = problem.code == "unknown-reference"
        raise (NotYet if late else Refused)(sentence) from None
    # `retired` stands in every report: facts are told as a whole.
    new = built.model_copy(
        update=carried(current) | {"retired": getattr(told, "retired", False), "owner": unit}
    )
    why = "reported by its unit's system"
    if current is not None and current.owner is None:
        lost = differing(kind.reported, current, new)
        author = reports.authors.get(Reference(kind.name, id))
        if lost and author is not None:
            one = Returned(at=reports.now, by=author, unit_id=unit, fields=lost)
            new = new.model_copy(update={"returned": (*current.returned, one)[-RETURNED_KEPT:]})
            why = f"reported by its unit's system; what {author} had set is returned"
    if new == current:
        return None
    return Decision(new, [kind.event(id, new)], why)


def _ensure_may_report(id: str, unit: str, current: Entry) -> None:
    if unit in current.barred:
        raise Problem(409, "ownership-taken", id=id)
    if current.owner not in (None, unit):
        raise Problem(409, "owned-by-another", id=id, owner=current.owner)
    if current.owner is None and getattr(current, "unit_id", None) != unit:
        raise Problem(409, "not-of-unit", id=id, unit=unit)


def give(
    kind: Kind[Any, Any], id: str, state: Any, body: OwnerBody, known: Known
) -> Decision[Any] | None:
    """Give an entry to a unit, or take it away from the one that has it; None: it is so already.

    Raises `Problem` 422 where the unit is not registered.
    """
    if body.unit_id == state.owner:
        return None
    barred = set(state.barred)
    if body.unit_id is None:
        barred.add(state.owner)
    else:
        known.find("units", body.unit_id, "unit_id")
        barred.discard(body.unit_id)
    update = {"owner": body.unit_id, "barred": tuple(sorted(barred))}
    new = state.model_copy(update=update)
    return Decision(new, [kind.event(id, new)], body.reason)
