"""99 real polygons and a district's real areas: the overlap and hole check, as docs/grids.md tells.

After the other tests of this folder by its name, as those count the grids that are there.
"""

import csv
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.integration.cli.conftest import Run
from tests.real.tables import DATA, needs_the_tables, rows_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), needs_the_tables]

POLYGONS = "la_neighborhood_councils_2019.geojson"
DOCS = Path(__file__).parents[2] / "docs" / "grids.md"


def checked(lianxin: Run, area: str, *more: object, exit: int) -> dict[str, Any]:
    asked = lianxin("grid-check", "--area", area, "--json", *more, exit=exit)
    found: dict[str, Any] = orjson.loads(asked.stdout)
    return found


def explained(pattern: str) -> list[float]:
    """The numbers of a sentence of docs/grids.md."""
    found = re.search(pattern, " ".join(DOCS.read_text("utf-8").split()))
    assert found is not None, f"docs/grids.md does not say {pattern!r}"
    return [float(number) for number in found.groups()]


def test_the_polygons_of_los_angeles_are_as_explained(lianxin: Run, tmp_path: Path) -> None:
    areas = tmp_path / "areas.csv"
    areas.write_text("id,name,level,parent\nla,Los Angeles,city,\n")
    lianxin("import", "areas", areas)
    options = ("--id-property", "nc_id", "--area", "la", "--rejects", tmp_path / "rejected.csv")
    lianxin("import", "grids", DATA / POLYGONS, *options)
    found = checked(lianxin, "la", exit=1)
    totals = found["totals"]
    assert [found["drawn"], totals["overlaps"], totals["holes"]] == explained(
        r"The (\d+) neighborhood councils of .* have (\d+) overlaps and (\d+) holes"
    )
    assert (totals["shared_communities"], totals["missing_communities"]) == (0, 0)
    sizes = [one["square_metres"] for one in found["overlaps"]]
    assert [sum(size > 1e5 for size in sizes)] == explained(r"(\d+) are larger than 0.1 km²")
    assert [sum(size < 1000 for size in sizes)] == explained(r"(\d+) of the 88 are smaller than")
    assert [round(size / 1e6, 2) for size in sizes[:3]] == explained(
        r"Lake Balboa ([\d.]+) km² .* Foothill Trails ([\d.]+) km², .* Los Feliz ([\d.]+) km²"
    )
    assert [sorted(grid["name"] for grid in one["grids"]) for one in found["overlaps"][:3]] == [
        ["ENCINO NC", "LAKE BALBOA NC"],
        ["FOOTHILL TRAILS DISTRICT NC", "PACOIMA NC"],
        ["HOLLYWOOD UNITED NC", "LOS FELIZ NC"],
    ]
    assert [round(one["square_metres"] / 1e6, 1) for one in found["holes"][:3]] == explained(
        r"The largest three, ([\d.]+), ([\d.]+) and ([\d.]+) km²"
    )
    few = checked(lianxin, "la", "--limit", 3, exit=1)
    assert (few["totals"], len(few["overlaps"]), len(few["holes"])) == (totals, 3, 3)
    coarse = checked(lianxin, "la", "--tolerance", 1000, exit=1)
    assert coarse["totals"]["overlaps"] == totals["overlaps"] - sum(size < 1000 for size in sizes)


def test_the_areas_of_pingshan_are_as_explained(lianxin: Run, tmp_path: Path) -> None:
    above = tmp_path / "areas.csv"
    above.write_text("id,name,level,parent\n4403,深圳市,city,\n440310,坪山区,district,4403\n")
    lianxin("import", "areas", above)
    tables = ("pingshan_streets.csv", "pingshan_communities.csv")
    for table in tables:
        lianxin("import", "areas", DATA / table, "--rejects", tmp_path / f"{table}.rejected.csv")
    streets, communities = (rows_of(table) for table in tables)
    assert [len(streets), len(communities)] == explained(r"Its (\d+) streets and (\d+) communities")
    bare = checked(lianxin, "440310", exit=1)
    assert {one["id"] for one in bare["missing_communities"]} == {r["code"] for r in communities}

    file = tmp_path / "grids.csv"

    def load(*rows: tuple[str, str, str, str]) -> None:
        with file.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows([("id", "name", "area", "communities"), *rows])
        lianxin("import", "grids", file)

    # A grid for each community, as a list of it.
    load(*((f"ps-{r['code']}", r["name"], r["streetCode"], r["code"]) for r in communities))
    found = checked(lianxin, "440310", exit=0)
    assert (found["drawn"], found["listed"]) == (0, len(communities))
    assert not any(found["totals"].values())
    # A second grid of the same level that names one of them.
    first = communities[0]
    load(("ps-twice", "重复的网格", first["streetCode"], first["code"]))
    found = checked(lianxin, "440310", exit=1)
    [shared] = found["shared_communities"]
    assert shared["community"] == {"id": first["code"], "name": first["name"]}
    assert [grid["id"] for grid in shared["grids"]] == [f"ps-{first['code']}", "ps-twice"]
