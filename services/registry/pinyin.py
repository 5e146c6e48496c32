"""The syllables of Chinese text, from a table of 400 KB in memory.

`data/pinyin.json` has each character's usual reading (from pypinyin, whose dictionaries would
cost each process 12 MB, and 57 with its phrases); `polyphones.json` the words in which another
reading counts. Both as `zhong1`: ü is v, the neutral tone 5.
"""

import unicodedata
from array import array
from collections.abc import Iterator, Mapping

import orjson

_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_DIAERESIS = "\u0308"
_UNREAD = 0
_LAST = 0x323B0
"""Behind the last character of Chinese in Unicode 15."""


class Pinyin:
    """Readings of characters and of words.

    Args:
        characters: JSON, syllable -> all characters that are read so.
    """

    def __init__(self, characters: bytes) -> None:
        table: dict[str, str] = orjson.loads(characters)
        self._syllables = ["", *table]
        self._readings = array("H", bytes(2 * _LAST))
        for number, read_so in enumerate(table.values(), start=1):
            for character in read_so:
                self._readings[ord(character)] = number
        self._words: dict[str, tuple[str, ...]] = {}
        self._longest = 1

    def learn(self, words: Mapping[str, str]) -> None:
        """Take in words with their syllables in tone marks (`长春`: `cháng chūn`)."""
        for word, said in words.items():
            self._words[word] = tuple(numbered(syllable) for syllable in said.split())
            self._longest = max(self._longest, len(word))

    def syllables(self, text: str) -> tuple[str, ...]:
        """The syllables of `text`, known words first; what is not Chinese stays, in runs."""
        return tuple(self._walk(text))

    def _walk(self, text: str) -> Iterator[str]:
        at, unread = 0, ""
        while at < len(text):
            word = self._word(text, at)
            said = self._words[word] if word else self._reading(text[at])
            if not said:
                unread += text[at]
            else:
                if unread:
                    yield unread
                    unread = ""
                yield from said
            at += len(word) or 1
        if unread:
            yield unread

    def _word(self, text: str, at: int) -> str:
        """The longest known word that begins at `at`; empty where there is none."""
        for length in range(min(self._longest, len(text) - at), 1, -1):
            if text[at : at + length] in self._words:
                return text[at : at + length]
        return ""

    def _reading(self, character: str) -> tuple[str, ...]:
        code = ord(character)
        number = self._readings[code] if code < _LAST else _UNREAD
        return (self._syllables[number],) if number != _UNREAD else ()


def numbered(syllable: str) -> str:
    """`cháng` -> `chang2`, `lǜ` -> `lv4`, `men` -> `men5`."""
    letters, tone = "", "5"
    for part in unicodedata.normalize("NFD", syllable):
        if part in _TONES:
            tone = _TONES[part]
        elif part == _DIAERESIS:
            letters = f"{letters[:-1]}v"
        else:
            letters += part
    return letters + tone
