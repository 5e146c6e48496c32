"""What everybody sees of requests: status words, places, times, spans."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.request_intake.classification import Category, Classifier, Rule, Table
from services.request_intake.locator import Area
from services.request_intake.open311 import messages, service
from services.request_intake.open311.schemas import ServiceRequest
from services.request_intake.read_models import City
from services.request_intake.rules import shipped_table
from services.request_intake.service import accept
from services.request_intake.state import Requester, Status
from shared.settings import Settings
from shared.web.problems import Problem
from tests.unit.services.request_intake.test_requests import request

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
CLASSIFIER = Classifier(
    Table(
        default="other",
        categories=(
            Category(code="other", zh="其他", en="Other"),
            Category(code="traffic", zh="交通出行", en="Traffic", public_space=True),
        ),
        rules=(
            Rule(any=("塌陷",), category="traffic", urgency="danger"),
            Rule(any=("路灯", "street lamp"), category="traffic", urgency="ordinary"),
            Rule(any=("路灯", "坑洼"), category="traffic", urgency="ordinary"),
        ),
    ),
    1,
)
CITY = City(
    areas={"S": Area("龙田街道", ("S",)), "S1": Area("南布社区", ("S", "S1"))},
    units={"water": "水务局"},
)
SECRETS = {
    "text": "sealed text",
    "requester": Requester(name="王芳", telephone="13800138000", address="1号", email="a@b.cn"),
    "point": {"longitude": 114.05123, "latitude": 22.98765},
    "case_number": "case 77",
    "submitted_by": "resident 9",
}


def shown(language: str = "zh", **change: Any) -> dict[str, Any]:
    given = SECRETS | {"category": "traffic", "area_path": ("S", "S1"), "accepted_at": NOW}
    state = accept(request(**given | change)).state
    seen = service.Shown.model_validate(state.model_dump())
    found = service.show(seen, CITY, CLASSIFIER, "en" if language == "en" else "zh", ZONE)
    ServiceRequest.model_validate(found)
    return found


def test_every_field_of_the_standard_and_nothing_else() -> None:
    assert shown() == {
        "service_request_id": "r1",
        "status": "open",
        "status_notes": "已受理",
        "service_name": "交通出行",
        "service_code": "traffic",
        "description": "交通出行",
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": "2026-05-01T08:30:00+08:00",
        "updated_datetime": "2026-05-01T08:30:00+08:00",
        "expected_datetime": None,
        "address": "南布社区，龙田街道",
        "address_id": "S1",
        "zipcode": None,
        "lat": 22.988,
        "long": 114.051,
        "media_url": None,
    }
    assert set(ServiceRequest.model_fields) == set(shown())


def test_nothing_that_names_a_person_is_even_read() -> None:
    private = {"text", "requester", "tracking_code", "case_number", "submitted_by", "follow_ups"}
    assert not private & set(service.Shown.model_fields)
    for language in ("zh", "en"):
        told = str(shown(language, category="other"))
        assert not any(secret in told for secret in ("sealed", "王芳", "138", "7K3M", "case 77"))


@pytest.mark.parametrize(
    "change",
    [
        {"category": "other"},
        {"category": "own-code"},
        {"urgency": "danger"},
    ],
)
def test_what_may_tell_of_a_person_has_no_place(change: dict[str, Any]) -> None:
    found = shown(**change, assignee={"kind": "area_duty", "id": "S"})
    told = ("lat", "long", "address", "address_id", "agency_responsible")
    assert [found[name] for name in told] == [None] * 5
    unit = {"kind": "unit", "id": "water"}
    assert shown(**change, assignee=unit)["agency_responsible"] == "水务局"


def test_the_shipped_table_keeps_persons_off_the_map() -> None:
    table = shipped_table(Settings.model_construct(data_folder=""))
    public = {category.code for category in table.categories if category.public_space}
    assert public == {
        "utilities",
        "housing",
        "city_appearance",
        "environment",
        "traffic",
        "market",
    }


@pytest.mark.parametrize(
    ("change", "status", "zh", "en"),
    [
        ({"status": "accepted"}, "open", "已受理", "Accepted"),
        ({"status": "in_hand"}, "open", "办理中", "In hand"),
        (
            {"status": "in_hand", "overdue": True},
            "open",
            "办理中，已超过办理期限",
            "In hand; the deadline has passed",
        ),
        (
            {"status": "completed", "overdue": True},
            "open",
            "已办结，待评价",
            "Completed, waiting for your answer",
        ),
        ({"status": "reopened"}, "open", "重新办理", "Reopened"),
        (
            {"status": "closed", "outcome": "solved"},
            "closed",
            "居民确认已解决",
            "Solved, as the resident says",
        ),
        ({"status": "closed", "outcome": "anything"}, "closed", "已归档", "Closed"),
    ],
)
def test_status_and_its_words(change: dict[str, Any], status: str, zh: str, en: str) -> None:
    found = shown(**change)
    assert (found["status"], found["status_notes"]) == (status, zh)
    assert shown("en", **change)["status_notes"] == en


def test_every_status_and_outcome_has_words() -> None:
    for status in Status:
        assert shown(status=status.value)["status_notes"]
    for outcome in ("solved", "no_answer", "reported", "final"):
        assert f"open311.closed_{outcome}" in messages.MESSAGES


def test_units_are_named_and_volunteers_are_not() -> None:
    unit = {"kind": "unit", "id": "water", "unit_id": "water"}
    assert shown(assignee=unit)["agency_responsible"] == "水务局"
    area = {"kind": "area_duty", "id": "S"}
    assert shown(assignee=area)["agency_responsible"] == "龙田街道"
    volunteer = {"kind": "volunteer", "id": "v1", "unit_id": "water"}
    assert shown(assignee=volunteer)["agency_responsible"] is None


def test_services_come_from_the_category_table() -> None:
    other, traffic = service.services(CLASSIFIER, "zh")
    assert traffic == {
        "service_code": "traffic",
        "service_name": "交通出行",
        "description": "交通出行，例如：路灯、坑洼、塌陷",
        "metadata": False,
        "type": "realtime",
        "keywords": "路灯, 坑洼, 塌陷",
        "group": "一般",
    }
    assert (other["description"], other["keywords"]) == ("其他", "")
    assert (
        service.services(CLASSIFIER, "en")[1]["description"] == "Traffic: street lamp, for example"
    )


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (None, None, NOW - timedelta(days=90), NOW),
        ("2026-01-01T00:00:00Z", None, datetime(2026, 1, 1, tzinfo=UTC), None),
        ("2026-01-01T08:00+08:00", None, datetime(2026, 1, 1, tzinfo=UTC), None),
        ("2026-01-01T08:00:00.5 08:00", None, datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC), None),
        ("2026-01-01", "2026-01-01", datetime(2025, 12, 31, 16, tzinfo=UTC), None),
        ("2026-01-01", "2026-04-01", datetime(2025, 12, 31, 16, tzinfo=UTC), None),
        (None, "2026-01-01T00:00:00Z", None, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_spans(
    start: str | None, end: str | None, first: datetime | None, last: datetime | None
) -> None:
    found = service.span({"start_date": start, "end_date": end}, ZONE, NOW)
    assert first in (None, found[0])
    assert last in (None, found[1])
    assert found[0] < found[1]
    if start is None or end is None:
        assert found[1] - found[0] == timedelta(days=90)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-01-01T00:00:00", None, "open311-date"),  # no offset
        ("yesterday", None, "open311-date"),
        (None, "2026-02-30", "open311-date"),
        ("2026-01-01T25:00:00Z", None, "open311-date"),
        ("0001-01-01T00:00:00+14:00", None, "open311-date"),
        ("1767225600", None, "open311-date"),
        ("2026-01-01T00:00:00Z", "2026-04-01T00:00:01Z", "open311-span"),
        ("2026-01-01", "2026-04-02", "open311-span"),
        ("2026-01-02", "2026-01-01", "open311-span"),
        ("9999-12-31", None, "open311-span"),
    ],
)
def test_what_is_no_span(start: str | None, end: str | None, code: str) -> None:
    with pytest.raises(Problem) as refused:
        service.span({"start_date": start, "end_date": end}, ZONE, NOW)
    assert (refused.value.status, refused.value.code) == (400, code)
