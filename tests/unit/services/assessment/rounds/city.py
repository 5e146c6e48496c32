"""A round for tests: the shipped scheme and rules, three units of one class."""

from datetime import UTC, datetime, timedelta

from services.assessment.rounds.decisions import entered, on_due
from services.assessment.rounds.state import (
    Deadlines,
    Item,
    ItemRating,
    Rated,
    Round,
    Subject,
    Terms,
)
from services.assessment.rounds.table import RoundRules
from services.assessment.schemes.reading import read_file
from services.assessment.service.figures import SubjectKind
from services.assessment.tables import SHIPPED
from shared.contracts.payload import Payload
from shared.storage.aggregates import At

OPENED = datetime(2026, 10, 1, 8, tzinfo=UTC)
UNTIL = Deadlines(
    self_rating=OPENED + timedelta(days=7),
    public_rating=OPENED + timedelta(days=21),
    organizational_rating=OPENED + timedelta(days=28),
)
SCHEME = read_file(SHIPPED / "schemes" / "default.yaml")
RULES = RoundRules.model_validate_json((SHIPPED / "round-rules.json").read_bytes())
ITEMS = tuple(
    Item(id=one.id, label=one.label, weight=one.weight)
    for one in SCHEME.indicators_of("agency")
    if not one.stand_in
)
TERMS = Terms(
    scheme_version="schemes/1",
    steps=SCHEME.steps,
    grades=SCHEME.grades,
    items={"agency": ITEMS},
    shrinkage=SCHEME.shrinkage,
    lines=RULES.lines,
    recheck_minutes=RULES.recheck_minutes,
    remind_hours=RULES.remind_hours,
)
TAX = Subject(
    id="tax",
    class_id="agency",
    area_path=("bj", "xc"),
    unit_id="tax",
    superior_unit_id="tax-city",
    system="taxation",
)
"""Under vertical management."""
LIBRARY = Subject(id="library", class_id="agency", area_path=("bj", "xc"), unit_id="library")


def a_round(*subjects: Subject, until: Deadlines = UNTIL) -> Round:
    return Round(
        period="2026-09",
        kind=SubjectKind.UNIT,
        deadlines=until,
        terms=TERMS,
        opened_at=OPENED,
        opened_by="administrator:admin",
        subjects=len(subjects),
        waiting=subjects,
    )


def begun(subject: Subject = TAX) -> Rated:
    return entered("r1", a_round(subject), subject)


def timed(state: Rated, until: datetime) -> tuple[Rated, list[Payload | At]]:
    """Fire the timers that are due up to a moment, each at its time."""
    told: list[Payload | At] = []
    while (due := state.next_due()) is not None and due <= until:
        decision = on_due(state, due)
        assert decision is not None
        state = decision.state
        told += decision.events
    return state, told


def items(*points: float) -> list[ItemRating]:
    """Points for response, resolution and satisfaction, with evidence."""
    return [
        ItemRating(item=item.id, points=given, evidence="见台账")
        for item, given in zip(ITEMS, points, strict=True)
    ]
