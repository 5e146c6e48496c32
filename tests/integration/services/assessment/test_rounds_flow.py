"""A round in three steps through HTTP, with its voices, over a real broker and database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from services.assessment.ratings.stuffing import FOLLOW_UPS
from services.assessment.ratings.table import RatingRules
from services.assessment.rounds.state import rated_id
from services.assessment.scores.anew import Entry, ratings
from services.assessment.service.figures import SubjectKind
from shared.contracts.envelope import decode
from shared.contracts.registry import OrganizationChanged, UnitChanged
from shared.contracts.requests import RequestFollowedUp
from shared.messaging.journal import outgoing
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    ADMINISTRATOR,
    CITY,
    Assessment,
    Others,
    branch,
    database_of,
    organization,
    publishing,
    running,
    unit,
)
from tests.unit.services.assessment.stories import Teller

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANAGER = Principal("m", Role.AREA_MANAGER, areas=frozenset({"xc"}))
TAX = Principal("t", Role.UNIT_OPERATOR, unit_id="tax")
SUPERIOR = Principal("s", Role.UNIT_OPERATOR, unit_id="tax-city")
LIBRARY = Principal("l", Role.UNIT_OPERATOR, unit_id="library")
MONTH = "2026-09"
STEPS = ("self_rating", "public_rating", "organizational_rating")


def under(id: str, system: str, superior: str) -> tuple[str, UnitChanged]:
    """A unit under vertical management."""
    _, told = unit(id, area="s1")
    assert isinstance(told, UnitChanged)
    return id, told.model_copy(update={"system": system, "superior_unit_id": superior})


class City:
    """Assessment, and who calls it."""

    def __init__(self, assessment: Assessment, others: Others) -> None:
        self.assessment = assessment
        self.others = others
        self._homes = 0

    async def open(self) -> str:
        """A round of agencies."""
        now = datetime.now(UTC)
        until = {
            name: (now + timedelta(days=days)).isoformat()
            for name, days in zip(STEPS, (7, 21, 28), strict=True)
        }
        body = {"period": MONTH, "kind": "unit", "classes": ["agency"], "until": until}
        opened = await self.assessment.send("POST", "/v1/rounds", body, status=201)
        assert opened["subjects"] == 2
        round_id: str = opened["id"]
        await eventually(lambda: self.subject(round_id, "tax"), 30, "its subjects are entered")
        return round_id

    async def subject(self, round_id: str, id: str) -> Any:
        return await self.assessment.get(f"/v1/rounds/{round_id}/subjects/{id}")

    async def pass_deadline(self, round_id: str, step: str, stage: str) -> None:
        """The step's deadline comes now; until both units are at `stage` and counted."""
        rated, now = self.assessment.parts.rounds.rounds.rated.collection, datetime.now(UTC)
        for id in ("tax", "library"):
            await rated.update_one(
                {"_id": rated_id(round_id, id)},
                {"$set": {f"state.deadlines.{step}": now, "next_due": now}, "$inc": {"version": 1}},
            )

        async def there() -> bool:
            here = {"state.round_id": round_id}
            moved = await rated.count_documents(here | {"state.stage": stage})
            due = await rated.count_documents(here | {"state.tally_due": True})
            return moved == 2 and not due

        if stage in ("public", "organizational"):
            await eventually(there, 30, f"both are at {stage}")

    async def at(self, round_id: str, id: str, stage: str) -> Any:
        async def there() -> Any:
            found = await self.subject(round_id, id)
            return found if found["stage"] == stage else None

        return await eventually(there, 30, f"{id} is {stage}")

    async def rate_itself(self, round_id: str, by: Principal, points: float) -> Any:
        names = ("response", "resolution", "satisfaction")
        body = {"items": [{"item": n, "points": points, "evidence": "见台账"} for n in names]}
        path = f"/v1/rounds/{round_id}/subjects/{by.unit_id}/self-rating"
        return await self.assessment.send("PUT", path, body, by)

    async def line(
        self, round_id: str, id: str, line: str, points: float, by: Principal, status: int = 200
    ) -> Any:
        path = f"/v1/rounds/{round_id}/subjects/{id}/lines/{line}"
        body = {"points": points, "reason": "考评组意见"}
        return await self.assessment.send("PUT", path, body, by, status)

    async def code(self, round_id: str, id: str) -> str:
        path = f"/v1/rounds/{round_id}/subjects/{id}/codes"
        made = await self.assessment.send("POST", path, {"place": "政务服务大厅"}, MANAGER, 201)
        code: str = made["code"]
        return code

    async def panel(self, round_id: str, id: str, purpose: str, seats: int) -> Any:
        quotas = [{"group": "服务对象", "seats": seats}]
        body = {"purpose": purpose, "quotas": quotas, "together": True}
        path = f"/v1/rounds/{round_id}/subjects/{id}/panels"
        return await self.assessment.send("POST", path, body, status=201)

    async def put_rules(self, table: dict[str, Any]) -> None:
        """Other rating rules are in force."""
        anew = {"If-Match": "*"}
        put = await self.assessment.ask("PUT", "/v1/rating-rules", ADMINISTRATOR, anew, json=table)
        assert put.status_code == 200, put.text

    async def voice(
        self, code: str, rating: int, device: str, address: str = "", status: int = 201
    ) -> Any:
        """Through the gateway; from an address of its own unless told."""
        self._homes += 1
        address = address or f"10.{self._homes // 250}.{self._homes % 250}.7"
        body = {"rating": rating, "device": f"device-{device:0>12}"}
        path, forwarded = f"/v1/ratings/{code}", {"X-Forwarded-For": address}
        return await self.assessment.send("POST", path, body, None, status, **forwarded)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[City]:
    """One city for the module: a library, and a tax office under vertical management."""
    name = f"t{uuid4().hex[:12]}"
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, name, trusted_proxies=1)
    units = (unit("library", area="s1"), under("tax", "taxation", "tax-city"))
    async with database_of(of), publishing(of) as others, running(of) as assessment:
        await others.register(*CITY, *units)

        async def known() -> bool:
            found = await assessment.parts.repository.subjects("unit", ["library", "tax"])
            areas = await assessment.parts.repository.levels()
            return len(found) == 2 and len(areas) == len(CITY)

        await eventually(known, 30, "the registry is known")
        yield City(assessment, others)


