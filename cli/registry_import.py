"""Sending a file's rows to the registry, and what became of each."""

import csv
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from cli.registry_files import REPORT, BadFile, Row, read_csv, read_geojson

ROWS_A_BATCH = 500
BYTES_A_BATCH = 900_000
"""Under the service's limit of 1 MB for a body."""
IN_FLIGHT = 2
"""Batches sent at once, so that the service need not wait while the next one is read."""
_ONE_BY_ONE = frozenset({"areas", "units", "organizations"})
"""Kinds whose rows name rows before them: a batch must not overtake the one before it."""
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_TOO_LARGE = ("此行超过 900 KB：请简化边界后重试。", "The row is over 900 KB: simplify its border.")

OnProgress = Callable[[int, int], None]
"""Called with rows done and rows in all."""


class ImportFailed(Exception):
    """The import could not go on; the sentence says what to do. What was sent stays."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: its line in the file, the field, and why in both languages."""

    line: int
    field: str
    zh: str
    en: str
    shown: dict[str, str]


@dataclass(frozen=True, slots=True)
class Missing:
    """An area in service that a file of its parent's areas does not have (any more).

    `perhaps` is the code of a row of that file with the same name: its code may have changed.
    """

    id: str
    name: str
    parent: str
    perhaps: str | None = None


