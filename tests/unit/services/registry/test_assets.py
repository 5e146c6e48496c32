"""Which of the six assets are met by which facts (policy, art. 4)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from services.registry.assets.decisions import (
    LOOK_AGAIN,
    Found,
    Rules,
    Scorecard,
    met_by,
    missing,
    observe,
    only_looks,
    period,
    set_target,
)
from services.registry.assets.messages import SOURCES
from services.registry.assets.table import AssetTable, Count
from services.registry.records.table import WorkTable
from services.registry.registered import Registered
from services.registry.tables import SHIPPED
from shared.contracts.assets import AssetsChanged
from shared.contracts.words import Asset, Domain
from shared.storage.aggregates import Decision

ZONE = ZoneInfo("Asia/Shanghai")
TABLE = AssetTable.model_validate_json((SHIPPED / "six-assets.json").read_bytes())
RULES = Rules(TABLE, 1, ZONE)
NOW = datetime(2026, 3, 31, tzinfo=UTC)
ORGANIZATION = Registered("o1", ("4403",), "u1", Domain.COMMUNITY, False, NOW)


def found(**numbers: float) -> dict[str, Found]:
    return {each.code: Found(numbers.get(each.code, 0)) for each in TABLE.criteria}


def done(decision: Decision[Scorecard] | None) -> Decision[Scorecard]:
    assert decision is not None
    return decision


def look(
    state: Scorecard | None, numbers: dict[str, Found], now: datetime = NOW, **more: Any
) -> Decision[Scorecard] | None:
    return observe(state, ORGANIZATION._replace(**more), numbers, NOW - LOOK_AGAIN, now, RULES)


@pytest.mark.parametrize(
    ("numbers", "met"),
    [
        ({}, []),
        ({"secretary_in_office": 1}, []),
        ({"secretary_in_office": 1, "meetings": 3}, []),
        ({"secretary_in_office": 1, "meetings": 4}, [Asset.LEADERSHIP]),
        ({"venue": 1, "many_uses": 3, "rules": 2.5}, [Asset.VENUE]),
        ({"venue": 1, "many_uses": 3, "rules": 3}, [Asset.VENUE, Asset.RULES]),
        ({each.code: each.at_least for each in TABLE.criteria}, list(Asset)),
    ],
)
def test_an_asset_is_there_where_each_of_its_criteria_is_met(
    numbers: dict[str, float], met: list[Asset]
) -> None:
    assert met_by(TABLE.of(Domain.COMMUNITY), found(**numbers)) == met


def test_what_is_missing_says_how_many_and_what_to_do_in_both_languages() -> None:
    meetings = next(each for each in TABLE.criteria if each.code == "meetings")
    assert missing(meetings, 4) is None
    said = missing(meetings, 1)
    assert said is not None
    assert said[0].startswith("党组织会议：最近 12 个月已有 1，至少需要 4。请")
    assert "1 found of at least 4 within 12 months. Hold meetings" in said[1]
    assert period(meetings, NOW, ZONE) == datetime(2025, 3, 31, tzinfo=UTC)
    venue = next(each for each in TABLE.criteria if each.code == "venue")
    assert period(venue, NOW, ZONE) is None


def test_the_shipped_criteria_count_works_that_are_there_and_say_where_numbers_come_from() -> None:
    works = WorkTable.model_validate_json((SHIPPED / "works.json").read_bytes()).by_code
    assert {work for each in TABLE.criteria for work in each.works} <= set(works)
    assert set(SOURCES) == set(Count)


def change(**criterion: Any) -> dict[str, Any]:
    table = TABLE.model_dump(mode="json")
    table["criteria"][0] |= criterion
    return table


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (change(code="meetings"), "twice"),
        (change(posts=[]), "what is counted"),
        ({"target_years": 5, "criteria": TABLE.model_dump()["criteria"][:3]}, "each of the six"),
        (
            TABLE.model_dump(mode="json")
            | {
                "criteria": [
                    each | ({"domains": ["village"]} if each["asset"] == "venue" else {})
                    for each in TABLE.model_dump(mode="json")["criteria"]
                ]
            },
            "each domain",
        ),
    ],
)
def test_a_table_that_leaves_an_asset_out_is_refused(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AssetTable.model_validate(table)


def test_a_scorecard_is_told_when_what_it_says_changes() -> None:
    first = done(look(None, found()))
    assert first.events == []  # begins with nothing
    assert (first.state.held, first.state.lacking) == (0, tuple(Asset))
    assert first.state.target_at == datetime(2031, 3, 31, tzinfo=UTC)
    assert first.state.next_due() is None
    assert look(first.state, found()) is None
    second = done(look(first.state, found(venue=1, many_uses=3)))
    [told] = second.events
    assert isinstance(told, AssetsChanged)
    assert (told.met, second.state.held) == ((Asset.VENUE,), 1)
    # Looked at daily from now on, as what was counted may leave its period; that is not told.
    assert second.state.next_due() == NOW + LOOK_AGAIN
    assert look(second.state, found(venue=2, many_uses=3), NOW + timedelta(hours=1)) is None
    later = done(look(second.state, found(venue=2, many_uses=3), NOW + LOOK_AGAIN))
    assert later.events == []
    assert only_looks(second.state, later.state)
    assert later.state.next_due() == NOW + 2 * LOOK_AGAIN
    lost = done(look(second.state, found(venue=1, many_uses=2), NOW + timedelta(hours=1)))
    [told] = lost.events
    assert isinstance(told, AssetsChanged)
    assert told.met == ()


def test_it_is_looked_at_again_when_by_plan_something_changes() -> None:
    soon = NOW + timedelta(minutes=5)
    numbers = found() | {"members_in_front": Found(0, soon)}
    assert done(look(None, numbers)).state.next_due() == soon


def test_a_retired_organization_is_in_no_list() -> None:
    state = done(look(None, found(venue=1, many_uses=3))).state
    retired = done(look(state, {}, retired=True))
    assert (retired.state.held, retired.state.lacking, retired.state.next_due()) == (None, (), None)
    [told] = retired.events
    assert isinstance(told, AssetsChanged)
    assert told.retired


def test_a_target_is_the_tables_or_set_and_nothing_else_is_typed_in() -> None:
    state = done(look(None, found())).state
    at = datetime(2029, 1, 1, tzinfo=UTC)
    changed = done(set_target(state, at, "薄弱村，先行", RULES))
    assert (changed.state.target_at, changed.why) == (at, "薄弱村，先行")
    assert [type(event) for event in changed.events] == [AssetsChanged]
    assert set_target(changed.state, at, "again", RULES) is None
    # What is counted later leaves it as it was set.
    counted = done(look(changed.state, found(venue=1, many_uses=3))).state
    assert counted.target_at == at
    assert done(set_target(counted, None, "按全市", RULES)).state.target_at == state.target_at
    # None counts from before the city began.
    old = done(look(None, found(), created_at=NOW - timedelta(days=4000))).state
    assert old.counted_from == NOW - LOOK_AGAIN
