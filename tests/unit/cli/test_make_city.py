"""The made-up city: its numbers, its bytes, its polygons, and what it takes to write it."""

import csv
import hashlib
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape
from typer.testing import CliRunner

from cli.city.command import ORDER, write_city
from cli.city.plan import Plan, first, parent
from cli.city.shapes import cell_of
from cli.main import app
from cli.registry_import import rows_of
from deploy.local.demo.people import TELEPHONES
from services.registry.schemas import (
    AreaBody,
    EntryBody,
    GridBody,
    OrganizationBody,
    PersonBody,
    UnitBody,
)

SMALL = Plan.of(1, 0.005)
BODIES: dict[str, type[EntryBody]] = {
    "areas": AreaBody,
    "units": UnitBody,
    "organizations": OrganizationBody,
    "grids": GridBody,
    "people": PersonBody,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(SMALL, folder)
    return folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ORDER}


def test_the_whole_city_has_the_numbers_that_the_issue_names() -> None:
    whole = Plan.of(1, 1.0)
    assert (whole.districts, whole.streets, whole.communities) == (16, 350, 7_500)
    assert (whole.grids, whole.organizations, whole.people) == (30_000, 100_000, 1_000_000)
    for bad in (0, 1.5):
        with pytest.raises(ValueError, match="scale"):
            Plan.of(1, bad)


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(
    folder: Path, tmp_path: Path
) -> None:
    run = CliRunner().invoke(
        app, ["make-city", str(tmp_path / "again"), "--scale", "0.005"], env={"LANG": "zh"}
    )
    assert run.exit_code == 0, run.output
    assert run.stdout.index("import areas") < run.stdout.index("import people")
    assert digest(tmp_path / "again") == digest(folder)
    write_city(Plan.of(2, 0.005), tmp_path / "other")
    other = digest(tmp_path / "other")
    assert other["people.csv"] != digest(folder)["people.csv"]
    assert other["grids.geojson"] != digest(folder)["grids.geojson"]


def test_every_row_is_one_that_the_registry_takes_and_refers_to_what_is_there(
    folder: Path,
) -> None:
    ids: dict[str, set[str]] = {}
    for name in ORDER:
        kind = name.partition(".")[0]
        rows = [row.values for row in rows_of(kind, folder / name)]
        assert len(rows) == getattr(SMALL, kind)
        for row in rows:
            BODIES[kind].model_validate(row)
        ids[kind] = {str(row["id"]) for row in rows}
        assert len(ids[kind]) == len(rows)
        for field, others in (
            ("parent", kind), ("area", "areas"), ("unit_id", "units"), ("grid_id", "grids"),
            ("organization_id", "organizations"),
        ):  # fmt: skip
            named = {row[field] for row in rows if row.get(field)}
            assert named <= ids.get(others, set()), (kind, field)


def test_every_telephone_is_one_that_nobody_can_have(folder: Path) -> None:
    numbers = [int(row["telephone"]) for row in table(folder, "people.csv")]
    assert len(set(numbers)) == len(numbers)
    assert all(TELEPHONES < number < TELEPHONES + 10**8 for number in numbers)


def test_people_are_members_of_an_organization_volunteers_or_both(folder: Path) -> None:
    people = table(folder, "people.csv")
    members = [row for row in people if row["organization_id"]]
    takes_tasks = [row for row in people if int(row["capacity"])]
    assert all(row["organization_id"] or int(row["capacity"]) for row in people)
    assert 0.57 < len(members) / len(people) < 0.63
    assert 0.52 < len(takes_tasks) / len(people) < 0.58
    # A member at a unit is of one of its organizations, the others of their community's.
    unit = {row["id"]: row["unit_id"] for row in table(folder, "organizations.csv")}
    grids = {row.values["id"]: row.values for row in rows_of("grids", folder / "grids.geojson")}
    for row in members:
        assert unit[row["organization_id"]] == row["unit_id"]
        if not row["unit_id"]:
            assert row["organization_id"] == f"o-{grids[row['grid_id']]['area']}"
    of_units = {id for id, of in unit.items() if of}
    assert len(of_units - {row["organization_id"] for row in members}) < 0.02 * len(of_units)


def test_grids_tile_their_communities_without_overlap_or_hole(folder: Path) -> None:
    features = list(rows_of("grids", folder / "grids.geojson"))
    polygons = [shape(row.values["geometry"]) for row in features]
    assert all(polygon.is_valid for polygon in polygons)
    whole = shapely.union_all(polygons)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert whole.area == pytest.approx(sum(polygon.area for polygon in polygons), rel=1e-12)
    by_area: dict[str, list[Any]] = {}
    for row, polygon in zip(features, polygons, strict=True):
        by_area.setdefault(row.values["area"], []).append(polygon)
    for parts in by_area.values():
        community = shapely.union_all(parts)
        assert community.geom_type == "Polygon"
        assert len(community.interiors) == 0


def test_each_cell_is_taken_once_and_every_parent_has_children() -> None:
    assert len({cell_of(n, 5_000) for n in range(5_000)}) == 5_000
    for children, parents in ((350, 16), (7_500, 350), (30_000, 7_500), (7, 7)):
        found = Counter(parent(n, children, parents) for n in range(children))
        assert found.keys() == set(range(parents))
        for n in range(parents):
            assert first(n + 1, children, parents) - first(n, children, parents) == found[n]


def test_memory_does_not_grow_with_the_city(tmp_path: Path) -> None:
    peaks = []
    for scale in (0.002, 0.02):
        tracemalloc.start()
        write_city(Plan.of(1, scale), tmp_path / str(scale))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 200_000
