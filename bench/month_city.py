"""A month of a large city's requests: as assessment keeps them, and as it hears of them.

350 streets, 7,500 communities, and 3,000 units with an organization each. Shares are uneven: the
largest unit has 7 % of the requests and the largest community 1 %. What happens to a request is
one of some stories, told through the service's own handlers; documents of the same story differ in
place, unit, time and hours.
"""

import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import accumulate, islice
from multiprocessing import get_context
from typing import Any

from pymongo import MongoClient

from cli.city.plan import CITY, Plan, parent, unit_id
from services.assessment.handlers import HANDLERS
from services.assessment.repository import Repository
from services.assessment.service.cases import Case, key_of, month_of, parts_of
from services.assessment.service.tallies import BITS, MILLIS_AN_HOUR, SUMMED, Difference
from shared.contracts import requests as r
from shared.contracts import tasks as t
from shared.contracts.envelope import Event
from shared.contracts.ids import uuid7
from shared.contracts.words import AssigneeKind
from shared.messaging.gate import inbox_key
from shared.storage.aggregates import Aggregate, AggregateStore, Seen
from shared.storage.client import Database, Document
from tests.unit.services.assessment.stories import Teller, assignee

PLAN = Plan()
UNITS = 3_000
ZONE = timezone(timedelta(hours=8))
MONTH = datetime(2026, 5, 1, tzinfo=ZONE)
_MONTH_MILLIS = 30 * 86_400_000
_AT_ONCE = 2_000
_A_WORKER = 20_000
_CODE_OF_A_DISTRICT = 6
_UNITS_FIRST, _COMMUNITIES_FIRST = 2, 20
"""The n-th largest has a share of 1 / (n + this)."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a request lies, and whose it is."""

    path: tuple[str, ...]
    unit: str
    organization: str


class Chance:
    """Draws places, units, times and hours."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        shuffled = random.Random(0)  # which of them are large is the same for every seed
        communities = shuffled.sample(range(PLAN.communities), PLAN.communities)
        units = shuffled.sample(range(UNITS), UNITS)
        self._places = list(accumulate(1 / (n + _COMMUNITIES_FIRST) for n in communities))
        self._owners = list(accumulate(1 / (n + _UNITS_FIRST) for n in units))

    def where(self) -> Where:
        """A place and a unit with its organization."""
        [community] = self.random.choices(range(PLAN.communities), cum_weights=self._places)
        [unit] = self.random.choices(range(UNITS), cum_weights=self._owners)
        street = parent(community, PLAN.communities, PLAN.streets)
        district = parent(street, PLAN.streets, PLAN.districts)
        path = CITY, PLAN.district(district), PLAN.street(street), PLAN.community(community)
        return Where(path, unit_id(unit), f"o-{unit + 1:05}")

    def time(self) -> datetime:
        """Any time of the month."""
        return MONTH + timedelta(milliseconds=self.random.randrange(_MONTH_MILLIS))

    def millis(self) -> int:
        """Hours to completion as milliseconds: half within 20 hours, a few after weeks."""
        return min(int(self.random.lognormvariate(3.0, 1.0) * MILLIS_AN_HOUR), _MONTH_MILLIS)


def levels() -> Iterator[Document]:
    """The areas as assessment knows them."""
    yield {"_id": CITY, "level": "city", "path": [CITY]}
    for n in range(PLAN.districts):
        yield {"_id": PLAN.district(n), "level": "district", "path": [CITY, PLAN.district(n)]}
    for n in range(PLAN.streets):
        yield {"_id": PLAN.street(n), "level": "street", "path": [CITY, PLAN.street(n)]}
    for n in range(PLAN.communities):
        yield {"_id": PLAN.community(n), "level": "community", "path": [CITY, PLAN.community(n)]}


async def register(database: Database) -> None:
    """Put the areas there, as the registry's snapshots leave them."""
    told = {"sequence": 1, "unmeasured": False, "retired": False}
    areas = [area | {"name": area["_id"]} | told for area in levels()]
    await database["areas"].insert_many(areas)


# Stories


