"""Who handles: units from a table's columns, one for each value of the identifying column."""

import re
from collections import Counter
from collections.abc import Mapping

from cli.mapping.format import Format, HandlingUnit, UnitIdentity
from shared.contracts.ids import derived_id

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}")


def unit_id(rule: HandlingUnit, value: str) -> str:
    """The id of the unit that `value` stands for; the same in every run and every file.

    `prefix` and the value in small letters where that makes a plain id, else one derived from it.
    """
    if _PLAIN.fullmatch(value):
        return rule.prefix + value.lower()
    return rule.prefix + derived_id("handling-unit", rule.prefix, value).replace("-", "")[:16]


class UnitTally:
    """Counts by which names the table calls each unit, in a first reading of it."""

    def __init__(self, format: Format) -> None:
        self._rule = format.handling_unit
        self._missing = frozenset(format.missing)
        self._names: dict[str, Counter[str]] = {}

    def add(self, row: Mapping[str, str]) -> None:
        """Count a row."""
        if self._rule is None:
            return
        value = row[self._rule.column].strip()
        if value in self._missing:
            return
        names = self._names.setdefault(value, Counter())
        name = row[self._rule.name].strip() if self._rule.name else value
        if name not in self._missing:
            names[name] += 1

    def units(self) -> list[UnitIdentity]:
        """A unit for each value: its most frequent name, the longer of two equally frequent.

        Where two units would so be called alike, each takes the longest of its names, and if
        they are still alike, its value in brackets.
        """
        rule = self._rule
        if rule is None:
            return []
        chosen = {
            value: rule.names.get(value) or max(names, key=lambda n: (names[n], len(n)), default="")
            for value, names in self._names.items()
        }
        chosen = {value: name or value for value, name in chosen.items()}
        for value in _alike(chosen):
            if value not in rule.names:
                chosen[value] = max(self._names[value], key=len, default=value)
        for value in _alike(chosen):
            chosen[value] = f"{chosen[value]} ({value})"
        found: dict[str, UnitIdentity] = {}
        for value, name in chosen.items():
            id = unit_id(rule, value)
            found.setdefault(id, UnitIdentity(id=id, name=name[:200], domain=_domain(rule, name)))
        return list(found.values())


def _alike(names: Mapping[str, str]) -> list[str]:
    number = Counter(names.values())
    return [value for value, name in names.items() if number[name] > 1]


def _domain(rule: HandlingUnit, name: str) -> str:
    for entry in rule.domains:
        if any(word in name for word in entry.words):
            return entry.domain
    return rule.domain
