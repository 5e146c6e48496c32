"""MongoDB calls of assigned tasks, with their indexes."""

from services.registry.assignments.state import AssignmentState
from services.registry.stores import entry_store
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Database

NAME = "assignments"
_LISTED = (
    "area_path",
    "units",
    "status",
    "unpaid_by",
    "assigner.organization_id",
    "receiver.organization_id",
)


class Assignments:
    """The store of assigned tasks."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.store: AggregateStore[AssignmentState] = entry_store(
            database, NAME, AssignmentState, settings
        )

    async def create_indexes(self) -> None:
        """One index for each filter of the list, in its order."""
        for field in _LISTED:
            keys = [(f"state.{field}", ASCENDING), ("_id", ASCENDING)]
            await self.store.collection.create_index(keys, name=field.partition(".")[0])
