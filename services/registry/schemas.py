"""Bodies and answers of the registry's routes."""

import re
from collections.abc import Hashable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from services.registry import messages  # noqa: F401  (registers the sentences)
from services.registry.geometry import Geometry
from services.registry.numbers import is_identity_card, plain
from shared.contracts.registry import Boundary
from shared.contracts.words import (
    AreaLevel,
    Domain,
    Founding,
    GridLevel,
    OrganizationLevel,
    TeamRole,
)
from shared.web.schemas import (
    AreaCode,
    Body,
    Latitude,
    Longitude,
    ShortText,
    Slug,
    Time,
    clean_text,
)

H = TypeVar("H", bound=Hashable)

ROWS_LIMIT = 500
_TELEPHONE = re.compile(r"\+?\d{5,20}")
_BETWEEN = re.compile(r"[\s()-]")


def _telephone(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    digits = _BETWEEN.sub("", clean_text(value))
    digits = re.sub(r"^(?:\+|00)86(?=\d{5})", "", digits)
    if not digits.isascii() or not _TELEPHONE.fullmatch(digits):
        raise PydanticCustomError("telephone", "not a telephone number")
    return digits


def _number(value: Any) -> Any:
    return plain(clean_text(value)) if isinstance(value, str) else value


def _no_identity_card(value: str) -> str:
    if is_identity_card(value):
        raise PydanticCustomError("identity_card", "an identity-card number")
    return value


def _own_id(value: str | None) -> str | None:
    return value and _no_identity_card(value)


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise PydanticCustomError("date_from_datetime_parsing", "not a day") from None


def distinct(value: list[H]) -> list[H]:
    """A list as it is; refused where an item stands in it twice."""
    if len(set(value)) != len(value):
        raise PydanticCustomError("not_unique", "repeated items")
    return value


Day = Annotated[
    str,
    StringConstraints(pattern=r"^[12]\d{3}-\d{2}-\d{2}$"),
    AfterValidator(_day),
    Field(json_schema_extra={"format": "date"}),
]
"""A calendar day in the city's time, as `2026-03-01`."""
Telephone = Annotated[
    str, BeforeValidator(_telephone), Field(json_schema_extra={"examples": ["13800001234"]})
]
"""Digits, as `13800001234`; spaces, hyphens and +86 are taken off, so that equal ones are equal."""
Number = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Z]{4,32}$"),
    BeforeValidator(_number),
    AfterValidator(_no_identity_card),
    Field(json_schema_extra={"examples": ["10000004"]}),
]
"""A person's number: capital letters and digits; spaces and hyphens are taken off."""
Slugs = Annotated[list[Slug], Field(max_length=200), AfterValidator(distinct)]
Codes = Annotated[list[AreaCode], Field(max_length=500), AfterValidator(distinct)]
Skills = Annotated[list[Slug], Field(max_length=30), AfterValidator(distinct)]
Retired = Annotated[
    bool | None, Field(description="false brings a retired one back; absent: stays as it is")
]
OwnId = Annotated[Slug | None, Field(description="Chosen by the caller; absent: made (UUIDv7)")]


class EntryBody(Body):
    """What every body has."""

    id: str | None = None
    retired: Retired = None


class AreaBody(EntryBody):
    """An area; its `id` is its code and must be given when it is created."""

    id: AreaCode | None = None
    name: ShortText
    level: AreaLevel
    parent: AreaCode | None = None


class UnitBody(EntryBody):
    """A unit; one under vertical management also has a line in its system (policy, art. 14)."""

    id: OwnId = None
    name: ShortText
    domain: Domain
    area: AreaCode | None = None
    system: Slug | None = Field(default=None, description="As `taxation`; its line from above")
    superior_unit_id: Slug | None = None
    superior_organization_id: Slug | None = None


class OrganizationBody(EntryBody):
    """A party organization; of a unit or an area. Without `area` it takes the unit's."""

    id: OwnId = None
    name: ShortText
    domain: Domain
    level: OrganizationLevel
    unit_id: Slug | None = None
    area: AreaCode | None = None
    parent: Slug | None = None
    founding: Founding | None = Field(default=None, description="How it was founded (art. 6)")
    founded: Day | None = Field(
        default=None,
        description="The day; of that year it owes only what is left of it. Absent: it owes from "
        "when it was registered",
    )
    successors: Annotated[list[Slug], Field(max_length=20), AfterValidator(distinct)] = Field(
        default=[], description="Who took over; only of a retired one"
    )


class LinkedBody(Body):
    """A person or unit linked to a grid team, by id: never by name."""

    model_config = ConfigDict(frozen=True)

    role: TeamRole
    id: Slug


class GridBody(EntryBody):
    """A grid: a GeoJSON polygon, a list of communities, or both; and its team (person ids)."""

    id: OwnId = None
    name: ShortText
    area: AreaCode
    communities: Codes = Field(default=[])
    geometry: Geometry | None = None
    organization_id: Slug | None = None
    leader: Slug | None = None
    members: Slugs = Field(default=[])
    level: GridLevel = GridLevel.COMMUNITY_GRID
    population: int | None = Field(default=None, ge=0, le=100_000_000, description="Residents")
    linked: Annotated[list[LinkedBody], Field(max_length=100), AfterValidator(distinct)] = Field(
        default=[], description="Who else serves it: police, doctor, lawyer and so on"
    )
    valid_from: Time | None = Field(
        default=None,
        description="From when area, communities, geometry and level count, past or future; "
        "absent: from now on where they change",
    )


