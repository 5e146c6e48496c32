"""Facts of due moments stand on the topic once, wherever the process was killed in between."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from deploy.local.services import ServiceProcess
from services.registry.commands import Registry
from services.registry.pairings.decisions import on_due
from services.registry.pairings.state import PairingState
from services.registry.stores import act
from services.registry.watch import Facts, Watch
from shared.contracts.plans import PairingEnded, PairingEnding
from shared.web.auth import Principal, Role, issue_token
from tests.eventually import eventually
from tests.integration.messaging.world import SECRET
from tests.integration.services.registry.agreements import (
    ORGANIZATIONS,
    at,
    facts,
    fine,
    made,
    prepare,
)
from tests.integration.services.registry.world import CITY, World

TASKS = 60
TOKEN = issue_token(SECRET.get_secret_value(), Principal("someone", Role.ADMINISTRATOR))
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


@pytest.mark.timeout(240)
def test_due_moments_are_told_once_through_kills(
    registry: ServiceProcess, unique: str, mongodb_uri: str
) -> None:
    """Killed with -9 again and again while tasks and their money become due."""
    admin = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=registry.url, headers=admin, timeout=60) as client:
        units = [{"id": unit, "name": unit, "domain": "agency"} for unit in ("u1", "u2")]
        for kind, rows in (("areas", CITY), ("units", units), ("organizations", ORGANIZATIONS)):
            fine(client.post(f"/v1/imports/{kind}", json={"rows": rows}))
        due = at(seconds=10)
        task = {"kind": "other", "assigner": "district", "receiver": "street", "words": "x"}
        funds = {"funds": [{"source": "fiscal", "yuan": 1, "by": due}], "until": due}
        ids = [made(client.post("/v1/assignments", json=task | funds)) for _ in range(TASKS)]
    with MongoClient[dict[str, Any]](mongodb_uri) as mongo:
        database = mongo[unique]

        def told() -> int:
            return database["plan_facts"].count_documents({"state.upto": 2})

        def still() -> int:
            return database["assignments"].count_documents({"next_due": {"$exists": True}})

        kills, end = 0, time.monotonic() + 150
        while still() and time.monotonic() < end:
            if told() > kills * TASKS // 3:
                registry.kill()
                registry.launch()
                kills += 1
        assert (told(), still()) == (TASKS, 0)
        assert kills >= 2
        published = {"topic": "lianxin.plans"}
        journal = database["journal"]
        while journal.count_documents(published) < 2 * TASKS and time.monotonic() < end:
            time.sleep(0.1)  # the relay has the last of them
        numbers = sorted((one["key"], one["n"]) for one in journal.find(published))
        assert numbers == sorted((f"assignments/{id}", n) for id in ids for n in (1, 2))
