"""Facts of due moments stand on the topic once, wherever the process was killed in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registry.commands import Registry
from services.registry.pairings.decisions import on_due
from services.registry.pairings.state import PairingState
from services.registry.stores import act
from services.registry.watch import Facts, Watch
from shared.contracts.plans import PairingEnded, PairingEnding
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.services.registry.agreements import at, facts, fine, made, prepare
from tests.integration.services.registry.world import World

GOAL = {"work": "household_visit", "quantity": 1, "by": at(days=1)}
PAIRING = {
    "kind": "company_village",
    "giver": "water",
    "taker": "shitan",
    "since": at(days=-9),
    "until": at(days=9),
    "goals": [GOAL],
}


@pytest.fixture
async def city(world: World) -> World:
    return await prepare(world)


async def document(world: World, id: str) -> dict[str, Any]:
    database = world.app.state.runtime.database
    found: dict[str, Any] | None = await database["pairings"].find_one({"_id": id})
    assert found is not None
    return found


async def test_what_was_told_before_a_kill_is_not_told_again(city: World) -> None:
    """Killed after the fact was kept and before it was struck off."""
    id = made(await city.admin.post("/v1/pairings", json=PAIRING))

    async def told() -> dict[str, Any] | None:
        found = await document(city, id)
        return found if found["state"]["told"] == 1 and not found["state"]["untold"] else None

    before = await eventually(told)
    [first] = await facts(city, 1)
    assert isinstance(first.data, PairingEnding)
    untold = {
        "n": 1,
        "at": datetime.now(UTC),
        "type": "lianxin.pairing.ending.v1",
        "data": first.data.model_dump(mode="json"),
    }
    database = city.app.state.runtime.database
    await database["pairings"].update_one(
        {"_id": id}, {"$set": {"state.untold": [untold], "next_due": untold["at"]}}
    )
    after = await eventually(told)
    # Nothing changed for those who read it, and the next due moment is its own again.
    assert before is not None
    assert after is not None
    assert (after["version"], after["next_due"]) == (before["version"], before["next_due"])
    assert len(await facts(city, 1)) == 1


async def test_what_was_decided_before_a_kill_is_told_after_it(city: World) -> None:
    """Killed after the decision was written: nothing but the document knows of the fact."""
    id = made(await city.admin.post("/v1/pairings", json=PAIRING))
    await facts(city, 1)
    registry: Registry = city.app.state.parts
    later = datetime.now(UTC) + timedelta(days=10)

    def decide(state: PairingState) -> Any:
        return on_due(id, state, later)

    await act(registry.pairings.store, id, decide, Principal("x", Role.ADMINISTRATOR))
    assert (await document(city, id))["state"]["untold"][0]["n"] == 2
    runtime = city.app.state.runtime
    watch: Watch[PairingState] = Watch(
        registry.pairings.store, _never, Facts(runtime.database, city.settings), runtime.leases
    )
    await watch.round(later)
    ending, ended = await facts(city, 2)
    assert (ending.sequence, ended.sequence) == (1, 2)
    assert isinstance(ended.data, PairingEnded)
    assert "next_due" not in await document(city, id)
    assert fine(await city.admin.get(f"/v1/pairings/{id}"))["terms"][0]["outcome"] is None


async def _never(_id: str, _state: PairingState, _now: datetime) -> None:
    raise AssertionError("what is to be told is told before anything else is decided")
