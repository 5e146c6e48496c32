"""The whole Los Angeles table, against counts made from the file alone."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.unit.cli.conftest import rows
from tests.unit.cli.mapped import Whole, map_table

ZONE = ZoneInfo("America/Los_Angeles")


@pytest.fixture(scope="module")
def table(data: Path) -> list[dict[str, str]]:
    return rows(data / "la_311_2018_12_sample.csv")


@pytest.fixture(scope="module")
def whole(data: Path) -> Whole:
    return map_table(data / "la_311_2018_12_sample.csv", "la311")


def moment(text: str) -> datetime:
    date, clock, half = text.split()
    month, day, year = (int(part) for part in date.split("/"))
    hour, minute, second = (int(part) for part in clock.split(":"))
    return datetime(year, month, day, hour % 12 + 12 * (half == "PM"), minute, second, tzinfo=ZONE)


def test_every_row_is_taken_once(whole: Whole, table: list[dict[str, str]]) -> None:
    assert len(table) == 10_000
    assert whole.rejected == {}
    assert set(whole.reports()) == {f"case/{row['SRNumber']}" for row in table}


def test_the_end_is_that_of_the_file(whole: Whole, table: list[dict[str, str]]) -> None:
    status = Counter(row["Status"] for row in table)
    results = Counter(result.outcome for result in whole.results().values())
    assert results["done"] == status["Closed"] == 9568
    assert results["withdrawn"] == status["Cancelled"] + status["Referred Out"] == 413
    assert len(table) - results.total() == status["Open"] + status["Pending"] == 19


def test_hours_to_closing_are_those_of_the_file(whole: Whole, table: list[dict[str, str]]) -> None:
    results = whole.results()
    begun = {m.events[0].subject: m.events[0].time for m in whole.taken.values()}
    untimed = []
    for row in table:
        subject = f"case/{row['SRNumber']}"
        if row["Status"] != "Closed":
            continue
        wanted = moment(row["ClosedDate"]) - moment(row["CreatedDate"])
        completed = results[subject].completed_at
        if completed is None:
            untimed.append(row)
            assert wanted.total_seconds() < 0
        else:
            assert completed - begun[subject] == wanted
    # A day without an hour (midnight), earlier than the report: when it was done is not known.
    assert len(untimed) == 23
    assert all(row["ClosedDate"].endswith("12:00:00 AM") for row in untimed)
    assert sum("before it was made" in remark for remark in whole.remarks()) == 23


def test_points_are_those_of_the_file_to_eleven_metres(
    whole: Whole, table: list[dict[str, str]]
) -> None:
    reports = whole.reports()
    located = 0
    for row in table:
        point = reports[f"case/{row['SRNumber']}"].point
        assert (point is None) == (row["Latitude"] == "")
        if point is not None:
            located += 1
            assert abs(point.latitude - float(row["Latitude"])) <= 0.00005
            assert abs(point.longitude - float(row["Longitude"])) <= 0.00005
    assert located == 9995
    assert sum("without a place" in remark for remark in whole.remarks()) == 5


def test_owners_and_categories(whole: Whole, table: list[dict[str, str]]) -> None:
    reports = whole.reports().values()
    owners = Counter(f"la311-{row['Owner'].lower()}" for row in table)
    assert Counter(r.handling_unit for r in reports) == owners
    types = Counter(row["RequestType"] for row in table)
    categories = Counter(r.category for r in reports)
    assert sorted(types.values()) == sorted(categories.values())
    assert categories["la311.bulky_items"] == types["Bulky Items"]
    calls = sum(row["RequestSource"] in ("Call", "Voicemail") for row in table)
    assert sum(r.channel == "hotline" for r in reports) == calls
