"""Read models as they stand in the database, also those written by earlier versions."""

from typing import Any

from shapely.geometry import box, mapping

from services.request_intake.read_models import City, _next, _read
from shared.contracts.payload import Point
from shared.contracts.registry import GridChanged
from shared.contracts.words import GridLevel


def kept(id: str, size: float, **more: Any) -> dict[str, Any]:
    shape = mapping(box(0, 0, size, size))
    told = GridChanged(grid_id=id, name=id, area="s", area_path=("s",), geometry=shape, **more)
    return told.model_dump(mode="json")


def test_a_grid_kept_before_there_were_levels_is_a_community_grid() -> None:
    old = kept("old", 5)
    del old["level"], old["population"], old["linked"]
    cell = kept("cell", 9, level=GridLevel.CELL, population=10)
    street = kept("street", 1, level=GridLevel.STREET_GRID)
    for grids, wanted in (([old, street], "old"), ([old, street, cell], "cell")):
        city = _next(City(), {"areas": {}, "units": {}, "grids": _read("grids", grids)})
        found = city.locator.locate(Point(longitude=0.5, latitude=0.5))
        assert found is not None
        assert found.grid_id == wanted
    assert city.grids["old"].boundaries[0].level is GridLevel.COMMUNITY_GRID
