"""What the routes and loops of support work with."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.assessment.listening import Listened
from services.assessment.support.gather import SupportInputs
from services.assessment.support.groups import Bounds
from services.assessment.support.handlers import FACTS
from services.assessment.support.repository import SupportRepository
from services.assessment.support.table import SupportRules
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.settings import Settings
from shared.storage.client import Database
from shared.storage.tables import Tables


@dataclass(frozen=True)
class SupportParts:
    """The parts of support in a running assessment."""

    repository: SupportRepository
    inputs: SupportInputs
    tables: Tables

    @property
    def listened(self) -> Listened:
        """Recorded work is an aggregate of its own; certificates of hours are told beside it."""

        def target(event: Event) -> str | None:
            return event.subject if event.type.startswith("lianxin.work.") else None

        return Listened(topics.WORK.name, self.repository.works, target, FACTS)

    @property
    def bounds(self) -> Bounds:
        """From where on support counts as lacking, by the table in force."""
        return self.tables.get(SupportRules).bounds


def support_parts(database: Database, settings: Settings, tables: Tables) -> SupportParts:
    """The parts."""
    repository = SupportRepository(database, settings)
    return SupportParts(repository, SupportInputs(repository, ZoneInfo(settings.timezone)), tables)
