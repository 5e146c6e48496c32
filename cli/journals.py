"""The services' journals, read over HTTP: facts by subject, and the cases of a period made anew.

Of bounded memory: some hundred requests at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import Any

import httpx
import orjson

from cli.audit_compare import ASSESSMENT, DISPATCH, INTAKE
from cli.http import connect, refusal
from cli.world import World
from services.assessment.scores.anew import Entry
from shared.contracts import topics
from shared.contracts.corrections import CaseCorrected, CorrectionVoided
from shared.contracts.envelope import decode, headers_of
from shared.contracts.ids import lead_task_id
from shared.contracts.payload import Payload
from shared.contracts.requests import RequestAccepted

_PAGE = 1000
_REQUESTS_AT_ONCE = 200
_SECONDS = 900.0
"""Where few of a journal's facts are wanted a page takes as long as reading all of it."""


class Journals:
    """The journals of all services, each read from its owner."""

    def __init__(self, world: World) -> None:
        self._clients = {name: connect(world, name) for name in world.urls}

    def __enter__(self) -> "Journals":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            client.close()

    def every(
        self,
        service: str,
        topic: str,
        types: Sequence[type[Payload]] = (),
        **more: str,
    ) -> Iterator[Entry]:
        """What a service published on a topic, each subject's facts together and in order; of a
        snapshot the newest."""
        named = [one.full_type() for one in types]
        query: dict[str, Any] = {"topic": topic, "type": named, "limit": _PAGE, **more}
        while True:
            answer = self._clients[service].get("/v1/journal", params=query, timeout=_SECONDS)
            page = _read(answer)
            yield from map(_entry, page["items"])
            if page["next"] is None:
                return
            query["after"] = page["next"]

    def of(self, service: str, source: str, subjects: Iterable[str]) -> dict[str, list[Entry]]:
        """Every fact of some subjects of a source (at most 200), each subject's in order."""
        wanted = {"source": source, "subjects": list(subjects)}
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        answer = self._clients[service].post("/v1/journal/of", json=wanted, timeout=_SECONDS)
        for one in map(_entry, _read(answer)["items"]):
            found[one.event.subject].append(one)
        return found

    def cases(self, since: datetime, until: datetime) -> Iterator[list[Entry]]:
        """The facts of each request accepted in a span of time: of intake, of dispatch about its
        lead task, and its corrections."""
        corrections = self._corrections()
        accepted = self.every(
            INTAKE,
            topics.REQUESTS.name,
            [RequestAccepted],
            since=since.isoformat(),
            until=until.isoformat(),
        )
        while batch := list(islice(accepted, _REQUESTS_AT_ONCE)):
            ids = list(dict.fromkeys(one.event.subject for one in batch))
            requests = self.of(INTAKE, source_of(INTAKE), ids)
            tasks = self.of(DISPATCH, source_of(DISPATCH), map(lead_task_id, ids))
            for id in ids:
                task = tasks.get(lead_task_id(id), [])
                yield [*requests[id], *task, *corrections.get(id, [])]

    def _corrections(self) -> Mapping[str, list[Entry]]:
        """All that were ever made, by request: few, each by a person."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        kinds = (CaseCorrected, CorrectionVoided)
        for one in self.every(ASSESSMENT, topics.REVIEWS.name, kinds):
            # It counted from when it was made, also where it was told of later (before assessment
            # told of corrections it kept them to itself).
            found[one.event.subject].append(Entry(one.event, one.event.time))
        return found


def source_of(service: str) -> str:
    """The source of a service's own facts."""
    return f"/services/{service.replace('_', '-')}"


def _read(response: httpx.Response) -> Any:
    if not response.is_success:
        raise refusal(response)
    return orjson.loads(response.content)


def _entry(item: Mapping[str, Any]) -> Entry:
    headers = headers_of(
        id=item["id"],
        source=item["source"],
        type=item["type"],
        subject=item["subject"],
        sequence=item["sequence"],
        time=_moment(item["time"]),
        partition_key=item["partitionkey"],
        trace_parent=item["traceparent"],
    )
    return Entry(decode(orjson.dumps(item["data"]), headers), _moment(item["kept_at"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
