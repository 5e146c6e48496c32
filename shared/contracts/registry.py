"""What the registry publishes on `lianxin.registry`: snapshots, so that the topic can be compacted.

No names of people, telephone numbers or addresses: a person is an id, skills and a home grid.
"""

from datetime import date
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Id, Moment, Point, Snapshot
from shared.contracts.words import (
    AreaLevel,
    Domain,
    Founding,
    GridLevel,
    OrganizationLevel,
    ResourceKind,
    TeamRole,
)


class AreaChanged(Snapshot):
    """An area (street, community, ...). Subject: its code."""

    TYPE: ClassVar[str] = "lianxin.area.changed"

    area: Code
    name: str
    level: AreaLevel
    parent: Code | None = None
    path: tuple[Code, ...]
    """Codes from the top area down to this one."""
    retired: bool = False


class UnitChanged(Snapshot):
    """A unit. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.unit.changed"

    unit_id: Id
    name: str
    domain: Domain
    area: Code | None = None
    retired: bool = False
    system: Code | None = None
    """The system that it is managed by from above, as `taxation`; `area` is its other line."""
    superior_unit_id: Id | None = None
    superior_organization_id: Id | None = None


class OrganizationChanged(Snapshot):
    """A party organization. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.organization.changed"

    organization_id: Id
    name: str
    domain: Domain
    level: OrganizationLevel
    unit_id: Id | None = None
    area: Code | None = None
    parent: Id | None = None
    retired: bool = False
    founding: Founding | None = None
    founded: date | None = None
    """The day, in the city's time; None where nobody has said."""
    successors: tuple[Id, ...] = ()
    """Who took over from a retired one."""
    owner: Id | None = None
    """The unit whose own system reports it, so that it knows when it may and may not; None: it is
    kept by hand."""


class JointMember(BaseModel):
    """A member of a joint organization; `left` is the first day without it."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    organization_id: Id
    unit_id: Id | None = None
    joined: date
    left: date | None = None


class JointCouncil(BaseModel):
    """Organizations that have duty in turn, `days` each, from `start` on, over and over."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    order: tuple[Id, ...]
    start: date
    days: int = Field(ge=1)


class JointResult(BaseModel):
    """A project that ended: a resource of one organization for the need of another."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    project_id: Id
    need_by: Id
    resource_by: Id
    kind: ResourceKind
    quantity: float
    outcome: Code
    """done, given_up."""
    ended: Moment


class JointChanged(Snapshot):
    """A joint organization. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.joint.changed"

    joint_id: Id
    name: str
    form: Founding
    area: Code | None = None
    area_path: tuple[Code, ...] = ()
    lead: Id
    members: tuple[JointMember, ...] = ()
    open_needs: int = Field(ge=0)
    open_resources: int = Field(ge=0)
    open_projects: int = Field(ge=0)
    councils: tuple[JointCouncil, ...] = ()
    """Of several the one that started last by a day counts: whose turn it is follows from it."""
    results: tuple[JointResult, ...] = ()
    """The projects that ended last, at most 20, the newest last; for the units that took part."""
    successors: tuple[Id, ...] = ()
    retired: bool = False


class Linked(BaseModel):
    """A person or unit linked to a grid team, by id: no name."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    role: TeamRole
    id: Id


class Boundary(BaseModel):
    """Where a grid is from one moment to another: from `valid_from` on, before `valid_until`."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    valid_from: Moment | None = None
    """None: from the beginning."""
    valid_until: Moment | None = None
    """None: until further notice."""
    area: Code
    area_path: tuple[Code, ...]
    communities: tuple[Code, ...] = ()
    geometry: dict[str, Any] | None = None
    level: GridLevel = GridLevel.COMMUNITY_GRID


class GridChanged(Snapshot):
    """A grid with its team. Subject: its id.

    `area`, `area_path`, `communities`, `geometry` and `level` are its boundary at the moment when
    this is told (of a retired grid its last, of one that is still to come its first); it counts
    from `valid_from` on, before `valid_until`. The others, past and future, are in `boundaries`.
    """

    TYPE: ClassVar[str] = "lianxin.grid.changed"

    grid_id: Id
    name: str
    area: Code
    area_path: tuple[Code, ...]
    communities: tuple[Code, ...] = ()
    geometry: dict[str, Any] | None = None
    """GeoJSON Polygon or MultiPolygon, WGS 84; None where the grid is a list of communities."""
    organization_id: Id | None = None
    leader: Id | None = None
    members: tuple[Id, ...] = ()
    level: GridLevel = GridLevel.COMMUNITY_GRID
    population: int | None = Field(default=None, ge=0)
    """Residents; None where it is not told."""
    linked: tuple[Linked, ...] = ()
    retired: bool = False
    valid_from: Moment | None = None
    """None: from the beginning."""
    valid_until: Moment | None = None
    """None: until further notice."""
    undated: bool = False
    """Registered without a date: the first boundary also takes what is older than it and lies in
    no other grid's boundary of that time."""
    boundaries: tuple[Boundary, ...] = ()
    """Past and future ones in their order; at most 19."""


class VolunteerChanged(Snapshot):
    """A member or volunteer as others need him or her. Subject: the id."""

    TYPE: ClassVar[str] = "lianxin.volunteer.changed"

    volunteer_id: Id
    skills: tuple[Code, ...] = ()
    grid_id: Id
    area_path: tuple[Code, ...] = ()
    capacity: int = Field(ge=0, le=50)
    """Tasks that the volunteer can hold at once."""
    available: bool = True
    service_point: Point | None = None
    unit_id: Id | None = None
    organization_id: Id | None = None
    """The party organization that he or she is a member of."""
    services: tuple[Code, ...] = ()
    """Kinds of service offered."""
    retired: bool = False
    owner: Id | None = None
    """As of `OrganizationChanged`."""


class GroupChanged(Snapshot):
    """A volunteer group or service team (志愿服务队伍). Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.group.changed"

    group_id: Id
    name: str
    skills: tuple[Code, ...] = ()
    leader: Id | None = None
    members: tuple[Id, ...] = ()
    area: Code
    """Home area: it serves there, and near its service point."""
    area_path: tuple[Code, ...] = ()
    service_point: Point | None = None
    capacity: int = Field(ge=0, le=200)
    """Tasks that the group can hold at once."""
    available: bool = True
    organization_id: Id | None = None
    joint_id: Id | None = None
    unit_id: Id | None = None
    retired: bool = False


class OpenSpan(BaseModel):
    """Open from `opens` until just before `closes`, minutes of the day of the city's clock."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    opens: int = Field(ge=0, lt=1440)
    closes: int = Field(gt=0, le=1440)


class WeekdaySpan(OpenSpan):
    """Open on a day of each week: 1 Monday to 7 Sunday."""

    weekday: int = Field(ge=1, le=7)


class DaySpans(BaseModel):
    """What holds on one date in place of the week's hours; no spans: closed."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    spans: tuple[OpenSpan, ...] = ()


class VenueChanged(Snapshot):
    """A venue: a public place, so that its address is no one's. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.venue.changed"

    venue_id: Id
    name: str
    area: Code
    area_path: tuple[Code, ...]
    organization_id: Id | None = None
    unit_id: Id | None = None
    address: str | None = None
    point: Point | None = None
    uses: tuple[Code, ...] = ()
    """Codes of the registry's table of uses."""
    capacity: int | None = Field(default=None, ge=0)
    """People."""
    weekly: tuple[WeekdaySpan, ...] = ()
    exceptions: tuple[DaySpans, ...] = ()
    retired: bool = False
