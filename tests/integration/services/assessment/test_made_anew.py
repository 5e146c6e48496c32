"""Tallies made anew: after damage, after an upgrade, and where an area comes to have figures."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from services.assessment import tallies
from services.assessment.handlers import HANDLERS, target
from services.assessment.measuring import Measuring
from services.assessment.repository import Repository
from services.assessment.routes_audit import recount
from services.assessment.schemas import RecountOut
from services.assessment.service.tallies import (
    BITS,
    FORMER_BITS,
    Batch,
    Change,
    Counted,
    Difference,
    step_of,
)
from shared.contracts.requests import RequestLocated
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.aggregates import Aggregate
from shared.storage.client import Database, Document, connect
from tests.integration.messaging.world import settings_for
from tests.unit.services.assessment.stories import BEIJING, LEVELS, START, Teller


@dataclass
class World:
    """A database with 40 requests of one street, measured."""

    settings: Settings
    database: Database
    repository: Repository
    measuring: Measuring

    async def settle(self) -> None:
        for _ in range(50):
            if not await self.measuring.round():
                return
        raise AssertionError("the figures loop does not come to rest")

    async def audited(self) -> RecountOut:
        return await recount(self.repository, BEIJING)

    async def place(self, code: str, level: str, sequence: int = 1) -> None:
        shown = {"level": level, "unmeasured": True, "sequence": sequence}
        await self.database["areas"].update_one({"_id": code}, {"$set": shown}, upsert=True)

    async def tell(self, *tellers: Teller) -> None:
        for tell in tellers:
            case = await self.repository.cases.get(tell.id) or Aggregate(tell.id)
            for event in tell.all:
                assert target(event) == tell.id
                decision = HANDLERS[type(event.data)](case.state, event, BEIJING)  # type: ignore[index]
                if decision is not None:
                    self.repository.cases.record(case, decision, by="test")
            assert await self.repository.cases.write([case])

    async def sequences(self) -> dict[str, int]:
        """Of the figures that were ever told of."""
        found = self.repository.figures.collection.find({"sequence": {"$gt": 0}})
        return {figure["_id"]: figure["sequence"] async for figure in found}

    async def requests(self, figure: str) -> int:
        found = await self.repository.figures.get(figure)
        return 0 if found is None or found.state is None else found.state.requests


def teller(number: int, path: Sequence[str] = ("bj", "xc", "s1", "c1")) -> Teller:
    tell = Teller(f"r{number}")
    tell.accept(START, path)
    tell.assign("u1")
    tell.complete("u1", None, START.replace(minute=number), in_time=True)
    return tell


class Slow:
    """A leader that takes its time before a step: a method of a part of its repository."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch, part: str, step: str) -> None:
        repository = Repository(world.database, world.settings)
        self._measuring = Measuring(repository, Leases(world.database, "there"))
        self._arrived, self._awake = asyncio.Event(), asyncio.Event()
        go_on = getattr(getattr(repository, part), step)

        async def late(what: object) -> bool:
            self._arrived.set()
            await self._awake.wait()
            done: bool = await go_on(what)
            return done

        patch.setattr(getattr(repository, part), step, late)

    async def begin(self) -> None:
        """Go on until the step."""
        self._round = asyncio.create_task(self._measuring.round())
        await asyncio.wait_for(self._arrived.wait(), 20)

    async def finish(self) -> None:
        """Take it, and what is left of the round."""
        self._awake.set()
        await self._round


@asynccontextmanager
async def measured(uri: str, name: str) -> AsyncIterator[World]:
    of = settings_for("assessment", "nowhere:1", uri, name)
    client = connect(uri)
    database = client.database(name)
    repository = Repository(database, of)
    await repository.create_indexes()
    world = World(of, database, repository, Measuring(repository, Leases(database, "here")))
    for code, level in LEVELS.items():
        await world.place(code, level)
    await world.tell(*(teller(number) for number in range(40)))
    await world.settle()
    assert (await world.audited()).differing == []
    yield world
    await client.close()


