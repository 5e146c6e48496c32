"""What a report and a bulletin say of given facts."""

from dataclasses import replace

import orjson
import pytest

from services.assessment.reports.bulletin import bulletin_of, moves
from services.assessment.reports.making import report_of, sentence_of
from services.assessment.reports.report import Bulletin, Moved, Report
from services.assessment.schemes.scheme import Label
from services.assessment.support.groups import Lack
from tests.unit.services.assessment.reports import town
from tests.unit.services.assessment.reports.town import (
    AT,
    COMMUNITIES,
    HEATING,
    MARKED,
    NAMES,
    RULES,
    STREETS,
    UNIT_NAMES,
    UNITS,
    UNITS_NOW,
    group,
    street,
)


def report(language: str = "zh", **changes: object) -> Report:
    return report_of(street(**changes), RULES, NAMES[language], language, AT)


def bulletin(language: str = "zh", **changes: object) -> Bulletin:
    return bulletin_of(street(**changes), RULES, NAMES[language], language, AT)


def test_the_place_is_that_of_the_scores_now_and_before() -> None:
    place = report().place
    assert place is not None
    stand = STREETS.stands["s1"]
    assert (place.rank, place.of, place.rank_before) == (2, 3, 1)
    assert (place.score, place.grade) == (stand.total, "较好")
    assert sentence_of(place, "zh") == (
        f"在“街道”类 3 个参与排名者中列第 2 名，得分 {stand.total:.1f}，等次为“较好”。"
        "上期列第 1 名。"
    )


def test_under_the_minimum_sample_a_subject_is_listed_and_not_ranked() -> None:
    (communities, _) = report().tables
    assert [(row.id, row.rank) for row in communities.rows] == [("c1", 1), ("c2", 2), ("c3", None)]
    place = report(stand=COMMUNITIES.stands["c3"]).place
    assert place is not None
    assert place.rank is None
    assert "不参与排名" in sentence_of(place, "zh")


def test_where_nobody_has_a_sample_nobody_is_ranked() -> None:
    nobody = group("community", {"c1": ("甲社区", "community")}, {"c1": (2, 1.0)}, {})
    (table, _) = report(groups=(nobody, UNITS)).tables
    assert [(row.rank, row.score) for row in table.rows] == [(None, None)]


def test_where_the_indicators_changed_points_are_not_compared() -> None:
    by_time = Label(zh="按时率", en="In-time rate")
    earlier = {id: replace(one, basis=by_time) for id, one in COMMUNITIES.stands_before.items()}
    changed = replace(COMMUNITIES, stands_before=earlier)
    (table, _) = report(groups=(changed, UNITS)).tables
    assert [row.score_before for row in table.rows] == [None, None, None]


def test_a_longer_table_says_what_it_leaves_out() -> None:
    rules = RULES.model_copy(update={"rows": 2})
    table = report_of(street(), rules, NAMES["zh"], "zh", AT).tables[0]
    assert (len(table.rows), table.left_out) == (2, 1)


def test_charts_have_the_series_of_the_tables() -> None:
    made = report()
    charts = {chart.id: chart for chart in made.charts}
    assert set(charts) == {"rates", "requests", "community.score", "unit.score", "categories"}
    for chart in made.charts:
        assert all(len(series.values) == len(chart.x) for series in chart.series)
    rates = {series.id: series.values for series in charts["rates"].series}
    assert rates["resolution_rate"] == [m.numbers.resolution_rate for m in made.months]
    assert rates["resolution_rate"][4] is None  # a month without a sample is a gap, not a zero
    assert charts["community.score"].x == ["车公庄社区", "百万庄社区"]


def test_words_are_behind_the_same_keys_in_both_languages() -> None:
    zh, en = (orjson.loads(report(language).model_dump_json()) for language in ("zh", "en"))
    assert _keys(zh) == _keys(en)
    assert zh["now"] == en["now"]
    assert en["title"] == "展览路街道: report for May 2026"
    assert [zh["categories"][0]["name"], en["categories"][0]["name"]] == [
        "住房物业",
        "Housing and property management",
    ]


def _keys(shown: object) -> object:
    if isinstance(shown, dict):
        return {key: _keys(value) for key, value in shown.items()}
    return [_keys(value) for value in shown] if isinstance(shown, list) else None


def test_too_many_requests_are_not_counted_by_category_and_that_is_said() -> None:
    made = report(categories=None)
    assert made.categories is None
    assert any("200000" in note for note in made.notes)
    assert bulletin(categories=None).categories is None


def test_the_three_rates_stand_against_last_month() -> None:
    lines = bulletin().rates
    assert [line.id for line in lines] == ["response_rate", "resolution_rate", "satisfaction_rate"]
    solved = lines[1]
    assert (solved.now, solved.before, solved.sample) == (60 / 73, 40 / 52, 73)
    assert solved.change == pytest.approx(60 / 73 - 40 / 52)


def test_what_rose_and_fell_is_named_only_with_the_minimum_sample() -> None:
    made = bulletin()
    assert made.categories is not None
    # Traffic rose from 0 to 3: too few to be said.
    assert [(m.id, m.before, m.now) for m in made.categories.rose] == [
        ("housing", 22, 40),
        ("safety", 0, 10),
    ]
    assert [(m.id, m.before, m.now) for m in made.categories.fell] == [("utilities", 30, 20)]
    assert [m.id for m in made.scores.rose] == ["c1"]
    assert [m.id for m in made.scores.fell] == ["c2"]


