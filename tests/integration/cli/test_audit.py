"""`lianxin audit` against four real services: it finds what was planted in the databases."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from tests.eventually import eventually
from tests.integration.cli.conftest import Run

Databases = dict[str, Any]


@pytest.fixture
def databases(environment: dict[str, str], package_mongodb_uri: str) -> Iterator[Databases]:
    """The services' databases, opened behind their backs."""
    prefix = environment["LIANXIN_TOPIC_PREFIX"].rstrip(".")
    with MongoClient[dict[str, Any]](package_mongodb_uri) as client:
        names = ("request_intake", "volunteer_dispatch", "assessment")
        yield {name: client[f"{prefix}_{name}"] for name in names}


@pytest.fixture
def filed(lianxin: Run, environment: dict[str, str], tmp_path: Path) -> list[str]:
    """Ids of five requests in street 1301 that every service knows and counts."""
    file = tmp_path / "areas.csv"
    file.write_text("id,name,level,parent\n13,西区,district,\n1301,龙田街道,street,13\n")
    lianxin("import", "areas", file)
    url = f"{environment['LIANXIN_REQUEST_INTAKE_URL']}/v1/requests"
    headers = headers_of(lianxin)
    body = {"text": "停水了，请派人来看", "place": {"area": "1301"}}

    def file_one() -> str | None:
        key = {"Idempotency-Key": str(uuid4())}
        answer = httpx.post(url, json=body, headers=headers | key)
        # 422 until the registry's areas have come to intake.
        assert answer.status_code in (201, 422), answer.text
        return str(answer.json()["id"]) if answer.status_code == 201 else None

    ids: list[str] = []
    end = time.monotonic() + 30
    while len(ids) < 5 and time.monotonic() < end:
        if id := file_one():
            ids.append(id)
    assert len(ids) == 5
    lianxin("audit", "--wait", 60)
    return ids


def headers_of(lianxin: Run) -> dict[str, str]:
    token = lianxin("token", "--role", "administrator").stdout.strip()
    return {"Authorization": f"Bearer {token}"}


def audited(lianxin: Run, exit: int, *options: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lianxin("audit", "--json", *options, exit=exit).stdout)
    return found


def test_a_missing_case_is_named_with_what_to_do_and_comes_back_by_a_replay(
    lianxin: Run, environment: dict[str, str], filed: list[str], databases: Databases
) -> None:
    assert audited(lianxin, 0)["clean"]
    found = databases["assessment"]["cases"].find_one({"_id": filed[2]})
    month = ("--scores", "--month", found["state"]["month"])
    again = audited(lianxin, 0, *month, "--quick")
    assert (again["same"], again["revision"]) == (True, 0)
    assert found["state"]["month"] in lianxin("audit", *month).output
    databases["assessment"]["cases"].delete_one({"_id": filed[2]})
    again = audited(lianxin, 1, *month, "--quick")
    assert again["differing"][0]["numbers"]["requests"][0] == 5

    result = audited(lianxin, 1)
    assert result["services"]["assessment"]["missing"] == 1
    assert result["services"]["volunteer_dispatch"] == {
        "known": result["requests"],
        "missing": 0,
        "behind": 0,
    }
    assert [o["request_id"] for o in result["offending"]] == [filed[2]]
    assert result["recount"]["counted_twice"] > 0  # the figures count it still
    shown = lianxin("audit", exit=1).output
    assert filed[2] in shown
    assert "lianxin dead-letters list --service assessment" in shown
    assert "lianxin replay --service request_intake" in shown

    lianxin("replay", "--since", "1h", "-s", "request_intake", "-s", "volunteer_dispatch")

    async def back() -> bool:
        result = audited(lianxin, 1)
        measured = result["services"]["assessment"]["missing"] == 0
        return measured and not result["recount"]["unmeasured"]

    # What the figures counted of it stood in its document: that is lost (decision 7).
    asyncio.run(eventually(back, 60, "the case is back, and counted a second time"))
    assert "/v1/audit/remeasure" in lianxin("audit", exit=1).output
    remeasure(lianxin, environment)
    assert audited(lianxin, 0, "--wait", 60)["clean"]


def remeasure(lianxin: Run, environment: dict[str, str]) -> None:
    """As the audit says."""
    url = environment["LIANXIN_ASSESSMENT_URL"]
    headers = headers_of(lianxin)
    assert httpx.post(f"{url}/v1/audit/remeasure", headers=headers).status_code == 202


@pytest.mark.usefixtures("filed")
def test_a_doubled_count_is_found_and_computed_anew(
    lianxin: Run, environment: dict[str, str], databases: Databases
) -> None:
    figures = databases["assessment"]["figures"]
    planted = figures.find_one({"state.kind": "street", "state.subject_id": "1301"})
    figures.update_one({"_id": planted["_id"]}, {"$inc": {"state.requests": 1}})
    result = audited(lianxin, 1)
    assert result["recount"]["counted_twice"] == 1
    assert [d["id"] for d in result["recount"]["differing"]] == [planted["_id"]]
    shown = lianxin("audit", exit=1).output
    assert planted["_id"] in shown
    assert "/v1/audit/remeasure" in shown

    remeasure(lianxin, environment)
    assert audited(lianxin, 0, "--wait", 60)["clean"]


