"""Panels drawn by quota, and invitations."""

import hashlib
from collections import Counter

import pytest

from services.assessment.ratings.panels import Quota, draw, seat_of, token_of
from shared.storage.encryption import FieldCipher
from shared.web.problems import Problem

POOL = [f"p{n:03}" for n in range(200)]
QUOTAS = [Quota("居民", 20, POOL), Quota("党员", 5, POOL[:30]), Quota("服务对象", 3)]
HASH = FieldCipher.from_secret("a secret of at least 32 characters").blind_index


def test_anybody_draws_the_same_seats_from_the_same_seed() -> None:
    seats = draw(QUOTAS, "2026-09-30")
    assert [seat.group for seat in seats] == ["居民"] * 20 + ["党员"] * 5 + ["服务对象"] * 3
    assert [seat.number for seat in seats] == list(range(1, 29))
    shuffled = [Quota("居民", 20, POOL[::-1]), Quota("党员", 5, POOL[29::-1]), QUOTAS[2]]
    assert draw(shuffled, "2026-09-30") == seats
    assert draw(QUOTAS, "2026-10-01") != seats
    lots = sorted(POOL, key=lambda id: hashlib.sha256(f"s\0g\0{id}".encode()).hexdigest())
    assert [seat.person_id for seat in draw([Quota("g", 3, POOL)], "s")] == lots[:3]


def test_everybody_is_drawn_alike_often() -> None:
    """500 draws of 20 from 200: each about 50 times."""
    times = Counter(
        seat.person_id for n in range(500) for seat in draw([Quota("g", 20, POOL)], f"s{n}")
    )
    assert set(times) == set(POOL)
    assert min(times.values()) > 25
    assert max(times.values()) < 80


def test_a_pool_that_is_too_small_is_refused() -> None:
    with pytest.raises(Problem, match="panel-pool-short"):
        draw([Quota("g", 3, ["a", "b", "a"])], "s")
    with pytest.raises(Problem, match="panel-group-twice"):
        draw([Quota("g", 1), Quota("g", 1)], "s")


def test_an_invitation_cannot_be_made_up() -> None:
    token = token_of(HASH, "panel-1", 7)
    assert seat_of(HASH, token) == ("panel-1", 7)
    head, _, signature = token.rpartition(".")
    for wrong in (
        f"{head}.{signature[::-1]}",
        token.replace(".7.", ".8."),
        token.replace("panel-1", "panel-2"),
        token.replace(".7.", ".07."),
        "p.panel-1.x.y",
        "hello",
    ):
        assert seat_of(HASH, wrong) is None