def test_moves_are_the_greatest_first_and_nothing_that_stayed() -> None:
    found = moves(
        [
            Moved(id="b", name="b", before=1, now=3),
            Moved(id="a", name="a", before=1, now=3),
            Moved(id="c", name="c", before=0, now=9),
            Moved(id="d", name="d", before=4, now=4),
        ],
        2,
    )
    assert ([m.id for m in found.rose], found.fell) == (["c", "a"], [])


def test_units_are_best_or_last_within_their_class_and_none_is_both() -> None:
    (agencies,) = bulletin().units
    assert (agencies.class_, agencies.ranked) == ("agency", 3)
    assert [row.id for row in agencies.best] == ["u1", "u3"]
    assert [row.id for row in agencies.last] == ["u2"]
    # A class of one compares with nobody; a unit that the registry has not told of has no class.
    named = {row.id for one in bulletin().units for row in (*one.best, *one.last)}
    assert not named & {"u4", "u9"}


def test_a_unit_under_the_minimum_sample_is_not_named() -> None:
    few = group("unit", UNIT_NAMES, UNITS_NOW | {"u2": (4, 0.0)}, {})
    (agencies,) = bulletin(groups=(COMMUNITIES, few)).units
    assert (agencies.ranked, agencies.under_minimum) == (2, 1)
    assert "u2" not in {row.id for row in (*agencies.best, *agencies.last)}


def test_recurring_problems_stand_there_when_there_are_some() -> None:
    assert bulletin().problems == []
    (problem,) = bulletin(problems=(HEATING,)).problems
    assert (problem.name, problem.owner) == ("车公庄社区：水电气热", "西城区")


def test_who_lacks_promised_support_is_ranked_among_its_like_and_marked() -> None:
    apart = group("unit", UNIT_NAMES, UNITS_NOW, {}, {"u2": (Lack.FUNDS, Lack.VENUE)})
    made = report(groups=(COMMUNITIES, apart))
    rows = {row.id: row for row in made.tables[1].rows}
    assert [(rows[id].rank, rows[id].apart) for id in ("u1", "u3", "u2")] == [
        (1, False),
        (2, False),
        (1, True),
    ]
    assert rows["u2"].class_label == "机关（保障未到位）"
    assert rows["u2"].mark == "［经费未到位、无服务场所］"
    assert rows["u2"].score == UNITS.stands["u2"].total  # marked, neither raised nor hidden
    assert rows["u1"].mark is None
    assert any("保障未到位" in note for note in made.notes)
    # Last among those that got theirs is another one now, and nobody is compared with u2.
    (agencies,) = bulletin(groups=(COMMUNITIES, apart)).units
    assert ([row.id for row in agencies.last], agencies.ranked) == (["u3"], 2)


def test_a_subject_without_support_is_told_its_place_among_its_like_beside_its_rank() -> None:
    lacks = {"s1": (Lack.FUNDS,), "s3": (Lack.FUNDS,)}
    stands = town.stands("street", STREETS.now, dict.fromkeys(STREETS.now, "street"), lacks)
    place = report(stand=stands["s1"]).place
    assert place is not None
    assert (place.rank, place.of, place.group_rank, place.group_of) == (2, 3, 1, 2)
    assert "在其中保障未到位的 2 个中列第 1 名" in sentence_of(place, "zh")


def test_corrected_cases_are_marked_with_a_footnote_and_the_subjects_own_are_said() -> None:
    made = report(groups=(COMMUNITIES, MARKED), corrected=4)
    rows = {row.id: row for row in made.tables[1].rows}
    assert (rows["u3"].mark, rows["u3"].corrected_cases) == ("［更正 1 件］", 1)
    assert rows["u2"].mark == "［经费未到位、更正 2 件］"
    assert rows["u1"].mark is None
    assert made.corrected_cases == 4
    assert [note for note in made.notes if "改判" in note] == [
        "本期数字中有 4 件诉求经人工复核改判。",
        "注明“更正”的，其数字中有经人工复核改判的诉求，理由见各诉求的更正记录。",
    ]
    assert not any("改判" in note or "结算" in note for note in report().notes)
    assert "结算后有 3 个对象的数据变动" in " ".join(report(outdated=3).notes)
    notice = bulletin(groups=(COMMUNITIES, MARKED))
    assert [what in " ".join(notice.notes) for what in ("更正", "保障未到位")] == [True, True]
    assert notice.units[0].last[0].marked.endswith("［更正 1 件］")


def test_money_and_plans_stand_beside_the_results() -> None:
    rows = {row.id: row for row in report(groups=(COMMUNITIES, MARKED)).tables[1].rows}
    assert rows["u3"].support is None
    money = rows["u1"].support
    assert money is not None
    assert (money.funds_promised, money.funds_given, money.has_venue) == (900, 800, True)
    assert (money.plans_due, money.plans_overdue) == (None, None)
    plans = rows["u2"].support
    assert plans is not None
    assert (plans.plans_due, plans.plans_overdue, plans.has_venue) == (3, 1, None)