@pytest.mark.parametrize(
    ("collection", "filter", "damage"),
    [
        ("tallies", {"_id": "unit/u1/2026-04"}, {"$inc": {"sums.requests": 3}}),
        ("cases", {"_id": "r7"}, {"$set": {"counted.keys": []}}),
        ("figures", {"_id": "2026-04/unit/u1"}, {"$set": {"state.median_hours": 99.0}}),
    ],
)
async def test_damage_is_found_by_the_audit_and_mended_by_a_remeasure(
    mongodb_uri: str, database_name: str, collection: str, filter: Document, damage: Document
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        await world.database[collection].update_one(filter, damage)
        await world.tell(teller(40))  # the next event brings the damage into the figures
        await world.settle()
        await world.repository.remeasure()
        assert (await world.audited()).unmeasured > 0
        await world.settle()
        found = await world.audited()
        assert (found.differing, found.unmeasured) == ([], 0)
        assert await world.requests("2026-04/unit/u1") == 41


async def test_a_wrong_tally_shows_in_the_audit(mongodb_uri: str, database_name: str) -> None:
    async with measured(mongodb_uri, database_name) as world:
        tallies = world.repository.tallies.collection
        await tallies.update_one({"_id": "unit/u1/2026-04"}, {"$inc": {"sums.requests": 3}})
        await world.tell(teller(40))
        await world.settle()
        found = await world.audited()
        assert (found.counted_twice, found.differing_total) == (3, 1)


async def test_hours_that_are_lost_mend_themselves(mongodb_uri: str, database_name: str) -> None:
    async with measured(mongodb_uri, database_name) as world:
        await world.database["hours"].delete_many({})
        await world.tell(teller(40))
        await world.settle()
        found = await world.audited()
        assert (found.differing, found.unmeasured) == ([], 0)


async def test_what_an_earlier_release_measured_is_taken_over(
    mongodb_uri: str, database_name: str
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        figures = await world.sequences()
        for collection in ("batches", "tallies", "hours"):
            await world.database[collection].delete_many({})
        await world.repository.cases.collection.update_many({}, {"$unset": {"counted": ""}})
        await world.tell(teller(40))  # it came while the new release started
        await world.measuring.round()
        # Nothing is told until the tallies are whole, and then only what changed.
        assert await world.requests("2026-04/street/s1") == 40
        await world.settle()
        found = await world.audited()
        assert (found.differing, found.unmeasured) == ([], 0)
        assert await world.requests("2026-04/street/s1") == 41
        assert await world.sequences() == {id: sequence + 1 for id, sequence in figures.items()}


async def test_an_area_that_comes_to_have_figures_has_all_its_cases(
    mongodb_uri: str, database_name: str
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        assert await world.repository.tallies.get_many(["area/xc/2026-04"]) == {}
        await world.place("xc", "street", 2)
        await world.settle()
        assert await world.requests("2026-04/street/xc") == 40
        await world.place("xc", "district", 3)
        await world.settle()
        assert await world.requests("2026-04/street/xc") == 0
        await world.tell(teller(40))  # it is not added while the area is apart
        await world.settle()
        await world.place("xc", "street", 4)
        await world.settle()
        assert await world.requests("2026-04/street/xc") == 41
        assert (await world.audited()).differing == []


async def test_another_time_in_the_same_step_moves_the_percentiles(
    mongodb_uri: str, database_name: str
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        tell = Teller("late")
        tell.accept(START)
        tell.assign("u7")
        tell.complete("u7", None, START.replace(hour=20), in_time=True)
        await world.tell(tell)
        await world.settle()
        again = Teller("late")
        again.complete("u7", None, START.replace(hour=20, second=1), in_time=True)
        await world.tell(again)
        await world.settle()
        figure = await world.repository.figures.get("2026-04/unit/u7")
        assert figure is not None
        assert figure.state is not None
        assert figure.state.median_hours == 20 + 1 / 3600
        assert (await world.audited()).differing == []


async def test_a_tally_keeps_the_steps_that_it_was_begun_with_until_it_is_made_anew(
    mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "unit/u1/2026-04"
    monkeypatch.setattr(tallies, "BITS", FORMER_BITS)
    async with measured(mongodb_uri, database_name) as world:
        # That release did not write down which steps they are.
        await world.repository.tallies.collection.update_many({}, {"$unset": {"bits": ""}})
        monkeypatch.undo()

        async def steps() -> set[int]:
            return set((await world.repository.tallies.get_many([key]))[key].steps)

        def expected(minutes: range, bits: int) -> set[int]:
            # A request was completed so many minutes after it came.
            return {step_of(60_000 * minute, bits) for minute in minutes}

        assert await steps() == expected(range(40), FORMER_BITS)
        await world.tell(*(teller(number) for number in range(40, 60)))
        await world.settle()
        assert await steps() == expected(range(60), FORMER_BITS)
        assert (await world.audited()).differing == []

        await world.repository.tallies.mark([key])
        await world.settle()
        assert await steps() == expected(range(60), BITS)
        assert (await world.audited()).differing == []


async def test_a_batch_begins_once_and_only_after_the_one_before_it_is_done(
    mongodb_uri: str, database_name: str
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        tallies = world.repository.tallies
        latest = await tallies.latest()
        assert latest is not None
        following = Batch(number=latest.number + 1, done=False)
        third = Batch(number=latest.number + 2, done=False)
        assert await tallies.begin(following)
        assert not await tallies.begin(following)
        assert not await tallies.begin(third)
        await tallies.end(following)
        assert not await tallies.begin(following)  # a slow leader's plan
        assert await tallies.begin(third)


async def test_what_a_slow_leader_writes_late_changes_nothing(
    mongodb_uri: str, database_name: str
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        tallies, key = world.repository.tallies, "unit/u1/2026-04"
        old, latest = (await tallies.get_many([key]))[key], await tallies.latest()
        assert latest is not None
        await world.tell(teller(40))
        await world.settle()
        now = (await tallies.get_many([key]))[key]
        assert (old.sums["requests"], now.sums["requests"]) == (40, 41)

        await tallies.add(latest.number, {key: Difference(Counter(requests=5), Counter({7: 5}))})
        assert (await tallies.get_many([key]))[key] == now
        change = Change(id="r40", version=1, before=Counted(), now=Counted())
        await tallies.count(latest.number, [change])
        assert len([counted async for counted in tallies.counted([key])]) == 41


@pytest.mark.parametrize("waiting", [False, True])
async def test_a_slow_leader_makes_no_figure_of_a_level_that_its_area_has_no_more(
    mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch, waiting: bool
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        await world.place("c9", "community")
        await world.settle()
        await world.tell(teller(40, ("bj", "xc", "s1", "c9")))
        slow = Slow(world, monkeypatch, "figures", "write")
        await slow.begin()  # to write the first figure of a community
        await world.place("c9", "street", 2)
        if waiting:
            # The changed area is seen to before its tally, which is to be made anew.
            tallies = world.repository.tallies
            await tallies.mark(["area/c9/2026-04"])
            with monkeypatch.context() as patch:
                patch.setattr(tallies, "to_rebuild", nothing)
                await world.settle()
            assert await world.requests("2026-04/street/c9") == 0
        await world.settle()
        assert await world.requests("2026-04/street/c9") == 1
        await slow.finish()
        await world.settle()
        assert await world.requests("2026-04/community/c9") == 0
        assert (await world.audited()).differing == []


async def nothing(_limit: int) -> list[str]:
    return []


async def test_a_slow_leader_makes_no_figure_of_cases_that_went_elsewhere(
    mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        moving = teller(40, ("bj", "xc", "s1", "c9"))
        await world.tell(moving)
        await world.settle()  # it is counted, and not told of: nobody knows what c9 is
        await world.place("c9", "community")
        slow = Slow(world, monkeypatch, "figures", "write")
        await slow.begin()
        moving.requests.clear()
        moving.tasks.clear()
        moving.request(RequestLocated, area_path=("bj", "xc", "s1", "c1"))
        await world.tell(moving)
        await world.settle()
        await slow.finish()
        await world.settle()
        assert await world.requests("2026-04/community/c9") == 0
        assert (await world.audited()).differing == []


async def test_a_slow_leader_sets_no_area_apart_that_has_figures_by_now(
    mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        await world.place("c9", "city")
        slow = Slow(world, monkeypatch, "tallies", "begin")
        await slow.begin()
        await world.place("c9", "street", 2)
        await world.settle()  # no area comes to be apart, and none back
        await slow.finish()
        await world.tell(teller(40, ("bj", "xc", "c9")))
        await world.settle()
        assert await world.requests("2026-04/street/c9") == 1
        assert (await world.audited()).differing == []


async def test_a_figure_of_nothing_is_not_told_of(mongodb_uri: str, database_name: str) -> None:
    async with measured(mongodb_uri, database_name) as world:
        assert await world.requests("2026-04/community/c1") == 40
        await world.place("c1", "street", 2)
        await world.place("c1", "community", 3)
        await world.settle()
        found = await world.repository.figures.get("2026-04/street/c1")
        assert found is not None
        assert found.sequence == 0
        assert await world.repository.figures_of("2026-04", "street", ["c1"]) == []
        assert (await world.sequences())["2026-04/community/c1"] == 1


async def test_an_event_that_changes_no_hours_reads_none(
    mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with measured(mongodb_uri, database_name) as world:
        tallies = world.repository.tallies
        read: list[str] = []
        values = tallies.values

        async def noted(steps: Mapping[str, Iterable[int]]) -> dict[str, dict[int, Any]]:
            read.extend(steps)
            return await values(steps)

        monkeypatch.setattr(tallies, "values", noted)
        answered, completed = Teller("r0"), teller(41)
        answered.answer(5)
        await world.tell(answered)
        await world.settle()
        assert read == []
        await world.tell(completed)
        await world.settle()
        assert set(read) == {"area/s1/2026-04", "area/c1/2026-04", "unit/u1/2026-04"}
        found = await world.repository.figures.get("2026-04/unit/u1")
        assert found is not None
        assert found.state is not None
        assert (found.state.satisfied, found.state.timed) == (1, 41)
        assert (await world.audited()).differing == []
