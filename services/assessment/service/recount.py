"""Every figure counted again from the bare facts of the cases, in plain Python.

A second way to the same numbers: it shares nothing with the decisions, the keys or the pipeline
that make the figures, so that a mistake in one of them shows as a difference.
"""

import math
import statistics
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

MILLIS_AN_HOUR = 3_600_000
Subject = tuple[str, str, str]
"""Month, kind and id."""


@dataclass(slots=True)
class Tally:
    """What the cases of one subject and month add up to."""

    requests: int = 0
    asked: int = 0
    contacted: int = 0
    solved: int = 0
    ratings: int = 0
    good_ratings: int = 0
    verdicts: int = 0
    kept: int = 0
    hours: "array[float]" = field(default_factory=lambda: array("d"))

    def numbers(self) -> dict[str, float | None]:
        """The figures, under the names that they have in a figure."""
        return {
            "requests": self.requests,
            "followed_up": self.asked,
            "response_rate": self.contacted / self.asked if self.asked else None,
            "resolution_rate": self.solved / self.contacted if self.contacted else None,
            "satisfaction_rate": self.good_ratings / self.ratings if self.ratings else None,
            "in_time_rate": self.kept / self.verdicts if self.verdicts else None,
            "median_hours": statistics.median(self.hours) if self.hours else None,
            "p90_hours": _ninetieth(self.hours),
        }


def _ninetieth(hours: "array[float]") -> float | None:
    if len(hours) < 2:
        return hours[0] if hours else None
    return statistics.quantiles(hours, n=10, method="inclusive")[8]


class Recount:
    """Takes cases one by one, as they stand in the database (the `state` of each)."""

    def __init__(self, zone: tzinfo, levels: Mapping[str, str]) -> None:
        self._zone = zone
        self._levels = levels
        self.cases = 0
        self.unaccepted = 0
        """Cases of which only the task is known so far."""
        self.tallies: dict[Subject, Tally] = {}

    def add(self, case: Mapping[str, Any]) -> None:
        """Count a case."""
        accepted: datetime | None = case["accepted_at"]
        if accepted is None:
            self.unaccepted += 1
            return
        self.cases += 1
        local = accepted.astimezone(self._zone)
        month = f"{local.year:04d}-{local.month:02d}"
        subjects = {
            (month, self._levels[code], code)
            for code in case["area_path"]
            if self._levels.get(code) in ("street", "community")
        }
        # Who answers for shared work is known from the resident's answer alone.
        prefix = "shared_" if case.get("joined") else ""
        subjects |= {
            (month, kind, case[f"{prefix}{kind}_id"])
            for kind in ("unit", "organization")
            if case[f"{prefix}{kind}_id"] is not None
        }
        for subject in subjects:
            self._count(self.tallies.setdefault(subject, Tally()), case, accepted)

    @staticmethod
    def _count(tally: Tally, case: Mapping[str, Any], accepted: datetime) -> None:
        shares = case.get("joined", False)
        tally.requests += not shares
        if case["follow_ups"]:
            _, answer = sorted((int(n), a) for n, a in case["follow_ups"].items())[-1]
            tally.asked += 1
            if answer["contacted"]:
                tally.contacted += 1
                if answer["solved"]:
                    tally.solved += 1
            if answer["satisfied"] is not None:
                tally.ratings += 1
                if answer["satisfied"] in (4, 5):
                    tally.good_ratings += 1
        work = case["rounds"].get(str(case["round"]))
        if work is None or case["cancelled"] or shares:
            return
        if not work["completed"]:
            tally.verdicts += work["overdue"]
        elif work["in_time"] is not None:
            tally.verdicts += 1
            tally.kept += work["in_time"]
        if work["completed_at"] is not None:
            spent = work["completed_at"] - accepted
            millis = (spent.days * 86_400 + spent.seconds) * 1000 + spent.microseconds // 1000
            if millis >= 0:
                tally.hours.append(millis / MILLIS_AN_HOUR)

    def differences(self, subject: Subject, figure: Mapping[str, Any] | None) -> dict[str, Any]:
        """The numbers of `figure` that are not the recount's: name -> [figure, recount]."""
        tally = self.tallies.get(subject, Tally())
        shown = Tally().numbers() if figure is None else figure
        return {
            name: [shown[name], number]
            for name, number in tally.numbers().items()
            if not _same(shown[name], number)
        }


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
