"""Open311 GeoReport v2 through HTTP: filed by form, followed by id, listed, in both formats."""

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from services.request_intake.open311.service import Shown
from services.request_intake.open311.xml import document
from services.request_intake.repository import Requests
from shared.contracts import requests, topics
from shared.web.auth import Principal, Role, issue_token
from tests.integration.messaging.world import SECRET
from tests.integration.services.request_intake.conftest import MakeSettings
from tests.integration.services.request_intake.world import (
    ADMINISTRATOR,
    INSIDE,
    OUTSIDE,
    World,
    assigned,
    completed,
    running,
)
from tests.unit.deploy.test_compose import ROOT
from tests.unit.services.request_intake.open311.test_xml import spark

pytestmark = pytest.mark.asyncio(loop_scope="module")

V2 = "/open311/v2"
APP = Principal("city-app", Role.RESIDENT)
KEY = issue_token(SECRET.get_secret_value(), APP)
LAMP = {
    "service_code": "traffic",
    "lat": str(INSIDE["latitude"]),
    "long": str(INSIDE["longitude"]),
    "description": "3号楼王芳家门口的路灯不亮，请打13800138000",
    "first_name": "芳",
    "last_name": "王",
    "phone": "13800138000",
    "email": "wang@example.org",
}
PRIVATE = ("王芳", "13800138000", "wang@example.org", "3号楼", "114.05123", "22.05123")


async def post(
    world: World, format: str = "json", key: str | None = KEY, **change: str
) -> httpx.Response:
    form = {"api_key": key or ""} | LAMP | change
    return await world.http.post(f"{V2}/requests.{format}", data=form)


async def filed(world: World, **change: str) -> str:
    answer = await post(world, **change)
    assert answer.status_code == 200, answer.text
    [one] = answer.json()
    return str(one["service_request_id"])


async def seen(world: World, id: str) -> dict[str, Any]:
    answer = await world.http.get(f"{V2}/requests/{id}.json")
    assert answer.status_code == 200, answer.text
    [one] = answer.json()
    assert isinstance(one, dict)
    return one


async def test_a_request_is_filed_by_form_and_goes_the_way_of_every_other(
    bad_input_world: World,
) -> None:
    world = bad_input_world
    answer = await post(
        world, address_string="南布路1号", account_id="account 7", device_id="device 7"
    )
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    [told] = answer.json()
    assert told["account_id"] == "account 7"
    id = told["service_request_id"]
    code = told["service_notice"].partition("查询码 ")[2][:14]
    timeline = (await world.http.get(f"/v1/timelines/{code}")).json()
    assert timeline["tracking_code"] == code

    [event] = await world.events(topics.REQUESTS.name, 1, id)
    assert isinstance(event.data, requests.RequestAccepted)
    assert (event.data.channel, event.data.grid_id) == ("open311", "grid-1")
    inside = (await world.http.get(f"/v1/requests/{id}", headers=ADMINISTRATOR)).json()
    assert inside["text"] == f"{LAMP['description']}\n地点：南布路1号"
    assert inside["category"] == "traffic"
    assert inside["requester"] == {
        "name": "王芳",
        "telephone": "13800138000",
        "address": None,
        "email": "wang@example.org",
    }
    kept = str(await world.runtime.database["requests"].find_one({"_id": id}))
    assert not any(
        secret in kept for secret in ("王芳", "wang@", "device 7", "account 7", "南布路")
    )
    # The key is an app's, that many people write through: it opens none of their requests.
    app = {"Authorization": f"Bearer {KEY}"}
    assert (await world.http.get(f"/v1/requests/{id}", headers=app)).status_code == 403
    assert (await world.http.get("/v1/requests", headers=app)).json()["items"] == []


