"""What a report makes of an entry, and who may change what: pure decisions."""

from datetime import UTC, datetime
from typing import cast

import pytest

from services.registry.ownership.decisions import UNNAMED, Reports, give, report
from services.registry.ownership.schemas import OwnerBody
from services.registry.schemas import OrganizationBody
from services.registry.service import Organizations, People
from services.registry.service.base import Known, Reference, Referred
from services.registry.service.ownership import ensure_unowned
from services.registry.states import OrganizationState, PersonState
from shared.contracts.registry import OrganizationChanged
from shared.contracts.units import OrganizationReported, PersonReported
from shared.contracts.words import Domain
from shared.messaging.processor import NotYet, Refused
from shared.storage.encryption import FieldCipher
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ADMIN = Principal("a", Role.ADMINISTRATOR)
ORGANIZATIONS = Organizations()
PEOPLE = People(FieldCipher.from_secret("0123456789abcdef" * 3))
KNOWN = Known(
    {
        Reference("units", "u1"): Referred(("c", "s"), area="s"),
        Reference("units", "u2"): Referred(("c",), area="c"),
        Reference("organizations", "top"): Referred(("c",)),
        Reference("grids", "g1"): Referred(("c", "s")),
    }
)
BRANCH = OrganizationReported(name="支部", domain=Domain.AGENCY, parent="top")
WORKER = PersonReported(grid_id="g1", skills=("care",))


def reports(author: str | None = None, id: str = "o") -> Reports:
    authors = {} if author is None else {Reference("organizations", id): author}
    return Reports({"organizations": KNOWN, "people": KNOWN}, authors, NOW)


def made(**changes: object) -> OrganizationState:
    body = OrganizationBody.model_validate(
        {"name": "支部", "domain": "agency", "level": "grassroots", "unit_id": "u1"} | changes
    )
    decision = ORGANIZATIONS.decide("o", body, None, KNOWN, ADMIN)
    assert decision is not None
    return decision.state


def owned() -> OrganizationState:
    decision = report(ORGANIZATIONS, "o", "u1", None, BRANCH, reports())
    assert decision is not None
    state: OrganizationState = decision.state
    return state


def test_the_first_report_makes_the_entry_and_the_same_again_changes_nothing() -> None:
    state = owned()
    assert (state.owner, state.unit_id, state.area, state.parent) == ("u1", "u1", "s", "top")
    assert report(ORGANIZATIONS, "o", "u1", state, BRANCH, reports()) is None


def test_a_report_does_not_move_what_is_there_in_the_tree() -> None:
    elsewhere = BRANCH.model_copy(update={"parent": "nowhere", "name": "新名"})
    decision = report(ORGANIZATIONS, "o", "u1", owned(), elsewhere, reports())
    assert decision is not None
    assert (decision.state.parent, decision.state.name) == ("top", "新名")


def test_what_was_set_by_hand_is_returned_once_and_only_where_it_differs() -> None:
    decision = report(ORGANIZATIONS, "o", "u1", made(), BRANCH, reports("administrator:a"))
    assert decision is not None
    assert (decision.state.owner, decision.state.returned) == ("u1", ())
    decision = report(
        ORGANIZATIONS, "o", "u1", made(name="手工"), BRANCH, reports("administrator:a")
    )
    assert decision is not None
    [one] = decision.state.returned
    assert (one.by, one.unit_id, one.fields, one.at) == ("administrator:a", "u1", ("name",), NOW)
    assert "administrator:a" in decision.why
    renamed = BRANCH.model_copy(update={"name": "再改"})
    later = report(ORGANIZATIONS, "o", "u1", decision.state, renamed, reports("administrator:a"))
    assert later is not None
    assert later.state.returned == (one,)


def test_only_the_owner_reports_and_only_what_is_its_own() -> None:
    with pytest.raises(Refused, match="is reported by unit u1"):
        report(ORGANIZATIONS, "o", "u2", owned(), BRANCH, reports())
    with pytest.raises(Refused, match="is not of unit u2"):
        report(ORGANIZATIONS, "o", "u2", made(), BRANCH, reports())
    barred = owned().model_copy(update={"owner": None, "barred": ("u1",)})
    with pytest.raises(Refused, match="taken the ownership"):
        report(ORGANIZATIONS, "o", "u1", barred, BRANCH, reports())


