"""Follow-ups on the journal: each change at least once, whatever fails in between."""

import pytest

from services.registry.following import Changed, Follower
from shared.contracts import topics
from shared.storage.aggregates import Contended
from tests.eventually import eventually
from tests.integration.services.registry.world import CITY, World

UNIT = {"name": "供水公司", "domain": "state_enterprise"}


async def test_a_change_that_could_not_be_followed_is_met_again_and_then_no_more(
    world: World,
) -> None:
    runtime = world.app.state.runtime
    told: list[dict[str, list[str]]] = []
    fails = [True]

    async def derive(changed: Changed) -> None:
        told.append({kind: sorted(ids) for kind, ids in changed.items()})
        if fails:
            raise Contended(str(fails.pop()))

    async def nothing_else() -> bool:
        return False

    def follower() -> Follower:
        return Follower(
            runtime.database,
            runtime.journal,
            runtime.leases,
            "test",
            [topics.WORK, topics.REGISTRY],
            derive,
            nothing_else,
        )

    await world.load("units", [UNIT | {"id": "u1"}, UNIT | {"id": "u2"}])
    await world.load("areas", CITY[:1])

    async def published() -> bool:
        return bool(await runtime.database["journal"].count_documents({}) == 3)

    await eventually(published)
    first = follower()
    everything = {"units": ["u1", "u2"], "areas": ["4403"]}
    with pytest.raises(Contended):
        await first.round()
    await first.round()
    assert told == [everything, everything]
    await first.round()
    assert len(told) == 2
    await world.load("units", [UNIT | {"id": "u2", "name": "供电公司"}])

    async def again() -> bool:
        await first.round()
        return len(told) == 3

    await eventually(again)
    assert told[2] == {"units": ["u2"]}
    # Another process begins a little before where this one has come to.
    await follower().round()
    assert told[3] == everything