async def test_everybody_follows_it_by_its_id_until_it_is_closed(bad_input_world: World) -> None:
    world = bad_input_world
    id = await filed(world)
    assert (await seen(world, id))["status_notes"] == "已受理"
    await world.task(id, *assigned(id))
    await world.has_status(id, "in_hand")
    working = await seen(world, id)
    assert (working["status"], working["agency_responsible"]) == ("open", "水务局")
    await world.task(id, completed(id, ask_resident=False), first=3)
    await world.has_status(id, "closed")
    closed = await seen(world, id)
    assert (closed["status"], closed["status_notes"]) == ("closed", "承办单位记录已办结")
    assert closed["updated_datetime"] >= closed["requested_datetime"]
    assert closed["requested_datetime"].endswith("+08:00")


async def test_nobody_sees_who_asked_or_the_words_or_the_exact_place(
    bad_input_world: World,
) -> None:
    world = bad_input_world
    answer = await post(world)
    [told] = answer.json()
    id = told["service_request_id"]
    code = told["service_notice"].partition("查询码 ")[2][:14]
    for path in (f"requests/{id}", "requests"):
        for format in ("json", "xml"):
            text = (await world.http.get(f"{V2}/{path}.{format}")).text
            assert id in text
            assert not any(secret in text for secret in (*PRIVATE, code))
    public = await seen(world, id)
    assert (public["lat"], public["long"]) == (22.051, 114.051)
    assert (public["description"], public["address"]) == ("交通出行", "南布社区，龙田街道")
    # Not only unsaid: what nobody may see is not read from the database.
    read = await Requests(world.runtime.database, world.settings).shown(
        {"_id": id}, Shown.model_fields, 1
    )
    assert set(read[0]) <= set(Shown.model_fields)
    assert [step["step"] for step in read[0]["steps"]] == ["accepted"]
    care = await seen(world, await filed(world, service_code="care"))
    assert [care[name] for name in ("lat", "long", "address", "address_id")] == [None] * 4


async def test_both_formats_say_the_same(bad_input_world: World) -> None:
    world = bad_input_world
    id = await filed(world)
    roots = {
        "/open311/discovery": "discovery",
        f"{V2}/services": "services",
        f"{V2}/services/traffic": "service_definition",
        f"{V2}/requests": "service_requests",
        f"{V2}/requests/{id}": "service_requests",
        f"{V2}/requests/nothing": "errors",
    }
    for path, root in roots.items():
        json = await world.http.get(f"{path}.json")
        xml = await world.http.get(f"{path}.xml")
        assert json.status_code == xml.status_code
        assert json.headers["content-type"] == "application/json; charset=utf-8"
        assert xml.headers["content-type"] == "text/xml; charset=utf-8"
        assert xml.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
        read = ElementTree.fromstring(xml.content)
        assert read.tag == root
        assert spark(read) == spark(ElementTree.fromstring(document(root, json.json())))
    posted = ElementTree.fromstring((await post(world, "xml")).content)
    assert [child.tag for child in posted] == ["request"]
    assert len(posted.findtext("request/service_request_id") or "") == 36


async def test_discovery_and_services(bad_input_world: World) -> None:
    http = bad_input_world.http
    found = (await http.get("/open311/discovery.json")).json()
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    [endpoint] = found["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"] == "http://intake/open311/v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert datetime.fromisoformat(endpoint["changeset"]) <= datetime.now(UTC)
    url = f"{endpoint['url']}/services.json"
    offered = (await http.get(url, headers={"Accept-Language": "en"})).json()
    categories = (await http.get("/v1/categories")).json()["items"]
    assert [one["service_code"] for one in offered] == [one["code"] for one in categories]
    assert [one["service_name"] for one in offered] == [one["en"] for one in categories]
    assert {(one["metadata"], one["type"]) for one in offered} == {(False, "realtime")}
    definition = await http.get(f"{V2}/services/traffic.json")
    assert definition.json() == {"service_code": "traffic", "attributes": []}


