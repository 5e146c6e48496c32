"""Who rates whom."""

import pytest

from services.assessment.rounds.access import ensure_line, ensure_self, may_read, may_run
from services.assessment.rounds.state import Subject
from services.assessment.service.figures import SubjectKind
from shared.contracts.rounds import RatingLine
from shared.web.auth import Principal, Role
from shared.web.problems import Problem
from tests.unit.services.assessment.rounds.city import LIBRARY, TAX

ADMIN = Principal("admin", Role.ADMINISTRATOR)
STREET = Subject(id="s1", class_id="street", area_path=("bj", "xc", "s1"))
UNIT, AREA = SubjectKind.UNIT, SubjectKind.STREET


def operator(unit: str) -> Principal:
    return Principal("o", Role.UNIT_OPERATOR, unit_id=unit)


def manager(*areas: str) -> Principal:
    return Principal("m", Role.AREA_MANAGER, areas=frozenset(areas))


def test_only_the_subject_itself_gives_its_self_rating() -> None:
    ensure_self(operator("tax"), TAX)
    ensure_self(manager("s1"), STREET)
    for who, subject in (
        (operator("library"), TAX),
        (manager("xc"), TAX),
        (ADMIN, TAX),
        (manager("xc"), STREET),
    ):
        with pytest.raises(Problem, match="self-rating-not-yours"):
            ensure_self(who, subject)


def test_the_place_and_the_system_each_rate_their_line() -> None:
    ensure_line(manager("xc"), UNIT, TAX, RatingLine.LOCAL)
    ensure_line(operator("tax-city"), UNIT, TAX, RatingLine.SYSTEM)
    for line in (RatingLine.LOCAL, RatingLine.SYSTEM):
        ensure_line(ADMIN, UNIT, TAX, line)
    for who, line in (
        (manager("dc"), RatingLine.LOCAL),
        (operator("tax"), RatingLine.LOCAL),
        (manager("xc"), RatingLine.SYSTEM),
        (operator("tax"), RatingLine.SYSTEM),
    ):
        with pytest.raises(Problem, match="line-not-yours"):
            ensure_line(who, UNIT, TAX, line)


def test_nobody_rates_the_own_street_for_the_organization_above() -> None:
    ensure_line(manager("xc"), AREA, STREET, RatingLine.LOCAL)
    with pytest.raises(Problem, match="line-not-yours"):
        ensure_line(manager("s1"), AREA, STREET, RatingLine.LOCAL)
    assert not may_run(manager("s1"), AREA, STREET)


def test_who_reads_a_subjects_ratings() -> None:
    assert may_read(operator("tax"), TAX)
    assert may_read(operator("tax-city"), TAX)
    assert may_read(manager("xc"), TAX)
    assert may_read(manager("s1"), STREET)
    assert not may_read(operator("library"), TAX)
    assert not may_read(Principal("o", Role.UNIT_OPERATOR), STREET)
    assert not may_read(manager("dc"), LIBRARY)
