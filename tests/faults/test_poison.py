"""Rules 2 and 3 on the running system: poison blocks nobody, and what is mended is made up for."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.sending import UnitEvent
from deploy.local.services import ServiceProcess
from shared.contracts import topics
from shared.contracts.ids import lead_task_id, uuid7
from shared.contracts.units import RequestReported, TaskProgress
from tests.city import request_body
from tests.eventually import eventually
from tests.faults.world import audited, world
from tests.integration.messaging.publishing import read_dead_letters, send
from tests.integration.messaging.world import settings_for
from tests.system import System

UNIT = "hospital"
ALWAYS, SOMETIMES, SOUND = "environment", "traffic", "housing"
GO_ON_SECONDS = 2.0

Record = tuple[Any, Any, Any]


class ShakySystem(System):
    """The system with a dispatch whose handler has a fault."""

    def _new(self, service: str, number: int) -> ServiceProcess:
        process = super()._new(service, number)
        faults = {
            "LIANXIN_GAP_BOUND_SECONDS": "2",
            "SHAKY_MENDED": str(process.data / "mended"),
            "SHAKY_ALWAYS": ALWAYS,
            "SHAKY_SOMETIMES": SOMETIMES,
        }
        kind = Shaky if service == "volunteer_dispatch" else ServiceProcess
        return kind(service, process.data, process.environment | faults)


class Shaky(ServiceProcess):
    """Dispatch with a fault, as a process."""

    def prepare(self) -> list[str]:
        """The service's command with the faulty module."""
        return [*super().prepare()[:-1], "tests.faults.shaky_dispatch"]

    def mend(self) -> None:
        """The fault is gone."""
        (self.data / "mended").touch()