async def test_lists_are_asked_by_ids_service_dates_and_status(bad_input_world: World) -> None:
    world = bad_input_world
    first = await filed(world, service_code="market")
    second = await filed(world, service_code="education")
    past = await world.file(
        ADMINISTRATOR, category="market", happened_at="2024-05-01T10:00:00+08:00"
    )

    async def listed(**query: str | list[str]) -> list[str]:
        answer = await world.http.get(f"{V2}/requests.json", params=query)
        assert answer.status_code == 200, answer.text
        return [one["service_request_id"] for one in answer.json()]

    assert await listed(service_request_id=f"{first}, {past['id']},none", status="closed") == [
        first,
        past["id"],
    ]
    assert await listed(service_code="market") == [first]
    assert await listed(service_code="market,education") == [second, first]
    assert await listed(service_code=["market", "education"]) == [second, first]
    assert await listed(service_code="market", status="open", page_size="1") == [first]
    assert await listed(service_code="market", status="closed") == []
    assert await listed(service_code="market", status="", start_date="") == [first]
    assert await listed(service_code="market", end_date="2024-05-01") == [past["id"]]
    assert await listed(start_date="2024-05-01T01:00:00Z", end_date="2024-05-01T03:00:00Z") == [
        past["id"]
    ]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert await listed(service_code="market", start_date=later) == []


async def test_a_place_that_is_not_found_is_left_to_a_person(bad_input_world: World) -> None:
    world = bad_input_world
    outside = {"lat": str(OUTSIDE["latitude"]), "long": str(OUTSIDE["longitude"])}
    words = {"lat": "", "long": "", "address_string": "南布路1号", "description": ""}
    for change in (outside, words):
        [told] = (await post(world, **change)).json()
        assert "地点尚待工作人员确认" in told["service_notice"]
        id = told["service_request_id"]
        inside = (await world.http.get(f"/v1/requests/{id}", headers=ADMINISTRATOR)).json()
        assert inside["located"] is False
    assert inside["text"] == "地点：南布路1号"
    by_code = await filed(world, lat="", long="", address_id="440310001001")
    assert (await seen(world, by_code))["address_id"] == "440310001001"


async def test_who_reports_danger_is_told_whom_to_call(bad_input_world: World) -> None:
    [told] = (await post(bad_input_world, description="路口井盖缺失")).json()
    assert "110" in told["service_notice"]
    public = await seen(bad_input_world, told["service_request_id"])
    assert (public["lat"], public["address"]) == (None, None)


async def test_the_same_idempotency_key_files_once(bad_input_world: World) -> None:
    http = bad_input_world.http
    headers = {"Idempotency-Key": "lamp-1"}
    form = {"api_key": KEY} | LAMP
    answers = [await http.post(f"{V2}/requests.xml", data=form, headers=headers) for _ in "12"]
    assert answers[0].content == answers[1].content
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    other = await http.post(f"{V2}/requests.xml", data=form | {"lat": "22"}, headers=headers)
    assert other.status_code == 400
    assert ElementTree.fromstring(other.content).findtext("error/code") == "400"


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"key": ""}, 403, "api_key"),
        ({"key": "x.y.z"}, 403, "api_key"),
        ({"key": issue_token(SECRET.get_secret_value(), APP, -1)}, 403, "过期"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "nonsense"}, 404, "nonsense"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": ""}, 400, "lat"),
        ({"lat": "91"}, 400, "lat"),
        ({"lat": "", "long": "", "address_id": "999"}, 400, "999"),
        ({"description": "字" * 4001}, 400, "4000"),
        ({"phone": "call me"}, 400, "phone"),
    ],
)
async def test_what_is_refused(
    bad_input_world: World, change: dict[str, str], status: int, told: str
) -> None:
    for format in ("json", "xml"):
        answer = await post(bad_input_world, format, **change)
        assert answer.status_code == status, answer.text
        if format == "json":
            errors = answer.json()
        else:
            errors = spark(ElementTree.fromstring(answer.content))
        assert [int(error["code"]) for error in errors] == [status]
        assert told in errors[0]["description"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/open311/v2/requests.xml?status=done", 400),
        ("/open311/v2/requests.xml?start_date=2024-01-01&end_date=2024-12-31", 400),
        ("/open311/v2/requests.xml?start_date=2024-01-01T00:00:00", 400),
        ("/open311/v2/requests.xml?start_date=1%20OR%201", 400),
        ("/open311/v2/requests/nothing.xml", 404),
        ("/open311/v2/services/nothing.xml", 404),
        ("/open311/v2/tokens/12345.xml", 404),
        ("/open311/v2/services.csv", 404),
        ("/open311/v2/services", 404),
        ("/open311/v3/services.xml", 404),
    ],
)
async def test_errors_have_the_standards_shape(
    bad_input_world: World, path: str, status: int
) -> None:
    answer = await bad_input_world.http.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.headers["content-language"] == "en"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "errors"
    assert root.findtext("error/code") == str(status)
    assert (root.findtext("error/description") or "").isascii()