@dataclass(slots=True)
class Summary:
    """What became of a file's rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    repaired: list[tuple[int, str]] = field(default_factory=list)
    """Lines whose polygon was mended, and what was wrong with it."""
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.created + self.changed + self.unchanged + len(self.rejected)


def import_rows(
    kind: str,
    file: Path | Iterable[Row],
    client: httpx.Client,
    on_progress: OnProgress = lambda done, total: None,
    **reading: Any,
) -> Summary:
    """Send a file's rows to `POST /v1/imports/{kind}`; safe to run again.

    A file is read twice, to count its rows and to send them, and never held as a whole.

    Args:
        file: a path (`reading` goes to `rows_of`), or rows.
        client: with the registry's address and a token; used by threads.

    Raises:
        BadFile: the file cannot be read; nothing was sent.
        ImportFailed: the service refused all, or was away for long.
    """
    if isinstance(file, Path):
        plainly = {name: value for name, value in reading.items() if name != "repair"}
        total = sum(1 for _ in rows_of(kind, file, **plainly))
        rows: Iterable[Row] = rows_of(kind, file, **reading)
    else:
        rows = list(file)
        total = len(rows)
    summary = Summary()
    begun = time.monotonic()
    done = 0
    on_progress(0, total)
    for batch, results in _answered(client, kind, batches(rows, summary)):
        for row, result in zip(batch, results, strict=True):
            _count(summary, row, result)
            if row.note:
                summary.repaired.append((row.line, row.note))
        done += len(batch)
        on_progress(done, total)
    on_progress(total, total)
    summary.rejected.sort(key=lambda rejected: rejected.line)
    summary.seconds = time.monotonic() - begun
    return summary


_Answered = tuple[list[Row], list[dict[str, Any]]]


def _answered(client: httpx.Client, kind: str, batches: Iterable[list[Row]]) -> Iterator[_Answered]:
    """Each batch with what became of its rows, in order; some are sent ahead."""
    at_once = 1 if kind in _ONE_BY_ONE else IN_FLIGHT
    sent: deque[tuple[list[Row], Future[list[dict[str, Any]]]]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for batch in batches:
                # Two batches that have a row in common must not overtake each other either.
                while sent and (len(sent) >= at_once or _meet(batch, sent)):
                    yield _first(sent)
                sent.append((batch, pool.submit(_send, client, kind, batch)))
            while sent:
                yield _first(sent)
        finally:
            pool.shutdown(cancel_futures=True)


def _first(sent: deque[tuple[list[Row], Future[list[dict[str, Any]]]]]) -> _Answered:
    batch, answer = sent.popleft()
    return batch, answer.result()


def _meet(batch: Iterable[Row], sent: Iterable[tuple[list[Row], Any]]) -> bool:
    ids = {row.values.get("id") for row in batch} - {None}
    return any(row.values.get("id") in ids for before, _ in sent for row in before)


def missing_areas(file: Path, client: httpx.Client, **reading: Any) -> list[Missing]:
    """Areas in service under a parent that the file names, which the file does not have.

    Nothing is retired by a load: a file may be of a part only. What was withdrawn is retired by
    the one who knows it.

    Raises:
        ImportFailed: the registry does not answer.
    """
    ids: set[str] = set()
    by_name: dict[tuple[str, str], str] = {}
    for row in rows_of("areas", file, **reading):
        id, parent = str(row.values.get("id")), str(row.values.get("parent") or "")
        ids.add(id)
        by_name[parent, str(row.values.get("name"))] = id
    found: list[Missing] = []
    for parent in sorted({parent for parent, _ in by_name} - {""}):
        for area in _areas_under(client, parent):
            if area["id"] not in ids:
                perhaps = by_name.get((parent, area["name"]))
                found.append(Missing(area["id"], area["name"], parent, perhaps))
    return found


def _areas_under(client: httpx.Client, parent: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"parent": parent, "retired": "false", "limit": 200}
    while True:
        try:
            answer = client.get("/v1/areas", params=asked)
        except httpx.TransportError as error:
            raise ImportFailed(f"{client.base_url} 没有应答（no answer: {error!r}）") from None
        if answer.status_code != 200:
            raise ImportFailed(_detail(answer))
        page = answer.json()
        yield from page["items"]
        if page["next"] is None:
            return
        asked["cursor"] = page["next"]


def rows_of(
    kind: str,
    path: Path,
    *,
    columns: dict[str, str] | None = None,
    encoding: str = "utf-8-sig",
    **geojson: Any,
) -> Iterator[Row]:
    """The rows of a CSV file, or of a GeoJSON file (grids only) by its ending."""
    if path.suffix.lower() not in {".geojson", ".json"}:
        return read_csv(kind, path, columns, encoding)
    if kind != "grids":
        raise BadFile("只有网格可以用 GeoJSON 导入，其他请用 CSV（GeoJSON is for grids only）。")
    return read_geojson(path, **geojson)


def batches(rows: Iterable[Row], summary: Summary) -> Iterator[list[Row]]:
    """Rows in batches that the service takes; one too large for any is rejected here."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        length = len(orjson.dumps(row.values)) + 1
        if length > BYTES_A_BATCH:
            summary.rejected.append(Rejected(row.line, "geometry", *_TOO_LARGE, row.shown))
            continue
        if batch and (len(batch) >= ROWS_A_BATCH or size + length > BYTES_A_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch


def _send(client: httpx.Client, kind: str, batch: Sequence[Row]) -> list[dict[str, Any]]:
    body = orjson.dumps({"rows": [row.values for row in batch]})
    headers = {"Content-Type": "application/json"}
    why = ""
    for pause in (*_PAUSES, None):
        try:
            answer = client.post(f"/v1/imports/{kind}", content=body, headers=headers)
        except httpx.TransportError as error:
            why = f"{client.base_url} 没有应答（no answer: {type(error).__name__}）"
        else:
            if answer.status_code == 200:
                results: list[dict[str, Any]] = answer.json()["results"]
                return results
            why = _detail(answer)
            if answer.status_code < 500:
                raise ImportFailed(why)
        if pause is not None:
            time.sleep(pause)
    raise ImportFailed(
        f"{why}。请检查登记服务后重新运行，已导入的行不会重复（run it again later）。"
    )


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _count(summary: Summary, row: Row, result: dict[str, Any]) -> None:
    match result["status"]:
        case "created":
            summary.created += 1
        case "changed":
            summary.changed += 1
        case "unchanged":
            summary.unchanged += 1
        case _:
            reason = result["reason"]
            summary.rejected.append(
                Rejected(row.line, result.get("field", ""), reason["zh"], reason["en"], row.shown)
            )


def write_rejected(path: Path, rejected: Sequence[Rejected]) -> None:
    """The rejected rows with line, field and reasons, for a spreadsheet; mend and import it again.

    Without any, a file of an earlier run is removed.
    """
    if not rejected:
        path.unlink(missing_ok=True)
        return
    shown = list(dict.fromkeys(name for one in rejected for name in one.shown))
    kept = [name for name in shown if name not in REPORT]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*REPORT, *kept])
        for one in rejected:
            cells = [one.shown.get(name, "") for name in kept]
            writer.writerow([one.line, one.field, one.zh, one.en, *cells])
