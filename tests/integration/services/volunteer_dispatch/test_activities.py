"""Activities with many places and service hours, over HTTP on the real service."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.volunteer_dispatch.hours import TaskHours
from services.volunteer_dispatch.service.activity_state import Booking
from services.volunteer_dispatch.service.activity_tables import HoursTable
from services.volunteer_dispatch.volunteers import Span
from shared.contracts import requests, topics
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    OPERATOR,
    OTHER_LEADER,
    REGISTRY,
    World,
    accepted,
    bearer,
    dropped,
    event_of,
    replica,
    running,
    volunteer,
)

SERVICE = "volunteer_dispatch"


def me(id: str) -> dict[str, str]:
    return bearer(Role.VOLUNTEER, id, volunteer_id=id)


async def people(world: World, ids: Sequence[str], **more: Any) -> None:
    point = {"longitude": 114.0, "latitude": 22.5}
    events = [
        event_of(REGISTRY, id, volunteer(id, service_point=point, **{"skills": [], **more}))
        for id in ids
    ]
    await world.publish(topics.REGISTRY.name, events)

    async def known() -> bool:
        # Each: they come by several partitions, in no order between those.
        return all([await world.parts.volunteers.find(id) is not None for id in ids])

    await eventually(known, 30, "the volunteers are known")
    await world.parts.pool.refresh(datetime.now(UTC))


def body(places: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Sign-up ends in 40 minutes; it begins ten minutes later and takes as long."""
    now = datetime.now(UTC)
    times = [(now + timedelta(minutes=n)).isoformat() for n in (40, 50, 60)]
    return {
        "title": "周六清洁行动",
        "kind": "clean_up",
        "grid_id": "g1",
        "point": {"longitude": 114.0, "latitude": 22.5},
        "organizer": {"kind": "grid_team", "id": "g1"},
        "sign_up_until": times[0],
        "starts_at": times[1],
        "ends_at": times[2],
        "places": places,
    } | more


async def publish(world: World, given: dict[str, Any]) -> str:
    made = await world.http.post("/v1/activities", json=given, headers=LEADER)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def time_passes(world: World, id: str) -> None:
    """As if the activity had been planned for an hour earlier: it is over now."""
    times = ("sign_up_until", "starts_at", "ends_at", "settles_at")
    now = datetime.now(UTC)
    earlier: dict[str, Any] = {f"state.{name}": now for name in times}
    earlier["next_due"] = now
    done = await world.parts.activities.store.collection.update_one(
        {"_id": id}, {"$set": earlier, "$inc": {"version": 1}}
    )
    assert done.modified_count == 1


async def does(
    world: World, id: str, what: str, who: dict[str, str], given: Any = None
) -> httpx.Response:
    return await world.http.post(f"/v1/activities/{id}/{what}", json=given, headers=who)


async def told(world: World, subject: str) -> list[str]:
    """Types of what was published of an activity or of hours, from the journal."""
    runtime = world.parts.runtime
    since, until = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    found: list[str] = []
    async for batch in runtime.journal.walk(topics.VOLUNTEERING.name, since, until):
        found += [entry["type"] for entry in batch if entry["subject"] == subject]
    return found


