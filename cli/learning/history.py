"""A city's table of requests as cases that a routing table can be learnt from. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cli.learning.routing import Case
from cli.mapping.areas import Areas
from cli.mapping.format import Format
from cli.mapping.rejected import Rejected
from cli.mapping.rows import Mapper
from cli.mapping.table import Row
from shared.contracts.units import RequestReported


@dataclass
class History:
    """The cases, and the rows that tell nothing of who deals with what."""

    cases: list[Case] = field(default_factory=list)
    rejected: int = 0
    """Rows that an import would reject too."""
    without_unit: int = 0
    """Rows that name no unit, or only the one that reports."""
    without_category: int = 0


def read_history(rows: Iterable[Row], format: Format, areas: Areas, mapper: Mapper) -> History:
    """The cases of a table, mapped as `lianxin import requests` maps it."""
    found = History()
    levels = [area.level.value for area in format.area]
    for row in rows:
        try:
            if row.error:
                raise Rejected(row.error)
            report = mapper.map(row.values).events[0].data
        except Rejected:
            found.rejected += 1
            continue
        assert isinstance(report, RequestReported)
        if report.category is None:
            found.without_category += 1
        elif report.handling_unit in (None, format.unit.id):
            found.without_unit += 1
        else:
            path = areas.path(report.area) if report.area else ()
            named = tuple(area.code for area in path if area.level in levels)
            found.cases.append(Case(report.category, named, report.handling_unit))
    return found
