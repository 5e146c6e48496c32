"""Every change is on `lianxin.registry`, and nothing else is."""

from shared.contracts.registry import AreaChanged, GridChanged, UnitChanged, VolunteerChanged
from tests.integration.services.registry.world import CITY, SQUARE, World

UNIT = {"name": "供电公司", "domain": "state_enterprise", "area": "440310002"}


async def test_each_change_publishes_one_snapshot(world: World) -> None:
    await world.city()
    volunteer = {"id": "g1", "name": "李明", "grid_id": "g1"}  # the same id as the grid's
    await world.admin.post("/v1/people", json=volunteer)
    await world.admin.put("/v1/units/u1", json=UNIT, headers={"If-Match": '"1"'})
    await world.admin.put("/v1/units/u1", json=UNIT, headers={"If-Match": '"2"'})  # no change
    await world.admin.delete("/v1/units/u1")
    results = await world.load("areas", CITY)
    assert {result["status"] for result in results} == {"unchanged"}
    events = await world.events(11)
    assert len(events) == 11
    of_unit = [e for e in events if e.subject == "u1"]
    assert [(e.sequence, e.source) for e in of_unit] == [
        (n, "/services/registry/units") for n in (1, 2, 3)
    ]
    assert {e.partition_key for e in of_unit} == {"units/u1"}
    last = of_unit[-1].data
    assert last == UnitChanged(
        unit_id="u1", name="供电公司", domain="state_enterprise", area="440310002", retired=True
    )
    areas = {e.data.area: e.data for e in events if isinstance(e.data, AreaChanged)}
    assert areas["440310001001"].path == ("4403", "440310", "440310001", "440310001001")
    [grid] = [e for e in events if isinstance(e.data, GridChanged)]
    assert isinstance(grid.data, GridChanged)
    assert grid.data.geometry == SQUARE
    assert grid.data.area_path == ("4403", "440310", "440310001")
    [one] = [e for e in events if isinstance(e.data, VolunteerChanged)]
    assert (one.subject, one.sequence) == (grid.subject, grid.sequence)
    # Equal ids of two kinds stay apart in the journal and when the topic is compacted.
    assert (one.source, one.partition_key) != (grid.source, grid.partition_key)
    runtime = world.app.state.runtime
    assert await runtime.database["journal"].count_documents({"subject": "g1"}) == 2
    history = await world.app.state.parts.repository.stores["units"].history("u1")
    assert [(h["by"], h["why"]) for h in history] == [
        ("administrator:someone", why) for why in ("created", "changed", "retired")
    ]
