"""Moves of organizations under another parent, and of units under another superior: claimed one
after the other, so that no two together close a cycle, whichever processes are killed or stand
still in between. Each of the two trees has its claims.

Nothing refers to an entry before it is stored (bulk loads write parents first), so that only a
new parent of an entry that is there can close a cycle. Such a move is claimed before it is
written, in one document that names the moves not known to be over, by a write on the version that
was read **before** the ancestors were. Two claims therefore never rest on the same sight of the
tree: the second sees the first as an edge, written or not.

A move is written on the version of its child that the claim names. So it is over as soon as the
child is at another version: it has been written then, or never will be. One that stays open is of
a process that died or hangs; after `_STALE` its child's version is raised, which ends it.

Ours: issue 3 wants a tree without cycles; the policy has one by its nature.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.storage.client import Database, DuplicateKeyError

_STALE = timedelta(seconds=5)
PAUSE_SECONDS = 0.05
TRIES = 200
"""Longer together than `_STALE`, so that whoever waits for a dead process's move sees its end."""


class Move(NamedTuple):
    """An edge that is to be: `child`, at `version`, under `parent`, decided `at`."""

    child: str
    parent: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """The version of the document of claims, and the moves that may still be written."""

    version: int
    open: tuple[Move, ...] = ()


class Moves:
    """The claims on the tree of a kind of entries; one older than `stale` is ended by others."""

    def __init__(self, database: Database, kind: str, stale: timedelta = _STALE) -> None:
        self._id = kind
        self._claims = database["moves"]
        self._entries = database[kind]
        self._stale = stale

    async def look(self) -> Look:
        """What is claimed. Read it before anything that a claim is to rest on."""
        document = await self._claims.find_one({"_id": self._id})
        if document is None:
            return Look(0)
        claimed = [Move(*move) for move in document["open"]]
        ids = sorted({move.child for move in claimed})
        found = self._entries.find({"_id": {"$in": ids}}, {"version": 1})
        versions = {entry["_id"]: entry["version"] async for entry in found}
        ended = datetime.now(UTC) - self._stale
        left = []
        for move in claimed:
            if versions.get(move.child) == move.version:
                if move.at < ended:
                    await self._end(move)
                else:
                    left.append(move)
        return Look(document["version"], tuple(left))

    async def _end(self, move: Move) -> None:
        # Whether this or the move itself comes first: it is not open any more.
        await self._entries.update_one(
            {"_id": move.child, "version": move.version}, {"$inc": {"version": 1}}
        )

    async def claim(self, look: Look, moves: Sequence[Move]) -> bool:
        """Claim `moves`, decided on what was read after `look`; False: look and decide again."""
        fields = {
            "version": look.version + 1,
            "open": [list(move) for move in (*look.open, *moves)],
        }
        if look.version == 0:
            try:
                await self._claims.insert_one({"_id": self._id} | fields)
            except DuplicateKeyError:
                return False
            return True
        done = await self._claims.update_one(
            {"_id": self._id, "version": look.version}, {"$set": fields}
        )
        return bool(done.matched_count)


def moved(child: str, version: int, old: str | None, new: str | None) -> list[Move]:
    """What has to be claimed where an entry that is there comes from `old` under `new`."""
    return [] if new is None or new == old else [Move(child, new, version, datetime.now(UTC))]


def beside(moves: Iterable[Move]) -> dict[str, tuple[str, ...]]:
    """The further parents that children may have once the moves are over."""
    found: dict[str, tuple[str, ...]] = {}
    for move in moves:
        found[move.child] = (*found.get(move.child, ()), move.parent)
    return found


async def pause() -> None:
    """Let the moves of others go on."""
    await asyncio.sleep(PAUSE_SECONDS)
