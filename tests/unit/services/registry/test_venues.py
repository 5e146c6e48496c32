"""Opening hours and what a venue must have."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.bulk import Row, whole
from services.registry.service.base import Known, Reference, Referred
from services.registry.venues.decisions import Venues, VenueState
from services.registry.venues.hours import is_open, open_at, overlap
from services.registry.venues.schemas import VenueBody, clock, minutes
from shared.contracts.registry import DaySpans, OpenSpan, WeekdaySpan
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

ZONE = ZoneInfo("Asia/Shanghai")
KIND = Venues(lambda: ["meeting", "reading"], ZONE)
BODY: dict[str, Any] = {
    "name": "六联社区党群服务中心",
    "area": "4403",
    "organization_id": "o1",
    "uses": ["meeting"],
    "weekly": [
        {"weekday": 1, "opens": "09:00", "closes": "12:00"},
        {"weekday": 1, "opens": "14:00", "closes": "17:30"},
        {"weekday": 6, "opens": "18:00", "closes": "24:00"},
        {"weekday": 7, "opens": "00:00", "closes": "02:00"},
    ],
    "exceptions": [
        {"date": "2026-10-05", "spans": [{"opens": "10:00", "closes": "11:00"}]},
        {"date": "2026-10-12", "spans": []},
    ],
}
KNOWN = Known(
    {
        Reference("areas", "4403"): Referred(path=("4403",)),
        Reference("organizations", "o1"): Referred(path=("4403",), unit_id="u1"),
    }
)


def built(**change: Any) -> VenueState:
    return KIND.build("v1", VenueBody.model_validate(BODY | change), None, KNOWN)


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-09-28T09:00:00+08:00", True),  # a Monday
        ("2026-09-28T08:59:59+08:00", False),
        ("2026-09-28T01:00:00+00:00", True),  # the same moment as 09:00 in the city
        ("2026-09-28T09:00:00+00:00", True),  # 17:00 in the city
        ("2026-09-28T12:00:00+08:00", False),
        ("2026-09-28T17:29:59+08:00", True),
        ("2026-09-28T17:30:00+08:00", False),
        ("2026-09-29T09:30:00+08:00", False),
        ("2026-10-03T23:59:59+08:00", True),  # over midnight from Saturday
        ("2026-10-04T01:59:00+08:00", True),
        ("2026-10-04T02:00:00+08:00", False),
        ("2026-10-05T09:30:00+08:00", False),  # a Monday with hours of its own
        ("2026-10-05T10:30:00+08:00", True),
        ("2026-10-12T10:30:00+08:00", False),  # and one on which it is closed
    ],
)
def test_a_venue_is_open_by_the_citys_clock(moment: str, wanted: bool) -> None:
    state = built()
    at = datetime.fromisoformat(moment)
    assert is_open(state.weekly, state.exceptions, at, ZONE) is wanted


def test_another_city_has_another_clock() -> None:
    state = built(exceptions=[])
    summer = datetime.fromisoformat("2026-07-06T13:30:00+00:00")  # a Monday, 09:30 in New York
    winter = datetime.fromisoformat("2026-01-05T13:30:00+00:00")  # a Monday, 08:30 there
    for moment, wanted in ((summer, True), (winter, False)):
        assert is_open(state.weekly, (), moment, ZoneInfo("America/New_York")) is wanted


span = st.tuples(st.integers(0, 1439), st.integers(1, 400)).map(
    lambda t: OpenSpan(opens=t[0], closes=min(t[0] + t[1], 1440))
)
day = st.lists(span, max_size=4).filter(lambda spans: not overlap(spans))
MONDAY = datetime(2026, 9, 28, tzinfo=ZONE)


@given(st.lists(day, min_size=7, max_size=7), day, st.integers(0, 6))
def test_the_open_minutes_are_those_of_the_spans_and_an_exception_rules_its_day_alone(
    week: list[list[OpenSpan]], other: list[OpenSpan], which: int
) -> None:
    weekly = [
        WeekdaySpan(weekday=n, **each.model_dump()) for n, spans in enumerate(week, 1)
        for each in spans
    ]  # fmt: skip
    date = (MONDAY + timedelta(days=which)).date().isoformat()
    exceptions = [DaySpans(date=date, spans=tuple(other))]
    for n in range(7):
        spans = other if n == which else week[n]
        begins = MONDAY + timedelta(days=n)
        edges = {0, 1439, *(s.opens for s in spans), *(s.closes for s in spans)}
        for minute in {m for edge in edges for m in (edge - 1, edge) if 0 <= m < 1440}:
            inside = any(each.opens <= minute < each.closes for each in spans)
            moment = begins + timedelta(minutes=minute, seconds=59)
            assert is_open(weekly, exceptions, moment, ZONE) is inside


@given(st.integers(0, 1440))
def test_a_time_of_the_day_is_read_as_it_is_written(value: int) -> None:
    assert minutes(clock(value)) == value
    assert len(clock(value)) == 5


def test_the_condition_on_documents_asks_for_the_citys_weekday_and_minute() -> None:
    moment = datetime.fromisoformat("2026-10-04T17:30:00+00:00")  # Monday 01:30 in the city
    on_date, weekly = open_at(moment, ZONE)["$or"]
    assert on_date["state.exceptions"]["$elemMatch"]["date"] == "2026-10-05"
    wanted = {"weekday": 1, "opens": {"$lte": 90}, "closes": {"$gt": 90}}
    assert weekly["state.weekly"]["$elemMatch"] == wanted


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"weekly": [{"weekday": 1, "opens": "12:00", "closes": "09:00"}]}, "hours_order"),
        ({"weekly": [{"weekday": 8, "opens": "09:00", "closes": "12:00"}]}, "less_than_equal"),
        (
            {"weekly": [{"weekday": 1, "opens": "9:00", "closes": "12:00"}]},
            "string_pattern_mismatch",
        ),
        ({"weekly": [*BODY["weekly"], BODY["weekly"][0]]}, "hours_overlap"),
        ({"exceptions": [{"date": "2026-10-05"}, {"date": "2026-10-05"}]}, "not_unique"),
        ({"uses": ["meeting", "meeting"]}, "not_unique"),
    ],
)
def test_hours_that_cannot_be_are_refused(change: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        VenueBody.model_validate(BODY | change)
    assert refused.value.errors()[0]["type"] == error


def test_a_venue_has_an_owner_and_uses_of_the_table() -> None:
    assert built().unit_id == "u1"
    with pytest.raises(Problem, match="venue-owner-needed"):
        built(organization_id=None)
    with pytest.raises(Problem, match="unknown-use"):
        built(uses=["sleeping"])
    # A use that has left the table stays where it was.
    old = built().model_copy(update={"uses": ("sleeping",)})
    body = VenueBody.model_validate(BODY | {"uses": ["sleeping"]})
    assert KIND.build("v1", body, old, KNOWN).uses == ("sleeping",)


def test_a_unit_writes_its_own_venues() -> None:
    state = built()
    KIND.ensure_own(Principal("x", Role.UNIT_OPERATOR, unit_id="u1"), "v1", state)
    KIND.ensure_own(Principal("x", Role.AREA_MANAGER, areas=frozenset({"4403"})), "v1", state)
    for principal in (
        Principal("x", Role.UNIT_OPERATOR, unit_id="u2"),
        Principal("x", Role.AREA_MANAGER, areas=frozenset({"4404"})),
    ):
        with pytest.raises(Problem, match="403"):
            KIND.ensure_own(principal, "v1", state)


def test_a_row_of_a_bulk_load_leaves_the_hours_and_the_unit_follows_the_owner() -> None:
    def asked(**row: Any) -> VenueBody:
        body: VenueBody = whole(KIND, Row(1, "v1", VenueBody.model_validate(row)), built())
        return body

    row = {"name": BODY["name"], "area": "4403", "organization_id": "o1"}
    assert KIND.build("v1", asked(**row), built(), Known()) == built()
    other = asked(**row | {"organization_id": "o2"})
    there = Known({Reference("organizations", "o2"): Referred(path=("4403",), unit_id="u2")})
    assert KIND.build("v1", other, built(), there).unit_id == "u2"
