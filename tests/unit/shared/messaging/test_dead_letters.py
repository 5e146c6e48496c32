"""The parts of dead letters that need no server: ids, addresses, what is published."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.contracts.envelope import Invalid
from shared.messaging.dead_letters import Address, DeadLetters, Place, Raw, raw_of, unit_of

RAW = Raw(Place("lianxin.units", 3, 42), b"k", b"v", (("a", b"1"), ("b", None)))


def test_a_record_has_one_id_however_often_it_is_delivered() -> None:
    again = Raw(Place("lianxin.units", 3, 42), b"k", b"v", (("a", b"1"), ("b", None)))
    assert RAW.id == again.id
    for other in (
        Raw(Place("lianxin.units", 3, 43), b"k", b"v", RAW.headers),
        Raw(Place("lianxin.units", 3, 42), b"k", b"w", RAW.headers),
        Raw(Place("lianxin.units", 3, 42), b"k", b"v", (("a", b"2"),)),
    ):
        assert other.id != RAW.id


@pytest.mark.parametrize(
    ("source", "unit"),
    [
        ("/units/hospital", "hospital"),
        ("/units/", None),
        ("/units/a/b", None),
        ("/services/intake", None),
        ("x/units/hospital", None),
        ("", None),
    ],
)
def test_the_unit_of_a_source(source: str, unit: str | None) -> None:
    assert unit_of(source) == unit


@pytest.mark.parametrize(("text", "sequence"), [("7", 7), ("", 0), ("x", 0), ("9" * 30, 0)])
def test_the_address_of_what_could_not_be_read(text: str, sequence: int) -> None:
    invalid = Invalid("header", "…", {"source": "/units/a", "subject": "s", "sequence": text})
    assert Address.of_invalid(invalid) == Address("/units/a", "s", sequence, "")


def document(**more: Any) -> dict[str, Any]:
    return {
        "_id": "x",
        "reason": "错" * 10,
        "code": "payload",
        "topic": "lianxin.units",
        "partition": 3,
        "offset": 42,
        "source": "/units/hospital",
        "seen_at": datetime(2026, 1, 31, tzinfo=UTC),
        "key": b"k",
        "value": b"v",
        "headers": [["a", b"1"], ["b", None]],
    } | more


def test_a_dead_letter_says_where_it_stood_and_why() -> None:
    letters = DeadLetters(cast(Any, {"dead_letters": None}), "/services/request-intake")
    record = letters.outgoing(document())
    notes = dict(record.headers)
    assert (record.key, record.value) == (b"k", b"v")
    assert notes["dl_reason"].decode() == "错" * 10
    assert notes["dl_unit"] == b"hospital"
    assert (notes["dl_topic"], notes["dl_partition"], notes["dl_offset"]) == (
        b"lianxin.units",
        b"3",
        b"42",
    )
    assert notes["a"] == b"1"
    assert "b" not in notes


def test_a_dead_letter_is_cut_to_what_a_broker_takes() -> None:
    letters = DeadLetters(cast(Any, {"dead_letters": None}), "/services/request-intake")
    huge = document(
        key=b"k" * 2_000_000,
        value=b"v" * 2_000_000,
        headers=[[f"h{n}", b"x" * 100_000] for n in range(500)],
        reason="r" * 100_000,
    )
    record = letters.outgoing(huge)
    notes = dict(record.headers)
    assert notes["dl_truncated_from_bytes"] == b"2000000"
    size = len(record.key or b"") + len(record.value or b"")
    assert size + sum(len(n) + len(v) for n, v in record.headers) < 1_000_000


def test_a_kept_document_gives_its_record_back() -> None:
    kept = document(headers=[["a", b"1"], ["b", None]])
    assert raw_of(kept) == RAW
