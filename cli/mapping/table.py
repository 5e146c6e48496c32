"""A table in a CSV file, read row by row with line numbers."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cli.failures import failure
from cli.language import tr
from cli.mapping.format import Format


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the line that it begins on (the header is line 1), its cells, what is wrong."""

    line: int
    cells: tuple[str, ...]
    values: dict[str, str]
    error: str = ""


class Table:
    """A file as a format reads it. Raises `Failure` where it has not the format's columns."""

    def __init__(self, path: Path, format: Format) -> None:
        self.path = path
        self._format = format
        with self._open() as file:
            self.header = tuple(next(csv.reader(file, delimiter=format.delimiter), ()))
        if missing := [column for column in format.columns() if column not in self.header]:
            raise failure("columns", path=path, format=format.name, names=", ".join(missing))
        twice = [c for c in format.columns() if self.header.count(c) > 1]
        if twice:
            raise failure("columns-twice", path=path, names=", ".join(twice))

    @contextmanager
    def _open(self) -> Iterator[TextIO]:
        try:
            with self.path.open(encoding=self._format.encoding, newline="") as file:
                yield file
        except OSError as error:
            raise failure("file", path=self.path, error=error.strerror or error) from None
        except (UnicodeDecodeError, LookupError) as error:
            encoding = self._format.encoding
            raise failure("encoding", path=self.path, encoding=encoding, error=error) from None
        except csv.Error as error:
            raise failure("csv", path=self.path, error=error) from None

    def rows(self, limit: int | None = None) -> Iterator[Row]:
        """The rows that are not empty, at most `limit`."""
        number = 0
        with self._open() as file:
            reader = csv.reader(file, delimiter=self._format.delimiter)
            next(reader, None)
            line = reader.line_num + 1
            for cells in reader:
                begins, line = line, reader.line_num + 1
                if not cells:
                    continue
                if limit is not None and number >= limit:
                    return
                number += 1
                yield self._row(begins, tuple(cells))

    def _row(self, line: int, cells: tuple[str, ...]) -> Row:
        values = dict(zip(self.header, cells, strict=False))
        if len(cells) == len(self.header):
            return Row(line, cells, values)
        wrong = tr("row.cells", found=len(cells), wanted=len(self.header))
        return Row(line, cells, values, wrong)