async def test_an_activity_is_filled_in_waves_attended_and_its_hours_confirmed(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await people(world, [f"p{n}" for n in range(20)])
        await people(world, ["aid"], skills=["first_aid"])
        places: list[dict[str, Any]] = [{"skill": "first_aid", "number": 1}, {"number": 2}]
        refused = await world.http.post("/v1/activities", json=body(places), headers=OTHER_LEADER)
        assert refused.status_code == 403
        for spoilt, field in (
            ({"grid_id": "none"}, "grid_id"),
            ({"kind": "party"}, "kind"),
            ({"minimum": 4}, "places"),
            ({"starts_at": "2020-01-01T00:00:00Z"}, "starts_at"),
            ({"leader_id": "nobody"}, "leader_id"),
        ):
            wrong = await world.http.post(
                "/v1/activities", json=body(places, **spoilt), headers=ADMINISTRATOR
            )
            assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, field)
        given = body(places, leader_id="p9", minimum=2)
        id = await publish(world, given)

        # Not everybody is asked: 2 places / 0.32, and the only first-aider there is.
        async def asked() -> set[str]:
            found = await world.parts.activities.store.get(id)
            assert found is not None
            assert found.state is not None
            return set(found.state.invites.asked)

        async def wave() -> bool:
            return len(await asked()) >= 8

        await eventually(wave, 30, "volunteers are asked")
        first = await asked()
        assert "aid" in first
        assert len(first) == 8
        one = next(name for name in sorted(first) if name != "aid")
        assert (await does(world, id, "decline", me(one))).status_code == 200

        async def replaced() -> bool:
            return len(await asked()) == 9

        await eventually(replaced, 30, "who declines is replaced")

        # Anybody may sign up, asked or not, until it is full; then there is a waiting list.
        taken = [await does(world, id, "sign-up", me(name)) for name in ("p1", "p2", "p3", "aid")]
        assert [one.json()["mine"]["place"] for one in taken] == [
            "going", "going", "waiting", "going",
        ]  # fmt: skip
        assert taken[-1].json()["mine"]["skill"] == "first_aid"
        assert taken[-1].json()["sign_ups"] is None  # who comes is for those in charge
        left = await does(world, id, "leave", me("p1"))
        assert (left.status_code, left.json()["mine"]) == (200, None)
        mine = await world.http.get("/v1/activities?mine=true", headers=me("p3"))
        assert mine.json()["items"][0]["mine"]["place"] == "going"

        # Nobody is in two places: another activity at that time, even on its waiting list.
        other = await publish(world, body([{"number": 5}]))
        clash = await does(world, other, "sign-up", me("p2"))
        assert (clash.status_code, clash.json()["type"]) == (409, "/problems/time-taken")
        assert (await does(world, other, "sign-up", me("p1"))).status_code == 200
        fitting = await world.http.get("/v1/activities?fits=true", headers=me("p5"))
        assert [one["id"] for one in fitting.json()["items"]] == [other]  # the first one is full

        # On site: with the code, or by who leads.
        hidden = await world.http.get(f"/v1/activities/{id}/code", headers=me("p2"))
        assert hidden.status_code == 403
        code = (await world.http.get(f"/v1/activities/{id}/code", headers=me("p9"))).json()["code"]
        wrong = await does(world, id, "check-in", me("p2"), {"code": "WRONG"})
        assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/wrong-code")
        there = await does(world, id, "check-in", me("p2"), {"code": code})
        assert there.json()["mine"]["checked_in"] is not None
        led = await does(world, id, "check-in", me("p9"), {"volunteer_id": "aid"})
        assert led.status_code == 200, led.text
        gone = await does(world, id, "check-out", LEADER, {"volunteer_id": "p2"})
        assert gone.status_code == 200, gone.text

        await time_passes(world, id)

        async def ended() -> bool:
            shown = await world.http.get(f"/v1/activities/{id}", headers=LEADER)
            assert shown.json()["status"] == "ended", shown.json()["status"]
            absent = {s["volunteer_id"] for s in shown.json()["sign_ups"] if s["no_show"]}
            return absent == {"p3"}

        await eventually(ended, 30, "it is over, who did not come is noted")

        async def written() -> list[dict[str, Any]]:
            found = await world.http.get(f"/v1/hours?source_id={id}", headers=me("p9"))
            items: list[dict[str, Any]] = found.json()["items"]
            assert len(items) == 2, items
            return items

        items = await eventually(written, 30, "hours of those who came are written down")
        assert items is not None
        by_person = {one["volunteer_id"]: one for one in items}
        assert by_person["aid"]["checked_out"] is False
        own = f"/v1/hours/{by_person['p2']['id']}"
        refused = await world.http.post(f"{own}/confirm", json={}, headers=me("p2"))
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/own-hours")
        right = {"hours": 2.5, "reason": "签退时忘记扫码"}
        said = await world.http.post(f"{own}/confirm", json=right, headers=me("p9"))
        assert (said.status_code, said.json()["hours"]) == (200, 2.5), said.text
        assert said.json()["revisions"][0]["by"] == "volunteer:p9"
        rest = await world.http.post(f"/v1/activities/{id}/confirm-hours", headers=LEADER)
        assert rest.json() == {"confirmed": 1}
        total = await world.http.get("/v1/volunteers/p2/hours", headers=me("p2"))
        assert (total.json()["confirmed"], total.json()["proposed"]) == (2.5, 0)

        absent = await world.http.get("/v1/volunteers/p3/hours", headers=LEADER)
        assert (absent.json()["confirmed"], absent.json()["no_shows"]) == (0, 1)

        # The time is free again, and what was said was counted.
        async def settled() -> bool:
            kept = [await world.parts.bookings.of(name) for name in ("p2", "p3", "aid")]
            assert kept == [[], [], []]
            found = await world.parts.volunteers.find(one) or {}
            return bool(found["answers"] == {"asked": 1, "accepted": 0})

        await eventually(settled, 30, "bookings are free, answers counted")

        async def published() -> bool:
            return Counter(await told(world, id))["lianxin.activity.ended.v1"] == 1

        await eventually(published, 30, "its facts are published")


