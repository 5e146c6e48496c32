"""The rest of the demo day: cases of units' own systems, a bad record, places unknown."""

from datetime import UTC, datetime, timedelta
from random import Random

from deploy.local.demo.actors import CITY_DUTY, resident
from deploy.local.demo.api import Api, Refused
from deploy.local.demo.areas import SIDE, SOUTH, WEST, communities
from deploy.local.demo.unit_systems import Said, UnitSystems
from deploy.local.demo.words import CASES
from shared.contracts.payload import Point
from shared.contracts.units import RequestReported, TaskProgress, TaskResult
from shared.contracts.words import RequestKind

REPORTERS = ("bus-group", "heating", "retailer")
"""Two with Kafka, one with HTTP only."""
CASES_EACH = 6


async def report_cases(systems: UnitSystems, tag: str, hours: float) -> int:
    """Cases that units had in hand themselves, with their original times; how many."""
    random = Random(tag)
    now = datetime.now(UTC)
    for number in range(CASES_EACH):
        for unit in REPORTERS:
            mine = [case for case in CASES if case[0] in _CATEGORIES[unit]]
            category, words = random.choice(mine)
            place = random.choice(communities())
            longitude, latitude = place.box.at(random.random(), random.random())
            made = now - timedelta(hours=hours * random.uniform(0.3, 1.0))
            begun, done = made + (now - made) * 0.2, made + (now - made) * 0.8
            subject = f"case/{tag}-{number + 1:02}"
            reported = RequestReported(
                kind=RequestKind.COMPLAINT,
                category=category,
                text=words,
                area=place.code,
                point=Point(longitude=longitude, latitude=latitude),
                handling_unit=unit,
            )
            result = TaskResult(completed_at=done, ask_resident=False, words=words)
            await systems.say(
                unit,
                [
                    Said(subject, reported, made),
                    Said(subject, TaskProgress(status="accepted"), begun),
                    Said(subject, result, done),
                ],
            )
    return CASES_EACH * len(REPORTERS)


_CATEGORIES = {"bus-group": ("traffic",), "heating": ("utilities",), "retailer": ("market",)}


async def send_bad_record(systems: UnitSystems, tag: str) -> None:
    """A misspelt field; the record lands in the dead letters, where the unit can see it."""
    await systems.misspell(REPORTERS[0], f"case/{tag}-bad")


async def ask_from_outside(api: Api, tag: str) -> int:
    """Two requests with coordinates outside the city; the duty officer places one of them.

    How many have a place in the end.
    """
    outside = {"longitude": WEST - SIDE, "latitude": SOUTH - SIDE}
    filed = [
        await api.post(
            "request_intake",
            "/v1/requests",
            resident(number),
            {"text": text, "place": {"point": outside}},
            f"demo-{tag}-outside-{number}",
        )
        for number, text in enumerate(("定位不准，路灯不亮，在和平里社区东门。", "路面坑洼。"))
    ]
    await _place(api, f"/v1/requests/{filed[0]['id']}")
    return 1


async def _place(api: Api, path: str) -> None:
    """Place a request; read again where dispatch's news of it came in between."""
    while True:
        found = await api.call("GET", "request_intake", path, who=CITY_DUTY)
        try:
            await api.call(
                "PUT",
                "request_intake",
                f"{path}/place",
                who=CITY_DUTY,
                json={"area": communities()[0].code},
                match=found.headers["ETag"],
            )
            return
        except Refused as refused:
            if refused.status != 412:
                raise
