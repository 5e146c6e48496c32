"""Identifiers: UUIDv7 by RFC 9562, and derived ids that must never change."""

import time
import uuid
from collections.abc import Callable

import pytest

from shared.contracts.ids import derived_id, lead_task_id, reported_request_id, uuid7


def test_uuid7_has_version_variant_and_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(uuid7())
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_uuid7_sorts_by_millisecond_and_is_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    millis = 1_800_000_000_000
    made = []
    for step in range(200):
        monkeypatch.setattr(time, "time_ns", lambda now=millis + step: now * 1_000_000)
        made.append(uuid7())
    assert made == sorted(made)
    monkeypatch.setattr(time, "time_ns", lambda: millis * 1_000_000)
    assert len({uuid7() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("make", "golden"),
    [
        (lambda: derived_id("a", "b"), "9d5927cc-622f-5fa5-b357-3fa32f496270"),
        (
            lambda: reported_request_id("/units/hospital", "case/7"),
            "ac00968d-5b7c-5772-936b-b96911c9ac35",
        ),
        (
            lambda: lead_task_id("0198b2a0-0000-7000-8000-000000000000"),
            "c67084a2-a28b-5384-914c-08482d2676ae",
        ),
    ],
)
def test_derived_ids_never_change(make: Callable[[], str], golden: str) -> None:
    assert make() == golden


def test_parts_do_not_run_together() -> None:
    assert derived_id("ab", "c") != derived_id("a", "bc")
