from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.registry.geometry import POSITIONS_LIMIT, Geometry

ADAPTER: TypeAdapter[Any] = TypeAdapter(Geometry)
Ring = list[list[float]]


def square(x: float, size: float) -> Ring:
    return [[x, 0], [x + size, 0], [x + size, size], [x, size], [x, 0]]


def test_polygons_with_holes_and_parts_are_taken() -> None:
    hole = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]
    ADAPTER.validate_python({"type": "Polygon", "coordinates": [square(0, 4), hole]})
    ADAPTER.validate_python(
        {"type": "MultiPolygon", "coordinates": [[square(0, 4), hole], [square(9, 1)]]}
    )


@pytest.mark.parametrize(
    ("geometry", "kind", "place"),
    [
        ([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]], "geometry_defect", (1.0, 1.0)),
        ([[0, 0], [2, 0], [2, 2], [0, 2]], "ring_open", (0.0, 2.0)),
        ([[0, 0], [2, 0], [0, 0]], "too_short", None),
        ([[0, 0], [200, 0], [2, 2], [0, 0]], "less_than_equal", None),
        ([[0, 0], [float("nan"), 0], [2, 2], [0, 0]], "finite_number", None),
        (square(0, 1) * (POSITIONS_LIMIT // 5 + 1), "too_long", None),
    ],
)
def test_what_is_refused_and_where(
    geometry: Ring, kind: str, place: tuple[float, float] | None
) -> None:
    with pytest.raises(ValidationError) as raised:
        ADAPTER.validate_python({"type": "Polygon", "coordinates": [geometry]})
    error = raised.value.errors()[0]
    assert error["type"] == kind
    if place is not None:
        assert (error["ctx"]["longitude"], error["ctx"]["latitude"]) == place


def test_parts_that_lie_on_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="not valid"):
        ADAPTER.validate_python(
            {"type": "MultiPolygon", "coordinates": [[square(0, 4)], [square(1, 1)]]}
        )
    with pytest.raises(ValidationError):
        ADAPTER.validate_python({"type": "Point", "coordinates": [0, 0]})