async def file_request(intake: httpx.AsyncClient, category: str, **more: Any) -> str:
    body = request_body(0, text=f"{category} {uuid7()}") | {"category": category} | more
    answer = await intake.post("/v1/requests", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def has_task(dispatch: httpx.AsyncClient, request: str) -> bool:
    return (await dispatch.get(f"/v1/tasks/{lead_task_id(request)}")).status_code == 200


async def dead(client: httpx.AsyncClient, *codes: str) -> list[dict[str, Any]]:
    """The dead letters of a service, once they have these codes."""
    items: list[dict[str, Any]] = (await client.get("/v1/dead-letters?limit=200")).json()["items"]
    assert sorted(item["code"] for item in items) == sorted(codes)
    return items


async def none_dead(client: httpx.AsyncClient) -> bool:
    return await dead(client) == []


@pytest.mark.timeout(240)
async def test_a_failing_handler_holds_up_nobody_and_is_made_up_for(
    tmp_path: Path, unique: str
) -> None:
    async with world(tmp_path, unique, system_class=ShakySystem) as (system, _, _):
        intake = await system.client("request_intake")
        dispatch = await system.client("volunteer_dispatch")
        outside = {"place": {"point": {"longitude": 10.0, "latitude": 10.0}}}
        broken = await file_request(intake, ALWAYS, **outside)
        began = time.monotonic()
        # Enough for some of them to share the broken one's partition.
        others = [await file_request(intake, SOUND) for _ in range(16)]
        for request in others:
            await eventually(partial(has_task, dispatch, request), 30)
        assert time.monotonic() - began < GO_ON_SECONDS
        shaky = await file_request(intake, SOMETIMES)
        await eventually(partial(has_task, dispatch, shaky), 30)

        # A later fact of the same subject follows it.
        await eventually(partial(dead, dispatch, "failed"), 30)
        placed = await intake.put(
            f"/v1/requests/{broken}/place", json={"area": "c1"}, headers={"If-Match": "*"}
        )
        assert placed.status_code == 200, placed.text
        letters = await eventually(partial(dead, dispatch, "failed", "behind"), 30)
        assert {letter["subject"] for letter in letters} == {broken}
        assert not await has_task(dispatch, broken)
        with pytest.raises(AssertionError, match=broken):
            await audited(system, set(others), wait=0)

        process = system.processes["volunteer_dispatch"][0]
        assert isinstance(process, Shaky)
        process.mend()
        first = next(letter for letter in letters if letter["code"] == "failed")
        answer = await dispatch.post(f"/v1/dead-letters/{first['id']}/replay")
        assert answer.status_code == 202, answer.text
        await eventually(partial(none_dead, dispatch), 30)
        await eventually(partial(has_task, dispatch, broken), 30)
        await audited(system, {broken, shaky, *others}, wait=60)


def event(subject: str, sequence: int, data: Any) -> UnitEvent:

    return UnitEvent(UNIT, uuid7(), subject, sequence, datetime.now(UTC), data)


def record(unit_event: UnitEvent) -> Record:
    outgoing = unit_event.as_record()
    return outgoing.key, outgoing.value, outgoing.headers


def poison() -> list[Record]:
    key, value, headers = record(event("case/poison", 1, report()))
    without: Sequence[tuple[str, bytes]] = [(n, v) for n, v in headers if n != "ce_type"]
    return [
        (key, None, headers),
        (key, value, [*without, ("ce_type", None)]),
        (key, value, [*without, ("ce_type", b"\xff\xfe")]),
        (key, b"{not json", headers),
        (key, value, [*without, ("ce_type", b"lianxin.unit.invented.v1")]),
        (key, b'"' + b"x" * 2_000_000 + b'"', headers),
        record(event("case/poison", 0, report())),
        record(event("case/nowhere", 1, report("no-such-area"))),
    ]


def report(area: str = "c1") -> RequestReported:
    return RequestReported(category=SOUND, area=area)


@pytest.mark.timeout(240)
async def test_poison_of_a_unit_is_named_and_the_others_go_on(tmp_path: Path, unique: str) -> None:
    async with world(tmp_path, unique, system_class=ShakySystem) as (system, broker, database):
        intake = await system.client("request_intake")
        settings = settings_for("reader", broker.address, database.address, unique)
        bad = poison()
        newer = record(event("case/newer", 1, report()))
        headers = [(n, v if n != "ce_type" else v[:-1] + b"9") for n, v in newer[2]]
        await send(settings, *bad, (*newer[:2], headers), topic=topics.UNITS.name)
        good = record(event("case/good", 1, report()))
        await send(settings, good, topic=topics.UNITS.name)
        began = time.monotonic()

        async def known(*numbers: str) -> bool:
            found = await intake.get("/v1/requests", params={"reported_by": UNIT})
            return {item["case_number"] for item in found.json()["items"]} == set(numbers)

        await eventually(partial(known, "good"), 30)
        assert time.monotonic() - began < GO_ON_SECONDS
        expected = ["null-value", "header", "header", "payload", "type", "too-large", "sequence"]
        await eventually(partial(dead, intake, *expected, "refused"), 30)
        published = await asyncio.wait_for(read_dead_letters(settings, len(bad)), 20)
        assert all(letter["dl_reason"] and letter["dl_offset"] for letter in published)
        refused = next(letter for letter in published if letter["dl_code"] == "refused")
        assert refused["dl_unit"] == UNIT
        assert "/v1/areas" in refused["dl_reason"]

        # A wrong sequence: the report itself comes last, when the gap has become a dead letter.
        progress = TaskProgress(status="accepted")
        await send(settings, record(event("case/gap", 2, progress)), topic=topics.UNITS.name)
        dispatch = await system.client("volunteer_dispatch")
        [gap] = await eventually(partial(dead, dispatch, "gap"), 30)
        await send(settings, record(event("case/gap", 1, report())), topic=topics.UNITS.name)
        await eventually(partial(known, "good", "gap"), 30)
        answer = await dispatch.post(f"/v1/dead-letters/{gap['id']}/replay")
        assert answer.status_code == 202, answer.text
        await eventually(partial(none_dead, dispatch), 30)
        await audited(system, set(), wait=60)
