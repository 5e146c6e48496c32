"""Likely the same: `python -m bench.bench_likeness [--open 200000]`.

What one request's suggestions cost: the candidates from the index, few open requests against many
in a real database; and the words, decrypted and compared, against a keyed sketch kept for each.
"""

import argparse
import asyncio
import hashlib
import hmac
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.common import percentile
from services.request_intake.candidates import Candidates
from services.request_intake.likeness import LikenessTable, Side, compare, dice, words_of
from services.request_intake.repository import Requests
from services.request_intake.state import COLLECTION, RequestState
from shared.contracts.payload import Point
from shared.settings import Settings
from shared.storage.client import connect
from shared.storage.encryption import FieldCipher, context_of
from tests.servers import own_database

ROUNDS, CALLS = 7, 40
FEW, MANY = 1_000, 200_000
HASHES = 64
PREDICTED = {"candidates of many, times few": 1.2, "words of 60 candidates, ms": 3.0}
"""Written before the first run."""
_SYLLABLES = "小区楼下广场舞噪音太大晚上睡不着路灯坏井盖缺水管漏垃圾没人清运占道经营油烟扰民施工"
_TABLE = LikenessTable.model_validate_json(
    Path("services/request_intake/data/likeness.json").read_bytes()
)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _text(chance: random.Random, length: int = 60) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(length))


def _rows(number: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Open requests over a city of 40 by 40 km, of 14 categories, of the last 30 days."""
    for n in range(number):
        point = Point(longitude=114 + chance.random() * 0.4, latitude=22.5 + chance.random() * 0.36)
        state = RequestState(
            id=f"r{n}", tracking_code=f"c{n}", channel="web", kind="help", urgency="ordinary",
            category=f"k{chance.randrange(14)}", rules_version=1, point=point, located=True,
            area_path=("C", f"S{n % 50}"), received_at=NOW,
            accepted_at=NOW - timedelta(minutes=chance.randrange(30 * 1440)),
        )  # fmt: skip
        yield {"_id": f"r{n}", "version": 1, "sequence": 1, "state": state.model_dump(),
               "inbox": {}, "history": [], "outbox": [], "shard": 0}  # fmt: skip


def _fill(uri: str, database: str, number: int) -> None:
    rows = list(_rows(number, random.Random(number)))
    with MongoClient[dict[str, Any]](uri) as client:
        for start in range(0, len(rows), 5000):
            client[database][COLLECTION].insert_many(rows[start : start + 5000], ordered=False)


async def _one_side(uri: str, name: str) -> tuple[Any, Candidates]:
    settings = Settings(
        service="request_intake", database=name, token_secret="x" * 40, field_key="x" * 40,
        MONGODB_URI=uri, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
    )  # fmt: skip
    client = connect(uri, settings.mongo_driver)
    candidates = Candidates(Requests(client.database(name), settings).store)
    await candidates.create_indexes()
    return client, candidates


async def _candidates(uri: str, many: int, table: LikenessTable) -> None:
    sides = {}
    for number in (FEW, many):
        name = f"likeness{number}"
        sides[number] = await _one_side(uri, name)
        await asyncio.to_thread(_fill, uri, name, number)
    chance = random.Random(5)
    taken: dict[int, list[float]] = {number: [] for number in sides}
    rounds: dict[int, list[float]] = {number: [] for number in sides}
    for _ in range(ROUNDS):
        for number, (_, candidates) in sides.items():
            times = []
            for _ in range(CALLS):
                point = Point(
                    longitude=114 + chance.random() * 0.4, latitude=22.5 + chance.random() * 0.36
                )
                began = time.perf_counter()
                await candidates.find(point, ("C", "S1"), NOW, [f"k{chance.randrange(14)}"], table)
                times.append((time.perf_counter() - began) * 1000)
            taken[number] += times
            rounds[number].append(statistics.median(times))
    for number, times in taken.items():
        print(f"candidates of {number:,} open: p50 {percentile(times, 50):.2f} ms, "
              f"p99 {percentile(times, 99):.2f} ms")  # fmt: skip
    ratio = statistics.median(b / a for a, b in zip(rounds[FEW], rounds[many], strict=True))
    print(f"  many against few: {ratio:.2f}")
    for client, _ in sides.values():
        await client.close()


def _sketch(words: frozenset[str], key: bytes) -> bytes:
    """A MinHash of keyed hashes, the lowest byte of each least one."""
    least = [2**32 - 1] * HASHES
    for word in words:
        seed = hmac.digest(key, word.encode(), "sha256")
        stream = hashlib.shake_128(seed).digest(4 * HASHES)
        for n in range(HASHES):
            least[n] = min(least[n], int.from_bytes(stream[4 * n : 4 * n + 4], "big"))
    return bytes(one & 255 for one in least)


def _estimate(one: bytes, other: bytes) -> float:
    same = sum(a == b for a, b in zip(one, other, strict=True)) / HASHES
    jaccard = max(0.0, (same - 1 / 256) / (1 - 1 / 256))
    return 2 * jaccard / (1 + jaccard)


def _words(table: LikenessTable) -> None:
    chance = random.Random(3)
    cipher = FieldCipher.from_secret("k" * 40)
    texts = [_text(chance) for _ in range(table.considered)]
    places = [context_of(COLLECTION, "text", f"r{n}") for n in range(len(texts))]
    sealed = [cipher.encrypt(text, place) for text, place in zip(texts, places, strict=True)]
    own = Side("k", NOW, None, words_of(_text(chance), table))
    spent, sketching = [], []
    for _ in range(30):
        began = time.process_time()
        for value, place in zip(sealed, places, strict=True):
            text = cipher.decrypt(value, place)
            compare(own, Side("k", NOW, None, words_of(text, table)), table)
        spent.append((time.process_time() - began) * 1000)
        began = time.process_time()
        _sketch(words_of(texts[0], table), b"key")
        sketching.append((time.process_time() - began) * 1000)
    print(f"words of {table.considered} candidates decrypted and compared: "
          f"{statistics.median(spent):.2f} ms of processor")  # fmt: skip
    print(
        f"a sketch of {HASHES} bytes: {statistics.median(sketching):.2f} ms for each request filed"
    )
    errors, wrong = [], 0
    for _ in range(400):
        one = _text(chance)
        kept = chance.randrange(10, 55)
        other = one[:kept] + _text(chance, 60 - kept)
        a, b = words_of(one, table), words_of(other, table)
        exact, guess = dice(a, b), _estimate(_sketch(a, b"key"), _sketch(b, b"key"))
        errors.append(guess - exact)
        wrong += (exact >= 0.4) != (guess >= 0.4)
    print(f"sketch against the words: standard error {statistics.pstdev(errors):.3f}; on the other "
          f"side of 0.4 in {wrong / 4:.1f} % of pairs")  # fmt: skip


async def _main(many: int) -> None:
    print(f"predicted: {PREDICTED}")
    _words(_TABLE)
    with tempfile.TemporaryDirectory() as folder, own_database(Path(folder)) as server:
        await _candidates(server.address, many, _TABLE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=MANY)
    sys.exit(asyncio.run(_main(parser.parse_args().open)))
