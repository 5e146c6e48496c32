from importlib import import_module

import pytest

from deploy.local.services import SERVICES
from shared.web.messages import (
    all_messages,
    choose_language,
    knows,
    placeholders,
    register_messages,
    say,
)

for service in SERVICES:
    import_module(f"services.{service}.main")  # registers its messages


@pytest.mark.parametrize("key", sorted(all_messages()))
def test_each_message_has_both_languages_with_the_same_placeholders(key: str) -> None:
    texts = all_messages()[key]
    assert texts["zh"]
    assert texts["en"]
    assert placeholders(texts["zh"]) == placeholders(texts["en"])
    assert not texts["zh"].isascii()
    assert texts["en"].isascii()


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,zh;q=0.8", "en"),
        ("zh-CN,en;q=0.9", "zh"),
        ("en;q=0.3, zh-Hans;q=0.7", "zh"),
        ("zh;q=0.1,EN-us;q=0.2", "en"),
        ("en;q=0", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("fr, de", "zh"),
        ("fr, en;q=0.5", "en"),
        ("*", "zh"),
        ("*;q=0.1, en;q=0.5", "en"),
        ("en;q=garbage", "zh"),
    ],
)
def test_language(accept: str | None, language: str) -> None:
    assert choose_language(accept) == language


@pytest.mark.parametrize(
    "texts", [{"zh": "一"}, {"zh": "一 {a}", "en": "one {b}"}, {"zh": "", "en": "one"}]
)
def test_bad_messages_are_refused(texts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="bad-message"):
        register_messages({"bad-message": texts})
    assert not knows("bad-message")


def test_a_service_adds_messages_but_changes_none() -> None:
    mine = {"sample-message": {"zh": "请补充{what}。", "en": "Add {what}."}}
    register_messages(mine)
    register_messages(mine)
    assert say("sample-message", "zh", {"what": "照片"}) == "请补充照片。"
    assert say("sample-message", "en") == "Add …."
    with pytest.raises(ValueError, match="already there"):
        register_messages({"not-found": {"zh": "无", "en": "none"}})
