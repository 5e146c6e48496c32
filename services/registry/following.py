"""Follow-ups on what the registry has published: durable, and the same when done again.

What is derived of several documents (a vacancy of an organization, a scorecard of its records)
cannot be written together with them. A follower reads of the journal, which has every published
change, which entries changed, lets its subject derive anew, and only then keeps how far it has
read: a process killed between any two steps does the last bit again.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shared.contracts.topics import Topic
from shared.messaging.journal import Journal
from shared.messaging.leases import Leases
from shared.storage.aggregates import Contended
from shared.storage.client import UNREACHABLE, Database
from shared.storage.loops import for_ever

_PAUSE_SECONDS = 0.5
_BATCH = 500
_OVERLAP = timedelta(seconds=10)
"""How late an entry may show up in the journal: clocks that differ, a slow write."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_SEEN_KEPT = 20_000

Seen = dict[str, tuple[int, datetime]]
Changed = Mapping[str, Sequence[str]]
"""Ids of changed aggregates by collection, as `{"organizations": ["o1"]}`."""
Derive = Callable[[Changed], Awaitable[None]]


class Follower:
    """Follows topics of the own journal while this replica leads.

    Args:
        name: of its places in the journal, which are kept in the database.
        derive: idempotent; told of each change at least once after it, in no order.
        spare: what there is to do besides in each round (rules that changed); whether anything
            was left.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        leases: Leases,
        name: str,
        topics: Sequence[Topic],
        derive: Derive,
        spare: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._places = database["followers"]
        self._journal = journal
        self._leases = leases
        self._name = name
        self._topics = [topic.name for topic in topics]
        self._derive = derive
        self._spare = spare
        self._seen: dict[str, Seen] = {}
        self._read_to: dict[str, datetime] = {}
        """What is kept of `_places`, for as long as this replica leads."""

    async def run(self) -> None:
        """Follow for ever, for at most half of the time: requests are answered beside it."""
        await for_ever(
            self._once,
            _PAUSE_SECONDS,
            "a follower tries again",
            rest=1,
            over=(*UNREACHABLE, Contended),
        )

    async def _once(self) -> bool:
        if self._leases.leads:
            return await self.round()
        self._seen, self._read_to = {}, {}
        return False

    async def round(self) -> bool:
        """Derive from what is new on each topic; whether there is more to do at once."""
        for topic in self._topics:
            await self._follow(topic)
        return self._spare is not None and await self._spare()

    async def _follow(self, topic: str) -> None:
        place = f"{self._name}/{topic}"
        kept = self._read_to.get(topic) or await self._kept(place)
        read_to = kept or _BEGINNING
        # A copy: what could not be derived from this time must be met again.
        seen = dict(self._seen.get(topic, {}))
        batch: list[str] = []
        moved = kept is None
        async for key, n, at in self._journal.keys(topic, read_to - _OVERLAP):
            if seen.get(key, (0,))[0] < n:
                batch.append(key)
            seen[key] = (n, at)
            moved = moved or at > read_to
            read_to = max(read_to, at)
            if len(batch) >= _BATCH:
                await self._step(place, batch, read_to)
                batch = []
                if len(seen) > _SEEN_KEPT:
                    seen = _since(seen, read_to)
        if batch or moved:
            await self._step(place, batch, read_to)
        self._seen[topic], self._read_to[topic] = _since(seen, read_to), read_to

    async def _kept(self, place: str) -> datetime | None:
        kept = await self._places.find_one({"_id": place})
        return kept["read_to"] if kept else None

    async def _step(self, place: str, keys: Sequence[str], read_to: datetime) -> None:
        changed: defaultdict[str, list[str]] = defaultdict(list)
        for key in dict.fromkeys(keys):
            kind, _, id = key.partition("/")
            changed[kind].append(id)
        if changed:
            await self._derive(changed)
        await self._places.update_one({"_id": place}, {"$set": {"read_to": read_to}}, True)


def _since(seen: Seen, read_to: datetime) -> Seen:
    """What of `seen` the next round may meet again."""
    oldest = read_to - _OVERLAP
    return {key: one for key, one in seen.items() if one[1] >= oldest}
