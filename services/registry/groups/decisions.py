"""Volunteer groups: doctors, electricians, lawyers, sign language; of an organization, or joint.

Policy, art. 9 (volunteers and professionals serve along); MZ/T 061-2015 has groups.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from services.registry.schemas import EntryBody, EntryView, OwnId, PointBody, Skills
from services.registry.service.base import Kind, Known, Reference, check_kept, named, path_of
from services.registry.states import Named, naming
from shared.contracts.payload import Point
from shared.contracts.registry import GroupChanged
from shared.web.auth import Principal, Role, ensure_area, ensure_unit
from shared.web.problems import Problem
from shared.web.schemas import AreaCode, ShortText, Slug


class GroupBody(EntryBody):
    """A group: whose people it has, what they can do, where it is at home.

    Leader and members are ids of people; the joint organization is not looked up.
    """

    id: OwnId = None
    name: ShortText
    area: AreaCode = Field(description="Home area: it serves there, and near its service point")
    organization_id: Slug | None = None
    joint_id: Slug | None = Field(default=None, description="The joint organization it is of")
    skills: Skills = Field(min_length=1)
    leader: Slug | None = None
    members: Annotated[list[Slug], Field(max_length=500)] = Field(default=[])
    service_point: PointBody | None = None
    capacity: int = Field(default=1, ge=0, le=200, description="Tasks held at once")
    available: bool = True


class GroupView(EntryView):
    """A group; `unit_id` is its organization's."""

    name: str
    area: str
    organization_id: str | None
    joint_id: str | None
    unit_id: str | None
    skills: list[str]
    leader: str | None
    members: list[str]
    service_point: PointBody | None
    capacity: int
    available: bool


class GroupState(Named):
    """A group."""

    area: str
    organization_id: str | None = None
    joint_id: str | None = None
    unit_id: str | None = None
    skills: tuple[str, ...] = ()
    leader: str | None = None
    members: tuple[str, ...] = ()
    service_point: Point | None = None
    capacity: int = 1
    available: bool = True


class Groups(Kind[GroupState, GroupBody]):
    """Groups; a unit's operator may write those of the own unit's organization."""

    name, singular = "groups", "group"
    body, state, view_model = GroupBody, GroupState, GroupView
    writers = (Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR)

    def references(self, body: GroupBody) -> Iterable[Reference]:
        """Its area and its organization."""
        return named(areas=body.area, organizations=body.organization_id)

    def build(
        self, id: str, body: GroupBody, current: GroupState | None, known: Known
    ) -> GroupState:
        """See `Kind.build`."""
        if body.leader is None and not body.members:
            raise Problem(422, "group-people-needed", field="leader")
        kept = current.organization_id if current else None
        check_kept(known, "organizations", "organization_id", body.organization_id, kept)
        stays = current is not None and current.area == body.area
        unit_id = current.unit_id if current else None
        if body.organization_id is None:
            unit_id = None
        elif body.organization_id != kept:
            unit_id = known.find("organizations", body.organization_id, "organization_id").unit_id
        point = body.service_point
        return GroupState(
            **naming(body.name),
            area=body.area,
            area_path=path_of(known, body.area, current.area_path if current and stays else None),
            organization_id=body.organization_id,
            joint_id=body.joint_id,
            unit_id=unit_id,
            skills=tuple(body.skills),
            leader=body.leader,
            members=tuple(dict.fromkeys(body.members)),
            service_point=point and Point(**point.model_dump()).rounded(),
            capacity=body.capacity,
            available=body.available,
        )

    def ensure_own(self, principal: Principal, id: str, state: GroupState) -> None:
        """The operator's own unit's; a group in the manager's areas."""
        if principal.role is Role.UNIT_OPERATOR:
            ensure_unit(principal, state.unit_id)
        else:
            ensure_area(principal, state.area_path)

    def event(self, id: str, state: GroupState) -> GroupChanged:
        """See `Kind.event`."""
        return GroupChanged(group_id=id, **state.model_dump(exclude={"sort_key", "grams"}))

    def view(self, id: str, version: int, state: GroupState, principal: Principal) -> GroupView:
        """See `Kind.view`."""
        return GroupView.model_validate(state.model_dump() | {"id": id, "version": version})
