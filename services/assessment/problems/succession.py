"""Problems that a retired organization works on go on with its one successor (policy, art. 6).

The registry's snapshots say who took over. One replica looks from time to time; each problem is
passed on in one write decided on who has it then, so that whoever is killed, it is done once. Of
several successors, or none, the owner chooses: it stays readable who had it.
"""

import time
from collections.abc import Mapping

from services.assessment.problems.decisions import hand_over
from services.assessment.problems.repository import Problems
from services.assessment.problems.state import ProblemState
from services.assessment.subjects import Subjects
from shared.messaging.leases import Leases
from shared.storage.aggregates import Contended, Decision
from shared.storage.client import UNREACHABLE
from shared.storage.loops import for_ever

_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 10.0
BY = "succession"


class Succession:
    """Passes problems and their open measures on while this replica leads."""

    def __init__(self, problems: Problems, subjects: Subjects, leases: Leases) -> None:
        self._problems, self._subjects, self._leases = problems, subjects, leases
        self._look_at = 0.0

    async def run(self) -> None:
        """Look for ever."""
        await for_ever(
            self._step,
            _PAUSE_SECONDS,
            "successors wait for the database",
            when=lambda: self._leases.leads,
            over=(*UNREACHABLE, Contended),
        )

    async def _step(self) -> None:
        if time.monotonic() >= self._look_at:
            await self.look()
            self._look_at = time.monotonic() + _LOOK_SECONDS

    async def look(self) -> None:
        """Pass on what is with organizations that have one successor."""
        heirs = await self._subjects.heirs(await self._problems.organizations())
        if not heirs:
            return
        for id in await self._problems.with_organizations(heirs):
            await self._problems.store.execute(id, lambda state: _passed(state, heirs), by=BY)


def _passed(state: ProblemState | None, heirs: Mapping[str, str]) -> Decision[ProblemState] | None:
    return None if state is None else hand_over(state, heirs)
