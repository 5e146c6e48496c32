"""The parts of a running assessment that routes work with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fastapi import Request

from services.assessment.heard import Source, Sources
from services.assessment.lists.finding import Finding
from services.assessment.lists.repository import Lists
from services.assessment.problems.repository import Problems
from services.assessment.reports.parts import ReportParts
from services.assessment.repository import Repository
from services.assessment.schemes.versions import Schemes
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.scoring import Scoring
from services.assessment.service.figures import SubjectKind
from services.assessment.statements.filling import Filling
from services.assessment.statements.repository import Statements
from services.assessment.subjects import Subjects
from services.assessment.support.parts import SupportParts
from shared.storage.tables import Tables

if TYPE_CHECKING:
    from services.assessment.rounds.part import RoundsPart


@dataclass(frozen=True)
class Parts:
    """What routes find in `request.app.state.parts`."""

    repository: Repository
    zone: ZoneInfo
    tables: Tables
    schemes: Schemes
    scores: ScoreRepository
    scoring: Scoring
    reports: ReportParts
    support: SupportParts
    problems: Problems
    rounds: "RoundsPart"
    subjects: Subjects
    lists: Lists
    finding: Finding
    statements: Statements
    filling: Filling

    async def sources(self, period: str, kind: SubjectKind, id: str) -> Sources:
        """Where the numbers of a subject come from that cases do not give."""
        asked = (self.support.inputs.sources, self.lists.inputs.sources, self.rounds.rounds.sources)
        found: dict[str, Sequence[Source]] = {}
        for sources in asked:
            found |= await sources(period, kind, id)
        return found


def parts_in(request: Request) -> Parts:
    """The parts of the service that `request` came to."""
    parts: Parts = request.app.state.parts
    return parts
