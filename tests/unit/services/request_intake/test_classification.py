import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import services.request_intake
from services.request_intake.classification import Classifier, Table
from services.request_intake.rules import shipped_table
from shared.contracts.words import Urgency
from tests.integration.messaging.world import settings_for


def table_of(*rules: dict[str, Any]) -> Table:
    return Table.model_validate(
        {
            "default": "other",
            "categories": [
                {"code": "noise", "zh": "噪音", "en": "Noise"},
                {"code": "land", "zh": "土地", "en": "Land", "urgency": "complex"},
                {"code": "other", "zh": "其他", "en": "Other"},
            ],
            "rules": list(rules),
        }
    )


def shipped() -> Classifier:
    settings = settings_for("request_intake", "", "", "u")
    return Classifier(shipped_table(settings), 1)


@pytest.mark.parametrize(
    ("text", "category", "urgency"),
    [
        ("三楼着火了，快来人", "safety", "danger"),
        ("厨房闻到燃气味", "utilities", "danger"),
        ("There is a GAS LEAK in the kitchen!", "utilities", "danger"),
        ("老人被困在电梯里，电梯困人", "housing", "danger"),
        ("私家车堵住了消防通道", "safety", "danger"),
        ("小区停水两天了", "utilities", "utilities"),
        ("no water since yesterday", "utilities", "utilities"),
        ("供暖不热", "utilities", "utilities"),
        ("隔壁有违建", "land", "complex"),
        ("夜里广场舞噪音扰民", "environment", "ordinary"),
        ("Graffiti on the wall", "city_appearance", "ordinary"),
        ("老板拖欠工资", "labor", "ordinary"),
        ("流动党员怎么转组织关系", "members", "ordinary"),
        ("……", "other", "ordinary"),
    ],
)
def test_the_shipped_rules(text: str, category: str, urgency: str) -> None:
    found = shipped().classify(text)
    assert (found.category, found.urgency) == (category, urgency)


def test_the_first_rule_that_fits_decides() -> None:
    first = {"any": ["吵"], "category": "noise", "urgency": "ordinary"}
    second = {"any": ["吵"], "category": "land", "urgency": "complex"}
    assert Classifier(table_of(first, second), 1).classify("太吵了").rule == 1
    assert Classifier(table_of(second, first), 1).classify("太吵了").category == "land"


def test_all_words_of_all_and_one_of_any_are_needed() -> None:
    rule = {"all": ["狗", "夜里"], "any": ["叫", "吠"], "category": "noise", "urgency": "ordinary"}
    classifier = Classifier(table_of(rule), 1)
    assert classifier.classify("夜里狗一直叫").category == "noise"
    assert classifier.classify("狗一直叫").rule is None
    assert classifier.classify("夜里有狗").rule is None


def test_latin_words_are_whole_words_in_any_case() -> None:
    rule = {"any": ["Bus stop"], "category": "noise", "urgency": "ordinary"}
    classifier = Classifier(table_of(rule), 1)
    assert classifier.classify("at the BUS-stop.").rule == 1
    assert classifier.classify("a busy bus stopped").rule is None


def test_a_given_category_is_kept_and_danger_still_counts() -> None:
    fire = {"any": ["着火"], "category": "other", "urgency": "danger"}
    loud = {"any": ["吵"], "category": "noise", "urgency": "utilities"}
    classifier = Classifier(table_of(loud, fire), 1)
    assert classifier.classify("吵，还着火了", "land").urgency == Urgency.DANGER
    assert classifier.classify("吵", "land").urgency == Urgency.COMPLEX
    assert classifier.classify("吵", "noise").urgency == Urgency.UTILITIES
    own = classifier.classify("吵", "市容环卫")
    assert (own.category, own.urgency) == ("市容环卫", Urgency.ORDINARY)


def test_a_wrong_table_is_told_by_the_number_of_the_rule() -> None:
    good = {"any": ["吵"], "category": "noise", "urgency": "ordinary"}
    with pytest.raises(ValidationError) as failure:
        table_of(good, good, good | {"category": "missing"})
    assert failure.value.errors()[0]["ctx"] == {"number": 3, "category": "missing"}
    with pytest.raises(ValidationError, match="words"):
        table_of({"category": "noise", "urgency": "ordinary"})


def test_the_shipped_file_is_whole() -> None:
    path = Path(services.request_intake.__file__).parent / "data" / "categories.json"
    table = Table.model_validate(json.loads(path.read_text("utf-8")))
    assert len(table.categories) >= 12
    assert len(table.rules) >= 50
    used = {rule.category for rule in table.rules}
    assert {category.code for category in table.categories} - used == {"other"}


def test_a_city_replaces_the_table_by_a_file(tmp_path: Path) -> None:
    own = table_of({"any": ["吵"], "category": "noise", "urgency": "ordinary"})
    (tmp_path / "categories.json").write_text(own.model_dump_json(), "utf-8")
    settings = settings_for("request_intake", "", "", "u", data_folder=str(tmp_path))
    assert shipped_table(settings) == own


def test_everybody_may_know_of_public_space_and_of_nothing_that_tells_of_persons() -> None:
    classifier = shipped()
    assert classifier.is_public("traffic", "ordinary")
    assert not classifier.is_public("traffic", "danger")
    for code in ("safety", "health", "care", "labor", "members", "other", "unknown"):
        assert not classifier.is_public(code, "ordinary")
