"""Places in joint organizations as open work (`joint/handover.py`)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from services.registry.handover import Passing
from services.registry.joint.handover import hand_over, roles_of
from services.registry.joint.repository import Joints
from services.registry.joint.states import JointState
from services.registry.succession.schemas import Outcome
from services.registry.succession.works import Field, Listed, was_handed_over
from shared.storage.client import Document

_SIDES = ("lead", "open.projects.need_by", "open.projects.resource_by")


class JointWork(Listed[JointState]):
    """Joint organizations in service that an organization leads, is a member of, or owes a project.

    `zone` is the city's.
    """

    fields: ClassVar[tuple[Field, ...]] = ()
    open: ClassVar[Document] = {"state.retired": False}

    def __init__(self, joints: Joints, zone: ZoneInfo) -> None:
        super().__init__("joints", joints.store)
        self._zone = zone

    def _of(self, organization: str) -> Document:
        return self._named({"$eq": organization})

    def _named(self, who: Document) -> Document:
        member = {"$elemMatch": {"organization_id": who, "left": None}}
        places = [{f"state.{side}": who} for side in _SIDES]
        return self.open | {"$or": [{"state.members": member}, *places]}

    async def among(self, organizations: Sequence[str]) -> set[str]:
        """See `Work.among`."""
        wanted, found = set(organizations), set[str]()
        async for document in self.store.collection.find(
            self._named({"$in": sorted(wanted)}), {"history": 0, "outbox": 0}
        ):
            state = self.store.load(document).state
            assert state is not None  # none is without
            found |= {id for id in wanted - found if roles_of(state, id)}
        return found

    def roles(self, organization: str, _document: Document, state: JointState) -> list[str]:
        """See `Listed.roles`."""
        return roles_of(state, organization)

    def show(self, state: JointState) -> tuple[str, datetime | None, Iterable[str]]:
        """See `Listed.show`."""
        return "in_service", None, [state.lead]

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`: a lead that the successor cannot be stays, for a person."""
        day = passing.at.astimezone(self._zone).date().isoformat()
        done = await self.store.execute(
            id,
            lambda state: None if state is None else hand_over(id, state, passing, day),
            by=passing.by,
        )
        if done.state is None:
            return "not_open"
        if roles_of(done.state, passing.old):
            return "by_hand"
        return "handed_over" if was_handed_over(done.state.handovers, passing) else "not_open"
