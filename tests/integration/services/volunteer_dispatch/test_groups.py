"""A group with skills is asked beside volunteers, and a member named by its leader takes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.volunteer_dispatch.service.state import Reservation
from shared.contracts import registry, topics
from shared.contracts.ids import uuid7
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    PATH,
    REGISTRY,
    World,
    accepted,
    bearer,
    event_of,
    running,
    volunteer,
)

GROUP = registry.GroupChanged(
    group_id="clinic",
    name="义诊队",
    skills=("errands",),
    leader="boss",
    members=("m1", "m2"),
    area="S1",
    area_path=PATH[:2],
    capacity=1,
)


def me(id: str) -> dict[str, str]:
    return bearer(Role.VOLUNTEER, id, volunteer_id=id)


async def people(world: World) -> None:
    """A single volunteer with the skill; the group's people without."""
    skills = {"single": ["errands"], "boss": [], "m1": [], "m2": []}
    events = [event_of(REGISTRY, id, volunteer(id, skills=of)) for id, of in skills.items()]
    await world.publish(topics.REGISTRY.name, [*events, event_of(REGISTRY, "clinic", GROUP)])

    async def known() -> bool:
        await world.parts.pool.refresh(datetime.now(UTC))
        pool = world.parts.pool
        return len(pool.index) == len(skills) + 1 and len(pool.groups) == 1  # with v1 of the city

    await eventually(known, 30, "people and group are known")


async def test_a_group_is_asked_and_a_named_member_takes_it(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique)
    async with running(settings) as world:
        await people(world)
        id = await world.request(accepted(uuid7(), category="errands"))
        state = await world.asked(id, 2)
        assert {one.volunteer_id for one in state.alerts.open} == {"single", "group:clinic"}
        assert any(one.key == "group:clinic" for one in state.explained[-1].candidates)
        mine = await world.http.get("/v1/groups/clinic/tasks", headers=me("m1"))
        assert [one["id"] for one in mine.json()] == [id]
        stranger = await world.http.get("/v1/groups/clinic/tasks", headers=me("single"))
        assert stranger.status_code == 403

        async def take(who: str, named: str | None, task: str = id) -> Any:
            body = {} if named is None else {"volunteer_id": named}
            path = f"/v1/groups/clinic/tasks/{task}/accept"
            return await world.http.post(path, json=body, headers=me(who))

        # A member takes it for himself only; the leader names somebody, of the group.
        assert (await take("m1", "m2")).json()["type"] == "/problems/group-leader-names"
        assert (await take("boss", "single")).json()["type"] == "/problems/not-of-the-group"
        named = await take("boss", "m2")
        assert (named.status_code, named.json()["status"]) == (200, "accepted"), named.text
        assert named.json()["assignee"]["id"] == "m2"
        late = await world.http.post(f"/v1/tasks/{id}/accept", headers=me("single"))
        assert late.status_code == 403

        # Its yes is learnt from as its own, and it holds as many tasks as it can.
        async def learnt() -> bool:
            group = await world.parts.groups.find("clinic") or {}
            assert group["answers"] == {"asked": 1, "accepted": 1}
            single = await world.parts.volunteers.find("single") or {}
            assert [one["said"] for one in single["alerts"]] == ["withdrawn"]
            return [one["task"] for one in group["tasks"]] == [id]

        await eventually(learnt, 30, "its answer is counted, its place taken")
        await world.parts.pool.refresh(datetime.now(UTC))
        second = await world.request(accepted(uuid7(), category="errands"))
        state = await world.asked(second, 1)
        assert [one.volunteer_id for one in state.alerts.open] == ["single"]

        done = await world.post(f"{id}/complete", {"words": "已办好"}, me("m2"))
        assert done.status_code == 200, done.text

        async def free() -> bool:
            group = await world.parts.groups.find("clinic") or {}
            member = await world.parts.volunteers.find("m2") or {}
            return (group["tasks"], member["tasks"]) == ([], [])

        await eventually(free, 30, "both places are free again")
        await world.parts.pool.refresh(datetime.now(UTC))
        third = await world.request(accepted(uuid7(), category="errands"))

        async def asks_group() -> bool:
            asked = (await world.state(third)).alerts.open
            return "group:clinic" in {one.volunteer_id for one in asked}

        await eventually(asks_group, 30, "the group is asked again")
        no = await world.http.post(
            f"/v1/groups/clinic/tasks/{third}/decline", json={"reason": "没有空"}, headers=me("m1")
        )
        assert no.status_code == 403
        no = await world.http.post(
            f"/v1/groups/clinic/tasks/{third}/decline",
            json={"reason": "没有空"},
            headers=me("boss"),
        )
        assert no.status_code == 200, no.text
        assert "group:clinic" not in {
            one.volunteer_id for one in (await world.state(third)).alerts.open
        }

        # A place that a process which died has left is swept.
        lost, now = Reservation(volunteer_id="group:clinic", token="lost"), datetime.now(UTC)
        assert await world.parts.everybody.reserve(lost, third, now)
        assert await world.parts.matcher.sweep(now + timedelta(seconds=1)) >= 1
        assert (await world.parts.groups.find("clinic") or {})["tasks"] == []
