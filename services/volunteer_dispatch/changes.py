"""Changes of tasks as they happen, to everybody who sees them: ids and what changed.

Source: the journal of this service, which all its replicas write and every one of them follows
while somebody listens. A place in it is a time (of the journal's entry, in milliseconds): replicas'
clocks differ and an entry lands a moment after its time was taken, so some seconds are read again
each time. What a listener hears twice it knows by the task's sequence.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import orjson

from services.volunteer_dispatch.audience import audience_of, keys_of, named_in
from services.volunteer_dispatch.boards import SEEN
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.topics import TASKS
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, UNREACHABLE, Database, Document
from shared.telemetry import CHANGE_STREAMS, CHANGE_STREAMS_CUT
from shared.web.auth import Principal
from shared.web.problems import Problem

log = logging.getLogger(__name__)

KEPT = timedelta(hours=1)
"""Who has been away for longer reloads."""
RESUMED_AT_MOST = 5_000
"""Changes of the whole service that are looked through for one who comes back."""
_OVERLAP, _NEAR = timedelta(seconds=5), timedelta(seconds=1)
_FAR_EVERY = 10
_POLL_SECONDS = 0.3
_REMEMBERED = 20_000
_RETRY_SECONDS = 30
_ENTRY = {"subject": 1, "n": 1, "type": 1, "at": 1, "time": 1, "key": 1, "data": 1}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class Listener:
    """One who listens: what is to be sent, at most `room` pieces."""

    def __init__(self, keys: frozenset[str], subject: str, room: int) -> None:
        self.keys = keys
        self.subject = subject
        self.ended = False
        self._room = room
        self._pieces: deque[bytes] = deque()
        self._more = asyncio.Event()

    def put(self, piece: bytes) -> None:
        """Add a piece; one who is too slow is cut off, and can resume."""
        if self.ended:
            return
        if len(self._pieces) >= self._room:
            self._pieces.clear()
            self.end()
            CHANGE_STREAMS_CUT.inc()
        else:
            self._pieces.append(piece)
            self._more.set()

    def first(self, pieces: Iterable[bytes]) -> None:
        """Put pieces before all others, however many."""
        self._pieces.extendleft(reversed(list(pieces)))
        self._more.set()

    def end(self) -> None:
        """Nothing more will come."""
        self.ended = True
        self._more.set()

    async def take(self, seconds: float) -> bytes | None:
        """All that is there, once there is something; empty after `seconds`, None at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._more.wait()
        except TimeoutError:
            return b""
        if not self._pieces and self.ended:
            return None
        found = b"".join(self._pieces)
        self._pieces.clear()
        if not self.ended:
            self._more.clear()
        return found


