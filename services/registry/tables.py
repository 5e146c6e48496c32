"""The tables that a city can replace, as data (docs/decisions/0006-registry-by-subject.md)."""

from pathlib import Path

from services.registry.care.table import CareRules
from services.registry.checkins.table import CheckinRules
from services.registry.record_sheet.table import RecordSheet
from services.registry.records.table import WorkTable
from shared.storage.tables import Table

SHIPPED = Path(__file__).parent / "data"
TABLES: tuple[type[Table], ...] = (WorkTable, RecordSheet, CheckinRules, CareRules)
