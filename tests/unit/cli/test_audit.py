"""The audit's comparison: three sorted streams against the same thing done with dictionaries."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.audit_compare import ASSESSMENT, DISPATCH, INTAKE, Comparison, compare, time_of
from shared.contracts.ids import lead_task_id, reported_request_id, uuid7

Known = tuple[int, int | None, int | None, int | None, int | None]
"""Sequences: intake's own, in dispatch of intake, the task's own, in assessment of both."""


def streams(world: dict[str, Known]) -> tuple[list[Any], list[Any], list[Any]]:
    requests, tasks, cases = [], [], []
    for id, (own, dispatch, task, case, case_task) in sorted(world.items()):
        if own:
            requests.append({"request_id": id, "sequence": own})
        if dispatch is not None and task is not None:
            found = {"request_id": id, "task_id": lead_task_id(id), "sequence": task}
            tasks.append(found | {"requests_sequence": dispatch})
        if case is not None and case_task is not None:
            of_tasks = {lead_task_id(id): case_task} if case_task else {}
            cases.append({"request_id": id, "requests_sequence": case, "tasks": of_tasks})
    return requests, tasks, cases


def compared(world: dict[str, Known], since: datetime | None = None) -> Comparison:
    return compare(*streams(world), since)


def wrong(comparison: Comparison, service: str) -> tuple[int, int]:
    tally = comparison.tallies[service]
    return tally.missing, tally.behind


def test_all_alike_is_clean() -> None:
    result = compared({"a": (3, 3, 2, 3, 2), "b": (1, 1, 1, 1, 1)})
    assert (result.requests, result.wrong, result.offending) == (2, 0, [])
    assert {tally.known for tally in result.tallies.values()} == {2}


@pytest.mark.parametrize(
    ("known", "service", "expected"),
    [
        ((3, None, None, 3, 0), DISPATCH, (1, 0)),
        ((3, 0, 1, 3, 1), DISPATCH, (1, 0)),
        ((3, 2, 1, 3, 1), DISPATCH, (0, 1)),
        ((3, 3, 1, None, None), ASSESSMENT, (1, 0)),
        ((3, 3, 1, 2, 1), ASSESSMENT, (0, 1)),
        ((3, 3, 4, 3, 2), ASSESSMENT, (0, 1)),
        ((3, 3, 4, 3, 5), DISPATCH, (0, 1)),
        ((0, 3, 1, 3, 1), INTAKE, (1, 0)),
        ((2, 3, 1, 3, 1), INTAKE, (0, 1)),
    ],
)
def test_each_fault_is_told_of_the_service_that_lacks_something(
    known: Known, service: str, expected: tuple[int, int]
) -> None:
    result = compared({"a": (1, 1, 1, 1, 1), "b": known, "c": (1, 1, 1, 1, 1)})
    for name in result.tallies:
        assert wrong(result, name) == (expected if name == service else (0, 0))
    assert [(o.request_id, o.service) for o in result.offending] == [("b", service)]


def test_a_task_heard_of_before_its_request_is_not_missing_one() -> None:
    assert compared({"a": (0, 0, 1, 0, 1)}).requests == 0


def test_only_the_first_offending_requests_are_kept() -> None:
    result = compared({f"{n:03}": (1, None, None, 1, 0) for n in range(50)})
    assert wrong(result, DISPATCH) == (50, 0)
    assert [o.request_id for o in result.offending] == [f"{n:03}" for n in range(20)]


def test_a_stream_out_of_order_is_refused() -> None:
    items = [{"request_id": id, "sequence": 1} for id in ("b", "a")]
    with pytest.raises(ValueError, match="not in order"):
        compare(items, [], [])


def test_since_leaves_out_what_is_older_and_keeps_what_has_no_time() -> None:
    id = uuid7()
    made = time_of(id)
    assert made is not None
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)
    reported = reported_request_id("/units/u", "case/1")
    assert time_of(reported) is None
    world: dict[str, Known] = {id: (1, 1, 1, 1, 1), reported: (1, 1, 1, 1, 1)}
    assert compared(world, made - timedelta(seconds=1)).requests == 2
    assert compared(world, made + timedelta(seconds=1)).requests == 1


_SEQUENCES = st.integers(0, 3)
_MAYBE = st.none() | _SEQUENCES


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.tuples(_SEQUENCES, _MAYBE, _MAYBE, _MAYBE, _MAYBE),
        max_size=12,
    )
)
def test_it_agrees_with_dictionaries(world: dict[str, Known]) -> None:
    requests, tasks, cases = streams(world)
    own = {item["request_id"]: item["sequence"] for item in requests}

    def missing(items: Sequence[Any], others: Sequence[Any]) -> set[str]:
        has = {i["request_id"] for i in items if i.get("requests_sequence", i.get("sequence"))}
        known = set(own) | {i["request_id"] for i in others if i["requests_sequence"]}
        return known - has

    result = compared(world)
    assert result.tallies[INTAKE].missing == len(missing(requests, [*tasks, *cases]))
    assert result.tallies[DISPATCH].missing == len(missing(tasks, []))
    assert result.tallies[ASSESSMENT].missing == len(missing(cases, []))
    accepted = {i["request_id"] for i in [*tasks, *cases] if i["requests_sequence"]} | set(own)
    assert result.requests == len(accepted)
