"""Which version a period is assessed by, and what may be put in force."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.assessment.schemes.versions import SchemeVersion, ensure_allowed, in_force
from shared.web.problems import Problem
from tests.unit.services.assessment.scores.schemes import scheme


def version(number: int, valid_from: str, by: str = "administrator:a", **more: Any) -> Any:
    of = scheme(valid_from=valid_from, **more)
    return SchemeVersion(number, of, datetime(2026, 1, 1, tzinfo=UTC), by, "")


def test_a_period_is_assessed_by_the_version_of_its_kind_that_counts_by_its_first_month() -> None:
    versions = [
        version(1, "2000-01", "shipped"),
        version(2, "2026-05"),
        version(3, "2026-05"),
        version(4, "2026-04"),
        version(5, "2026-02", period="quarter"),
    ]

    def number(period: str) -> int | None:
        found = in_force(versions, period)
        return None if found is None else found.version

    assert [number(p) for p in ("2026-03", "2026-04", "2026-05", "2027-01")] == [1, 4, 3, 3]
    assert [number(p) for p in ("2026-Q1", "2026-Q2", "2026")] == [None, 5, None]


def test_a_new_release_never_takes_the_place_of_a_city_s_own_scheme() -> None:
    versions = [
        version(1, "2000-01", "shipped"),
        version(2, "2026-03"),
        version(3, "2026-05", "shipped"),
        version(4, "2026-08", "file"),
        version(5, "2026-06", "shipped", period="quarter"),
    ]
    found = [in_force(versions, p) for p in ("2026-02", "2026-03", "2026-05", "2026-08")]
    assert [one and one.version for one in found] == [1, 2, 2, 4]
    # Of quarters the city has none of its own.
    assert [in_force(versions, p) for p in ("2026-Q2", "2026-Q3")] == [None, versions[4]]
    shipped = [one for one in versions if not one.own]
    assert in_force(shipped, "2026-05") == versions[2]


@pytest.mark.parametrize(
    ("valid_from", "settled", "code"),
    [
        ("2026-06", [], None),
        ("2026-07", ["2026-05"], None),
        ("2026-06", ["2026-06"], "scheme-settled"),
        ("2026-06", ["2026-Q4"], None),
        ("2026-05", [], "scheme-backdated"),
    ],
)
def test_what_is_past_is_never_changed(
    valid_from: str, settled: list[str], code: str | None
) -> None:
    versions = [version(1, "2000-01", "shipped"), version(2, "2026-03")]
    new = scheme(valid_from=valid_from)
    if code is None:
        ensure_allowed(new, versions, "2026-06", settled)
        return
    with pytest.raises(Problem) as raised:
        ensure_allowed(new, versions, "2026-06", settled)
    assert raised.value.code == code


def test_the_first_scheme_of_a_city_may_count_for_past_months() -> None:
    ensure_allowed(scheme(valid_from="2025-01"), [version(1, "2000-01", "shipped")], "2026-06", [])
