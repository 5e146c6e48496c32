"""Grid geometry: GeoJSON Polygon or MultiPolygon (RFC 7946), WGS 84, valid by GEOS.

Shapely, and numpy behind it, are 20 MB of memory: they come with the first polygon.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.web.schemas import Body, Latitude, Longitude

POSITIONS_LIMIT = 20_000
"""Positions of one grid; a record on the wire has at most 1 MB."""

TOLERANCE = 100.0
"""Square metres up to which an overlap or a hole is a slip of the pen and not told."""

DEFECTS = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "环自相交",
    "Hole lies outside shell": "空洞在外环之外",
    "Holes are nested": "空洞互相嵌套",
    "Interior is disconnected": "内部不连通",
    "Nested shells": "外环互相嵌套",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "顶点太少",
}
_EXPLAINED = re.compile(r"(?P<what>[^\[]+)(?:\[(?P<x>\S+) (?P<y>[^\]\s]+)[^\]]*\])?")

Position = tuple[Longitude, Latitude]
Ring = Annotated[list[Position], Field(min_length=4, max_length=POSITIONS_LIMIT)]
Rings = Annotated[list[Ring], Field(min_length=1, max_length=1000)]


class Polygon(Body):
    """GeoJSON Polygon: an outer ring, then holes; each ring closed."""

    type: Literal["Polygon"]
    coordinates: Rings


class MultiPolygon(Body):
    """GeoJSON MultiPolygon."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1, max_length=1000)]


def _checked(value: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    polygons = [value.coordinates] if isinstance(value, Polygon) else value.coordinates
    rings = [ring for polygon in polygons for ring in polygon]
    if sum(map(len, rings)) > POSITIONS_LIMIT:
        raise PydanticCustomError("too_many_positions", "too many", {"limit": POSITIONS_LIMIT})
    for ring in rings:
        if ring[0] != ring[-1]:
            longitude, latitude = ring[-1]
            raise PydanticCustomError(
                "ring_open", "not closed", {"longitude": longitude, "latitude": latitude}
            )
    defect = defect_of(value.model_dump())
    if defect is not None:
        raise PydanticCustomError("geometry_defect", "not valid", defect)
    return value


def defect_of(geometry: dict[str, Any]) -> dict[str, Any] | None:
    """What is wrong with a GeoJSON geometry, and where; None where it is valid.

    Returns:
        `defect` and `defect_zh`, words for it, and `longitude`, `latitude` of the place (degrees).
    """
    import shapely  # noqa: PLC0415 - see the module
    from shapely.geometry import shape  # noqa: PLC0415

    made = shape(geometry)
    if made.is_valid:
        return None
    found = _EXPLAINED.match(shapely.is_valid_reason(made))
    what = found["what"].strip() if found else "not valid"
    return {
        "defect": what,
        "defect_zh": DEFECTS.get(what, what),
        "longitude": float(found["x"]) if found and found["x"] else None,
        "latitude": float(found["y"]) if found and found["y"] else None,
    }


Geometry = Annotated[Polygon | MultiPolygon, Field(discriminator="type"), AfterValidator(_checked)]
"""A valid polygon; a crossing one is refused with its place (`field.geometry_defect`)."""