class PointBody(Body):
    """WGS 84 degrees."""

    longitude: Longitude
    latitude: Latitude


class PersonBody(EntryBody):
    """A member (`organization_id`), a volunteer, or both.

    Name and telephone are kept encrypted; the point is kept to 0.001 degree.
    """

    id: Annotated[OwnId, AfterValidator(_own_id)] = None
    number: Number | None = Field(
        default=None, description="The city's or national one; absent: stays, or is made"
    )
    name: ShortText
    telephone: Telephone | None = None
    skills: Skills = Field(default=[])
    grid_id: Slug
    capacity: int = Field(default=1, ge=0, le=50, description="Tasks held at once; 0 takes none")
    available: bool = True
    service_point: PointBody | None = None
    unit_id: Slug | None = None
    organization_id: Slug | None = Field(default=None, description="Whose member he or she is")
    services: Skills = Field(default=[], description="Kinds of service offered")


class EntryView(BaseModel):
    """What every answer has; `version` is the ETag's."""

    id: str
    version: int
    area_path: list[str]
    retired: bool
    owner: str | None = Field(default=None, description="The unit whose own system reports it")


class AreaView(EntryView):
    """An area; `area_path` ends with its own code."""

    name: str
    level: AreaLevel
    parent: str | None


class UnitView(EntryView):
    """A unit."""

    name: str
    domain: Domain
    area: str | None
    system: str | None
    superior_unit_id: str | None
    superior_organization_id: str | None


class OrganizationView(EntryView):
    """A party organization."""

    name: str
    domain: Domain
    level: OrganizationLevel
    unit_id: str | None
    area: str | None
    parent: str | None
    founding: Founding | None
    founded: str | None = None
    successors: list[str]


class GridView(EntryView):
    """A grid. Lists leave `geometry` out (null).

    Area, communities, geometry and level are the boundary that counts now (`in_force`), from
    `valid_from` (null: the beginning) until `valid_until`; `boundaries` are past and future ones.
    """

    name: str
    area: str
    communities: list[str]
    geometry: dict[str, Any] | None
    organization_id: str | None
    leader: str | None
    members: list[str]
    level: GridLevel
    population: int | None
    linked: list[LinkedBody]
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    in_force: bool
    boundaries: list[Boundary]


class LandView(BaseModel):
    """A piece of land: `point` is inside it, `geometry` GeoJSON, simplified to about 1 m."""

    square_metres: float
    point: PointBody
    geometry: dict[str, Any]


class NamedGrid(BaseModel):
    """A grid's id and name."""

    id: str
    name: str


class OverlapView(LandView):
    """Land that two grids of one level both have; `share` of the smaller one's land, 0 to 1."""

    level: GridLevel
    grids: tuple[NamedGrid, NamedGrid]
    share: float


class NamedCommunity(BaseModel):
    """A community's code and name; null where it is not in service in the area."""

    id: str
    name: str | None


class SharedCommunityView(BaseModel):
    """A community that several grids of one level name."""

    level: GridLevel
    community: NamedCommunity
    grids: list[NamedGrid]


class GridCheckTotals(BaseModel):
    """How many findings there are of each kind, told or not."""

    overlaps: int
    holes: int
    shared_communities: int
    missing_communities: int


class GridCheckView(BaseModel):
    """Overlaps and holes of an area's grids, the largest first; at most `limit` of each kind.

    `drawn` grids have a polygon; `listed` ones are lists of communities only. `at`: the moment
    whose boundaries were compared.
    """

    area: str
    at: AwareDatetime
    tolerance: float
    drawn: int
    listed: int
    totals: GridCheckTotals
    overlaps: list[OverlapView]
    holes: list[LandView]
    shared_communities: list[SharedCommunityView]
    missing_communities: list[NamedCommunity]


class PersonView(EntryView):
    """A person; `name` and `telephone` are null for those who may not see them.

    `number` is null only where the entry was last written before there were numbers.
    """

    number: str | None
    name: str | None
    telephone: str | None
    skills: list[str]
    grid_id: str
    capacity: int
    available: bool
    service_point: PointBody | None
    unit_id: str | None
    organization_id: str | None
    services: list[str]


class CreatedView(BaseModel):
    """Answer of a creation; the same for a repeated Idempotency-Key."""

    id: str


class TelephoneBody(Body):
    """A telephone number to find volunteers by; in a body, so that no log keeps it."""

    telephone: Telephone


class ReasonBody(Body):
    """Why something is ended, taken back or taken out of a count."""

    reason: ShortText


class ImportBody(Body):
    """Rows of a bulk load: each as the body of POST, `id` given; what is left out stays."""

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=ROWS_LIMIT)]


class Words(BaseModel):
    """A sentence or label in both languages."""

    zh: str
    en: str


class Reason(Words):
    """Why a row was rejected, in both languages: files are read later and by others."""


class RowResult(BaseModel):
    """What became of a row; `row` counts from 1 in the order sent."""

    row: int
    status: Literal["created", "changed", "unchanged", "rejected"]
    id: str | None = None
    field: str | None = None
    code: str | None = None
    reason: Reason | None = None


class ImportView(BaseModel):
    """What became of each row, in the order sent."""

    results: list[RowResult]
