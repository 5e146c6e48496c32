"""From facts on Kafka to figures over HTTP, over a real broker and database."""

import random
from typing import Any

import orjson
import pytest

from shared.contracts import topics
from shared.storage.client import connect
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    ADMINISTRATOR,
    CITY,
    Assessment,
    area,
    database_of,
    organization,
    publishing,
    running,
    unit,
)
from tests.unit.services.assessment.stories import START, Teller, shuffled, story

KINDS = ("street", "community", "unit", "organization")


async def all_figures(assessment: Assessment) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {}
    for month in (await assessment.get("/v1/months"))["items"]:
        for kind in KINDS:
            page = await assessment.get("/v1/figures", month=month, kind=kind)
            for figure in page["items"]:
                found[month, kind, figure["id"]] = figure
    return found


async def right(assessment: Assessment) -> bool:
    recount = await assessment.recount()
    assert recount["differing"] == []
    return not (recount["unmeasured"] or recount["counted_twice"] or recount["missing"])


async def has_cases(assessment: Assessment, number: int) -> bool:
    return await assessment.parts.repository.cases.collection.count_documents({}) >= number


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_any_order_a_restart_and_a_replay_end_in_the_recounts_figures(
    kafka_bootstrap: str, mongodb_uri: str, unique: str, driver: str
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique, driver=driver)
    chance = random.Random(20260501)
    tellers = [story(chance, number) for number in range(300)]
    arrivals = shuffled(chance, tellers)
    async with database_of(of), publishing(of) as others:
        await others.register(*CITY, *(unit(id) for id in ("u1", "u2", "u3", "u9")))
        async with running(of) as assessment:
            # Stopped in the middle: the second half comes while nobody listens.
            await others.publish(arrivals[: len(arrivals) // 2])
            await eventually(lambda: has_cases(assessment, 50), 30, "some cases came")
            # A case is judged otherwise between its first facts and its last.
            cases = assessment.parts.repository.cases.collection
            accepted = {"state.accepted_at": {"$ne": None}}
            known = await eventually(lambda: cases.find_one(accepted), 30, "one is accepted")
            assert known is not None
            await assessment.correct(known["_id"], reason="wrongly counted", excluded=True)
        # As if made before assessment told of corrections: it tells when it starts again.
        # Nothing runs now that has read the case before and writes it after.
        client = connect(of.mongodb_uri, of.mongo_driver)
        cases = client.database(of.database_name)[cases.name]
        untold = {"$unset": {"state.corrections_told": ""}}
        changed = await cases.update_one({"_id": known["_id"]}, untold)
        assert changed.modified_count == 1
        await client.close()
        await others.publish(arrivals[len(arrivals) // 2 :])
        async with running(of) as assessment:
            await eventually(lambda: assessment.settled(300), 40, "all cases measured")
            await eventually(lambda: right(assessment), 30, "figures as recounted")
            for month in ("2026-04", "2026-05"):
                again = await assessment.reproduced(month)
                assert (again["same"], again["differing"]) == (True, [])
                assert again["subjects"] > 5
            await eventually(lambda: told_again(assessment, known["_id"]), 30, "it is told")
            figures = await all_figures(assessment)
            assert sum(f["requests"] for (_, kind, _), f in figures.items() if kind == "street") > 0
            assert {kind for _, kind, _ in figures} == set(KINDS)

            published = {
                (event["month"], event["subject_kind"], event["subject_id"]): event
                for event in await last_published(assessment)
            }
            for subject, figure in figures.items():
                assert published[subject]["requests"] == figure["requests"]
                assert published[subject].get("median_hours") == figure["median_hours"]

            # Everything told again changes nothing.
            versions = await figure_sequences(assessment)
            await others.publish(event for tell in tellers for event in tell.all)
            probe = Teller("zz-probe")
            probe.accept(START, ("bj", "xc", "s2", "c3"))
            await others.publish(probe.all)
            await eventually(lambda: assessment.settled(301), 40, "the probe is measured")
            await eventually(lambda: right(assessment), 30, "figures as recounted")
            touched = {"2026-04/street/s2", "2026-04/community/c3"}
            now = await figure_sequences(assessment)
            assert {id for id in now if now[id] != versions.get(id)} == touched


async def told_again(assessment: Assessment, request_id: str) -> bool:
    """Whether the journal has the correction twice, read over HTTP page by page and by subject."""
    asked = {"topic": topics.REVIEWS.name, "type": "lianxin.case.corrected.v1"}
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = await assessment.get("/v1/journal", limit=1, after=page["next"], **asked)
        assert len(page["items"]) <= 1
        found += page["items"]
    assert {one["subject"] for one in found} == {request_id}
    assert {one["data"]["excluded"] for one in found} == {True}
    assert [one["sequence"] for one in found] == [1, 2][: len(found)]
    of = {"source": found[0]["source"], "subjects": [request_id, "nobody"]}
    assert (await assessment.send("POST", "/v1/journal/of", of))["items"] == found
    since = found[0]["time"]
    assert (await assessment.get("/v1/journal", until=since, **asked))["items"] == []
    later = (await assessment.get("/v1/journal", since=since, **asked))["items"]
    assert later == found[: len(later)]
    manager = Principal("m", Role.AREA_MANAGER, areas=frozenset({"s1"}))
    await assessment.get("/v1/journal", manager, 403, **asked)
    await assessment.send("POST", "/v1/journal/of", of, manager, 403)
    return len(found) == 2


async def last_published(assessment: Assessment) -> list[dict[str, Any]]:
    """The newest snapshot of each figure, from the journal of what was published."""
    figures = assessment.parts.repository.figures
    entries = await assessment.told(figures, topic=topics.ASSESSMENTS.name)
    return [orjson.loads(entry["data"]) for entry in entries]


async def figure_sequences(assessment: Assessment) -> dict[str, int]:
    found = assessment.parts.repository.figures.collection.find({}, {"sequence": 1})
    return {figure["_id"]: figure["sequence"] async for figure in found}


async def test_figures_move_between_subjects_and_with_what_the_registry_says(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    async with database_of(of), running(of) as assessment, publishing(of) as others:

        async def street(code: str) -> int:
            page = await assessment.get("/v1/figures", month="2026-04", kind="street", id=code)
            return sum(figure["requests"] for figure in page["items"])

        async def held(id: str) -> int:
            page = await assessment.get("/v1/figures", month="2026-04", kind="unit", id=id)
            return sum(figure["requests"] for figure in page["items"])

        async def eventually_is(count: Any, id: str, wanted: int, what: str) -> None:
            async def holds() -> bool:
                return bool(await count(id) == wanted)

            await eventually(holds, 30, what)

        tell = Teller("r1")
        tell.accept(START, ("bj", "xc", "s1"))
        tell.assign("u1")
        await others.publish(tell.all)
        await eventually_is(held, "u1", 1, "the unit has it")
        assert await street("s1") == 0  # nobody knows yet what s1 is
        await others.register(*CITY)
        await eventually_is(street, "s1", 1, "the street has it once it is known to be one")
        await others.register(area("s1", "community", ("bj", "xc", "s1")))
        await eventually_is(street, "s1", 0, "it is a street no more")
        page = await assessment.get("/v1/figures", month="2026-04", kind="community", id="s1")
        assert [(f["name"], f["requests"]) for f in page["items"]] == [("s1街道", 1)]

        done = len(tell.tasks)
        tell.assign("u2")
        await others.publish(tell.tasks[done:])
        await eventually_is(held, "u2", 1, "the next unit has it")
        await eventually_is(held, "u1", 0, "the first one has it no more")
        assert await right(assessment)


async def test_who_sees_what_and_rankings(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    async with database_of(of), running(of) as assessment, publishing(of) as others:
        await others.register(
            *CITY,
            *(unit("u1", area="s1"), unit("u2", area="s2")),
            *(organization("o1", "u1"), organization("o2", "u2", level="county")),
        )
        tellers = []
        for number in range(7):
            tell = Teller(f"r{number}")
            tell.accept(START, ("bj", "xc", "s1") if number < 6 else ("bj", "xc", "s2"))
            tell.assign(*(("u1", "o1") if number < 6 else ("u2", "o2")))
            tell.answer(4 if number != 5 else 1)
            tellers.append(tell)
        await others.publish(event for tell in tellers for event in tell.all)
        await eventually(lambda: assessment.settled(7), 30, "all measured")

        ranking = await assessment.get(
            "/v1/rankings", Principal("p", Role.RESIDENT), month="2026-04", kind="unit"
        )
        (agencies,) = ranking["classes"]
        assert (agencies["name"], agencies["label"]) == ("agency", "机关")
        assert agencies["basis"] == "indicators"
        (first,) = agencies["ranked"]
        assert (first["rank"], first["id"], first["name"]) == (1, "u1", "u1单位")
        # Satisfied are 6 of the class's 7; 5 of 6 and 1 of 1 are no more spread than chance.
        assert first["score"] == pytest.approx(0.3 + 0.35 + 0.35 * (5 + 600 / 7) / 106)
        assert [p["id"] for p in agencies["under_minimum"]] == ["u2"]  # perfect, and one case
        low = await assessment.get("/v1/rankings", month="2026-04", kind="unit", minimum=1)
        assert [p["id"] for p in low["classes"][0]["ranked"]] == ["u2", "u1"]
        # Agencies' organizations of two levels are never ranked together.
        levels = await assessment.get(
            "/v1/rankings", month="2026-04", kind="organization", minimum=1
        )
        assert [(of["name"], [p["id"] for p in of["ranked"]]) for of in levels["classes"]] == [
            ("agency_county", ["o2"]),
            ("agency_grassroots", ["o1"]),
        ]
        english = await assessment.get(
            "/v1/rankings", month="2026-04", kind="street", language="en", **{"class": "street"}
        )
        assert english["classes"][0]["label"] == "Street"
        problem = await assessment.get(
            "/v1/rankings", ADMINISTRATOR, 422, month="2026-04", kind="unit", **{"class": "street"}
        )
        assert "agency" in problem["allowed"]

        manager = Principal("m", Role.AREA_MANAGER, areas=frozenset({"s1"}))
        operator = Principal("o", Role.UNIT_OPERATOR, unit_id="u1")
        month = {"month": "2026-04"}

        async def ids(principal: Principal, kind: str) -> list[str]:
            page = await assessment.get("/v1/figures", principal, **month, kind=kind)
            return [figure["id"] for figure in page["items"]]

        assert await ids(manager, "street") == ["s1"]
        assert await ids(manager, "unit") == ["u1"]
        assert await ids(operator, "street") == []
        assert await ids(operator, "unit") == ["u1"]
        assert await ids(operator, "organization") == ["o1"]
        for kind, id in (("unit", "u2"), ("street", "s1")):
            await assessment.get("/v1/figures", operator, 403, **month, kind=kind, id=id)
            await assessment.get("/v1/cases", operator, 403, **month, kind=kind, id=id)
        resident = Principal("p", Role.RESIDENT)
        await assessment.get("/v1/figures", resident, 403, **month, kind="unit")
        await assessment.get("/v1/audit/cases", manager, 403)

        one = await assessment.get("/v1/cases", manager, **month, kind="street", id="s1", limit=4)
        rest = await assessment.get(
            "/v1/cases", manager, **month, kind="street", id="s1", limit=4, cursor=one["next"]
        )
        cases = [*one["items"], *rest["items"]]
        assert [case["request_id"] for case in cases] == [f"r{n}" for n in range(6)]
        assert rest["next"] is None
        assert {case["satisfied"] for case in cases} == {4, 1}
        for wrong in ({"month": "2026-13"}, {"month": "2026-04", "kind": "city"}):
            await assessment.get("/v1/figures", ADMINISTRATOR, 422, **{"kind": "unit"} | wrong)
        page = await assessment.get("/v1/figures", **month, kind="unit", limit=1)
        following = await assessment.get(
            "/v1/figures", **month, kind="unit", limit=1, cursor=page["next"]
        )
        assert [f["id"] for f in (*page["items"], *following["items"])] == ["u1", "u2"]


async def test_a_planted_fault_is_found_by_the_recount_and_the_audit_streams_tell_sequences(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    async with database_of(of), running(of) as assessment, publishing(of) as others:
        await others.register(*CITY)
        chance = random.Random(3)
        tellers = [story(chance, number) for number in range(20)]
        await others.publish(event for tell in tellers for event in tell.all)
        await eventually(lambda: assessment.settled(20), 30, "all measured")
        assert await right(assessment)

        first = await assessment.get("/v1/audit/cases", limit=15)
        rest = await assessment.get("/v1/audit/cases", limit=15, after=first["next"])
        assert rest["next"] is None
        for item, tell in zip([*first["items"], *rest["items"]], tellers, strict=True):
            assert item == {
                "request_id": tell.id,
                "requests_sequence": len(tell.requests),
                "tasks": {tell.task_id: len(tell.tasks)},
            }

        figures = assessment.parts.repository.figures.collection
        figure = await figures.find_one({"state.kind": "street", "state.requests": {"$gt": 0}})
        assert figure is not None
        await figures.update_one({"_id": figure["_id"]}, {"$inc": {"state.requests": 1}})
        doubled = await assessment.recount()
        assert (doubled["counted_twice"], doubled["missing"]) == (1, 0)
        assert [d["id"] for d in doubled["differing"]] == [figure["_id"]]
        await figures.update_one({"_id": figure["_id"]}, {"$inc": {"state.requests": -1}})

        cases = assessment.parts.repository.cases.collection
        lost = await cases.find_one({"state.keys": f"area/{figure['state']['subject_id']}/2026-04"})
        lost = lost or await cases.find_one({"state.area_path": "s1"})
        assert lost is not None
        await cases.delete_one({"_id": lost["_id"]})
        one_less = await assessment.recount()
        assert one_less["cases"] == 19
        assert one_less["counted_twice"] > 0
