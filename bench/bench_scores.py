"""A class of 3,000 units, scored and ranked: `python -m bench.bench_scores`.

Three figures: the reckoning alone (`score_class`: three indicators shrunk, rules, grades, ranks);
the same with figures and registry read from the database, as `GET /v1/scores` does; and for how
long the event loop is kept from other work meanwhile.
"""

import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.common import beating, percentile
from services.assessment.repository import Repository
from services.assessment.schemes.versions import Schemes
from services.assessment.scores.figures import FigureInputs
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.score import score_class
from services.assessment.scores.scoring import Scoring
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.tables import SHIPPED
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import connect
from tests.servers import own_database

SUBJECTS = 3000
ROUNDS = 40
MONTH = "2026-05"
_SECRET = SecretStr("a secret of the measurement with 32 characters or more")
_SCHEME = SHIPPED / "schemes" / "default.yaml"


def figures() -> list[Figure]:
    """Units with 5 to 300 requests, of which about two thirds were followed up."""
    chance = random.Random(20261129)
    made = []
    for n in range(SUBJECTS):
        requests = chance.randrange(5, 300)
        followed_up = sum(chance.random() < 0.66 for _ in range(requests))
        contacted = sum(chance.random() < 0.9 for _ in range(followed_up))
        own = chance.betavariate(18, 3)
        rated = contacted * 4 // 5
        made.append(
            Figure(
                month=MONTH, kind=SubjectKind.UNIT, subject_id=f"u{n:05d}", requests=requests,
                followed_up=followed_up, contacted=contacted,
                solved=sum(chance.random() < own for _ in range(contacted)), rated=rated,
                satisfied=sum(chance.random() < own for _ in range(rated)), judged=requests,
                in_time=requests * 9 // 10, timed=requests, median_hours=30.0, p90_hours=90.0,
            )
        )  # fmt: skip
    return made


async def measure(folder: Path) -> dict[str, float]:
    """Milliseconds of each figure."""
    with own_database(folder) as server:
        settings = Settings(
            service="assessment", database="bench", token_secret=_SECRET, field_key=_SECRET,
            MONGODB_URI=server.address, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        )  # fmt: skip
        client = connect(server.address, settings.mongo_driver)
        database = client.database("bench")
        repository, scores = Repository(database, settings), ScoreRepository(database, settings)
        schemes = Schemes(database, _SCHEME, "", lambda: MONTH)
        await schemes.prepare()
        provider = FigureInputs(repository.figures.collection)
        scoring = Scoring(schemes, [provider.provide], repository, scores)
        made, aggregates = figures(), []
        for figure in made:
            aggregate: Aggregate[Figure] = Aggregate(f"{MONTH}/unit/{figure.subject_id}")
            repository.figures.record(aggregate, Decision(figure), by="bench")
            aggregates.append(aggregate)
        assert await repository.figures.write(aggregates)
        await database["units"].insert_many(
            {"_id": figure.subject_id, "name": figure.subject_id, "domain": "agency"}
            for figure in made
        )
        found = await _timed(scoring)
        await client.close()
    return found


async def _timed(scoring: Scoring) -> dict[str, float]:
    (board,) = await scoring.boards(MONTH, SubjectKind.UNIT, ["agency"])
    assert len(board.inputs) == SUBJECTS
    assert len(board.scores.ranked) > SUBJECTS * 0.9
    reckoned, used, read, held = [], [], [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), time.thread_time()
        score_class(board.scheme, board.class_, board.inputs)
        used.append(1000 * (time.thread_time() - before))
        reckoned.append(1000 * (time.perf_counter() - began))
    for _ in range(ROUNDS // 2):
        async with beating(0.001) as between:
            began = time.perf_counter()
            await scoring.boards(MONTH, SubjectKind.UNIT, ["agency"])
            read.append(1000 * (time.perf_counter() - began))
        held.append(1000 * max(between))
    return {
        "reckoned": statistics.median(reckoned),
        "used": statistics.median(used),
        "reckoned_p95": percentile(reckoned, 95),
        "read": statistics.median(read),
        "held": statistics.median(held),
        "held_most": max(held),
    }


def rows(found: dict[str, Any]) -> list[str]:
    """Rows of the page's table."""
    return [
        f"| ranking of a class of {SUBJECTS:,}: shrinkage, points, rules, grades, ranks | at most "
        f"50 ms | **{found['reckoned']:.0f} ms** by the clock, "
        f"95th percentile {found['reckoned_p95']:.0f}; "
        f"{found['used']:.0f} ms of processor time |",
        f"| the same with figures and registry read from the database | – | "
        f"**{found['read']:.0f} ms**; the event loop held for at most {found['held']:.0f} ms "
        f"(worst of {ROUNDS // 2} readings {found['held_most']:.0f}) |",
    ]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
