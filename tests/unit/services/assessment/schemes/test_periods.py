"""Periods: months of each, the one before."""

import pytest

from services.assessment.schemes.periods import before, kind_of, months_of, period_of


def test_periods() -> None:
    assert months_of("2026-05") == ("2026-05",)
    assert months_of("2026-Q2") == ("2026-04", "2026-05", "2026-06")
    assert len(months_of("2026")) == 12
    assert [period_of("2026-06", kind) for kind in ("month", "quarter", "year")] == [
        "2026-06",
        "2026-Q2",
        "2026",
    ]
    assert [before(p) for p in ("2026-01", "2026-05", "2026-Q1", "2026-Q3", "2026")] == [
        "2025-12",
        "2026-04",
        "2025-Q4",
        "2026-Q2",
        "2025",
    ]
    for wrong in ("2026-13", "2026-Q5", "26", "2026-5"):
        with pytest.raises(ValueError, match="no period"):
            kind_of(wrong)
