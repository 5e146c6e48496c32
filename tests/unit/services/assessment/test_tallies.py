"""Tallies changed by differences hold what the cases add up to, to the last digit."""

import statistics
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.service.cases import Measure, key_of
from services.assessment.service.figures import SubjectKind, Sums, figure_of, place
from services.assessment.service.tallies import (
    BITS,
    FORMER_BITS,
    MILLIS_AN_HOUR,
    Change,
    Counted,
    Difference,
    Tally,
    Torn,
    differences,
    millis_of,
    step_of,
    steps_wanted,
    sums_of,
)

KEY = key_of("unit", "u1", "2026-05")
OTHER = key_of("unit", "u2", "2026-05")
CITY = key_of("area", "bj", "2026-05")
# From nothing to some thirty years, with many equal ones, as where only days are known.
MILLIS = st.one_of(
    st.integers(0, 10**12), st.integers(0, 400), st.sampled_from((0, 86_400_000, 172_800_000))
)


def measure(millis: int | None, **sums: int) -> Measure:
    return Measure(hours=None if millis is None else millis / MILLIS_AN_HOUR, **sums)


def change(before: Counted, now: Counted) -> Change:
    return Change(id="r1", version=1, before=before, now=now)


def sums(difference: Difference, bits: int = BITS) -> Sums:
    """As the database keeps it: a tally, and of its values only those of the steps wanted."""
    values = difference.steps(bits)
    counts = {step: sum(some.values()) for step, some in values.items()}
    tally = Tally(KEY, difference.sums, {step: n for step, n in counts.items() if n})
    return sums_of(tally, {step: values[step] for step in steps_wanted(tally)})


@pytest.mark.parametrize(("bits", "apart"), [(BITS, 32), (FORMER_BITS, 128)])
@given(one=st.integers(0, 10**13), more=st.integers(0, 10**13) | st.integers(0, 10**6))
def test_steps_are_in_the_order_of_their_values(bits: int, apart: int, one: int, more: int) -> None:
    low, high = one, one + more
    assert 0 <= step_of(low, bits) <= step_of(high, bits)
    # All of a step lie within a thirty-second part of each other; two steps are never one.
    if step_of(low, bits) == step_of(high, bits):
        assert high - low <= low / apart
    assert step_of(low, bits) < step_of(low + low // (apart // 2) + 1, bits)


@given(st.integers(0, 10**13))
def test_hours_are_whole_milliseconds_again(millis: int) -> None:
    assert millis_of(measure(millis)) == millis


def test_no_hours_are_no_milliseconds() -> None:
    assert millis_of(Measure()) is None


@given(st.lists(MILLIS, max_size=60), st.lists(MILLIS, max_size=20))
def test_percentiles_are_those_of_all_values(kept: list[int], gone: list[int]) -> None:
    tally = Difference()
    for millis in kept + gone:
        tally.add(measure(millis, judged=1), 1)
    for millis in gone:
        tally.add(measure(millis, judged=1), -1)
    found = sums(tally)
    assert found == sums(tally, FORMER_BITS)
    hours = sorted(millis / MILLIS_AN_HOUR for millis in kept)
    assert (found.requests, found.timed, found.judged) == (len(kept),) * 3
    if hours:
        for tenths, around in ((5, found.median), (9, found.p90)):
            below, above, _ = place(len(hours), tenths)
            assert around == (hours[below], hours[above])
    if len(hours) > 1:
        figure = figure_of("2026-05", SubjectKind.UNIT, "u1", found)
        ninth = statistics.quantiles(hours, n=10, method="inclusive")[8]
        assert figure.median_hours == pytest.approx(statistics.median(hours), rel=1e-12)
        assert figure.p90_hours == pytest.approx(ninth, rel=1e-12)


def test_what_changed_is_taken_away_where_it_was_and_added_where_it_is() -> None:
    was = Counted(keys=(KEY, CITY), measure=measure(5_000, judged=1))
    now = Counted(keys=(OTHER, CITY), measure=measure(7_000, judged=1, in_time=1))
    found = differences([change(was, now)], frozenset())
    assert found[KEY].sums == Counter(requests=-1, judged=-1)
    assert found[KEY].millis == {5_000: -1}
    assert found[OTHER].sums == Counter(requests=1, judged=1, in_time=1)
    assert found[CITY].sums == Counter(in_time=1)
    assert found[CITY].millis == {5_000: -1, 7_000: 1}


def test_nothing_is_added_for_what_is_as_it_was_nor_for_areas_apart() -> None:
    same = Counted(keys=(KEY, CITY), measure=measure(5_000))
    assert differences([change(same, same)], frozenset()) == {}
    found = differences([change(Counted(), same)], frozenset({"bj"}))
    assert set(found) == {KEY}
    # There and back within one batch.
    assert differences([change(Counted(), same), change(same, Counted())], frozenset()) == {}


def test_values_of_another_batch_than_the_tally_are_refused() -> None:
    tally = Tally(KEY, {"requests": 2}, {step_of(5_000): 2})
    assert sums_of(tally, {step_of(5_000): {5_000: 2, 5_001: 0}}).median[0] == 5 / 3600
    for torn in ({}, {step_of(5_000): {5_000: 1}}, {step_of(5_000): {5_000: 3, 5_001: -1}}):
        with pytest.raises(Torn):
            sums_of(tally, torn)
    damaged = Tally(KEY, {}, {1: 2, 2: -1})
    assert steps_wanted(damaged) == set()
    with pytest.raises(Torn):
        sums_of(damaged, {})
