"""When a settled score rests on figures that are other ones now."""

from services.assessment.scores.outdated import differs

KEPT = {"requests": 10.0, "solved": 7.0, "p90_hours": 1 / 3, "funds_given": 900.0}


def test_only_numbers_that_cases_give_make_a_settled_score_outdated() -> None:
    assert not differs(KEPT, KEPT)
    assert not differs(KEPT, KEPT | {"funds_given": 1.0, "vacant_days": 9.0})
    assert not differs(KEPT, KEPT | {"p90_hours": 1 / 3 + 1e-17})
    assert differs(KEPT, KEPT | {"solved": 8.0})
    assert differs(KEPT, KEPT | {"rated": 1.0})
    assert differs(KEPT, {})
    assert differs({}, KEPT)
