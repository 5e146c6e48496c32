"""Areas by name or code, as the registry knows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.mapping.format import AreaName
from cli.mapping.rejected import rejected


@dataclass(frozen=True, slots=True)
class Area:
    """An area of the registry."""

    code: str
    name: str
    level: str
    parent: str | None

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> "Area":
        """From an item of `GET /v1/areas`."""
        return cls(view["id"], view["name"], view["level"], view["parent"])


class Areas:
    """Looks areas up."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self._by_code: dict[str, Area] = {}
        self._by_name: dict[tuple[str, str], list[Area]] = {}
        for area in areas:
            self._by_code[area.code] = area
            self._by_name.setdefault((area.level, area.name), []).append(area)

    def __len__(self) -> int:
        return len(self._by_code)

    def find(self, levels: Sequence[AreaName], values: Sequence[str | None]) -> str | None:
        """The code of the lowest level that the row names; None where it names none.

        Raises:
            Rejected: a name or code is not in the registry, or is not inside the level above.
        """
        above: Area | None = None
        for level, value in zip(levels, values, strict=True):
            if value is not None:
                above = self._one(level, value, above)
        return above.code if above else None

    def path(self, code: str) -> tuple[Area, ...]:
        """The area and those above it that are known, from the top down."""
        found: list[Area] = []
        at = self._by_code.get(code)
        while at is not None and at not in found:
            found.append(at)
            at = self._by_code.get(at.parent) if at.parent else None
        return tuple(reversed(found))

    def _one(self, level: AreaName, value: str, above: Area | None) -> Area:
        for suffix in level.suffixes:
            text = f"{level.prefix}{value}{suffix}"
            found = [
                area
                for area in self._candidates(level, text)
                if above is None or self._inside(area, above)
            ]
            if len(found) == 1:
                return found[0]
            if found:
                raise rejected("area-ambiguous", column=level.column, value=value)
        raise rejected("area-unknown", column=level.column, value=value)

    def _candidates(self, level: AreaName, text: str) -> list[Area]:
        if level.by == "name":
            return self._by_name.get((level.level, text), [])
        area = self._by_code.get(text)
        return [area] if area is not None and area.level == level.level else []

    def _inside(self, area: Area, above: Area) -> bool:
        return above in self.path(area.code)