def test_what_is_not_registered_may_be_late_and_what_is_wrong_is_refused() -> None:
    with pytest.raises(NotYet, match="u9"):
        report(ORGANIZATIONS, "o", "u9", None, BRANCH, reports())
    late = WORKER.model_copy(update={"grid_id": "g9"})
    with pytest.raises(NotYet, match="g9"):
        report(PEOPLE, "p", "u1", None, late, reports())
    with pytest.raises(Refused, match="id"):
        report(ORGANIZATIONS, "Not an id", "u1", None, BRANCH, reports())


def test_a_person_is_told_of_without_a_name_and_keeps_the_one_added_by_hand() -> None:
    decision = report(PEOPLE, "p", "u1", None, WORKER, reports())
    assert decision is not None
    state: PersonState = decision.state
    view = PEOPLE.view("p", 1, state, ADMIN)
    assert (view.name, view.telephone, view.owner) == (UNNAMED, None, "u1")
    known = {"name": "王芳", "telephone": "10012345678", "grid_id": "g1", "unit_id": "u1"}
    body = PEOPLE.body.model_validate(known | {"skills": ["care"]})
    named = PEOPLE.decide("p", body, state, KNOWN, ADMIN)
    assert named is not None
    away = WORKER.model_copy(update={"available": False, "retired": True})
    decision = report(PEOPLE, "p", "u1", named.state, away, reports())
    assert decision is not None
    view = PEOPLE.view("p", 1, decision.state, ADMIN)
    assert (view.name, view.telephone) == ("王芳", "10012345678")
    assert (view.available, view.retired) == (False, True)


def test_what_the_owner_reports_is_refused_to_others_and_the_rest_is_not() -> None:
    state = owned()
    body = OrganizationBody.model_validate(
        {"name": "支部", "domain": "agency", "level": "grassroots", "unit_id": "u1"}
    )
    moved = ORGANIZATIONS.decide("o", body, state, KNOWN, ADMIN)  # no parent any more
    assert moved is not None
    assert (moved.state.parent, moved.state.owner) == (None, "u1")
    renamed = body.model_copy(update={"name": "另名", "domain": Domain.VILLAGE})
    with pytest.raises(Problem) as refused:
        ORGANIZATIONS.decide("o", renamed, state, KNOWN, ADMIN)
    answer = refused.value.render("zh")
    assert (answer["status"], answer["owner"], answer["fields"]) == (409, "u1", ["name", "domain"])
    with pytest.raises(Problem, match="owned-by-unit"):
        ORGANIZATIONS.retire("o", state, ADMIN)
    operator = Principal("b", Role.UNIT_OPERATOR, unit_id="u1")
    new = state.model_copy(update={"name": "另名"})
    ensure_unowned(operator, "organizations", "o", ORGANIZATIONS.reported, state, new)


def test_ownership_is_given_and_taken_with_the_reason() -> None:
    taken = give(ORGANIZATIONS, "o", owned(), OwnerBody(unit_id=None, reason="停用"), KNOWN)
    assert taken is not None
    assert (taken.state.owner, taken.state.barred, taken.why) == (None, ("u1",), "停用")
    assert taken.events == [ORGANIZATIONS.event("o", taken.state)]
    again = OwnerBody(unit_id=None, reason="再停")
    assert give(ORGANIZATIONS, "o", taken.state, again, KNOWN) is None
    back = give(ORGANIZATIONS, "o", taken.state, OwnerBody(unit_id="u1", reason="恢复"), KNOWN)
    assert back is not None
    assert (back.state.owner, back.state.barred) == ("u1", ())
    assert [cast(OrganizationChanged, told).owner for told in back.events] == ["u1"]
    with pytest.raises(Problem, match="unknown-reference"):
        give(ORGANIZATIONS, "o", owned(), OwnerBody(unit_id="u9", reason="误"), KNOWN)
