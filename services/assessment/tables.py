"""The tables of assessment that a city can replace, as data; shipped ones are in `data`."""

from pathlib import Path

from services.assessment.lists.table import ListRules
from services.assessment.problems.table import ProblemRules
from services.assessment.ratings.table import RatingRules
from services.assessment.reports.rules import ReportRules
from services.assessment.rounds.table import RoundRules
from services.assessment.statements.table import StatementRules
from services.assessment.support.table import SupportRules
from shared.storage.tables import Table

SHIPPED = Path(__file__).parent / "data"
TABLES: tuple[type[Table], ...] = (
    RatingRules,
    ReportRules,
    RoundRules,
    SupportRules,
    ListRules,
    StatementRules,
    ProblemRules,
)