async def test_three_steps_in_their_order_and_a_missing_line_leaves_its_unit_open(
    city: City,
) -> None:
    """Self, public, organizational rating, each locked at its deadline; unlocked with a reason; a
    unit under vertical management waits for both lines and those whom it serves."""
    round_id = await city.open()
    early = await city.line(round_id, "library", "local", 92, MANAGER, 409)
    assert early["type"] == "/problems/step-not-yet"
    await city.rate_itself(round_id, LIBRARY, 95)
    await city.pass_deadline(round_id, "self_rating", "public")

    # The tax office was late: an administrator opens its step again, and says why.
    path = f"/v1/rounds/{round_id}/subjects/tax"
    body = {"items": [{"item": "response", "points": 80, "evidence": "见台账"}]}
    late = await city.assessment.send("PUT", f"{path}/self-rating", body, TAX, 409)
    assert late["type"] == "/problems/step-locked"
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    unlock = {"step": "self_rating", "until": until, "reason": "系统故障，未能提交"}
    await city.assessment.send("POST", f"{path}/unlock", unlock, TAX, 403)
    await city.assessment.send("POST", f"{path}/unlock", unlock)
    await city.rate_itself(round_id, TAX, 80)
    await city.pass_deadline(round_id, "self_rating", "public")

    code = await city.code(round_id, "tax")
    await city.voice(code, 5, "a")
    await city.pass_deadline(round_id, "public_rating", "organizational")
    closed = await city.voice(code, 5, "b", status=409)
    assert closed["type"] == "/problems/step-locked"

    await city.line(round_id, "library", "local", 92, MANAGER)
    await city.line(round_id, "tax", "local", 80, MANAGER)
    await city.line(round_id, "tax", "local", 100, TAX, 403)
    await city.pass_deadline(round_id, "organizational_rating", "")
    done = await city.at(round_id, "library", "complete")
    # Nobody gave a voice for the library: it has the class mean, and its own weighs nothing.
    assert done["public_rating"]["weight"] == 0
    assert done["total"] == pytest.approx(0.2 * 95 + 0.4 * 100 + 0.4 * 92)
    assert done["grade"] == "good"

    left = await city.at(round_id, "tax", "open_for_missing_line")
    assert [one["zh"] for one in left["missing"]] == ["系统主管部门", "服务对象"]
    assert left["total"] is None
    await city.line(round_id, "tax", "system", 85, SUPERIOR)

    async def only_recipients() -> bool:
        found = await city.subject(round_id, "tax")
        return [one["zh"] for one in found["missing"]] == ["服务对象"]

    await eventually(only_recipients, 30, "only the recipients are missing")
    # As many as the line needs: whenever it is looked at, it has all voices or not enough.
    panel = await city.panel(round_id, "tax", "recipients", 10)
    for n, seat in enumerate(panel["seats"]):
        await city.voice(seat["token"], 5 if n < 8 else 2, f"r{n}", "10.99.0.1")
    # It is looked at again in an hour; here now.
    await city.pass_deadline(round_id, "organizational_rating", "")
    done = await city.at(round_id, "tax", "complete")
    assert done["organizational_rating"] == pytest.approx((80 + 85 + 80) / 3)
    assert done["unlockings"][0]["reason"] == "系统故障，未能提交"

    # Formulas of schemes may ask for it.
    provide = city.assessment.parts.rounds.rounds.provide
    numbers = await provide(MONTH, SubjectKind.UNIT, ["library", "school"])
    assert numbers == {
        "library": {
            "self_rating": 95.0,
            "public_rating": 100.0,
            "organizational_rating": 92.0,
            "public_voices": 0.0,
        }
    }

    told = await published(city, round_id)
    assert told["library"] == [
        "rated", "step_locked", "step_locked", "rated", "rated", "step_locked", "completed",
    ]  # fmt: skip
    assert told["tax"] == [
        "step_locked", "step_unlocked", "rated", "step_locked", "step_locked", "rated", "rated",
        "step_locked", "left_open", "rated", "left_open", "completed",
    ]  # fmt: skip
    assert told[""] == ["opened"]

    # The inputs of scores come out of the journal alone, as `lianxin audit --scores` makes them.
    rounds = city.assessment.parts.rounds.rounds
    records = map(outgoing, await city.assessment.told(*rounds.stores))
    facts = [Entry(decode(one.value, one.headers), datetime.now(UTC)) for one in records]
    anew = ratings(facts, MONTH)[SubjectKind.UNIT]
    assert anew.keys() == {"library", "tax"}
    assert anew == await rounds.provide(MONTH, SubjectKind.UNIT, None)


