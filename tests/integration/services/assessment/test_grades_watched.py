"""The loop that watches grades, round by round on a real database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import pytest

from services.assessment.repository import Repository
from services.assessment.schemes.reading import read_scheme
from services.assessment.schemes.versions import Schemes
from services.assessment.scores.figures import FigureInputs
from services.assessment.scores.outdated import Outdated
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.scoring import Scoring
from services.assessment.scores.watching import Watching
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.tables import SHIPPED
from shared.messaging.leases import Leases
from shared.storage.aggregates import Decision
from shared.storage.client import Database, connect
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import SCHEME

MONTH = "2026-05"


@dataclass
class World:
    """Figures that somebody else keeps up, and the loop."""

    database: Database
    repository: Repository
    scores: ScoreRepository
    schemes: Schemes
    today: date = date(2026, 6, 3)
    batch: int = 0
    watching: Watching = field(init=False)

    def __post_init__(self) -> None:
        provider = FigureInputs(self.repository.figures.collection)
        scoring = Scoring(self.schemes, [provider.provide], self.repository, self.scores)
        leases = Leases(self.database, "here")
        outdated = Outdated(provider.provide, self.repository, self.scores, scoring)
        self.watching = Watching(
            self.repository, self.scores, self.schemes, scoring, outdated, leases,
            lambda: self.today,
        )  # fmt: skip

    async def figure(self, id: str, solved: int, *, done: bool = True) -> None:
        """A unit's figures change in the next batch."""
        self.batch += 1
        now = Figure(
            month=MONTH, kind=SubjectKind.UNIT, subject_id=id, requests=100, followed_up=100,
            contacted=100, solved=solved, judged=100, in_time=100,
        )  # fmt: skip
        await self.repository.figures.execute(
            f"{MONTH}/unit/{id}", lambda _: Decision(now), by="test"
        )
        key = {"_id": f"unit/{id}/{MONTH}"}
        await self.database["tallies"].update_one(key, {"$set": {"number": self.batch}}, True)
        batch = {"number": self.batch, "done": done, "apart": [], "rebuild": [], "changes": []}
        await self.database["batches"].update_one({"_id": "figures"}, {"$set": batch}, True)

    async def put_in_force(self) -> None:
        """The tests' scheme, from 2026-04 on."""
        scheme = read_scheme(SCHEME.replace("steps:", "settled_after_days: 10\nsteps:"))
        await self.schemes.put(scheme, by="administrator:a", why="")

    async def told(self, id: str) -> list[tuple[str, Any]]:
        """Types of the events told of a unit's grade, and the grade or the near one."""
        document = await self.scores.standings.collection.find_one({"_id": f"{MONTH}/unit/{id}"})
        if document is None:
            return []
        found = []
        for event in document["outbox"]:
            data = orjson.loads(event["data"])
            found.append((event["type"].split(".")[2], data.get("after", data.get("near"))))
        return found


@pytest.fixture
async def world(mongodb_uri: str, unique: str) -> AsyncIterator[World]:
    settings = settings_for("assessment", "localhost:1", mongodb_uri, unique)
    client = connect(mongodb_uri)
    database = client.database(unique)
    repository, scores = Repository(database, settings), ScoreRepository(database, settings)
    schemes = Schemes(database, SHIPPED / "schemes" / "default.yaml", "", lambda: "2026-06")
    await schemes.prepare()
    await database["units"].insert_many(
        {"_id": id, "name": id, "domain": "agency"} for id in ("a", "b", "c")
    )
    yield World(database, repository, scores, schemes)
    await client.drop(unique)
    await client.close()


async def test_grades_are_told_as_figures_change_and_a_month_settles_days_after_its_end(
    world: World,
) -> None:
    await world.put_in_force()
    for id, solved in (("a", 96), ("b", 70), ("c", 60)):
        await world.figure(id, solved)
    await world.watching.round()
    assert await world.told("a") == [("changed", "good")]
    assert await world.told("b") == [("changed", "poor")]

    # Nothing new: nothing is told, also after a crash before the batch was noted.
    await world.scores.watch(batch=0)
    await world.watching.round()
    assert await world.told("a") == [("changed", "good")]

    # b comes near to the bound, then over it; a batch that is not done is waited for.
    await world.figure("b", 83, done=False)
    await world.watching.round()
    assert await world.told("b") == [("changed", "poor")]
    await world.figure("b", 83)
    await world.watching.round()
    assert await world.told("b") == [("changed", "poor"), ("near", "good")]
    await world.figure("b", 99)
    await world.watching.round()
    assert await world.told("b") == [("changed", "poor"), ("near", "good"), ("changed", "good")]
    history = await world.scores.standings.history(f"{MONTH}/unit/b")
    assert [line["why"] for line in history] == ["its figures changed"] * 3

    # What leaves the class has no grade in it any more; a sweep finds what no figure tells.
    await world.database["units"].update_one({"_id": "c"}, {"$set": {"domain": "university"}})
    await world.watching.round(sweep=True)
    assert await world.told("c") == [("changed", "poor"), ("changed", None)]

    assert await world.scores.settlement(MONTH) is None
    world.today = date(2026, 6, 11)
    await world.watching.round(sweep=True)
    await world.watching.round()
    settlement = await world.scores.settlement(MONTH)
    assert settlement is not None
    assert (settlement.done, settlement.by, settlement.subjects) == (True, "scheme", 2)
    # Settled, it stands; that figures have changed since is noted, and forgotten once they are as
    # they were. One that has a figure only now counts, one of no class does not.
    await world.figure("a", 10)
    await world.watching.round(sweep=True)
    assert await world.told("a") == [("changed", "good")]
    assert await world.scores.count_outdated(settlement) == 1
    await world.database["units"].insert_one({"_id": "d", "name": "d", "domain": "agency"})
    await world.figure("d", 50)
    await world.figure("nobody", 50)
    await world.watching.round()
    assert await world.scores.count_outdated(settlement) == 2
    await world.figure("a", 96)
    await world.watching.round()
    assert await world.scores.count_outdated(settlement) == 1


async def test_a_new_scheme_has_past_months_graded_anew(world: World) -> None:
    world.today = date(2026, 9, 1)  # the month is neither this one nor the last
    await world.figure("a", 70)
    await world.watching.round()
    assert await world.told("a") == [("changed", "fairly_good")]
    await world.put_in_force()
    await world.watching.round()
    assert (await world.told("a"))[-1] == ("changed", "poor")
    history = await world.scores.standings.history(f"{MONTH}/unit/a")
    assert history[-1]["why"] == "schemes/2"
