"""A whole table mapped in one go."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli.mapping.areas import Areas
from cli.mapping.format import Format, load_format
from cli.mapping.rejected import Rejected
from cli.mapping.rows import Mapped, Mapper
from cli.mapping.table import Table
from shared.contracts.units import RequestReported, TaskResult

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Whole:
    """What became of each line, by the line's number."""

    taken: dict[int, Mapped] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)

    def reports(self) -> dict[str, RequestReported]:
        found = {}
        for mapped in self.taken.values():
            data = mapped.events[0].data
            assert isinstance(data, RequestReported)
            found[mapped.events[0].subject] = data
        return found

    def results(self) -> dict[str, TaskResult]:
        found = {}
        for mapped in self.taken.values():
            for event in mapped.events[1:]:
                assert isinstance(event.data, TaskResult)
                found[event.subject] = event.data
        return found

    def remarks(self) -> list[str]:
        return [remark for mapped in self.taken.values() for remark in mapped.remarks]


def map_table(path: Path, format: Format | str, areas: Areas | None = None) -> Whole:
    known = load_format(format) if isinstance(format, str) else format
    mapper = Mapper(known, areas or Areas(()), known.unit.id, NOW)
    whole = Whole()
    for row in Table(path, known).rows():
        try:
            if row.error:
                raise Rejected(row.error)
            whole.taken[row.line] = mapper.map(row.values)
        except Rejected as error:
            whole.rejected[row.line] = str(error)
    return whole
