"""Writes `services/registry/data/pinyin.json` from pypinyin's dictionary of characters.

python -m tests.unit.services.registry.pinyin_table
"""

import os
import re
from functools import cache

# Before pypinyin is imported anywhere: its 47,000 phrases are not in our table.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import Style, lazy_pinyin, load_phrases_dict, load_single_dict
from pypinyin.constants import PINYIN_DICT

from services.registry.chinese import CHARACTERS

# As they are read in the names of places.
load_single_dict({ord("长"): "cháng,zhǎng", ord("区"): "qū,ōu"})

_SYLLABLE = re.compile(r"[a-zê]+[1-5]")


def learn(words: dict[str, str]) -> None:
    """Have pypinyin know these words, too."""
    load_phrases_dict({word: [[said] for said in words[word].split()] for word in words})


def theirs(name: str) -> tuple[str, ...]:
    """How pypinyin reads a name."""
    return tuple(lazy_pinyin(name, style=Style.TONE3, neutral_tone_with_five=True))


@cache
def table() -> dict[str, str]:
    """Syllable -> its characters, both in order."""
    found: dict[str, list[str]] = {}
    for code in sorted(PINYIN_DICT):
        [said] = theirs(chr(code))
        if _SYLLABLE.fullmatch(said):
            found.setdefault(said, []).append(chr(code))
    return {syllable: "".join(found[syllable]) for syllable in sorted(found)}


def text() -> str:
    """The file: a syllable a line."""
    lines = (f'  "{syllable}": "{read_so}"' for syllable, read_so in table().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    CHARACTERS.write_text(text(), encoding="utf-8")
