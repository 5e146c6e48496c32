"""Versions of schemes: put in force once, never edited, every replica on all of them soon.

A version is one document with its number as key: of two writers the second meets it taken. All
stay in memory; there are few. A period is assessed by the newest version of its kind (month,
quarter, year) that counts by its first month. The shipped scheme counts only where none of the
city's own does, whatever a new release brings.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.assessment.schemes.periods import kind_of, months_of
from services.assessment.schemes.reading import read_file
from services.assessment.schemes.scheme import Period, Scheme
from shared.storage.client import ASCENDING, Database, Document, DuplicateKeyError
from shared.storage.loops import for_ever
from shared.web.problems import Problem

log = logging.getLogger(__name__)

SHIPPED_BY, FILE_BY = "shipped", "file"
_FOLLOW_SECONDS = 1.0
_TRIES = 20


@dataclass(frozen=True, slots=True)
class SchemeVersion:
    """A scheme with its number; `by`: `role:subject`, `file` or `shipped`; `source_hash`: of the
    file that it came from."""

    version: int
    scheme: Scheme
    at: datetime
    by: str
    why: str
    source_hash: str = ""

    @property
    def id(self) -> str:
        """As others refer to it."""
        return f"schemes/{self.version}"

    @property
    def own(self) -> bool:
        """Whether the city put it in force, and not a release."""
        return self.by != SHIPPED_BY


class NoScheme(LookupError):
    """No scheme is in force for a period."""


def in_force(versions: Sequence[SchemeVersion], period: str) -> SchemeVersion | None:
    """The version that a period is assessed by: of those that count by then the city's own before
    shipped ones, of these the one that counts from the latest month on, and of those the newest."""
    kind, first = kind_of(period), months_of(period)[0]
    counting = [
        one for one in versions if one.scheme.period == kind and one.scheme.valid_from <= first
    ]
    return max(
        counting, key=lambda one: (one.own, one.scheme.valid_from, one.version), default=None
    )


def ensure_allowed(
    scheme: Scheme,
    versions: Sequence[SchemeVersion],
    this_month: str,
    settled: Collection[str],
) -> None:
    """Refuse a version that would change what is past.

    Args:
        this_month: the current month in the city's time zone.
        settled: periods that are settled.

    Raises:
        Problem: 409, a settled period or one that another version of the city's is in force for.
    """
    touched = [
        period
        for period in settled
        if kind_of(period) == scheme.period and months_of(period)[0] >= scheme.valid_from
    ]
    if touched:
        raise Problem(409, "scheme-settled", field="valid_from", period=max(touched))
    if scheme.valid_from >= this_month:
        return
    if any(one.own and one.scheme.period == scheme.period for one in versions):
        raise Problem(409, "scheme-backdated", field="valid_from", month=this_month)


class Schemes:
    """The versions of a city's schemes.

    Args:
        shipped: the file of the scheme that counts where there is no other.
        data_folder: a city's own folder; files in its `schemes/` are put in force at the start.
        this_month: the current month in the city's time zone.
    """

    def __init__(
        self, database: Database, shipped: Path, data_folder: str, this_month: Callable[[], str]
    ) -> None:
        self._collection = database["schemes"]
        self._settlements = database["settlements"]
        self._shipped = shipped
        self._own = Path(data_folder) / "schemes" if data_folder else None
        self._this_month = this_month
        self._versions: list[SchemeVersion] = []

    @property
    def versions(self) -> Sequence[SchemeVersion]:
        """All, by number."""
        return self._versions

    def find(self, period: str) -> SchemeVersion | None:
        """The version that a period is assessed by, or None."""
        return in_force(self._versions, period)

    def in_force(self, period: str) -> SchemeVersion:
        """The version that a period is assessed by. Raises `NoScheme`."""
        found = self.find(period)
        if found is None:
            raise NoScheme(period)
        return found

    def get(self, version: int) -> SchemeVersion | None:
        """A version by its number."""
        return next((one for one in self._versions if one.version == version), None)

    def kinds(self) -> set[Period]:
        """The kinds of period that there are schemes for."""
        return {one.scheme.period for one in self._versions}

    async def prepare(self) -> None:
        """Take in the shipped scheme and the city's files where they are not known yet.

        Raises:
            ValueError: a file is no scheme, or may not count from its month on.
        """
        await self.refresh()
        await self._take(self._shipped, SHIPPED_BY)
        if self._own is not None and (self._own.parent / "weights.json").exists():
            log.warning("weights.json counts no longer: write a scheme into schemes/")
        if self._own is not None and self._own.is_dir():
            for path in sorted(self._own.glob("*.yaml")):
                await self._take(path, FILE_BY)

    async def _take(self, path: Path, by: str) -> None:
        digest = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()
        # Read only where it is new: the parser of YAML costs memory.
        own = by != SHIPPED_BY
        if any(one.own == own and one.source_hash == digest for one in self._versions):
            return
        scheme = read_file(path)
        if not own and self._versions:
            # A new release must not change what is past.
            scheme = scheme.model_copy(update={"valid_from": self._this_month()})
        try:
            await self.put(scheme, by=by, why=path.name, source_hash=digest)
        except Problem as problem:
            raise ValueError(f"{path}: {problem.render('en')['detail']}") from problem

    async def refresh(self) -> None:
        """Take in versions that are not known here."""
        known = self._versions[-1].version if self._versions else 0
        found = self._collection.find({"_id": {"$gt": known}}).sort("_id", ASCENDING)
        newer = [_version(document) for document in await found.to_list(None)]
        # Another task may have been here meanwhile.
        known = self._versions[-1].version if self._versions else 0
        self._versions += [one for one in newer if one.version > known]

    async def follow(self) -> None:
        """Refresh once a second, for ever."""
        await for_ever(self.refresh, _FOLLOW_SECONDS, "the schemes wait for the database")

    async def put(
        self, scheme: Scheme, *, by: str, why: str, source_hash: str = ""
    ) -> tuple[SchemeVersion, bool]:
        """Put `scheme` in force from its month on, and whether it is new: one that is there
        already is given back. The shipped one put in force by the city is the city's own.

        Raises:
            Problem: 409, it would change what is past.
        """
        own = by != SHIPPED_BY
        for _ in range(_TRIES):
            await self.refresh()
            for one in self._versions:
                if one.own == own and one.scheme == scheme:
                    return one, False
            if own:
                settled = [d["_id"] async for d in self._settlements.find({}, {"_id": 1})]
                ensure_allowed(scheme, self._versions, self._this_month(), settled)
            document: Document = {
                "_id": (self._versions[-1].version if self._versions else 0) + 1,
                "scheme": scheme.model_dump(mode="json"),
                "at": datetime.now(UTC),
                "by": by,
                "why": why,
                "source_hash": source_hash,
            }
            with contextlib.suppress(DuplicateKeyError):
                await self._collection.insert_one(document)
                await self.refresh()
                return _version(document), True
        raise RuntimeError("other versions were put in force again and again")


def _version(document: Mapping[str, Any]) -> SchemeVersion:
    return SchemeVersion(
        version=document["_id"],
        scheme=Scheme.model_validate(document["scheme"]),
        at=document["at"],
        by=document["by"],
        why=document["why"],
        source_hash=document.get("source_hash", ""),
    )
