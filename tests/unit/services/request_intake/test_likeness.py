"""How like two requests are, and where one looks for them."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.request_intake as package
from services.request_intake.likeness import LikenessTable, Side, compare, dice, words_of
from services.request_intake.near import keys_around, keys_of, metres
from shared.contracts.payload import Point

FILE = Path(package.__file__).parent / "data/likeness.json"
TABLE = LikenessTable.model_validate(json.loads(FILE.read_text(encoding="utf-8")))
NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)
HERE = Point(longitude=114.05, latitude=22.6)
HOUR = timedelta(hours=1)


def away(east: float, north: float = 0) -> Point:
    """A point so many metres from `HERE`."""
    up = 111_195
    return Point(
        longitude=HERE.longitude + east / up / math.cos(math.radians(HERE.latitude)),
        latitude=HERE.latitude + north / up,
    )


def side(text: str | None = None, point: Point | None = HERE, hours: float = 0) -> Side:
    words = None if text is None else words_of(text, TABLE)
    return Side("environment", NOON + hours * HOUR, point, words)


def test_chinese_is_read_in_pairs_and_other_words_whole() -> None:
    assert words_of("楼下广场舞", TABLE) == {"楼下", "下广", "广场", "场舞"}
    assert words_of("The street lights are broken!", TABLE) == {"street", "light", "broken"}
    assert words_of("３号楼 Ｂ座漏水", TABLE) == {"3", "b", "号楼", "座漏", "漏水"}
    assert words_of("", TABLE) == frozenset()


SAME = [
    ("小区楼下广场舞噪音太大，晚上十点还在跳", "楼下跳广场舞的，噪音太大了，晚上睡不着"),
    ("人民路路口红绿灯坏了", "人民路口的红绿灯不亮，坏了好几天"),
    ("3号楼前面的下水道堵了，污水外溢", "污水从3号楼下水道冒出来，堵了"),
    ("The street light at Main and 5th is broken", "Broken street lights, Main street at 5th"),
    ("Garbage piling up behind building 7", "garbage has been piled behind building 7 for days"),
]
OTHER = [
    ("小区楼下广场舞噪音太大，晚上十点还在跳", "装修施工电钻声从早响到晚，没法休息"),
    ("人民路路口红绿灯坏了", "公交车站牌倒在地上没人管"),
    ("3号楼前面的下水道堵了，污水外溢", "五楼水压太低，洗澡没有水"),
    ("The street light at Main and 5th is broken", "A car blocks the bus lane every morning"),
    ("Garbage piling up behind building 7", "graffiti on the wall of the school"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_other_words_nearby_is_suggested(one: str, other: str) -> None:
    likeness = compare(side(one), side(other, away(60), 5), TABLE)
    assert likeness is not None
    assert likeness.suggested, likeness


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_something_else_in_the_same_place_is_not(one: str, other: str) -> None:
    likeness = compare(side(one), side(other, away(60), 5), TABLE)
    assert likeness is not None
    assert not likeness.suggested, likeness


def test_each_part_is_told_and_weighs_as_the_table_says() -> None:
    likeness = compare(side("广场舞噪音"), side("广场舞噪音", away(150), 36), TABLE)
    assert likeness is not None
    told = {reason.what: (reason.value, round(reason.share, 2)) for reason in likeness.reasons}
    assert told == {
        "category": ("environment", 1),
        "hours": (36.0, 0.5),
        "metres": (150, 0.5),
        "words": (1.0, 1.0),
    }
    assert likeness.score == pytest.approx(0.15 + 0.05 + 0.15 + 0.45, abs=0.005)


def test_beyond_the_tables_distance_and_time_nothing_is_like() -> None:
    assert compare(side(), side(point=away(301)), TABLE) is None
    assert compare(side(), side(hours=72.1), TABLE) is None
    assert compare(side(), Side("water", NOON, HERE, None), TABLE) is None


def test_without_words_only_the_very_near_is_suggested() -> None:
    near = compare(side(), side(point=away(10), hours=2), TABLE)
    far = compare(side(), side(point=away(120), hours=2), TABLE)
    assert near is not None
    assert far is not None
    assert (near.suggested, far.suggested) == (True, False)


def test_without_a_point_the_community_counts_and_words_have_to_say_it() -> None:
    alike = compare(side("广场舞噪音太大", None), side("广场舞噪音太大"), TABLE)
    unlike = compare(side("广场舞噪音太大", None), side("工地夜间施工"), TABLE)
    assert alike is not None
    assert unlike is not None
    assert (alike.suggested, unlike.suggested) == (True, False)
    assert next(r.value for r in alike.reasons if r.what == "metres") is None


def test_a_branch_of_the_same_category_counts_in_part() -> None:
    one, other = Side("road.hole", NOON, HERE, None), Side("road.light", NOON, HERE, None)
    likeness = compare(one, other, TABLE)
    assert likeness is not None
    assert likeness.reasons[0].share == TABLE.same_branch


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_of_words_is_the_same_both_ways(one: str, other: str) -> None:
    a, b = words_of(one, TABLE), words_of(other, TABLE)
    assert 0 <= dice(a, b) == dice(b, a) <= 1
    assert not a or dice(a, a) == 1


@given(
    st.floats(-179, 179),
    st.floats(-60, 60),
    st.floats(0, 2 * math.pi),
    st.floats(0, 2000),
)
def test_the_cells_around_hold_everything_within_the_distance(
    longitude: float, latitude: float, bearing: float, far: float
) -> None:
    here = Point(longitude=longitude, latitude=latitude)
    up = 111_195
    there = Point(
        longitude=longitude
        + 0.99 * far * math.sin(bearing) / up / math.cos(math.radians(latitude)),
        latitude=latitude + 0.99 * far * math.cos(bearing) / up,
    )
    assert metres(here, there) <= far + 3
    assert keys_of(there, ())[0] in keys_around(here, (), far + 3)
    assert len(keys_around(here, (), 300)) <= 6


def test_without_a_point_it_is_looked_for_in_its_community() -> None:
    path = ("S", "C1")
    assert keys_of(None, path) == ("in:C1", "only:C1")
    assert keys_around(None, path, 300) == ("in:C1",)
    assert keys_around(HERE, path, 300)[-1] == "only:C1"
    assert keys_around(None, (), 300) == ()