async def test_only_the_form_is_read_and_as_utf8(bad_input_world: World) -> None:
    http = bad_input_world.http
    url = f"{V2}/requests.json"
    raw = f"api_key={KEY}&service_code=traffic&address_id=440310001001&description=路灯不亮"
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    taken = await http.post(url, content=raw.encode(), headers=form)
    [one] = taken.json()
    inside = await http.get(f"/v1/requests/{one['service_request_id']}", headers=ADMINISTRATOR)
    assert inside.json()["text"] == "路灯不亮"
    for refused in (
        await http.post(url, json={"api_key": KEY} | LAMP),
        await http.post(url, data=LAMP, files={"media": b"\xff\xd8"}),
        await http.post(url, content=b"description=\xff", headers=form),
    ):
        assert refused.status_code == 400
        assert "x-www-form-urlencoded" in refused.json()[0]["description"]


async def test_the_examples_of_the_page_work(bad_input_world: World) -> None:
    """Each curl line of docs/open311.md, sent as curl would."""
    page = (ROOT / "docs/open311.md").read_text(encoding="utf-8").replace("\\\n", " ")
    known = {"$KEY": KEY}
    lines = [line for line in page.splitlines() if line.startswith("curl -s ")]
    for written in lines:
        line = written
        for name, value in known.items():
            line = line.replace(name, value)
        assert "$" not in line
        _, _, address, *options = shlex.split(line)
        url = address.replace("localhost:8102", "http://intake")
        pairs = list(zip(options[::2], options[1::2], strict=True))
        form = dict(text.split("=", 1) for option, text in pairs if option == "--data-urlencode")
        headers = dict(text.split(": ", 1) for option, text in pairs if option == "-H")
        answer = await bad_input_world.http.request(
            "POST" if form else "GET", url, data=form or None, headers=headers
        )
        assert answer.status_code == 200, (line, answer.text)
        if form:
            [told] = answer.json()
            known["$ID"] = told["service_request_id"]
            known["$CODE"] = told["service_notice"].partition("查询码 ")[2][:14]
    assert len(lines) == 6


@pytest.mark.asyncio(loop_scope="function")
async def test_another_jurisdiction_is_not_found(make_settings: MakeSettings) -> None:
    settings = make_settings(
        open311_jurisdiction="city.gov.cn",
        open311_url="https://api.city.gov.cn/open311/v2",
        open311_contact="12345",
    )
    async with running(settings) as world:
        queries = {"": 200, "jurisdiction_id=": 200, "jurisdiction_id=city.gov.cn": 200}
        for query, status in (queries | {"jurisdiction_id=other.org": 404}).items():
            answer = await world.http.get(f"{V2}/services.json?{query}")
            assert answer.status_code == status, query
        form = {"api_key": KEY, "jurisdiction_id": "other.org"} | LAMP
        refused = await world.http.post(f"{V2}/requests.json", data=form)
        assert (refused.status_code, refused.json()[0]["code"]) == (404, 404)
        found = (await world.http.get("/open311/discovery.json")).json()
        assert found["endpoints"][0]["url"] == "https://api.city.gov.cn/open311/v2"
        assert found["contact"] == "12345"
