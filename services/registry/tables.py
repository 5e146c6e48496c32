"""The tables that a city can replace, as data (docs/decisions/0006-registry-by-subject.md)."""

from pathlib import Path

from services.registry.assets.table import AssetTable
from services.registry.assignments.table import AssignmentTable
from services.registry.backbone.table import BackboneRules
from services.registry.care.table import CareRules
from services.registry.checkins.table import CheckinRules
from services.registry.duties.table import DutyTable
from services.registry.money import SourceTable
from services.registry.pairings.table import PairingTable
from services.registry.plans.table import PlanTable
from services.registry.record_sheet.table import RecordSheet
from services.registry.records.table import WorkTable
from services.registry.venues.table import VenueUses
from shared.storage.tables import Table

SHIPPED = Path(__file__).parent / "data"
TABLES: tuple[type[Table], ...] = (
    WorkTable,
    SourceTable,
    PairingTable,
    AssignmentTable,
    PlanTable,
    BackboneRules,
    VenueUses,
    AssetTable,
    DutyTable,
    RecordSheet,
    CheckinRules,
    CareRules,
)
