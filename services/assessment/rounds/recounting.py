"""Locked ratings hear of cases that change: a late event or a correction has them counted again.

The figures loop tells of each batch of changed cases before it ends (measuring.py). A subject whose
public rating is locked, and that one of them may rate by an answer from before its deadline, is
marked; the settling loop counts it again, and its class. What residents answer later marks nobody.
"""

from collections import defaultdict
from collections.abc import Sequence

from services.assessment.repository import Repository
from services.assessment.reviews import decide_all
from services.assessment.rounds import decisions
from services.assessment.rounds.follow_ups import answered_before, keys_of
from services.assessment.rounds.repository import Rounds
from services.assessment.rounds.state import Rated
from services.assessment.schemes.periods import periods_with
from services.assessment.service.cases import Case, parts_of
from services.assessment.service.tallies import Change
from shared.storage.aggregates import Decision

_A_BATCH = 50
_WHY = "cases that rate it changed"


class Recounting:
    """Marks the locked subjects that changed cases rate."""

    def __init__(self, rounds: Rounds, repository: Repository) -> None:
        self._rounds = rounds
        self._repository = repository

    async def hear(self, changes: Sequence[Change]) -> None:
        """Mark those that `changes` rate; once more does no harm."""
        before = {change.id: change.before.keys for change in changes}
        now = {key for change in changes for key in (*change.before.keys, *change.now.keys)}
        periods = {p for month in {parts_of(key)[2] for key in now} for p in periods_with(month)}
        if not periods or not await self._rounds.any_locked(periods):
            return
        rating: defaultdict[str, list[Case]] = defaultdict(list)
        for id, case in await self._repository.changed_answers(list(before)):
            for key in {*before[id], *case.keys, *case.past_keys}:
                rating[key].append(case)
        subjects = {parts_of(key)[1] for key in rating}
        locked = await self._rounds.locked(periods, subjects)
        due = [id for id, state in locked.items() if touched(state, rating)]

        def decide(_id: str, state: Rated | None) -> Decision[Rated] | None:
            return None if state is None else decisions.recounted(state, _WHY)

        for start in range(0, len(due), _A_BATCH):
            batch = due[start : start + _A_BATCH]
            await decide_all(self._rounds.rated, batch, decide, by="figures", tries=10)


def touched(state: Rated, rating: dict[str, list[Case]]) -> bool:
    """Whether one of the cases (by their groups) was answered before the subject's deadline."""
    until = state.deadlines.public_rating
    return any(
        answered_before(case, until) for key in keys_of(state) for case in rating.get(key, ())
    )
