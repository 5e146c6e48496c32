"""Chinese order and word search without a server that knows either (DESIGN.md 6).

Names sort by the pinyin of each character, tone last, numbers by their size; they are found by
pairs of neighbouring characters.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import orjson

from services.registry.pinyin import Pinyin

POLYPHONES = "polyphones.json"
_DATA = Path(__file__).parent / "data"
SHIPPED = _DATA / POLYPHONES
CHARACTERS = _DATA / "pinyin.json"
_PINYIN = Pinyin(CHARACTERS.read_bytes())
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"\d+|[^\W\d]+")
_DIGITS = 10


def load_polyphones(data_folder: str = "") -> None:
    """Read `polyphones.json`: word -> its syllables with tone marks; a city's own adds to ours."""
    for path in (SHIPPED, Path(data_folder) / POLYPHONES if data_folder else SHIPPED):
        if path.is_file():
            _PINYIN.learn(orjson.loads(path.read_bytes()))
    _syllables.cache_clear()


@lru_cache(maxsize=4096)
def _syllables(text: str) -> tuple[str, ...]:
    return _PINYIN.syllables(text)


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
