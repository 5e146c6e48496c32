"""Chinese order and word search without a server that knows either (DESIGN.md 6).

Names sort by the pinyin of each character, tone last, numbers by their size; they are found by
pairs of neighbouring characters.
"""

import os
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import orjson

# 47,000 phrases cost each process 45 MB; the few polyphones of names stand in a table of our own.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

from pypinyin import Style, lazy_pinyin, load_phrases_dict, load_single_dict

POLYPHONES = "polyphones.json"
SHIPPED = Path(__file__).parent / "data" / POLYPHONES
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"\d+|[^\W\d]+")
_DIGITS = 10


def load_polyphones(data_folder: str = "") -> None:
    """Read `polyphones.json`: word -> its syllables with tone marks; a city's own adds to ours."""
    load_single_dict({ord("长"): "cháng,zhǎng", ord("区"): "qū,ōu"})
    for path in (SHIPPED, Path(data_folder) / POLYPHONES if data_folder else SHIPPED):
        if path.is_file():
            table: dict[str, str] = orjson.loads(path.read_bytes())
            load_phrases_dict(
                {word: [[syllable] for syllable in said.split()] for word, said in table.items()}
            )
    _syllables.cache_clear()


@lru_cache(maxsize=4096)
def _syllables(text: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def sort_key(name: str) -> str:
    """Text whose code-point order is the order of names: `坪山街道` -> `ping2 shan1 jie1 dao4`."""
    parts: list[str] = []
    for piece in _PIECE.findall(_folded(name)):
        if piece.isdecimal():
            parts.append(str(int(piece)).zfill(_DIGITS))
        else:
            parts.extend(_syllables(piece))
    return " ".join(parts)


def grams(name: str) -> tuple[str, ...]:
    """The single characters and the pairs of neighbours by which `name` is found, sorted."""
    found: set[str] = set()
    for word in _WORD.findall(_folded(name)):
        found.update(word)
        found.update(a + b for a, b in pairwise(word))
    return tuple(sorted(found))


def wanted_grams(text: str) -> list[str]:
    """What all of must be among a name's `grams` for `text` to be found in it."""
    wanted: set[str] = set()
    for word in _WORD.findall(_folded(text)):
        pairs = [a + b for a, b in pairwise(word)]
        wanted.update(pairs or [word])
    return sorted(wanted)


load_polyphones()
