import random

from hypothesis import given
from hypothesis import strategies as st

from services.registry.chinese import grams, sort_key, wanted_grams


def test_names_sort_by_pinyin_then_tone_and_numbers_by_size() -> None:
    ordered = [
        "阿姨服务社", "ABC Company", "长圳社区", "重庆路社区", "第2网格", "第10网格",
        "马峦街道", "坪环社区", "坪山街道", "深圳大厦", "厦门路社区", "中心小学",
    ]  # fmt: skip
    mixed = ordered[:]
    random.Random(1).shuffle(mixed)
    assert sorted(mixed, key=sort_key) == ordered
    assert sort_key("建设银行") == "jian4 she4 yin2 hang2"
    assert sort_key("Ａｂｃ") == sort_key("abc")


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_part_of_a_name_finds_it(before: str, after: str) -> None:
    name = f"{before} 坪山街道 {after}"
    for text in ("坪", "坪山", "山街道", "街道 坪山"):
        assert set(wanted_grams(text)) <= set(grams(name))


def test_other_words_do_not_find_it() -> None:
    for text in ("坪街", "马峦", "坪山区", "道街"):
        assert not set(wanted_grams(text)) <= set(grams("坪山街道"))
    assert wanted_grams(" ！ ") == []
