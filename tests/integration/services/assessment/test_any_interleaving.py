"""Whatever comes when, whoever is killed where, and with two leaders at once: once the dust has
settled every figure, and every score, is what a recount from the bare facts gives.

Facts, registry snapshots, corrections made and taken back, two figures loops and a remeasure work
on one real database, one operation at a time, in an order that chance chooses; any of them may be
killed before any of its operations, and started again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from services.assessment.corrections.decisions import correct, void
from services.assessment.corrections.schemas import CorrectionBody
from services.assessment.handlers import HANDLERS
from services.assessment.measuring import Measuring
from services.assessment.repository import Repository
from services.assessment.routes_audit import recount
from services.assessment.scores import comparing
from services.assessment.scores.figures import FigureInputs
from services.assessment.service.cases import Case
from services.assessment.service.figures import SubjectKind
from shared.contracts.envelope import Event
from shared.messaging.gate import Admission, admit, inbox_key
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate, Decision, Seen
from shared.storage.client import Database, connect
from shared.web.problems import Problem
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.turns import Turns
from tests.unit.services.assessment.scores.test_any_order import MONTHS, scored
from tests.unit.services.assessment.stories import BEIJING, LEVELS, START, shuffled, story

COLLECTIONS = ("cases", "figures", "tallies", "hours", "batches", "areas")


class World:
    """One database, and what works on it."""

    def __init__(self, database: Database, seed: int, of: Any) -> None:
        self.chance = random.Random(seed)
        self.turns = Turns(self.chance)
        self._database, self._settings = database, of
        self.calm = Repository(database, of)
        self._taken = 0
        self._snapshots = 0
        self._judged = 0

    def repository(self, name: str) -> Repository:
        return Repository(self.turns.database(self._database, name), self._settings)

    def measuring(self, repository: Repository) -> Measuring:
        return Measuring(repository, Leases(self._database, "here"))

    # Actors

    def leader(self, name: str) -> Callable[[], Awaitable[None]]:
        async def lead() -> None:
            measuring = self.measuring(self.repository(name))
            while True:
                await measuring.round()

        return lead

    def consumer(self, arrivals: Sequence[Event]) -> Callable[[], Awaitable[None]]:
        async def consume() -> None:
            # After a crash some come again.
            self._taken = max(0, self._taken - self.chance.randrange(4))
            repository = self.repository("consumer")
            while self._taken < len(arrivals):
                size = self.chance.choice((1, 1, 5))
                await self.take(repository, arrivals[self._taken : self._taken + size])
                self._taken = min(len(arrivals), self._taken + size)

        return consume

    @staticmethod
    async def take(repository: Repository, events: Sequence[Event]) -> None:
        written = False
        while not written:
            cases = await repository.cases.get_many({event.partition_key for event in events})
            for event in events:
                case: Aggregate[Case] = cases.setdefault(
                    event.partition_key, Aggregate(event.partition_key)
                )
                key = inbox_key(event.source, event.subject)
                if admit(case.inbox.get(key), event) is not Admission.APPLY:
                    continue
                handler = HANDLERS.get(type(event.data))  # type: ignore[arg-type]
                decision = None if handler is None else handler(case.state, event, BEIJING)
                if decision is not None:
                    repository.cases.record(case, decision, by=event.source)
                case.saw(key, Seen(event.sequence, event.id))
            written = await repository.cases.write(list(cases.values()))

    def registry(self, places: Sequence[tuple[str, str]]) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            areas = self.turns.database(self._database, "registry")["areas"]
            while self._snapshots < len(places):
                code, level = places[self._snapshots]
                shown = {"level": level, "unmeasured": True, "sequence": self._snapshots + 1}
                await areas.update_one({"_id": code}, {"$set": shown}, upsert=True)
                self._snapshots += 1

        return tell

    def judge(self, ids: Sequence[str]) -> Callable[[], Awaitable[None]]:
        """An administrator, who corrects requests and takes corrections back."""

        async def judge() -> None:
            cases = self.repository("judge").cases
            while self._judged < len(ids):
                decide = judgement(self.chance)
                # A request that is not accepted or answered yet, or no such correction.
                with suppress(Problem):
                    await cases.execute(self.chance.choice(ids), decide, by="administrator:a")
                self._judged += 1

        return judge

    async def remeasure(self) -> None:
        await self.repository("operator").remeasure()

    # The course of things

    async def play(self, actors: dict[str, Callable[[], Awaitable[None]]]) -> None:
        """Give turns until only the leaders are left; kill now and then."""
        for name, work in actors.items():
            self.turns.start(name, work)
        # Between finely mixed, and long stretches in which the others stand still.
        switches = self.chance.choice((0.02, 0.1, 0.5, 1.0))
        crashes = self.chance.choice((0.0, 0.01, 0.05))
        current = ""
        while (alive := await self.turns.alive()) and set(alive) - {"first", "second"}:
            if current not in alive or self.chance.random() < switches:
                current = self.chance.choice(alive)
            if self.chance.random() < crashes:
                await self.turns.crash(current)
                self.turns.start(current, actors[current])
            else:
                self.turns.give(current)

    async def judge_calmly(self, ids: Sequence[str]) -> None:
        """Once more, on what came late."""
        for id in ids:
            with suppress(Problem):
                await self.calm.cases.execute(id, judgement(self.chance), by="administrator:a")

    async def settle(self) -> None:
        """Measure until there is nothing to do."""
        measuring = self.measuring(self.calm)
        for _ in range(200):
            if not await measuring.round():
                return
        raise AssertionError("the figures loop does not come to rest")

    async def check(self) -> None:
        """Every figure is the recount's, and the cases that they count are counted as they are; the
        scores that they make are those that the recount makes."""
        found = await recount(self.calm, BEIJING)
        assert found.differing == []
        assert (found.counted_twice, found.missing, found.unmeasured) == (0, 0, 0)
        anew = await self.calm.recounted(BEIJING)
        figures = FigureInputs(self.calm.figures.collection)
        for month in MONTHS:
            kept = scored(await figures.provide(month, SubjectKind.UNIT, None))
            again = scored(comparing.recounted(anew, month)[SubjectKind.UNIT])
            assert list(again.every()) == list(kept.every())


def judgement(chance: random.Random) -> Callable[[Case | None], Decision[Case] | None]:
    """What is decided on a case: a correction of any kind, or that one is taken back."""
    if chance.random() < 0.3:
        number = chance.choice((1, 1, 2))
        return lambda case: void("r", case, number, "taken back", START, "administrator:a", BEIJING)
    said = {
        "excluded": chance.choice((True, False)),
        "without_answer": chance.choice((True, False)),
        "solved": chance.choice((True, False)),
        "satisfied": chance.choice((1, 5)),
        "verdict": chance.choice(("in_time", "late", "not_judged")),
        "responsible": {"unit_id": chance.choice(("u1", "u2"))},
    }
    some = chance.sample(sorted(said), chance.choice((1, 1, 2)))
    body = CorrectionBody.model_validate({"reason": "x"} | {name: said[name] for name in some})
    return lambda case: correct("r", case, body, START, "administrator:a", BEIJING)


def places(chance: random.Random) -> list[tuple[str, str]]:
    """What the registry says of areas, in any order; some change their level, and change back."""
    told = list(LEVELS.items())
    for code in chance.sample(sorted(LEVELS), 3):
        told += [(code, level) for level in chance.sample(sorted(set(LEVELS.values())), 2)]
    chance.shuffle(told)
    return told


async def one_course(uri: str, name: str, seed: int, size: int) -> None:
    of = settings_for("assessment", "nowhere:1", uri, name)
    client = connect(uri)
    try:
        database = client.database(name)
        for collection in COLLECTIONS:
            await database[collection].delete_many({})
        world = World(database, seed, of)
        tellers = [story(world.chance, number) for number in range(size)]
        arrivals = shuffled(world.chance, tellers)
        late = arrivals[world.chance.randrange(len(arrivals)) :]
        actors = {
            "first": world.leader("first"),
            "second": world.leader("second"),
            "consumer": world.consumer(arrivals[: len(arrivals) - len(late)]),
            "registry": world.registry(places(world.chance)),
            "judge": world.judge([tell.id for tell in tellers]),
        }
        if world.chance.random() < 0.5:
            actors["operator"] = world.remeasure
        await world.play(actors)
        # One leader is gone, the other is slow: it wakes up when all is settled long since.
        await world.turns.crash("first")
        await world.settle()
        await world.check()
        for _ in range(world.chance.randrange(80)):
            await world.turns.alive()
            world.turns.give("second")
        await world.turns.alive()
        await world.turns.crash("second")
        for event in late:
            await world.take(world.calm, [event])
        await world.judge_calmly([tell.id for tell in tellers])
        await world.settle()
        await world.check()
    finally:
        await client.close()


@pytest.mark.timeout(600)  # hundreds of operations an example, each on a real database
def test_any_interleaving_with_crashes_and_two_leaders_ends_in_the_recounts_figures_and_scores(
    mongodb_uri: str, database_name: str
) -> None:
    @given(st.integers(0, 2**32), st.integers(1, 8))
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def check(seed: int, size: int) -> None:
        note(f"seed {seed}, size {size}")
        asyncio.run(one_course(mongodb_uri, database_name, seed, size))

    check()
