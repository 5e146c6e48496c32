"""By what the lists and statements judge: the scheme in force, facts, and what scores come to."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from services.assessment.lists.judging import INPUTS_OF_LISTS
from services.assessment.schemes.periods import period_of
from services.assessment.schemes.scheme import Period, SubjectClass
from services.assessment.schemes.versions import NoScheme, Schemes, SchemeVersion
from services.assessment.scores.inputs import Numbers, Provider, gather
from services.assessment.scores.score import outcomes
from services.assessment.scores.scoring import Board, Scoring
from services.assessment.service.figures import SubjectKind
from services.assessment.support.groups import Bounds, lacking_of
from services.assessment.support.likes import likes_of
from shared.web.problems import Problem

_KINDS: tuple[Period, ...] = ("month", "quarter", "year")


class _Knows(Protocol):
    def find(self, period: str) -> SchemeVersion | None:
        """See `Schemes.find`."""


def where_named(schemes: _Knows, provide: Provider) -> Provider:
    """The lists' provider for scores: asked only where the scheme of the period names its numbers,
    as else every ranking would cost the look-ups."""

    async def named(period: str, kind: SubjectKind, ids: Collection[str] | None) -> Numbers:
        version = schemes.find(period)
        if version is None or not any(
            expression.names & INPUTS_OF_LISTS
            for place, expression, _ in version.scheme.expressions()
            if place[0] != "weak"
        ):
            return {}
        return await provide(period, kind, ids)

    return named


class Judges:
    """The scheme of a month, the numbers and the outcomes of a period."""

    def __init__(
        self,
        schemes: Schemes,
        scoring: Scoring,
        providers: Sequence[Provider],
        bounds: Callable[[], Bounds],
    ) -> None:
        self._schemes = schemes
        self._scoring = scoring
        self._providers = providers
        self._bounds = bounds

    def in_force(self, month: str) -> SchemeVersion:
        """The scheme of a month; of several with periods of different lengths the shortest.

        Raises:
            NoScheme: there is none.
        """
        for kind in _KINDS:
            found = self._schemes.find(period_of(month, kind))
            if found is not None:
                return found
        raise NoScheme(month)

    async def numbers(self, period: str, kind: SubjectKind, ids: Collection[str]) -> Numbers:
        """The numbers of some subjects, also where no score rests on them."""
        return await gather(self._providers, period, kind, ids)

    async def outcomes(self, period: str, kind: SubjectKind) -> Numbers:
        """`score`, `rank`, `ranked`, `grade` of all subjects of a kind: as settled, or as of now.

        Nothing where no scheme is in force for the period.
        """
        try:
            boards = await self._scoring.boards_kept(period, kind)
        except Problem:
            return {}
        # Thousands of subjects: not in the event loop.
        return await asyncio.to_thread(outcomes_of, boards, self._bounds())

    async def outcome(self, period: str, class_: SubjectClass, id: str) -> dict[str, float]:
        """The same of one subject; nothing where the period's scheme has no such class."""
        try:
            board = await self._scoring.board(period, class_.id)
        except Problem:
            return {}
        if board.scores.of(id) is None:
            return {}
        return (await asyncio.to_thread(outcomes_of, [board], self._bounds()))[id]


def outcomes_of(boards: Sequence[Board], bounds: Bounds) -> Numbers:
    """What the scores of boards come to, as the lists and statements judge by it.

    Who lacks promised support has its place among those of its class that lack it, too: it is not
    the last of those that got theirs (policy, art. 12 and 17; `support/groups.py`).
    """
    found: Numbers = {}
    for board in boards:
        lacking = lacking_of(board.inputs, bounds)
        likes = likes_of(board.scores, lacking)
        for score in board.scores.every():
            known = outcomes(board.scheme, board.scores, score)
            if score.subject_id in lacking and (like := likes[score.subject_id]).rank is not None:
                known |= {"rank": float(like.rank), "ranked": float(like.of)}
            found[score.subject_id] = known
    return found
