"""Our table says what pypinyin says."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.registry.chinese import CHARACTERS, SHIPPED
from services.registry.pinyin import Pinyin, numbered
from tests.unit.services.registry.pinyin_table import learn, table, text, theirs

WORDS: dict[str, str] = orjson.loads(SHIPPED.read_bytes())
PINYIN = Pinyin(CHARACTERS.read_bytes())
PINYIN.learn(WORDS)
learn(WORDS)


def test_the_file_is_written_from_pypinyin() -> None:
    """Else: python -m tests.unit.services.registry.pinyin_table."""
    assert CHARACTERS.read_text(encoding="utf-8") == text()
    assert len("".join(table().values())) > 40_000


def test_every_character_reads_as_in_the_file() -> None:
    for syllable, characters in table().items():
        for character in characters:
            assert PINYIN.syllables(character) == (syllable,)


def test_tones() -> None:
    said = [numbered(syllable) for syllable in ("cháng", "lǜ", "nǚ", "men", "ē", "lüè")]
    assert said == ["chang2", "lv4", "nv3", "men5", "e1", "lve4"]


_pieces = st.one_of(
    st.sampled_from(sorted(WORDS)),
    st.sampled_from("".join(table().values())),
    st.sampled_from(["a", "abc", "A座", "长", "区"]),
)


@given(st.lists(_pieces, max_size=8))
def test_names_read_as_theirs(pieces: list[str]) -> None:
    name = "".join(pieces)
    assert PINYIN.syllables(name) == theirs(name)


@given(st.text(st.characters(max_codepoint=0x2000), max_size=20))
def test_what_is_not_chinese_stays_as_it_is(name: str) -> None:
    assert PINYIN.syllables(name) == ((name,) if name else ())
    assert PINYIN.syllables(f"{name}坪{name}山") == (
        (name, "ping2", name, "shan1") if name else ("ping2", "shan1")
    )
