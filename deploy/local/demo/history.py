"""The three months before the demo day, as units' own systems report them: in one community the
same problem comes back month after month."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.demo.areas import Community, communities
from deploy.local.demo.unit_systems import Said, UnitSystems
from shared.contracts.units import RequestReported, TaskResult
from shared.contracts.words import RequestKind

MONTHS = 3
PROBLEM = "environment"
TIMES = 8
"""So often a month in the first community, and in no other."""
OTHERS = 3
"""Other requests a month in each of the six; there are just as many as it takes to tell."""
_TEXTS = {
    PROBLEM: "{place}旁边工地夜里还在施工，噪音很大。",
    "traffic": "{place}路面坑洼，雨天积水。",
    "utilities": "{place}换热站压力偏低，室内不热。",
}
_UNITS = {PROBLEM: "environment-bureau", "traffic": "bus-group", "utilities": "heating"}


@dataclass(frozen=True, slots=True)
class Past:
    """A case of a past month, with its times (UTC)."""

    subject: str
    category: str
    community: Community
    made: datetime
    done: datetime


def months_before(now: datetime) -> list[str]:
    """The months before the one of `now`, the earliest first."""
    first, found = now.replace(day=1), []
    for _ in range(MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(f"{first:%Y-%m}")
    return found[::-1]


def cases_of(month: str) -> list[Past]:
    """A month's cases; the same each time."""
    places = {place.street: place for place in reversed(communities())}
    wanted: list[tuple[str, Community]] = []
    for n, place in enumerate(sorted(places.values(), key=lambda place: place.code)):
        wanted += [(PROBLEM, place)] * (TIMES if n == 0 else 0)
        wanted += [(("traffic", "utilities")[k % 2], place) for k in range(OTHERS)]
    # Not on its first or last day: in every time zone it is this month.
    begin = datetime.fromisoformat(f"{month}-02T01:00+00:00")
    apart = timedelta(days=25) / len(wanted)
    return [
        Past(
            subject=f"case/{month}-{n:03}",
            category=category,
            community=place,
            made=begin + n * apart,
            done=begin + n * apart + timedelta(hours=20),
        )
        for n, (category, place) in enumerate(wanted, 1)
    ]


async def report_history(systems: UnitSystems, months: list[str]) -> None:
    """Publish them; what was published before is not counted again."""
    past = [one for month in months for one in cases_of(month)]
    await asyncio.gather(*(_report(systems, one) for one in past))


async def _report(systems: UnitSystems, one: Past) -> None:
    unit = _UNITS[one.category]
    words = _TEXTS[one.category].format(place=one.community.name)
    reported = RequestReported(
        kind=RequestKind.COMPLAINT,
        category=one.category,
        text=words,
        area=one.community.code,
        handling_unit=unit,
    )
    done = TaskResult(completed_at=one.done, ask_resident=False, words="已到现场处理。")
    said = [
        Said(one.subject, reported, one.made),
        Said(one.subject, done, one.done),
    ]
    await systems.say(unit, said)
