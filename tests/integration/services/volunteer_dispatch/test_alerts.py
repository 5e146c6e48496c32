"""Alerts on the real service: silence, refusal, a late yes; caps; what a dead process leaves."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.volunteer_dispatch.service.alerting import Alert, Answer, Asking
from shared.contracts import tasks, topics
from shared.contracts.ids import uuid7
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    REGISTRY,
    World,
    accepted,
    bearer,
    event_of,
    running,
    volunteer,
)

SERVICE = "volunteer_dispatch"
URGENCIES = ("danger", "utilities", "ordinary", "complex")


async def _people(world: World, *ids: str) -> None:
    """Volunteers, each farther from the task's place than the one before."""
    events = [
        event_of(
            REGISTRY,
            id,
            volunteer(
                id,
                skills=["errands"],
                service_point={"longitude": 114.0, "latitude": 22.5 + n / 100},
            ),
        )
        for n, id in enumerate(ids)
    ]
    await world.publish(topics.REGISTRY.name, events)

    async def known() -> bool:
        await world.parts.pool.refresh(datetime.now(UTC))
        return len(world.parts.pool.index) == len(ids) + 1  # with v1 of the city

    await eventually(known, 30, "the volunteers are known")


async def test_a_silence_and_a_refusal_are_replaced_and_a_late_yes_counts(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await world.ask_at_any_hour(
            at_once=dict.fromkeys(URGENCIES, 1), silent_minutes=dict.fromkeys(URGENCIES, 0.2)
        )
        await _people(world, "a", "b", "c")
        point = {"longitude": 114.0, "latitude": 22.5}
        id = await world.request(accepted(uuid7(), category="errands", point=point))

        async def asked(*ids: str) -> bool:
            return [one.volunteer_id for one in (await world.state(id)).alerts.open] == [*ids]

        me = {name: bearer(Role.VOLUNTEER, name, volunteer_id=name) for name in "abc"}
        await eventually(lambda: asked("a"), 30, "the nearest is asked")
        no = await world.post(f"{id}/decline", {"reason": "没有空"}, me["a"])
        assert (no.status_code, no.json()["asked"]) == (200, [])
        await eventually(lambda: asked("b"), 30, "the next is asked")
        seen = await world.http.get(f"/v1/tasks/{id}", headers=me["b"])
        assert seen.json()["commands"] == ["accept", "decline"]
        assert seen.json()["explained"][-1]["chosen"] == "volunteer:b"
        await eventually(lambda: asked("b", "c"), 30, "b was silent, c is asked too")
        assert (await world.http.get(f"/v1/tasks/{id}", headers=me["a"])).status_code == 403

        yes = await world.post(f"{id}/accept", None, me["b"])
        assert (yes.status_code, yes.json()["status"]) == (200, "accepted")
        assert yes.json()["assignee"]["id"] == "b"
        too_late = await world.post(f"{id}/accept", None, me["c"])
        assert too_late.status_code == 403

        async def counted() -> bool:
            found = [await world.parts.volunteers.find(name) for name in "abc"]
            return [one and one.get("answers") for one in found] == [
                {"asked": 1, "accepted": 0},
                {"asked": 1, "accepted": 1},
                {"asked": 0, "accepted": 0},
            ]

        await eventually(counted, 30, "each answer is counted once; c did not have to answer")
        events = [e.data for e in await world.published(8) if e.subject == id]
        told = [
            (type(d).__name__, getattr(d, "volunteer_ids", ()), getattr(d, "reason", ""))
            for d in events
        ]
        assert (
            told
            == [
                ("TaskCreated", (), ""),
                ("TaskAlerted", ("a",), ""),
                ("TaskAlertsEnded", ("a",), "declined"),
                ("TaskAlerted", ("b",), ""),
                ("TaskAlertsEnded", ("b",), "silent"),
                ("TaskAlerted", ("c",), ""),
                ("TaskAlertsEnded", ("c",), "withdrawn"),
                ("TaskAssigned", (), ""),
                ("TaskAccepted", (), ""),
            ][: len(told)]
        )
        assert isinstance(events[0], tasks.TaskCreated)


async def test_caps_hold_whoever_races_and_counting_happens_once(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        volunteers, asking = world.parts.volunteers, Asking()
        table = asking.table
        midnight = table.day_of(datetime.now(UTC), asking.zone)

        def alert(name: str, at: datetime) -> Alert:
            until = at + timedelta(minutes=1)
            return Alert(volunteer_id="v1", token=name, at=at, until=until)

        async def day(number: int, at: datetime) -> int:
            given = [alert(f"{number}-{n}", at) for n in range(20)]
            results = await asyncio.gather(
                *(volunteers.ask(one, f"task-{one.token}", asking) for one in given)
            )
            return sum(results)

        noons = [midnight + timedelta(days=n, hours=12) for n in range(10)]
        assert [await day(n, noons[n]) for n in range(3)] == [3, 3, 1]
        # A week after the first three they count no more; what is older is not kept.
        assert await day(7, noons[7] + timedelta(minutes=1)) == 3
        kept = (await volunteers.find("v1") or {})["alerts"]
        assert len(kept) == 7

        yes = Answer(volunteer_id="v1", token=kept[0]["token"], said="accepted")
        silent = yes.model_copy(update={"said": "silent"})
        for answer in (silent, silent, yes, yes, silent):
            await volunteers.count(answer)
        found = await volunteers.find("v1") or {}
        assert found["answers"] == {"asked": 1, "accepted": 1}
        assert found["alerts"][0]["said"] == "accepted"

        # Alerts of a process that died before it wrote the task.
        assert await volunteers.forget_lost(noons[2] + timedelta(hours=1)) == 1
        said = [one["said"] for one in (await volunteers.find("v1") or {})["alerts"]]
        assert said == ["accepted", "lost", "lost", "lost", "", "", ""]
        late = Answer(volunteer_id="v1", token=kept[1]["token"], said="declined")
        await volunteers.count(late)
        assert (await volunteers.find("v1") or {})["answers"]["asked"] == 1
