"""10,000 real requests of Los Angeles: the grid from the coordinates, hours to closing."""

from datetime import datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.integration.cli.conftest import Run
from tests.real.tables import DATA, Api, audited, imported, needs_the_tables, rows_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500), needs_the_tables]

TABLE = "la_311_2018_12_sample.csv"
POLYGONS = "la_neighborhood_councils_2019.geojson"
# The city renamed two councils between the table (2018) and the polygons (2019).
RENAMED = {
    "MID-TOWN NORTH HOLLYWOOD NC": "NOHO NC",
    "GREATER ECHO PARK ELYSIAN NC": "ECHO PARK NC",
}
ZONE = ZoneInfo("America/Los_Angeles")


def seconds(text: str) -> float:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=ZONE).timestamp()


def test_grids_and_hours_agree_with_the_file(
    lianxin: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    areas = tmp_path / "areas.csv"
    areas.write_text("id,name,level,parent\nla,Los Angeles,city,\n")
    lianxin("import", "areas", areas)
    options = ("--id-property", "nc_id", "--area", "la", "--repair")
    lianxin("import", "grids", DATA / POLYGONS, *options, "--rejects", tmp_path / "rejected.csv")
    rows = {row["SRNumber"]: row for row in rows_of(TABLE)}
    summary = imported(lianxin, DATA / TABLE, "--format", "la311", "--output", tmp_path)
    assert (summary["accepted"], summary["rejected"]) == (len(rows), 0)
    assert audited(lianxin)["clean"]

    api = Api(lianxin, environment)
    names = {grid["id"]: grid["name"] for grid in api.items("registry", "/v1/grids")}
    assert len(names) == 99
    requests = list(api.items("request_intake", "/v1/requests", reported_by="la311-platform"))
    by_id = {one["id"]: rows[one["case_number"]] for one in requests}
    assert len(by_id) == len(rows)

    both = agree = without = 0
    for one in requests:
        council = by_id[one["id"]]["NCName"]
        if not council:
            continue
        if one["grid_id"] is None:
            without += 1
        else:
            both += 1
            agree += names[one["grid_id"]] == RENAMED.get(council, council)
    print(f"grid and council agree in {agree} of {both} rows; {without} lie in no polygon")
    assert both > 9000
    assert agree / both >= 0.98

    hours = 0
    owners = {unit["id"] for unit in api.items("registry", "/v1/units")}
    # Months are those of the service's own zone, in which the last day of 2018 ends earlier.
    for owner, month in product((id for id in owners if id.startswith("la311-")), api.months()):
        for case in api.items("assessment", "/v1/cases", kind="unit", month=month, id=owner):
            row = by_id[case["request_id"]]
            expected = None
            if row["Status"] == "Closed" and row["ClosedDate"]:
                took = (seconds(row["ClosedDate"]) - seconds(row["CreatedDate"])) / 3600
                expected = took if took >= 0 else None
            assert case["hours"] == (None if expected is None else pytest.approx(expected)), row
            hours += expected is not None
    closed = [row for row in rows.values() if row["Status"] == "Closed" and row["ClosedDate"]]
    backward = [r for r in closed if seconds(r["ClosedDate"]) < seconds(r["CreatedDate"])]
    assert hours == len(closed) - len(backward)
