"""The settling loop: makes the documents of a round's subjects, counts voices, gives results.

The public rating of a subject depends on its class (shrinkage), so it spans documents: a subject
says that its voices are to be counted (`tally_due`), the leading replica counts them, looks at the
whole class anew and clears the mark last. Broken off anywhere it is done again, and what comes out
depends only on what is there, not on when or how often.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from services.assessment.ratings.repository import Ratings
from services.assessment.ratings.result import Tally, results_of, tally_of
from services.assessment.ratings.stuffing import judge
from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Purpose, Vote
from services.assessment.reviews import decide_all
from services.assessment.rounds import decisions
from services.assessment.rounds.follow_ups import keys_of, votes_of
from services.assessment.rounds.repository import Rounds
from services.assessment.rounds.state import Rated, Round, rated_id
from services.assessment.service.cases import Case
from shared.contracts.rounds import RatingLine
from shared.messaging.leases import Leases
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Contended, Decision
from shared.storage.client import UNREACHABLE
from shared.storage.loops import for_ever
from shared.storage.tables import Tables

_PAUSE_SECONDS = 0.5
_A_BATCH = 50
_IN_THE_LOOP = 500
"""More voices, or subjects, are reckoned in a thread: 2,000 voices or 3,000 subjects would hold the
event loop for 50 to 130 ms."""
Answered = Callable[[Sequence[str]], AsyncIterator[Sequence[tuple[str, Case]]]]
"""The cases with an answer that count, or once counted, in one of some groups, some at once."""


class Settling:
    """One replica does it, the one that leads; two for a moment do no harm."""

    def __init__(
        self, rounds: Rounds, ratings: Ratings, answered: Answered, tables: Tables, leases: Leases
    ) -> None:
        self._rounds = rounds
        self._ratings = ratings
        self._answered = answered
        self._tables = tables
        self._leases = leases

    async def run(self) -> None:
        """Settle for ever."""
        await for_ever(
            self.round,
            _PAUSE_SECONDS,
            "rounds are settled again",
            when=lambda: self._leases.leads,
            over=(*UNREACHABLE, Contended),
        )

    async def round(self) -> bool:
        """Make documents that are waited for, then settle the classes; whether there was any."""
        for id in await self._rounds.waiting():
            await self.enter(id)
        worked = False
        for round_id, class_id in await self._rounds.due_classes():
            worked = await self.settle(round_id, class_id) or worked
        return worked

    async def enter(self, round_id: str) -> None:
        """Make the documents of a round's subjects; those that are there stay as they are."""
        found = await self._rounds.rounds.get(round_id)
        if found is None or found.state is None:
            return
        round = found.state
        for start in range(0, len(round.waiting), _A_BATCH):
            made = []
            for subject in round.waiting[start : start + _A_BATCH]:
                one: Aggregate[Rated] = Aggregate(rated_id(round_id, subject.id))
                state = decisions.entered(round_id, round, subject)
                self._rounds.rated.record(one, Decision(state, why="opened"), by=round.opened_by)
                made.append(one)
            await self._rounds.rated.write(made)
        await self._rounds.rounds.execute(round_id, _all_entered, by="settling")

    async def settle(self, round_id: str, class_id: str) -> bool:
        """Count the voices of those due, and look at the class anew.

        False where timers are still to lock others of the class whose time has come: else its
        mean would be told of a part, and again of the next part.
        """
        found = await self._rounds.rounds.get(round_id)
        assert found is not None  # its subjects come from it
        assert found.state is not None
        round = found.state
        states = await self._rounds.of_class(round_id, class_id)
        now = moment()
        if any(
            not state.public_locked and state.deadlines.public_rating <= now
            for state in states.values()
        ):
            return False
        rules = self.rules_of(round)
        counted = {
            id: await self._counted(state, rules) for id, state in states.items() if state.tally_due
        }
        tallies: dict[str, Tally] = {}
        for id, state in states.items():
            tally = counted.get(id, state).tally
            if state.public_locked and tally is not None:
                tallies[id] = tally
        if len(tallies) > _IN_THE_LOOP:
            results = await asyncio.to_thread(results_of, tallies, round.terms.shrinkage)
        else:
            results = results_of(tallies, round.terms.shrinkage)

        def decide(id: str, state: Rated | None) -> Decision[Rated] | None:
            assert state is not None  # a document stays once it is there
            if not state.public_locked:
                # Opened again meanwhile: it is counted when the step ends.
                return Decision(state.model_copy(update={"tally_due": False}), why="unlocked")
            return decisions.settled(
                state,
                round.terms,
                results.get(id),
                rules.recipients_least,
                moment(),
                counted=counted.get(id),
            )

        # Those due last: where this is broken off, the class is still to be looked at.
        others = [id for id in states if id not in counted and states[id].public_locked]
        for ids in (others, list(counted)):
            for start in range(0, len(ids), _A_BATCH):
                batch = ids[start : start + _A_BATCH]
                await decide_all(self._rounds.rated, batch, decide, by="settling", tries=10)
        return True

    def rules_of(self, round: Round) -> RatingRules:
        """The rating rules of a round: those when it was opened."""
        return round.terms.ratings or self._tables.get(RatingRules)

    async def _counted(self, state: Rated, rules: RatingRules) -> Rated:
        tally = await self.tally(state, rules)
        recipients = None
        if RatingLine.RECIPIENTS in state.subject.lines:
            recipients = await self.recipients(state, rules)
        return decisions.counted(state, tally, recipients)

    async def tally(self, state: Rated, rules: RatingRules) -> Tally:
        """The voices for a subject as they are known."""
        votes = await self._voices(state, Purpose.PUBLIC, rules)
        return await self._judged(state, votes + await self.follow_ups(state, rules), rules)

    async def recipients(self, state: Rated, rules: RatingRules) -> Tally:
        """The voices of the recipients' panels as they stand."""
        votes = await self._voices(state, Purpose.RECIPIENTS, rules)
        return await self._judged(state, votes, rules)

    async def follow_ups(self, state: Rated, rules: RatingRules) -> list[Vote]:
        """The follow-ups that rate a subject (follow_ups.py)."""
        votes: list[Vote] = []
        async for some in self._answered(keys_of(state)):
            votes += votes_of(state, some, rules.satisfied_from)
        return votes

    async def _voices(self, state: Rated, purpose: Purpose, rules: RatingRules) -> list[Vote]:
        return await self._ratings.voices(state.round_id, state.subject.id, purpose, rules)

    async def _judged(self, state: Rated, votes: Sequence[Vote], rules: RatingRules) -> Tally:
        said = state.judged()
        if len(votes) > _IN_THE_LOOP:
            return tally_of(await asyncio.to_thread(judge, votes, said, rules))
        return tally_of(judge(votes, said, rules))


def _all_entered(round: Round | None) -> Decision[Round] | None:
    if round is None or not round.waiting:
        return None
    return Decision(round.model_copy(update={"waiting": ()}), why="all subjects entered")