async def published(city: City, round_id: str) -> dict[str, list[str]]:
    """Types of the events of a round's subjects in their order, from the journal."""
    found: dict[str, list[str]] = {}
    for entry in await city.assessment.told(*city.assessment.parts.rounds.rounds.stores):
        data = orjson.loads(entry["data"])
        if data["round_id"] == round_id:
            kind = entry["type"].split(".")[2]
            found.setdefault(data.get("subject_id", ""), []).append(kind)
    return found


async def test_a_tenth_of_the_voices_from_one_source_moves_nothing_until_a_person_vouches_for_it(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One voice a device and round without a login; no address is kept; a network that brings a
    tenth is set aside with its reason, can be judged with one, and all is counted again."""
    round_id = await city.open()
    await city.pass_deadline(round_id, "self_rating", "public")
    code = await city.code(round_id, "library")
    ballot = await city.assessment.get(f"/v1/ratings/{code}", None)
    assert (ballot["name"], ballot["open"]) == ("library单位", True)
    for n in range(27):
        await city.voice(code, 5 if n < 24 else 2, f"h{n}")
    again = await city.voice(code, 1, "h3", status=409)
    assert again["type"] == "/problems/voice-given"
    with monkeypatch.context() as tomorrow:
        later = datetime.now(UTC) + timedelta(days=1)
        tomorrow.setattr("services.assessment.ratings.routes.moment", lambda: later)
        await city.voice(code, 1, "h3", status=409)
    panel = await city.panel(round_id, "library", "public", 3)
    for n, seat in enumerate(panel["seats"]):
        await city.voice(seat["token"], 4, f"p{n}", "10.99.0.2")
    await city.voice(panel["seats"][0]["token"], 1, "p9", status=409)
    for n in range(3):  # one network, many devices
        await city.voice(code, 1, f"x{n}", f"172.16.5.{n + 1}")
    voices = city.assessment.parts.rounds.ratings._voices
    kept = await voices.find({"round_id": round_id}).to_list(None)
    for n, one in enumerate(kept):  # over two weeks, not within the second of this test
        at = one["at"] - timedelta(hours=9 * n + n * n * 5 % 8)
        await voices.update_one({"_id": one["_id"]}, {"$set": {"at": at}})
    assert "172.16" not in str(kept)
    assert "device-" not in str(kept)
    await city.pass_deadline(round_id, "public_rating", "organizational")

    path = f"/v1/rounds/{round_id}/subjects/library"
    shown = await city.assessment.get(f"{path}/public", LIBRARY)
    assert not shown["provisional"]
    assert (shown["result"]["satisfied"], shown["result"]["voices"]) == (27, 30)
    assert shown["result"]["low"] < 0.9 < shown["result"]["high"]
    [aside] = shown["aside"]
    assert (aside["rule"], aside["size"], aside["satisfied"]) == ("network", 3, 0)
    assert aside["reason"]["zh"] == "同一网络的评价过多（3 票，占独立来源的 11%）"

    judgement = {"group": aside["name"], "counts": True, "reason": "大厅无线网络，已核实"}
    send = city.assessment.send
    await send("POST", f"{path}/judgements", judgement, LIBRARY, 403)
    await send("POST", f"{path}/judgements", judgement | {"group": "network:nobody"}, status=422)
    await send("POST", f"{path}/judgements", judgement)

    async def counted() -> Any:
        found = await city.assessment.get(f"{path}/public")
        return found if found["result"]["voices"] == 33 and not found["provisional"] else None

    shown = await eventually(counted, 30, "counted again")
    assert shown["judgements"][0]["by"] == "administrator:admin"
    assert shown["result"]["points"] < 90


def answered(id: str, at: datetime, satisfied: int, by: str) -> Teller:
    """A request of the month that the library did, and its answer."""
    made = datetime(2026, 9, 10, tzinfo=UTC)
    tell = Teller(id)
    tell.accept(made)
    tell.assign("library")
    tell.complete("library", None, made, True)
    said = {"contacted": True, "solved": True, "satisfied": satisfied, "round": 1, "by": by}
    tell.request(RequestFollowedUp, at, **said)
    return tell


async def test_an_answer_that_comes_late_has_a_result_counted_again_and_marked(
    city: City,
) -> None:
    """What was answered before the lock counts whenever it comes, what was answered after it does
    not; by the rules of when the round was opened; and one sees who entered it."""
    assessment, yesterday = city.assessment, datetime.now(UTC) - timedelta(days=1)
    round_id = await city.open()
    rules = assessment.parts.tables.get(RatingRules).model_dump(mode="json")
    await city.put_rules(rules | {"satisfied_from": 5})
    try:
        await city.others.publish(answered("r-known", yesterday, 4, "resident").all)
        path = f"/v1/rounds/{round_id}/subjects/library"

        async def public(voices: int) -> Any:
            found = await assessment.get(f"{path}/public")
            return found if found["result"]["voices"] == voices else None

        shown = await eventually(lambda: public(1), 30, "the answer is known")
        assert shown["result"]["satisfied"] == 1
        await city.pass_deadline(round_id, "self_rating", "public")
        await city.pass_deadline(round_id, "public_rating", "organizational")
        await city.line(round_id, "library", "local", 90, MANAGER)
        await city.pass_deadline(round_id, "organizational_rating", "")
        told = await city.at(round_id, "library", "complete")
        assert (told["total"], told["corrected"]) == (pytest.approx(0.4 * 100 + 0.4 * 90), False)

        await city.others.publish(answered("r-after", datetime.now(UTC), 1, "resident").all)
        await city.others.publish(answered("r-late", yesterday, 2, "staff").all)
        shown = await eventually(lambda: public(2), 30, "the late answer is counted")
        assert shown["entered"] == {"resident": 1, "staff": 1, "own_staff": 0, "unknown": 0}
        assert shown["result"]["own_staff_share"] == 0

        async def corrected() -> Any:
            found = await city.subject(round_id, "library")
            return found if found["corrected"] else None

        told = await eventually(corrected, 30, "its result is marked")
        assert told["public_rating"]["satisfied"] == 1
        assert told["total"] < 0.4 * 100 + 0.4 * 90

        # A correction of a case does the same; and a person may set all follow-ups aside.
        await assessment.correct("r-late", satisfied=5, reason="录入有误")
        await eventually(corrected_to(city, round_id, told["total"]), 30, "corrected")
        judgement = {"group": FOLLOW_UPS, "counts": False, "reason": "回访未按规定进行"}
        await assessment.send("POST", f"{path}/judgements", judgement)
        await eventually(lambda: public(0), 30, "no follow-up counts")
    finally:
        await city.put_rules(rules)


def corrected_to(city: City, round_id: str, before: float) -> Callable[[], Awaitable[bool]]:
    """Whether the library's total is higher than `before`."""

    async def higher() -> bool:
        found = await city.subject(round_id, "library")
        return bool(found["total"] > before)

    return higher


async def test_an_organization_without_an_area_lies_where_its_unit_does_wherever_one_asks(
    city: City,
) -> None:
    """In lists, rounds and support alike; what has neither unit nor area is refused by its name."""
    parts = city.assessment.parts
    nowhere = branch("nowhere")[1]
    assert isinstance(nowhere, OrganizationChanged)
    homeless = ("nowhere", nowhere.model_copy(update={"area": None}))
    await city.others.register(organization("readers", "library"), branch("own", "c3"), homeless)

    async def known() -> bool:
        found = await parts.repository.subjects("organization", ["readers", "own", "nowhere"])
        return len(found) == 3

    await eventually(known, 30, "the organizations are known")
    kind = SubjectKind.ORGANIZATION
    assert await parts.repository.subjects_in(kind, ["s1"]) == {"readers"}
    assert await parts.repository.subjects_in(kind, ["bj"]) == {"readers", "own"}
    inside = [one.id async for some in parts.subjects.every(kind, "s1") for one in some]
    assert inside == ["readers"]
    path = ("bj", "xc", "s1")
    assert (await parts.subjects.find(kind, "readers")).path == path
    assert await parts.support.repository.organization("readers") == ("library", list(path))
    scheme = parts.schemes.find(MONTH)
    assert scheme is not None
    found = await parts.rounds.rounds.candidates(kind, scheme.scheme, [], "s1")
    assert [(one.id, one.area_path) for one in found] == [("readers", path)]

    now = datetime.now(UTC)
    until = {name: (now + timedelta(days=n)).isoformat() for n, name in enumerate(STEPS, 1)}
    body = {"period": MONTH, "kind": "organization", "until": until}
    refused = await city.assessment.send("POST", "/v1/rounds", body, status=422)
    assert "nowhere党支部" in refused["errors"][0]["detail"]
    opened = await city.assessment.send("POST", "/v1/rounds", body | {"area": "bj"}, status=201)
    assert opened["subjects"] == 2
