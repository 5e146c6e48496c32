"""A small month worked out by hand: eight requests of one unit, May 2026, hours written out."""

import statistics
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.service.cases import Case
from services.assessment.service.figures import Figure, remeasured
from services.assessment.service.recount import Pile, numbers
from shared.contracts import requests as r
from shared.contracts import tasks as t
from shared.contracts.assessments import FigureMeasured
from tests.unit.services.assessment.stories import Teller
from tests.unit.services.assessment.test_cases import beside, one, recounted, summed

MAY = datetime(2026, 5, 4, 1, tzinfo=UTC)
SUBJECT = ("2026-05", "unit", "u1")


def case(
    number: int,
    hours: float | None = None,
    in_time: bool | None = None,
    answer: tuple[bool, bool | None, int | None] | None = None,
    *,
    overdue: bool = False,
) -> Case:
    tell = Teller(f"r{number}")
    tell.accept(MAY)
    tell.assign("u1")
    if overdue:
        tell.task(t.TaskOverdue, deadline=MAY, round=1)
    if hours is not None:
        tell.complete("u1", None, MAY + timedelta(hours=hours), in_time)
    if answer is not None:
        contacted, solved, satisfied = answer
        tell.request(
            r.RequestFollowedUp, contacted=contacted, solved=solved, satisfied=satisfied, round=1
        )
    return one(tell)


CASES = [
    case(1, 2.0, True, (True, True, 5)),
    case(2, 4.0, True, (True, True, 4)),
    case(3, 6.0, True, (True, False, 2)),
    case(4, 10.0, True, (False, None, 1)),
    case(5, 30.0, False, (True, True, None)),
    case(6, 100.0, None),  # done, nobody says whether in time
    case(7, overdue=True),  # open, its deadline has passed
    case(8),  # open
]
EXPECTED = {
    "requests": 8,
    "followed_up": 5,
    "response_rate": 4 / 5,  # requests 1, 2, 3, 5 of 1 to 5
    "resolution_rate": 3 / 4,  # 1, 2, 5 of those contacted
    "satisfaction_rate": 2 / 4,  # 5 and 4 of 5, 4, 2, 1
    "in_time_rate": 4 / 6,  # 1 to 4 of 1 to 5 and 7
    "median_hours": 8.0,  # of 2, 4, 6, 10, 30, 100: half way from 6 to 10
    "p90_hours": 65.0,  # place (6 - 1) x 0.9 = 4.5: half way from 30 to 100
}


def test_the_figures_are_those_worked_out_by_hand() -> None:
    figure = summed(CASES)[SUBJECT]
    assert {name: getattr(figure, name) for name in EXPECTED} == pytest.approx(EXPECTED)


def test_the_recount_is_that_worked_out_by_hand() -> None:
    assert numbers(recounted(CASES).subjects()[SUBJECT]) == pytest.approx(EXPECTED)


def test_a_figure_is_told_only_when_it_changed() -> None:
    now = summed(CASES)[SUBJECT]
    first = remeasured(None, now)
    assert first is not None
    told = first.events[0]
    assert isinstance(told, FigureMeasured)
    assert (told.subject_id, told.requests, told.median_hours) == ("u1", 8, 8.0)
    assert remeasured(now, now) is None
    nothing = Figure(month="2026-05", kind=now.kind, subject_id="u1")
    never = remeasured(None, nothing)
    assert never is not None
    assert (never.state, never.events) == (nothing, [])
    emptied = remeasured(now, nothing)
    assert emptied is not None
    told = emptied.events[0]
    assert isinstance(told, FigureMeasured)
    assert (told.requests, told.in_time_rate) == (0, None)


def test_a_wrong_number_a_figure_of_nobody_and_a_missing_one_are_differences() -> None:
    known = summed(CASES)
    street = known.pop(("2026-05", "street", "s1"))
    unit = known.pop(SUBJECT).model_copy(update={"requests": 9})
    nobody = street.model_copy(update={"subject_id": "s9"})
    found = beside(CASES, [*known.values(), unit, nobody])
    assert (found.figures, found.differing_total) == (len(known) + 3, 3)
    assert found.differing[0] == {"id": "2026-05/unit/u1", "numbers": {"requests": [9, 8]}}
    of_nobody, missing = found.differing[1:]
    assert (of_nobody["id"], of_nobody["numbers"]["requests"]) == ("2026-05/street/s9", [8, 0])
    assert (missing["id"], missing["numbers"]["median_hours"]) == ("2026-05/street/s1", [None, 8.0])
    assert set(missing["numbers"]) == set(EXPECTED)
    assert (found.counted_twice, found.missing) == (1 + 8, 8)


@given(st.lists(st.integers(0, 40_000_000), min_size=1, max_size=60), st.integers(1, 5))
def test_percentiles_are_those_of_the_statistics_module(millis: list[int], parts: int) -> None:
    piles = [Pile(millis=array("q", millis[n::parts])) for n in range(parts)]
    found = numbers(piles)
    hours = [each / 3_600_000 for each in millis]
    assert found["median_hours"] == pytest.approx(statistics.median(hours))
    ninetieth = statistics.quantiles(
        hours * 2 if len(hours) < 2 else hours, n=10, method="inclusive"
    )
    assert found["p90_hours"] == pytest.approx(ninetieth[8])
