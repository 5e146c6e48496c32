"""A record of each type and version stays readable for ever."""

from typing import ClassVar

import pytest

from shared.contracts import catalog, envelope
from shared.contracts.payload import Fact, Id
from shared.contracts.topics import TOPICS
from tests.contracts.golden_files import Golden, goldens, lost, read

ALL = goldens()
CLOSED = "lianxin.request.closed.v1"


@pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.name)
def test_is_read_as_it_was_written(golden: Golden) -> None:
    assert golden.name.startswith(f"{golden.type}.")
    assert lost(golden) == []


def test_each_type_and_version_has_one() -> None:
    assert set(catalog.BY_FULL_TYPE) - {golden.type for golden in ALL} == set()


def test_each_field_stands_in_one() -> None:
    """Else the loss of a field would not be noticed."""
    for name, payload in catalog.BY_FULL_TYPE.items():
        written = {field for golden in ALL if golden.type == name for field in golden.value}
        assert set(payload.model_fields) - written == set(), f"{name}: add {name}.<what>.json"


def test_each_type_is_published_on_a_topic_that_exists() -> None:
    assert {catalog.TOPIC_OF[p.TYPE] for p in catalog.BY_FULL_TYPE.values()} <= {
        topic.name for topic in TOPICS
    }


class WithoutOutcome(Fact):
    TYPE: ClassVar[str] = "lianxin.request.closed"

    request_id: Id


class Renamed(WithoutOutcome):
    result: str = "solved"


class OtherWords(WithoutOutcome):
    outcome: str = "solved"

    def model_post_init(self, _context: object) -> None:
        object.__setattr__(self, "outcome", "ended")


@pytest.mark.parametrize("changed", [WithoutOutcome, Renamed, OtherWords])
def test_a_lost_renamed_or_changed_field_is_noticed(
    changed: type[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = next(golden for golden in ALL if golden.type == CLOSED)
    monkeypatch.setitem(catalog.BY_FULL_TYPE, CLOSED, changed)
    assert any(line.startswith("outcome:") for line in lost(golden))


class NowRequired(Fact):
    TYPE: ClassVar[str] = "lianxin.request.closed"

    request_id: Id
    outcome: str
    closed_by: str


def test_a_new_required_field_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    golden = next(golden for golden in ALL if golden.type == CLOSED)
    monkeypatch.setitem(catalog.BY_FULL_TYPE, CLOSED, NowRequired)
    with pytest.raises(envelope.Invalid, match="closed_by"):
        read(golden)
