"""The comparison behind `lianxin audit`: three streams in the order of request ids, side by side.

Pure, and of bounded memory: each stream is read once, and only counts and the first offending
requests are kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

INTAKE, DISPATCH, ASSESSMENT = "request_intake", "volunteer_dispatch", "assessment"
AUDITED = (INTAKE, DISPATCH, ASSESSMENT)
OFFENDING_KEPT = 20

Item = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What a service knows of the accepted requests; a request counts once in each."""

    known: int = 0
    missing: int = 0
    """Requests that another service knows to be accepted, and this one does not."""
    behind: int = 0
    """Requests of which this service has not the last event of another's."""


@dataclass(frozen=True, slots=True)
class Offence:
    """A request that is not the same everywhere."""

    request_id: str
    service: str
    what: str
    """`missing` or `behind`."""
    owner: str
    """The service whose events are missing: its journal can be replayed."""
    has: int
    """Sequence that `service` has."""
    wants: int


@dataclass(slots=True)
class Comparison:
    """The result over all requests."""

    requests: int = 0
    """Accepted requests that any service knows."""
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in AUDITED})
    offending: list[Offence] = field(default_factory=list)
    """The first ones."""

    @property
    def wrong(self) -> int:
        """How many faults there are."""
        return sum(tally.missing + tally.behind for tally in self.tallies.values())

    def note(self, offences: list[Offence]) -> None:
        """Take one request's offences: at most one counts for a service, a missing one first."""
        by_service: dict[str, Offence] = {}
        for offence in sorted(offences, key=lambda o: o.what != "missing"):
            by_service.setdefault(offence.service, offence)
        for offence in by_service.values():
            tally = self.tallies[offence.service]
            if offence.what == "missing":
                tally.missing += 1
            else:
                tally.behind += 1
            if len(self.offending) < OFFENDING_KEPT:
                self.offending.append(offence)


def compare(
    requests: Iterable[Item],
    tasks: Iterable[Item],
    cases: Iterable[Item],
    since: datetime | None = None,
) -> Comparison:
    """Compare the services' streams, each sorted by `request_id`; tasks may repeat one.

    Args:
        since: only requests made known to Lianxin from then on. Requests that units reported
            carry no time in their id and are always compared.
    """
    result = Comparison()
    for id, intake, dispatch, assessment in joined(requests, tasks, cases):
        if since is not None and (made := time_of(id)) is not None and made < since:
            continue
        _compare_one(result, id, intake, dispatch, assessment)
    return result


def joined(
    requests: Iterable[Item], tasks: Iterable[Item], cases: Iterable[Item]
) -> Iterator[tuple[str, Item | None, list[Item], Item | None]]:
    """Merge join: for each request id what each stream has of it."""

    def grouped(stream: Iterable[Item]) -> Iterator[tuple[str, list[Item]]]:
        for id, items in groupby(stream, key=lambda item: str(item["request_id"])):
            yield id, list(items)

    streams = [grouped(requests), grouped(tasks), grouped(cases)]
    heads = [next(stream, None) for stream in streams]
    while present := [head[0] for head in heads if head is not None]:
        id = min(present)
        found: list[list[Item]] = []
        for n, head in enumerate(heads):
            if head is None or head[0] != id:
                found.append([])
                continue
            found.append(head[1])
            heads[n] = following = next(streams[n], None)
            if following is not None and following[0] < id:
                raise ValueError(f"the audit stream is not in order: {following[0]} after {id}")
        yield id, _only(found[0]), found[1], _only(found[2])


def _only(items: list[Item]) -> Item | None:
    return items[0] if items else None


def _compare_one(
    result: Comparison, id: str, intake: Item | None, dispatch: list[Item], case: Item | None
) -> None:
    wants = 0 if intake is None else intake["sequence"]
    has = {
        DISPATCH: max((task["requests_sequence"] for task in dispatch), default=0),
        ASSESSMENT: 0 if case is None else case["requests_sequence"],
    }
    if not wants and not any(has.values()):
        return  # known from its task alone: not accepted yet
    result.requests += 1
    offences = []
    for name, known in ((INTAKE, wants), *has.items()):
        result.tallies[name].known += known > 0
    for name, sequence in has.items():
        offences += _lag(id, name, INTAKE, sequence, wants)
    offences += _lag(id, INTAKE, INTAKE, wants, max(has.values()))
    measured = {} if case is None else case["tasks"]
    told = {task["task_id"]: task["sequence"] for task in dispatch}
    for task_id in told.keys() | measured.keys():
        sent, counted = told.get(task_id, 0), measured.get(task_id, 0)
        # A task that assessment has no event of is late, not lost: the request itself is known.
        offences += [
            Offence(id, service, "behind", DISPATCH, has_, wants_)
            for service, has_, wants_ in ((ASSESSMENT, counted, sent), (DISPATCH, sent, counted))
            if has_ < wants_
        ]
    if offences:
        result.note(offences)


def _lag(id: str, service: str, owner: str, has: int, wants: int) -> list[Offence]:
    if has >= wants:
        return []
    return [Offence(id, service, "behind" if has else "missing", owner, has, wants)]


def time_of(id: str) -> datetime | None:
    """When a UUIDv7 was made; None for another id."""
    try:
        uuid = UUID(id)
    except ValueError:
        return None
    if uuid.version != 7:
        return None
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC)