class Changes:
    """Everybody who listens at this replica, and the loop that tells them.

    Args:
        most: listeners of this replica at once.
        most_each: of one caller.
        room: pieces that wait for one listener.
        heartbeat_seconds: between signs of life to one who hears nothing else.
    """

    def __init__(
        self,
        database: Database,
        store: AggregateStore[TaskState],
        *,
        most: int = 1000,
        most_each: int = 20,
        room: int = 1000,
        heartbeat_seconds: float = 15.0,
    ) -> None:
        self._journal = database["journal"]
        self._tasks = store.collection
        self.most, self.most_each, self.room = most, most_each, room
        self.heartbeat_seconds = heartbeat_seconds
        self._listeners: dict[str, set[Listener]] = {}
        self._all: set[Listener] = set()
        self._closed = False
        self._awake = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._at = datetime.now(UTC)
        self._seen: dict[str, datetime] = {}
        self._audiences: OrderedDict[str, frozenset[str]] = OrderedDict()

    # Listeners

    async def listen(self, principal: Principal, last_event_id: str | None) -> Listener:
        """Begin to listen, after `last_event_id` where it is given.

        Raises:
            Problem: 429 or 503 where there are too many.
        """
        one = Listener(keys_of(principal), principal.subject, self.room)
        of_caller = sum(other.subject == one.subject for other in self._all)
        for number, most, status in (
            (of_caller, self.most_each, 429),
            (len(self._all), self.most, 503),
        ):
            if number >= most:
                raise Problem(
                    status,
                    "too-many-streams",
                    headers={"Retry-After": str(_RETRY_SECONDS)},
                    most=most,
                    seconds=_RETRY_SECONDS,
                )
        async with self._beginning:
            if not self._all:
                await self._begin()
            # What happens from now on waits behind what happened before.
            self._all.add(one)
            CHANGE_STREAMS.set(len(self._all))
        for key in one.keys:
            self._listeners.setdefault(key, set()).add(one)
        self._awake.set()
        try:
            pieces = [] if last_event_id is None else await self._since(last_event_id, one.keys)
        except BaseException:
            self.leave(one)
            raise
        ready = b"retry: 3000\nevent: ready\nid: %d\ndata: {}\n\n" % self.position
        one.first([*pieces, ready])
        if self._closed:
            one.end()
        return one

    def leave(self, one: Listener) -> None:
        """Listen no more."""
        one.end()
        self._all.discard(one)
        CHANGE_STREAMS.set(len(self._all))
        for key in one.keys:
            others = self._listeners.get(key, set())
            others.discard(one)
            if not others:
                self._listeners.pop(key, None)
        if not self._all:
            self._awake.clear()

    def close(self) -> None:
        """End every stream: the process stops. Listeners resume at another replica."""
        self._closed = True
        for one in self._all:
            one.end()

    @property
    def position(self) -> int:
        """How far everybody has been told, as an event id."""
        return _ms(self._at)

    def heartbeat(self) -> bytes:
        """A comment that keeps the connection, with the place to resume from."""
        return b": \nid: %d\n\n" % self.position

    # The loop

    async def run(self) -> None:
        """Tell changes for ever, while somebody listens."""
        turn = 0
        while True:
            await self._awake.wait()
            turn += 1
            try:
                await self.tell(_OVERLAP if turn % _FAR_EVERY == 0 else _NEAR)
            except UNREACHABLE as error:
                log.warning("changes wait for the database", extra={"error": repr(error)})
            await asyncio.sleep(_POLL_SECONDS)

    async def _begin(self) -> None:
        """Nobody listened: what was told before is nobody's news."""
        self._at = datetime.now(UTC)
        self._seen = {entry["_id"]: entry["at"] for entry in await self._read(self._at - _OVERLAP)}

    async def _read(self, since: datetime, limit: int = 0) -> list[Document]:
        found = self._journal.find({"topic": TASKS.name, "at": {"$gte": since}}, _ENTRY)
        return await found.sort("at", ASCENDING).limit(limit).to_list(None)

    async def tell(self, back: timedelta = _OVERLAP) -> int:
        """Tell what is new; how many changes there were."""
        entries = await self._read(self._at - back)
        new = [entry for entry in entries if entry["_id"] not in self._seen]
        if not new:
            return 0
        states = await self._states(new)
        self._at = max(self._at, *(entry["at"] for entry in new))
        forget = self._at - 2 * _OVERLAP
        self._seen = {id: at for id, at in self._seen.items() if at >= forget}
        for entry in new:
            self._seen[entry["_id"]] = entry["at"]
            sees, gone = self._audience(entry, states.get(entry["subject"]))
            self._send(sees, entry, gone=False)
            self._send(gone, entry, gone=True)
        return len(new)

    def _send(self, keys: frozenset[str], entry: Document, *, gone: bool) -> None:
        listeners = {one for key in keys for one in self._listeners.get(key, ())}
        if listeners:
            piece = _piece(entry, self.position, gone=gone)
            for one in listeners:
                one.put(piece)

    def _audience(
        self, entry: Document, task: TaskState | None
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Those who see the task now, and those who have seen it, or are named, and do not."""
        if task is None:
            return frozenset(), frozenset()
        sees, before = audience_of(task), self._audiences.get(task.task_id, frozenset())
        self._audiences[task.task_id] = sees
        self._audiences.move_to_end(task.task_id)
        if len(self._audiences) > _REMEMBERED:
            self._audiences.popitem(last=False)
        return sees, (before | named_in(orjson.loads(entry["data"]), task)) - sees

    async def _states(self, entries: Sequence[Document]) -> dict[str, TaskState]:
        ids = list({entry["subject"] for entry in entries})
        found = await self._tasks.find({"_id": {"$in": ids}}, SEEN).to_list(None)
        return {one["_id"]: TaskState.model_validate(one["state"]) for one in found}

    # Coming back

    async def _since(self, last_event_id: str, keys: frozenset[str]) -> list[bytes]:
        """The pieces after a place; one that says to reload where that is too far away."""
        now = datetime.now(UTC)
        try:
            after = datetime.fromtimestamp(int(last_event_id) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return [self._reload()]
        if not now - KEPT <= after <= now + _OVERLAP:
            return [self._reload()]
        entries = await self._read(after - _OVERLAP, RESUMED_AT_MOST + 1)
        if len(entries) > RESUMED_AT_MOST:
            return [self._reload()]
        states = await self._states(entries)
        pieces, reached = [], after
        for entry in entries:
            reached = max(reached, entry["at"])
            task = states.get(entry["subject"])
            if task is None:
                continue
            sees = audience_of(task)
            if not keys.isdisjoint(sees):
                pieces.append(_piece(entry, _ms(reached), gone=False))
            elif not keys.isdisjoint(named_in(orjson.loads(entry["data"]), task)):
                pieces.append(_piece(entry, _ms(reached), gone=True))
        return pieces

    def _reload(self) -> bytes:
        return b"event: reload\nid: %d\ndata: {}\n\n" % self.position


def _piece(entry: Document, place: int, *, gone: bool) -> bytes:
    data = {
        "task_id": entry["subject"],
        "request_id": entry["key"],
        "what": "gone" if gone else entry["type"].removeprefix("lianxin.").rpartition(".v")[0],
        "sequence": entry["n"],
        "at": entry["time"],
    }
    return b"id: %d\nevent: change\ndata: %s\n\n" % (place, orjson.dumps(data))
