"""The demo city's data: complete, consistent, the same each time, and of nobody real."""

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from deploy.local.demo import areas, history, people, plan, units, words
from services.assessment.problems.counts import Cell, Row
from services.assessment.problems.finder import look_at
from services.assessment.problems.table import ProblemRules
from services.request_intake.classification import Classifier, Table
from services.volunteer_dispatch.service.tables import RoutingTable
from shared.contracts.words import Domain

HAN = re.compile(r"[\u4e00-\u9fff]+")
SERVICES = Path(__file__).parents[3] / "services"
RULES = SERVICES / "request_intake/data/categories.json"


def test_the_city_has_the_sizes_that_are_promised() -> None:
    levels = Counter(row["level"] for row in areas.area_rows())
    assert levels == {"city": 1, "district": 2, "street": 6, "community": 24}
    assert len(areas.grid_rows()) == 48
    assert len(units.unit_rows()) == 40
    assert len(units.organization_rows()) == 60
    assert len(people.volunteer_rows()) == 300
    assert {row["domain"] for row in units.unit_rows()} == {domain.value for domain in Domain}


def test_every_name_is_chinese_and_every_id_its_own() -> None:
    for rows in (
        areas.area_rows(),
        areas.grid_rows(),
        units.unit_rows(),
        units.organization_rows(),
        people.volunteer_rows(),
    ):
        assert all(HAN.fullmatch(row["name"]) for row in rows)
        assert len({row["id"] for row in rows}) == len(rows)


def test_what_is_referred_to_is_there() -> None:
    known = {row["id"] for row in areas.area_rows()}
    assert all(row["parent"] in known for row in areas.area_rows() if row["level"] != "city")
    assert all(row["area"] in known for row in [*areas.grid_rows(), *units.unit_rows()])
    organizations = {row["id"] for row in units.organization_rows()}
    parents = [row["parent"] for row in units.organization_rows() if "parent" in row]
    assert len(parents) == 59
    assert set(parents) <= organizations
    grids = {row["id"]: row for row in people.team_rows()}
    assert all(grid["organization_id"] in organizations for grid in grids.values())
    homes = {row["id"]: row["grid_id"] for row in people.volunteer_rows()}
    for id, grid in grids.items():
        assert all(homes[person] == id for person in (grid["leader"], *grid["members"]))


def test_the_grids_tile_the_city_without_overlap() -> None:
    polygons = [shape(row["geometry"]) for row in areas.grid_rows()]
    assert all(polygon.is_valid for polygon in polygons)
    overlaps = [a.intersection(b).area for a, b in combinations(polygons, 2)]
    assert max(overlaps) == pytest.approx(0, abs=1e-12)
    boxes = [shapely.box(c.box.west, c.box.south, c.box.east, c.box.north)
             for c in areas.communities()]  # fmt: skip
    whole = shapely.union_all(boxes)
    assert whole.geom_type == "Polygon"
    assert shapely.union_all(polygons).symmetric_difference(whole).area == pytest.approx(0)
    assert sum(polygon.area for polygon in polygons) == pytest.approx(whole.area)


def test_each_grid_lies_in_its_community_and_volunteers_serve_in_their_grids() -> None:
    of_grid = {row["id"]: shape(row["geometry"]) for row in areas.grid_rows()}
    for community in areas.communities():
        box = community.box
        around = shapely.box(box.west, box.south, box.east, box.north)
        assert all(around.covers(of_grid[grid]) for grid in community.grids)
    for volunteer in people.volunteer_rows():
        point = volunteer["service_point"]
        home = of_grid[volunteer["grid_id"]]
        assert shapely.intersects_xy(home, point["longitude"], point["latitude"]), volunteer["id"]


def test_nobody_can_be_called_by_a_number_of_the_demo() -> None:
    volunteers = [row["telephone"] for row in people.volunteer_rows()]
    asking = [asked.telephone for asked in plan.day()]
    assert all(re.fullmatch(r"100\d{8}", number) for number in [*volunteers, *asking])
    assert len({*volunteers, *asking}) == len(volunteers) + len(asking)


def test_each_grid_has_volunteers_who_can_care() -> None:
    caring = Counter(r["grid_id"] for r in people.volunteer_rows() if "care" in r["skills"])
    assert min(caring[row["id"]] for row in areas.grid_rows()) >= 2


def test_the_shipped_rules_find_the_category_of_every_text() -> None:
    classifier = Classifier(Table.model_validate(json.loads(RULES.read_text())), 1)
    assert set(words.TEXTS) == set(words.SHARES)
    for category, texts in words.TEXTS.items():
        for text in texts:
            for community in areas.communities():
                found = classifier.classify(text.format(place=community.name), None)
                assert found.category == category, text


def test_the_routing_table_names_units_that_exist() -> None:
    table = RoutingTable.model_validate(units.routing_table())
    known = {row["id"] for row in units.unit_rows()}
    targets = {rule.to for rule in table.rules}
    assert {to.removeprefix("unit:") for to in targets if to.startswith("unit:")} <= known
    assert {"grid_team", "volunteer", "domain:community"} <= targets


def test_the_same_seed_gives_the_same_day() -> None:
    assert plan.day(7) == plan.day(7)
    assert plan.day(7) != plan.day(8)
    assert people.volunteer_rows(7) == people.volunteer_rows(7)


def test_a_day_has_everything_that_happens_to_requests() -> None:
    asked = plan.day()
    assert len(asked) == sum(words.SHARES.values()) >= 150
    assert {one.category for one in asked} == set(words.SHARES)
    for trait in ("declined", "returned"):
        assert 0 < sum(getattr(one, trait) for one in asked) < len(asked) / 4
    assert {one.solved for one in asked} >= {(), (True,), (False, True), (False, False)}
    assert min(Counter(one.community.street for one in asked).values()) >= 10
    assert all(one.hours_ago is None or 0 <= one.hours_ago <= 3 for one in plan.day(hours=3))


def test_the_months_before_have_one_problem_that_assessment_finds_again_and_again() -> None:
    months = history.months_before(datetime(2026, 2, 3, tzinfo=UTC))
    assert months == ["2025-11", "2025-12", "2026-01"]
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for month in months:
        cases = history.cases_of(month)
        assert len({one.subject for one in cases}) == len(cases)
        assert {f"{at:%Y-%m}" for one in cases for at in (one.made, one.done)} == {month}
        for one in cases:
            place = one.community
            path = (areas.CITY, place.district, place.street, place.code)
            rows[one.category].append(Row(path, None, month, Cell(1, 1, 0, 0)))
    levels = {row["id"]: row["level"] for row in areas.area_rows()}
    shipped = (SERVICES / "assessment/data/problem-rules.json").read_bytes()
    rules = ProblemRules.model_validate_json(shipped)
    first = areas.communities()[0]
    for month, found in zip(months, ([], [], [(history.PROBLEM, first.code, 24)]), strict=True):
        _, findings = look_at(rows, levels, rules, month)
        assert [(one.category, one.place, one.count) for one in findings] == found, month


def test_the_units_under_a_system_have_their_superior_there_before_them() -> None:
    ids = [row["id"] for row in units.unit_rows()]
    under = [row for row in units.unit_rows() if "system" in row]
    assert {row["superior_unit_id"] for row in under} == {units.SUPERIOR}
    assert all(ids.index(units.SUPERIOR) < ids.index(row["id"]) for row in under)
