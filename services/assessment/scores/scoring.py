"""Scores of classes as they are now, or as they were settled: inputs, scheme and reckoning."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.assessment.repository import Repository
from services.assessment.schemes.scheme import Scheme, SubjectClass
from services.assessment.schemes.versions import NoScheme, Schemes, SchemeVersion
from services.assessment.scores.inputs import Numbers, Provider, gather
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.score import Scores, score_class
from services.assessment.service.figures import SubjectKind
from shared.storage.client import Document
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Board:
    """The scores of one class in a period, with what they were made of."""

    period: str
    version: SchemeVersion
    class_: SubjectClass
    scores: Scores
    inputs: Numbers
    revision: int = 0
    """Of the settlement; 0: as of now."""

    @property
    def scheme(self) -> Scheme:
        """The scheme that it is by."""
        return self.version.scheme


class Scoring:
    """Scores when somebody asks.

    Args:
        providers: who gives the numbers that formulas ask for.
    """

    def __init__(
        self,
        schemes: Schemes,
        providers: Sequence[Provider],
        repository: Repository,
        scores: ScoreRepository,
    ) -> None:
        self._schemes = schemes
        self._providers = providers
        self._repository = repository
        self._scores = scores

    def version(self, period: str) -> SchemeVersion:
        """The scheme of a period. Raises `Problem` 404 where none is in force."""
        try:
            return self._schemes.in_force(period)
        except NoScheme:
            raise Problem(404, "no-scheme", period=period) from None

    async def version_kept(self, period: str) -> SchemeVersion:
        """The scheme that a period was settled with, else the one in force."""
        if revision := await self._scores.shown(period):
            number = await self._scores.settled_version(period, revision)
            kept = self._schemes.get(number)
            if kept is not None:
                return kept
        return self.version(period)

    async def grouped(
        self, period: str, kind: SubjectKind, version: SchemeVersion
    ) -> tuple[dict[str, Numbers], Numbers, Mapping[str, Document]]:
        """The numbers of each class of a kind, of those in no class, and what the registry says."""
        numbers = await gather(self._providers, period, kind)
        known = await self._repository.subjects(kind, list(numbers))
        grouped: dict[str, Numbers] = {
            one.id: {} for one in version.scheme.classes if one.kind is kind
        }
        others: Numbers = {}
        homes: dict[object, Numbers] = {}
        for id, of in numbers.items():
            subject = known.get(id)
            traits = subject and (subject.get("domain"), subject.get("level"))
            if traits not in homes:
                class_ = class_of(version.scheme, kind, subject)
                homes[traits] = others if class_ is None else grouped[class_.id]
            homes[traits][id] = of
        return grouped, others, known

    async def boards(
        self,
        period: str,
        kind: SubjectKind,
        classes: Collection[str] | None = None,
        version: SchemeVersion | None = None,
    ) -> list[Board]:
        """The boards of a kind's classes as of now, of all without `classes`; by the scheme in
        force unless `version` says other."""
        version = version or self.version(period)
        grouped, _, _ = await self.grouped(period, kind, version)
        return [
            await self.board_of(period, version, one, grouped[one.id])
            for one in version.scheme.classes
            if one.kind is kind and (classes is None or one.id in classes)
        ]

    async def boards_kept(self, period: str, kind: SubjectKind) -> list[Board]:
        """The boards of all of a kind's classes: as settled, where the period is, else as of now.

        Raises:
            Problem: no scheme is in force.
        """
        kept = await self.boards_settled(period, kind)
        return await self.boards(period, kind) if kept is None else kept

    async def boards_settled(self, period: str, kind: SubjectKind) -> list[Board] | None:
        """The boards of all of a kind's classes as settled; None where the period is not."""
        revision = await self._scores.shown(period)
        if not revision:
            return None
        scheme = (await self.version_kept(period)).scheme
        classes = [one.id for one in scheme.classes if one.kind is kind]
        return [await self._settled(period, id, revision) for id in classes]

    async def outdated(self, period: str) -> int:
        """How many subjects' figures are not those any more that a settled period was scored by."""
        settlement = await self._scores.settlement(period)
        return 0 if settlement is None else await self._scores.count_outdated(settlement)

    async def board_of(
        self, period: str, version: SchemeVersion, class_: SubjectClass, numbers: Numbers
    ) -> Board:
        """The board of a class from its numbers."""
        # Thousands of subjects take tens of milliseconds: not in the event loop.
        scores = await asyncio.to_thread(score_class, version.scheme, class_, numbers)
        return Board(period, version, class_, scores, numbers)

    async def board(self, period: str, class_id: str, *, live: bool = False) -> Board:
        """The board of a class: as settled, where the period is, unless `live`.

        Raises:
            Problem: no scheme is in force, or it has no such class.
        """
        if not live and (revision := await self._scores.shown(period)):
            return await self._settled(period, class_id, revision)
        class_ = named(self.version(period).scheme, class_id)
        return (await self.boards(period, class_.kind, [class_id]))[0]

    async def _settled(self, period: str, class_id: str, revision: int) -> Board:
        number = await self._scores.settled_version(period, revision)
        version = self._schemes.get(number)
        assert version is not None
        class_ = named(version.scheme, class_id)
        scores, inputs = await self._scores.settled(period, class_id, revision, version.scheme)
        return Board(period, version, class_, scores, inputs, revision)

    async def class_of(self, period: str, kind: SubjectKind, id: str) -> str | None:
        """The class of a subject, as settled or as of now."""
        if revision := await self._scores.shown(period):
            return await self._scores.settled_class(period, kind, id, revision)
        known = await self._repository.subjects(kind, [id])
        class_ = class_of(self.version(period).scheme, kind, known.get(id))
        return None if class_ is None else class_.id


def class_of(scheme: Scheme, kind: SubjectKind, known: Document | None) -> SubjectClass | None:
    """The class of a subject by what the registry says of it; None where it has none."""
    if known is None:
        return None
    return scheme.class_of(kind, known.get("domain"), known.get("level"))


def named(scheme: Scheme, class_id: str) -> SubjectClass:
    """A class by its id. Raises `Problem` 422."""
    for one in scheme.classes:
        if one.id == class_id:
            return one
    allowed = [one.id for one in scheme.classes]
    raise Problem(422, "unknown-class", field="class", allowed=allowed, name=class_id)
