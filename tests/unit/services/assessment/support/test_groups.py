"""Who is compared apart, for want of what was promised."""

import pytest

from services.assessment.support.groups import Bounds, Lack, SupportGroup, lacks, support_group

HALF = Bounds(funds_share=0.5)


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ({}, ()),  # nothing is known: no reason to set anybody apart
        ({"funds_promised": 0.0, "funds_given": 0.0}, ()),
        ({"funds_promised": 100.0, "funds_given": 50.0}, ()),
        ({"funds_promised": 100.0, "funds_given": 49.99}, (Lack.FUNDS,)),
        ({"funds_promised": 100.0}, (Lack.FUNDS,)),
        ({"has_venue": 1.0}, ()),
        ({"has_venue": 0.0}, (Lack.VENUE,)),
        ({"funds_promised": 1.0, "funds_given": 0.0, "has_venue": 0.0}, (Lack.FUNDS, Lack.VENUE)),
        ({"plans_due": 3.0, "plans_overdue": 3.0}, ()),  # results are no support
    ],
)
def test_what_a_subject_lacks(inputs: dict[str, float], found: tuple[Lack, ...]) -> None:
    assert lacks(inputs, HALF) == found
    wanted = SupportGroup.UNSUPPORTED if found else SupportGroup.SUPPORTED
    assert support_group(inputs, HALF) is wanted


def test_a_city_may_not_count_venues_and_may_ask_for_all_the_money() -> None:
    assert lacks({"has_venue": 0.0}, Bounds(venue_counts=False)) == ()
    assert lacks({"funds_promised": 2.0, "funds_given": 1.9}, Bounds(funds_share=1.0)) == (
        Lack.FUNDS,
    )
