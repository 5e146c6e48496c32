"""Reads scores of a period: as settled, where it is, else as of now; of a year as of now."""

from collections.abc import Mapping

from services.assessment.reports.standing import Stand, stands_of
from services.assessment.schemes.periods import months_of
from services.assessment.schemes.versions import Schemes, SchemeVersion
from services.assessment.scores.scoring import Board, Scoring
from services.assessment.service.figures import SubjectKind
from services.assessment.support.groups import Lack


class Boards:
    """The scores that reports show: those of `GET /v1/scores`."""

    def __init__(self, schemes: Schemes, scoring: Scoring) -> None:
        self._schemes = schemes
        self._scoring = scoring

    def version(self, period: str) -> SchemeVersion | None:
        """The scheme of a period; of one that none assesses that of its last month."""
        return self._schemes.find(period) or self._schemes.find(months_of(period)[-1])

    async def stands(
        self, period: str, kind: SubjectKind, lacking: Mapping[str, tuple[Lack, ...]]
    ) -> dict[str, Stand]:
        """The place of every subject of a kind."""
        found: dict[str, Stand] = {}
        for board in await self._boards(period, kind):
            found |= stands_of(board.scheme, board.class_, board.scores, lacking)
        return found

    async def outdated(self, period: str) -> int:
        """See `Scoring.outdated`."""
        return await self._scoring.outdated(period)

    async def _boards(self, period: str, kind: SubjectKind) -> list[Board]:
        if self._schemes.find(period) is not None:
            return await self._scoring.boards_kept(period, kind)
        version = self.version(period)
        return [] if version is None else await self._scoring.boards(period, kind, version=version)
