"""The demo city's areas and grids: 连心市, 2 districts, 6 streets, 24 communities, 48 grids.

The codes are built like the national ones, under 99, which no province has. The city is a
rectangle of 8 by 13 km cut into districts, these into streets, these into communities; each
community is cut in two grids by a slanted line.
"""

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

CITY = "9901"
CITY_NAME = "连心市"
WEST, SOUTH = 117.20, 33.40
SIDE = 0.02
"""Degrees of a community's side: about 1.9 by 2.2 km."""
SLANT = 0.004

_STREETS = {
    "东湖区": {
        "和平街道": ("和平里", "红旗路", "前进", "幸福里"),
        "建设街道": ("钢城", "建新", "劳动路", "工农"),
        "朝阳街道": ("朝阳", "晨光", "东升", "锦绣"),
    },
    "西山区": {
        "文昌街道": ("文昌阁", "学府", "书院路", "桂花园"),
        "青山街道": ("青山口", "茶亭", "竹林", "石桥村"),
        "新港街道": ("新港", "渔歌", "望江", "滨河"),
    },
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in WGS 84 degrees."""

    west: float
    south: float
    east: float
    north: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude of a point given in parts of the sides, 0 to 1."""
        longitude = self.west + x * (self.east - self.west)
        return round(longitude, 6), round(self.south + y * (self.north - self.south), 6)


@dataclass(frozen=True, slots=True)
class Community:
    """A community: its code and name, where it lies, and the codes above it."""

    code: str
    name: str
    street: str
    street_name: str
    district: str
    box: Box

    @property
    def grids(self) -> tuple[str, str]:
        """Ids of its two grids, the western one first."""
        return f"g-{self.code}-1", f"g-{self.code}-2"


def communities() -> list[Community]:
    """All 24, by code. A street is two by two of them, a district three streets on top."""
    found = []
    for d, (_, streets) in enumerate(_STREETS.items()):
        for s, (street_name, names) in enumerate(streets.items()):
            for c, name in enumerate(names):
                column, row = 2 * d + c % 2, 2 * s + c // 2
                district = f"{CITY}{d + 1:02}"
                street = f"{district}{s + 1:03}"
                box = Box(_x(column), _y(row), _x(column + 1), _y(row + 1))
                code = f"{street}{c + 1:03}"
                full_name = name if name.endswith("村") else f"{name}社区"
                found.append(Community(code, full_name, street, street_name, district, box))
    return found


def districts() -> dict[str, str]:
    """Code -> name."""
    return {f"{CITY}{d:02}": name for d, name in enumerate(_STREETS, 1)}


def streets() -> dict[str, str]:
    """Code -> name."""
    return {community.street: community.street_name for community in communities()}


def area_rows() -> list[Row]:
    """Areas as the registry's import takes them."""
    rows: list[Row] = [{"id": CITY, "name": CITY_NAME, "level": "city"}]
    rows += [_row(code, name, "district", CITY) for code, name in districts().items()]
    rows += [_row(code, name, "street", code[:6]) for code, name in streets().items()]
    rows += [_row(c.code, c.name, "community", c.street) for c in communities()]
    return rows


def grid_rows() -> list[Row]:
    """Grids as the registry's import takes them, without their teams."""
    rows = []
    for community in communities():
        for number, (id, ring) in enumerate(
            zip(community.grids, _halves(community.box), strict=True), 1
        ):
            rows.append(
                {
                    "id": id,
                    "name": f"{community.name}第{'一二'[number - 1]}网格",
                    "area": community.code,
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                    "organization_id": f"org-{community.code}",
                }
            )
    return rows


def _halves(box: Box) -> tuple[list[list[float]], list[list[float]]]:
    middle = (box.west + box.east) / 2
    low, high = round(middle - SLANT, 6), round(middle + SLANT, 6)
    west = [[box.west, box.south], [low, box.south], [high, box.north], [box.west, box.north]]
    east = [[low, box.south], [box.east, box.south], [box.east, box.north], [high, box.north]]
    return [*west, west[0]], [*east, east[0]]


def _row(id: str, name: str, level: str, parent: str) -> Row:
    return {"id": id, "name": name, "level": level, "parent": parent}


def _x(column: int) -> float:
    return round(WEST + column * SIDE, 6)


def _y(row: int) -> float:
    return round(SOUTH + row * SIDE, 6)
