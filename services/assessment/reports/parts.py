"""What the routes of reports work with."""

from dataclasses import dataclass

from services.assessment.reports.boards import Boards
from services.assessment.reports.building import Building
from services.assessment.reports.gather import Gather
from services.assessment.reports.repository import ReportsRepository
from services.assessment.reports.rules import Categories, ReportRules, load_categories
from services.assessment.scores.inputs import Provider
from services.assessment.support.table import SupportRules
from shared.settings import Settings
from shared.storage.client import Database
from shared.storage.tables import Tables


@dataclass(frozen=True)
class ReportParts:
    """The parts of reports in a running assessment."""

    repository: ReportsRepository
    tables: Tables
    categories: Categories
    boards: Boards
    building: Building
    support: Provider

    @property
    def rules(self) -> ReportRules:
        """The table in force."""
        return self.tables.get(ReportRules)

    def gather(self) -> Gather:
        """Reads facts by the rules in force."""
        bounds = self.tables.get(SupportRules).bounds
        return Gather(self.repository, self.boards, self.rules, self.support, bounds)


def report_parts(
    database: Database, settings: Settings, tables: Tables, boards: Boards, support: Provider
) -> ReportParts:
    """The parts. Raises `ValueError` where the categories are not valid."""
    return ReportParts(
        repository=ReportsRepository(database),
        tables=tables,
        categories=load_categories(settings),
        boards=boards,
        building=Building(),
        support=support,
    )
