"""3,981 real requests of Pingshan: every street and every unit, to the last row."""

from collections import Counter
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.real.tables import DATA, Api, audited, imported, needs_the_tables, rows_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), needs_the_tables]

TABLE = "pingshan_requests_2018_02_to_09.csv"
REPORTER = "pingshan-platform"


def test_the_figures_equal_a_direct_count(
    lianxin: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    above = tmp_path / "areas.csv"
    above.write_text("id,name,level,parent\n4403,深圳市,city,\n440310,坪山区,district,4403\n")
    lianxin("import", "areas", above)
    lianxin("import", "areas", DATA / "pingshan_streets.csv", "--rejects", tmp_path / "s.csv")
    lianxin("import", "areas", DATA / "pingshan_communities.csv", "--rejects", tmp_path / "c.csv")
    arguments = (DATA / TABLE, "--format", "pingshan", "--output", tmp_path)
    rows = rows_of(TABLE)
    summary = imported(lianxin, *arguments)
    assert (summary["accepted"], summary["rejected"]) == (len(rows), 0)
    assert not (tmp_path / f"{TABLE}.rejected.csv").exists()

    assert audited(lianxin)["clean"]

    api = Api(lianxin, environment)
    code = {row["name"]: row["code"] for row in rows_of("pingshan_streets.csv")}
    streets: Counter[tuple[str, str]] = Counter()
    units: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        month = row["CREATE_TIME"][:7]  # of the file's own zone, which is the city's
        if row["STREET_NAME"] != "-":
            streets[code[row["STREET_NAME"]], month] += 1
        unit = row["DISPOSE_UNIT_ID"]
        key = (REPORTER if unit == "-" else f"pingshan-{unit}", month)
        count = units.setdefault(key, Counter())
        verdict = (row["INTIME_ARCHIVE_NUM"], row["OVERTIME_ARCHIVE_NUM"])
        count["requests"] += 1
        count["in_time"] += verdict == ("1", "0")
        count["judged"] += verdict in {("1", "0"), ("0", "1")}

    shown = {key: figure["requests"] for key, figure in api.figures("street").items()}
    assert shown == streets
    without_street = [row for row in rows if row["STREET_NAME"] == "-"]
    assert sum(shown.values()) + len(without_street) == len(rows)
    unlocated = list(
        api.items("request_intake", "/v1/requests", located="false", reported_by=REPORTER)
    )
    assert len(unlocated) == len(without_street)

    found = api.figures("unit")
    figures = {key: figure for key, figure in found.items() if key[0].startswith("pingshan-")}
    assert figures.keys() == units.keys()
    for key, figure in figures.items():
        count = units[key]
        for name in ("requests", "judged", "in_time"):
            assert figure[name] == count[name], (key, name)
        rate = count["in_time"] / count["judged"] if count["judged"] else None
        assert figure["in_time_rate"] == pytest.approx(rate), key
    assert sum(figure["requests"] for figure in figures.values()) == len(rows)

    again = imported(lianxin, *arguments)
    assert (again["accepted"], again["known"], again["rejected"]) == (0, len(rows), 0)