async def test_hours_of_a_task_are_counted_once_a_round_and_confirmed_by_the_grid(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        id = await world.request(accepted("r1", category="care"))

        async def done(round: int) -> list[dict[str, Any]]:
            await world.asked(id)
            assert (await world.post(f"{id}/accept", None, me("v1"))).status_code == 200
            finished = await world.post(f"{id}/complete", {"words": "已送到"}, me("v1"))
            assert finished.status_code == 200, finished.text

            async def there() -> list[dict[str, Any]]:
                found = await world.http.get("/v1/hours?status=proposed", headers=LEADER)
                items: list[dict[str, Any]] = found.json()["items"]
                assert [one["round"] for one in items] == [round], items
                return items

            found = await eventually(there, 30, f"hours of round {round} wait for a word")
            assert found is not None
            return found

        (first,) = await done(1)
        for who, status in ((me("v1"), 403), (OPERATOR, 403), (LEADER, 200), (LEADER, 200)):
            said = await world.http.post(f"/v1/hours/{first['id']}/confirm", json={}, headers=who)
            assert said.status_code == status, said.text
        await world.request(requests.RequestReopened(request_id="r1", round=2))
        (second,) = await done(2)
        assert second["id"] != first["id"]
        # Whoever reads the journal again, or finds the same completion twice, counts it once.
        parts = world.parts
        again = TaskHours(
            parts.runtime.database,
            parts.runtime.journal,
            parts.runtime.leases,
            parts.store,
            parts.hours,
            HoursTable,
        )
        await parts.runtime.database["followers"].delete_many({})
        assert await again.round() >= 1
        assert await world.parts.hours.store.collection.count_documents({}) == 2

        async def published() -> bool:
            return len(await told(world, first["id"])) == 1

        await eventually(published, 30, "it is told once")
        corrected = await world.http.post(
            f"/v1/hours/{first['id']}/correct", json={"hours": 1, "reason": "核对"}, headers=LEADER
        )
        assert corrected.json()["hours"] == 1
        history = await world.http.get(f"/v1/hours/{first['id']}/history", headers=LEADER)
        assert [(h["by"], h["why"]) for h in history.json()][1:] == [
            ("grid_leader:grid_leader", "confirmed"),
            ("grid_leader:grid_leader", "核对"),
        ]


async def test_places_are_never_overrun_with_three_replicas_racing(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    others = [settings.model_copy(update={"replica": f"r{n}"}) for n in range(2)]
    async with dropped(settings), AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(replica(s)) for s in (settings, *others)]
        world = worlds[0]
        await world.build_city()
        ids = [f"p{n:02}" for n in range(18)]
        await people(world, ids)
        # Two at the same time.
        one, two = [await publish(world, body([{"number": 5}], minimum=0)) for _ in range(2)]

        async def races(n: int, id: str) -> None:
            async def tries(activity: str, through: World) -> None:
                answer = await does(through, activity, "sign-up", me(id))
                assert answer.status_code in (200, 409), answer.text

            wish, other = (one, two) if n % 2 else (two, one)
            at_once = zip((wish, other, wish), (n, n + 1, n + 2), strict=True)
            await asyncio.gather(*(tries(id, worlds[at % 3]) for id, at in at_once))
            if n % 4 == 0:
                for activity in (one, two):
                    await does(worlds[n % 3], activity, "leave", me(id))

        await asyncio.gather(*(races(n, id) for n, id in enumerate(ids)))
        states = []
        for activity in (one, two):
            found = await world.parts.activities.store.get(activity)
            assert found is not None
            assert found.state is not None
            states.append(found.state)
        for state in states:
            assert len(state.going) == 5 or (len(state.going) < 5 and not state.waiting)
        everybody = [s.volunteer_id for state in states for s in state.sign_ups]
        assert len(everybody) == len(set(everybody)), "somebody is in two places"
        # Which of the two is a matter of the race; who did not leave is in one.
        assert set(everybody) == {id for n, id in enumerate(ids) if n % 4}
        for state in states:
            for sign_up in state.sign_ups:
                (booked,) = await world.parts.bookings.of(sign_up.volunteer_id)
                assert booked[0] == state.activity_id

        # What a process that died between the two writes has left is swept.
        free = next(id for id in ids if id not in everybody)
        now = datetime.now(UTC)
        span = Span(states[0].starts_at, states[0].ends_at)
        lost = Booking(volunteer_id=free, token="lost")
        assert await world.parts.bookings.book(lost, one, span, now)

        async def swept() -> bool:
            # Where somebody writes the activity at that moment, it is for the next sweep.
            return await world.parts.activity_loop.sweep(now + timedelta(seconds=1)) == 1

        await eventually(swept)
        assert await world.parts.bookings.of(free) == []
