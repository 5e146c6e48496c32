"""Timers fire once with two replicas, and after a restart; tables reach every replica."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from services.volunteer_dispatch.service.tables import DeadlineTable
from shared.contracts import tasks
from shared.contracts.ids import lead_task_id
from shared.storage.client import connect
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    MANAGER,
    World,
    accepted,
    dropped,
    replica,
)

SERVICE = "volunteer_dispatch"
NUMBER = 40


async def _overdue(world: World) -> bool:
    found = await world.parts.store.collection.count_documents({"state.overdue": True})
    return found == NUMBER


async def test_deadlines_fire_once_with_two_replicas_and_after_a_restart(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    first = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    second = first.model_copy(update={"replica": "second"})
    async with dropped(first):
        async with replica(first) as one:
            await one.build_city()
            for n in range(NUMBER):
                await one.request(accepted(f"r{n}", urgency="danger"))
            for n in range(0, NUMBER, 2):
                id = await _id(one, f"r{n}")
                assert (await one.post(f"{id}/accept", None, MANAGER)).is_success
        # Down while the deadlines pass.
        client = connect(first.mongodb_uri, first.mongo_driver)
        past = datetime.now(UTC) - timedelta(hours=1)
        collection = client.database(first.database_name)["tasks"]
        moved = {"state.deadline": past, "next_due": past}
        await collection.update_many({}, {"$set": moved})
        await client.close()
        async with replica(first) as one, replica(second) as two:
            await eventually(lambda: _overdue(one), 30, "all are overdue")
            events = await two.published(2 * NUMBER + NUMBER // 2 + NUMBER + NUMBER)
            kinds = Counter(type(event.data) for event in events)
            assert kinds[tasks.TaskOverdue] == NUMBER
            # Accepted ones stay, the others went one level up.
            assert kinds[tasks.TaskEscalated] == NUMBER // 2
            assert kinds[tasks.TaskAssigned] == NUMBER + NUMBER // 2
            told = Counter(e.subject for e in events if isinstance(e.data, tasks.TaskOverdue))
            assert set(told.values()) == {1}
            listed = await one.http.get(
                "/v1/tasks", params={"overdue": "true", "limit": 200}, headers=ADMINISTRATOR
            )
            assert len(listed.json()["items"]) == NUMBER


async def _id(world: World, request_id: str) -> str:
    id = lead_task_id(request_id)
    await world.until(id, "assigned")
    return id


async def test_a_new_table_reaches_every_replica(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    first = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    second = first.model_copy(update={"replica": "second"})
    async with dropped(first), replica(first) as one, replica(second) as two:
        shown = await one.http.get("/v1/deadlines", headers=ADMINISTRATOR)
        assert (shown.headers["etag"], shown.json()["by"]) == ('"1"', "file")
        table = shown.json()["table"]
        table["hours"]["danger"] = 1
        bare = await one.http.put("/v1/deadlines", json=table, headers=ADMINISTRATOR)
        assert bare.status_code == 428
        conditional = {**ADMINISTRATOR, "If-Match": '"1"'}
        put = await one.http.put("/v1/deadlines", json=table, headers=conditional)
        assert (put.status_code, put.json()["version"]) == (200, 2)
        again = await two.http.put("/v1/deadlines", json=table, headers=conditional)
        assert again.status_code == 412

        async def follows() -> bool:
            return two.parts.tables.get(DeadlineTable).hours.danger == 1

        await eventually(follows, 30, "the other replica follows; it looks once a second")
        old = await two.http.get("/v1/deadlines?version=1", headers=ADMINISTRATOR)
        assert old.json()["table"]["hours"]["danger"] == 2
        assert (
            await two.http.get("/v1/deadlines?version=9", headers=ADMINISTRATOR)
        ).status_code == 404
        wrong = {"rules": [{"to": "nobody"}]}
        refused = await one.http.put("/v1/routing", json=wrong, headers=conditional)
        assert refused.status_code == 422
        assert (await one.http.get("/v1/routing", headers=MANAGER)).status_code == 403
