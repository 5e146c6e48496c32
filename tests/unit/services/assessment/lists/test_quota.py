"""Criteria that would be quotas are refused; being last again and again is none."""

import pytest

from services.assessment.lists.quota import quota_in


@pytest.mark.parametrize(
    "when",
    [
        "rank > ranked * 0.9",
        "rank >= ranked - 5",
        "rank == 10",
        "rank / ranked > 0.95",
        "satisfaction_rate < 0.6 or rank > 300",
        "rank < ranked",
        "rank >= ranked",
        "min(rank, 5) == 5",
        "ranked * 0.05 > 3",
        "rank == ranked == 7 or rank == ranked - 1",
        "not rank == ranked - 1",
        "rank == 1 == ranked",
        "not rank == ranked",
    ],
)
def test_a_place_or_a_share_of_the_class_is_a_quota(when: str) -> None:
    assert quota_in(when, 12) == "weak_by_quota"


@pytest.mark.parametrize(
    "when",
    ["ranked >= 5 and rank == ranked", "ranked == rank and ranked > 3 and score < 60"],
)
def test_being_last_counts_only_several_periods_running(when: str) -> None:
    assert quota_in(when, 1) == "weak_by_last_once"
    assert quota_in(when, 2) is None


@pytest.mark.parametrize(
    "when",
    ["vacant_days > 90", "rated >= 20 and satisfaction_rate < 0.6", "score < 60", "grade >= 4"],
)
def test_what_is_wrong_in_itself_is_no_quota(when: str) -> None:
    assert quota_in(when, 1) is None
