"""Notes whose figures are no longer those that a settled period was scored by.

What is settled stands (docs/assessment/scores.md); a correction or a late event that changes a
figure of it afterwards must show all the same, so that somebody settles the period anew. Compared
are the numbers that cases give: what was kept with what they are, so that a change that is taken
back leaves no mark.
"""

from collections.abc import Collection, Iterable, Mapping
from math import isclose

from services.assessment.repository import Repository
from services.assessment.scores.comparing import FROM_CASES
from services.assessment.scores.inputs import Provider
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.scoring import Scoring, class_of
from services.assessment.service.figures import SubjectKind

_NOTHING: Mapping[str, float] = {}


class Outdated:
    """Compares settled periods with the figures of now.

    Args:
        figures: gives the numbers of cases.
    """

    def __init__(
        self, figures: Provider, repository: Repository, scores: ScoreRepository, scoring: Scoring
    ) -> None:
        self._figures = figures
        self._repository = repository
        self._scores = scores
        self._scoring = scoring

    async def note(
        self, period: str, revision: int, kind: SubjectKind, ids: Collection[str] | None
    ) -> None:
        """Note which of `ids`, or of all subjects of a kind, differ from the revision shown of a
        settled period. Doing it again is harmless."""
        now = await self._figures(period, kind, ids)
        kept = await self._scores.settled_inputs(period, kind, revision, ids)
        new = await self._of_a_class(period, kind, now.keys() - kept.keys())
        wanted = {*kept, *new}
        differing = {id for id in wanted if differs(kept.get(id, _NOTHING), now.get(id, _NOTHING))}
        await self._scores.note_outdated(period, kind, revision, differing, wanted - differing)

    async def _of_a_class(self, period: str, kind: SubjectKind, ids: Iterable[str]) -> set[str]:
        """Those of subjects without a score that would have one: of a class of the scheme."""
        scheme = (await self._scoring.version_kept(period)).scheme
        known = await self._repository.subjects(kind, sorted(ids))
        return {id for id, one in known.items() if class_of(scheme, kind, one) is not None}


def differs(kept: Mapping[str, float], now: Mapping[str, float]) -> bool:
    """Whether a number that cases give is another one now."""
    for name in FROM_CASES:
        one, other = kept.get(name), now.get(name)
        if one != other and (one is None or other is None or not isclose(one, other)):
            return True
    return False