@pytest.mark.usefixtures("filed")
def test_a_lost_event_is_behind_and_a_service_with_older_data_is_told_to_be_restored(
    lianxin: Run, filed: list[str], databases: Databases
) -> None:
    requests = databases["request_intake"]["requests"]
    requests.update_one({"_id": filed[0]}, {"$inc": {"sequence": 1}})
    result = audited(lianxin, 1)
    assert {o["service"] for o in result["offending"]} == {"volunteer_dispatch", "assessment"}
    assert all(o["what"] == "behind" for o in result["offending"])
    requests.update_one({"_id": filed[0]}, {"$inc": {"sequence": -2}})
    assert "restore its database from a backup" in lianxin("audit", exit=1).output
    requests.update_one({"_id": filed[0]}, {"$inc": {"sequence": 1}})
    assert audited(lianxin, 0)["clean"]


MONTH = ("--month", "2024-05")
FORMAT = """
name: past
missing: ["-"]
unit: {id: past, name: 往年平台, domain: agency}
case: "no"
time: {column: made, format: "%d.%m.%Y %H:%M", zone: Asia/Shanghai}
fields:
  category: {constant: care}
area:
  - {column: place, level: street, by: code}
handling_unit: {column: who, prefix: past-, name: who}
results:
  - outcome: done
    completed: {column: end, format: "%d.%m.%Y %H:%M", zone: Asia/Shanghai}
"""


@pytest.fixture
def past(lianxin: Run, environment: dict[str, str], tmp_path: Path) -> Iterator[httpx.Client]:
    """A month of long ago: seven requests done by each of two units; a client of assessment."""
    areas = tmp_path / "areas.csv"
    areas.write_text("id,name,level,parent\n14,北区,district,\n1401,坑梓街道,street,14\n")
    lianxin("import", "areas", areas)
    rows = [
        f"{n},{1 + n}.05.2024 08:00,1401,{'AB'[n % 2]},{1 + n + n % 3 * 9}.05.2024 12:00\n"
        for n in range(14)
    ]
    table, format = tmp_path / "past.csv", tmp_path / "past.yaml"
    table.write_text("no,made,place,who,end\n" + "".join(rows), encoding="utf-8")
    format.write_text(FORMAT, encoding="utf-8")
    lianxin("import", "requests", table, "--format", format, "--output", tmp_path)
    lianxin("audit", "--wait", 60)
    url = environment["LIANXIN_ASSESSMENT_URL"]
    with httpx.Client(base_url=url, headers=headers_of(lianxin)) as client:
        yield client


def settle(assessment: httpx.Client, revision: int) -> None:
    """Have the month settled with every figure up."""
    body = {"period": MONTH[1], "reason": f"round {revision}"}
    assert assessment.post("/v1/settlements", json=body).status_code == 202

    def done() -> bool:
        found = assessment.get("/v1/settlements").json()["items"]
        wanted = {"period": MONTH[1], "revision": revision, "done": True}
        return any(wanted.items() <= one.items() for one in found)

    asyncio.run(eventually(lambda: asyncio.to_thread(done), 30, "the month is settled"))


def test_a_settled_month_comes_out_of_the_journals_and_what_was_altered_by_hand_does_not(
    lianxin: Run, past: httpx.Client, databases: Databases
) -> None:
    again = audited(lianxin, 0, "--scores", *MONTH, "--wait", 30)
    assert (again["same"], again["revision"], again["cases"], again["gaps"]) == (True, 0, 14, [])
    assert again["events"] > 14 * 4
    assert again["subjects"] > 2

    # A correction is a fact of the journal, and counts from when it was made.
    cases = databases["assessment"]["cases"]
    done = {"state.month": MONTH[1], "state.unit_id": "past-a", "state.rounds.1.in_time": True}
    first, second = (found["_id"] for found in cases.find(done).sort("_id", 1).limit(2))
    body = {"reason": "counted twice by mistake", "verdict": "late"}
    path = f"/v1/cases/{first}/corrections"
    assert past.post(path, json=body).status_code == 201
    lianxin("audit", "--wait", 60)
    settle(past, 1)
    again = audited(lianxin, 0, "--scores", *MONTH)
    assert (again["same"], again["revision"], again["later"]) == (True, 1, 0)
    assert past.post(f"{path}/1/void", json={"reason": "it was not"}).status_code == 200
    lianxin("audit", "--wait", 60)
    again = audited(lianxin, 0, "--scores", *MONTH)
    assert (again["same"], again["revision"], again["later"]) == (True, 1, 1)
    assert "1 requests changed after the settlement" in lianxin("audit", "--scores", *MONTH).stdout

    # A case given to another unit behind assessment's back: its own recounts believe it.
    moved = cases.find_one({"_id": second})
    keys = [key.replace("past-a", "past-b") for key in moved["state"]["keys"]]
    altered = {"state.unit_id": "past-b", "state.keys": keys, "state.dirty": True}
    cases.update_one({"_id": second}, {"$set": altered, "$inc": {"version": 1}})
    lianxin("audit", "--wait", 60)
    settle(past, 2)
    assert audited(lianxin, 0, "--scores", "--quick", *MONTH)["same"]
    again = audited(lianxin, 1, "--scores", *MONTH)
    assert (again["revision"], again["later"], again["left_out"]) == (2, 0, [])
    differing = {one["id"]: one["numbers"] for one in again["differing"]}
    assert differing[f"{MONTH[1]}/unit/past-a"]["requests"] == [6, 7]
    assert differing[f"{MONTH[1]}/unit/past-b"]["requests"] == [8, 7]
    shown = lianxin("audit", "--scores", *MONTH, exit=1).stdout
    assert f"{MONTH[1]}/unit/past-b" in shown


def test_a_service_that_is_away_is_one_sentence(lianxin: Run) -> None:
    output = lianxin("audit", "--url", "assessment=http://127.0.0.1:1", exit=1).output
    assert "http://127.0.0.1:1" in output
