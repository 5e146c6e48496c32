"""Likeness on two cities' real requests. Neither has words, and neither marks duplicates: what is
counted is what would be suggested, and how that agrees with what the tables do say."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from services.request_intake.likeness import Side, compare
from services.request_intake.near import keys_around, keys_of
from shared.contracts.payload import Point
from tests.real.tables import needs_the_tables, rows_of
from tests.unit.services.request_intake.test_likeness import TABLE

pytestmark = [pytest.mark.real, needs_the_tables]


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)


def test_los_angeles_has_no_marks_and_suggestions_agree_with_the_address() -> None:
    rows = [row for row in rows_of("la_311_2018_12_sample.csv") if row["Latitude"]]
    rows.sort(key=lambda row: moment(row["CreatedDate"]))
    sides = [
        Side(
            row["RequestType"].replace(" ", "_").replace("/", "_"),
            moment(row["CreatedDate"]),
            Point(longitude=float(row["Longitude"]), latitude=float(row["Latitude"])),
            None,
        )
        for row in rows
    ]
    # As the index finds them: by cell and category, those that came before.
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    candidates = []
    pairs: list[tuple[int, int, bool]] = []
    for new, side in enumerate(sides):
        found = [
            old
            for key in keys_around(side.point, (), TABLE.within_m)
            for old in seen[key, side.category]
        ]
        candidates.append(len(found))
        for old in found:
            likeness = compare(side, sides[old], TABLE)
            if likeness is not None:
                pairs.append((new, old, likeness.suggested))
        for key in keys_of(side.point, ()):
            seen[key, side.category].append(new)
    suggested = {(new, old) for new, old, yes in pairs if yes}

    def same_address(pair: tuple[int, int]) -> bool:
        return rows[pair[0]]["Address"] == rows[pair[1]]["Address"]

    def closed_together(pair: tuple[int, int]) -> bool:
        ends = [rows[n]["ClosedDate"] for n in pair]
        return all(ends) and abs(moment(ends[0]) - moment(ends[1])) <= timedelta(minutes=5)

    places = Counter((side.category, row["Address"]) for side, row in zip(sides, rows, strict=True))
    at_one_address = sum(number * (number - 1) // 2 for number in places.values())
    right = sum(map(same_address, suggested))
    together = sum(map(closed_together, suggested))
    base = [pair for pair in combinations(range(0, len(rows), 25), 2)
            if sides[pair[0]].category == sides[pair[1]].category]  # fmt: skip
    print(f"{len(rows)} requests; candidates: {sorted(candidates)[len(rows) * 99 // 100]} (p99), "
          f"{max(candidates)} at most")  # fmt: skip
    print(f"{len(suggested)} pairs suggested, for {len({new for new, _ in suggested})} requests")
    of_one = f"of the {at_one_address} pairs of one kind and address"
    print(f"same address: {right / len(suggested):.3f} of those suggested")
    print(f"suggested: {right / at_one_address:.3f} {of_one}")
    print(f"closed within 5 minutes of each other: {together / len(suggested):.3f}; "
          f"of any two of one kind {sum(map(closed_together, base)) / len(base):.4f}")  # fmt: skip
    assert right / len(suggested) > 0.6
    assert right / at_one_address > 0.9
    assert together / len(suggested) > 10 * sum(map(closed_together, base)) / len(base)


def test_pingshan_without_words_and_points_gets_no_suggestion() -> None:
    rows = rows_of("pingshan_requests_2018_02_to_09.csv")
    groups: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in rows:
        at = datetime.strptime(row["CREATE_TIME"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        groups[row["COMMUNITY_NAME"], row["SUB_TYPE_NAME"]].append(at)
    near = 0
    for (_, kind), times in groups.items():
        for one, other in combinations(times, 2):
            likeness = compare(Side(kind, one, None, None), Side(kind, other, None, None), TABLE)
            near += likeness is not None
            assert likeness is None or not likeness.suggested
    print(f"{near} pairs of one sub-category in one community within {TABLE.within_hours:g} h")
    assert near