def story(chance: Chance, at: datetime | None = None) -> list[Event]:
    """A request from its acceptance to its end, in the order in which its facts come."""
    where = chance.where()
    tell = Teller(uuid7())
    tell.accept(at or chance.time(), where.path)
    accepted = tell.requests[0]
    _work(tell, where, accepted.time + timedelta(milliseconds=chance.millis()), in_time=True)
    rating = chance.random.choice((1, 3, 4, 5, 5))
    tell.request(r.RequestFollowedUp, contacted=True, solved=True, satisfied=rating, round=1)
    tell.request(r.RequestClosed, outcome="solved")
    return [accepted, *tell.tasks, *tell.requests[1:]]


def _work(tell: Teller, where: Where, done: datetime, in_time: bool, round: int = 1) -> None:
    tell.assign(where.unit, where.organization, round)
    who = assignee(AssigneeKind.UNIT, where.unit, where.organization)
    tell.task(t.TaskAccepted, assignee=who)
    tell.complete(where.unit, where.organization, done, in_time, round)


def _stories(where: Where) -> Iterator[tuple[int, Teller]]:
    """What happens to requests, and how often."""
    done = MONTH + timedelta(hours=20)

    def begun(*, located: bool = True, worked: bool = True, in_time: bool = True) -> Teller:
        tell = Teller(uuid7())
        tell.accept(MONTH, where.path if located else ())
        if worked:
            _work(tell, where, done, in_time)
        return tell

    def answer(tell: Teller, solved: bool | None, satisfied: int | None, round: int = 1) -> None:
        contacted = solved is not None
        tell.request(
            r.RequestFollowedUp,
            contacted=contacted,
            solved=solved,
            satisfied=satisfied,
            round=round,
        )

    for often, in_time, solved, satisfied in (
        (30, True, True, 5), (12, True, True, 4), (4, True, True, None), (5, True, False, 2),
        (3, False, True, 3), (3, False, False, 1), (2, True, None, None),
    ):  # fmt: skip
        tell = begun(in_time=in_time)
        answer(tell, solved, satisfied)
        tell.request(r.RequestClosed, outcome="solved")
        yield often, tell
    yield 15, begun()
    again = begun()
    answer(again, solved=False, satisfied=1)
    again.request(r.RequestReopened, round=2)
    _work(again, where, done, in_time=False, round=2)
    answer(again, solved=True, satisfied=4, round=2)
    yield 4, again
    for often in (8, 3):
        open = begun(worked=False)
        open.assign(where.unit, where.organization)
        if often == 3:
            open.task(t.TaskOverdue, deadline=done, round=1)
        yield often, open
    yield 2, begun(located=False)
    withdrawn = begun()
    withdrawn.task(t.TaskCancelled, reason="withdrawn")
    yield 1, withdrawn
    joined = begun(worked=False)
    joined.join()
    by = assignee(AssigneeKind.UNIT, where.unit, where.organization)
    joined.request(
        r.RequestFollowedUp, contacted=True, solved=True, satisfied=5, round=1, handled_by=by
    )
    yield 3, joined


def take(case: Aggregate[Case], event: Event, store: AggregateStore[Case]) -> None:
    """Take an event into its case, as the runtime does."""
    decision = HANDLERS[type(event.data)](case.state, event, ZONE)  # type: ignore[index]
    if decision is not None:
        store.record(case, decision, by=event.source)
    case.saw(inbox_key(event.source, event.subject), Seen(event.sequence, event.id))


# Documents

Models = Sequence[tuple[int, Document]]


async def models(repository: Repository) -> Models:
    """A document of each story as the store writes it, and how often it happens."""
    store = repository.cases
    found = []
    for often, tell in _stories(Chance(0).where()):
        case: Aggregate[Case] = Aggregate(tell.id)
        for event in [tell.requests[0], *tell.tasks, *tell.requests[1:]]:
            take(case, event, store)
        await store.write([case])
        document = await store.collection.find_one({"_id": case.id})
        assert document is not None
        await store.collection.delete_one({"_id": case.id})
        found.append((often, document))
    return found


def documents(models: Models, seed: int) -> Iterator[Document]:
    """Cases without end, counted in their figures already."""
    chance = Chance(seed)
    often = list(accumulate(number for number, _ in models))
    while True:
        [(_, model)] = chance.random.choices(models, cum_weights=often)
        yield _another(model, chance)


