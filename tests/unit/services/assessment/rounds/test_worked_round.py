"""The round that is worked through by hand in docs/assessment/rounds.md, with its numbers."""

import re
from pathlib import Path

import pytest

from services.assessment.ratings.result import PublicResult, Tally, results_of, tally_of
from services.assessment.ratings.stuffing import judge
from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Source, Vote
from services.assessment.rounds import decisions
from services.assessment.rounds.state import Rated, Subject
from shared.contracts.rounds import RatingLine
from tests.unit.services.assessment.ratings.voices import FREE, RULES, vote
from tests.unit.services.assessment.rounds.city import (
    ITEMS,
    LIBRARY,
    OPENED,
    TAX,
    TERMS,
    UNTIL,
    begun,
    items,
    timed,
)

SCHOOL = Subject(id="school", class_id="agency", area_path=("bj", "xc"), unit_id="school")
PAGE = Path(__file__).parents[5] / "docs" / "assessment" / "rounds.md"


def voices(name: str, number: int, satisfied: int, source: Source = Source.CODE) -> list[Vote]:
    return [
        vote(
            n,
            id=f"{name}-{source}-{n}",
            source=source,
            place=f"{name}-{source}",
            device=f"{name}-{source}-{n}",
            network=f"{name}-{source}-{n}",
            satisfied=n < satisfied,
            entered="resident" if source is Source.FOLLOW_UP else None,
        )
        for n in range(number)
    ]


TAX_VOICES = (
    voices("tax", 40, 32, Source.FOLLOW_UP)
    + voices("tax", 50, 41)
    + voices("tax", 10, 7, Source.PANEL)
)
ATTACK = [vote(900 + n, id=f"x{n}", network="one", satisfied=False) for n in range(11)]


def public(tax: Tally) -> dict[str, PublicResult]:
    """Tax office: 40 follow-ups (32 satisfied) and the voices given; library 60 follow-ups (54
    satisfied); school three voices by code, all satisfied."""
    return results_of(
        {
            "tax": tax,
            "library": tally_of(judge(voices("library", 60, 54, Source.FOLLOW_UP), {}, RULES)),
            "school": tally_of(judge(voices("school", 3, 3), {}, RULES)),
        },
        TERMS.shrinkage,
    )


def tax_tally(votes: list[Vote], rules: RatingRules = RULES) -> Tally:
    return tally_of(judge(votes, {}, rules))


RATINGS: dict[str, tuple[Subject, tuple[float, ...], dict[RatingLine, float]]] = {
    "tax": (TAX, (90, 76, 76), {RatingLine.LOCAL: 80, RatingLine.SYSTEM: 85}),
    "library": (LIBRARY, (95, 95, 95), {RatingLine.LOCAL: 92}),
    "school": (SCHOOL, (), {RatingLine.LOCAL: 90}),
}


def result(name: str, tax: Tally) -> Rated:
    subject, own, lines = RATINGS[name]
    state = begun(subject)
    if own:
        state = decisions.self_rated(state, ITEMS, items(*own), "u:x", OPENED).state
    state, _ = timed(state, UNTIL.public_rating)
    for line, points in lines.items():
        now = UNTIL.public_rating
        state = decisions.line_rated(state, line, points, "考评", "x:y", now).state
    state, _ = timed(state, UNTIL.organizational_rating)
    assert state.next_due() is None
    recipients = tally_of(judge(voices("r", 12, 9, Source.PANEL), {}, RULES))
    counted = decisions.counted(state, Tally(), recipients if subject is TAX else None)
    now = UNTIL.organizational_rating
    settled = decisions.settled(
        state, TERMS, public(tax)[name], RULES.recipients_least, now, counted=counted
    )
    assert settled is not None
    return settled.state


def test_the_public_rating() -> None:
    found = public(tax_tally(TAX_VOICES))
    tax, library, school = found["tax"], found["library"], found["school"]
    assert (tax.voices, tax.satisfied) == (100, 80)
    assert (library.voices, school.voices) == (60, 3)
    assert tax.mean == pytest.approx(137 / 163)
    assert tax.spread == pytest.approx(0.01777, abs=5e-6)
    assert tax.strength == pytest.approx(55.28, abs=0.005)
    assert tax.low == pytest.approx(0.7112, abs=5e-5)
    assert tax.high == pytest.approx(0.8666, abs=5e-5)
    assert tax.points == pytest.approx(81.44, abs=0.005)
    assert library.points == pytest.approx(87.15, abs=0.005)
    # Three voices of three do not top the class.
    assert school.points == pytest.approx(84.87, abs=0.005)
    assert school.weight == pytest.approx(0.051, abs=5e-4)


@pytest.mark.parametrize(
    ("name", "organizational", "total", "grade"),
    [
        ("tax", 80.0, 80.62, "fairly_good"),
        ("library", 92.0, 90.66, "good"),
        ("school", 90.0, 69.95, "average"),
    ],
)
def test_the_results(name: str, organizational: float, total: float, grade: str) -> None:
    state = result(name, tax_tally(TAX_VOICES))
    assert state.organizational == pytest.approx(organizational)
    assert state.total == pytest.approx(total, abs=0.005)
    assert state.grade == grade


def test_a_tenth_of_the_voices_from_one_network() -> None:
    """Without protection the tax office would fall to `average`."""
    guarded, free = tax_tally(TAX_VOICES + ATTACK), tax_tally(TAX_VOICES + ATTACK, FREE)
    assert guarded.sample == (80, 100)
    assert [one.name for one in guarded.aside] == ["network:one"]
    assert result("tax", guarded).grade == "fairly_good"
    assert result("tax", free).total == pytest.approx(77.12, abs=0.005)
    assert result("tax", free).grade == "average"


def test_the_page_has_these_numbers() -> None:
    """Whoever changes one changes the other."""
    page = PAGE.read_text("utf-8")
    for number in (
        "0.01777",
        "55.28",
        "81.44",
        "87.15",
        "84.87",
        "80.62",
        "90.66",
        "69.95",
        "77.12",
    ):
        assert re.search(rf"\b{re.escape(number)}\b", page), number