def _another(model: Document, chance: Chance) -> Document:
    """A case like `model` elsewhere, by another unit, at another time, after other hours."""
    where, at, millis = chance.where(), chance.time(), chance.millis()
    state: dict[str, Any] = dict(model["state"])
    state["accepted_at"] = at
    if state["area_path"]:
        state["area_path"] = list(where.path)
    for prefix in ("", "shared_"):
        if state[f"{prefix}unit_id"] is not None:
            state[f"{prefix}unit_id"] = where.unit
            state[f"{prefix}organization_id"] = where.organization
    done = at + timedelta(milliseconds=millis)
    state["rounds"] = {
        number: work | {"completed_at": done} if work["completed"] else work
        for number, work in state["rounds"].items()
    }
    if state["measure"]["hours"] is not None:
        state["measure"] = state["measure"] | {"hours": millis / MILLIS_AN_HOUR}
    month = month_of(at, ZONE)
    keys = [key_of("area", code, month) for code in state["area_path"]]
    prefix = "shared_" if state["joined"] else ""
    for kind in ("unit", "organization"):
        if (id := state[f"{prefix}{kind}_id"]) is not None:
            keys.append(key_of(kind, id, month))
    state |= {"month": month, "keys": keys, "past_keys": [], "dirty": False}
    counted = {"number": 0, "keys": keys, "measure": state["measure"]}
    return model | {"_id": uuid7(), "state": state, "counted": counted}


# A whole month


@dataclass
class Total:
    """What the cases of a group add up to."""

    sums: Counter[str] = field(default_factory=Counter)
    millis: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, other: "Total") -> None:
        """Put another one to it."""
        self.sums.update(other.sums)
        self.millis.extend(other.millis)


def load(uri: str, database: str, models: Models, number: int) -> None:
    """Insert cases, and the tallies that hold them, two programs at once.

    The tallies are stale: the first round of the figures loop tells of them.
    """
    starts = range(0, number, _A_WORKER)
    totals: dict[str, Total] = defaultdict(Total)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        done = [
            pool.submit(_insert_cases, uri, database, models, start, min(_A_WORKER, number - start))
            for start in starts
        ]
        for one in done:
            for key, total in one.result().items():
                totals[key].add(total)
    _insert_tallies(uri, database, totals)


def _insert_cases(
    uri: str, database: str, models: Models, seed: int, number: int
) -> dict[str, Total]:
    made = islice(documents(models, seed + 1), number)
    totals: dict[str, Total] = defaultdict(Total)
    with MongoClient[Document](uri) as client:
        while some := list(islice(made, _AT_ONCE)):
            client[database]["cases"].insert_many(some, ordered=False)
            for document in some:
                _add_up(document["counted"], totals)
    return totals


def _add_up(counted: Document, totals: dict[str, Total]) -> None:
    measure = counted["measure"]
    for key in counted["keys"]:
        if not key.startswith("area/") or len(parts_of(key)[1]) > _CODE_OF_A_DISTRICT:
            total = totals[key]
            for name in ("requests", *SUMMED):
                total.sums[name] += measure[name]
            if measure["hours"] is not None:
                total.millis.append(round(measure["hours"] * MILLIS_AN_HOUR))


def _insert_tallies(uri: str, database: str, totals: Mapping[str, Total]) -> None:
    hours: list[Document] = []
    tallies: list[Document] = []
    with MongoClient[Document](uri) as client:
        for key, total in totals.items():
            steps = Difference(millis=Counter(total.millis)).steps(BITS)
            for step, values in steps.items():
                named = {str(millis): n for millis, n in values.items()}
                hours.append({"_id": f"{key}/{step}", "number": 0, "millis": named})
            counts = {str(step): sum(values.values()) for step, values in steps.items()}
            tallies.append(
                {"_id": key, "number": 0, "sums": total.sums, "steps": counts, "bits": BITS}
            )
            if len(hours) > _AT_ONCE:
                client[database]["hours"].insert_many(hours, ordered=False)
                hours = []
        client[database]["hours"].insert_many(hours, ordered=False)
        client[database]["tallies"].insert_many(tallies, ordered=False)
