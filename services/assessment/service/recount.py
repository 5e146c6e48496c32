"""Every figure counted again from the bare facts of the cases, in plain Python.

A second way to the same numbers: it shares nothing with the decisions, the keys or the tallies
that make the figures, so that a mistake in one of them shows as a difference.

Each case is put on two piles: that of where it lies (its area path), and that of who did the work
(unit and organization). The piles of a street, a community, a unit or an organization are put
together at the end. So a case costs a few microseconds in however many figures it is, and 16 bytes:
what it adds is one of some hundred combinations, which are counted, and its milliseconds are kept.
"""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from services.assessment.service.recount_corrections import as_corrected

BARE_FACTS = (
    "accepted_at", "area_path", "unit_id", "organization_id", "follow_ups", "rounds", "round",
    "cancelled", "joined", "shared_unit_id", "shared_organization_id", "corrections",
)  # fmt: skip
"""The fields of a case's state that are looked at here; nothing that is derived from them."""
MILLIS_AN_HOUR = 3_600_000
DIFFERING_SHOWN = 100
Subject = tuple[str, str, str]
"""Month, kind and id."""
Facts = tuple[int, ...]
"""What a case adds: requests, asked, contacted, solved, ratings, good ones, verdicts, in time."""
_NUMBERS = 8
_DAY, _MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)


@dataclass(slots=True)
class Pile:
    """Cases of one month that lie in one place, or were done by the same ones."""

    facts: dict[Facts, int] = field(default_factory=dict)
    """How many cases add these."""
    millis: "array[int]" = field(default_factory=lambda: array("q"))
    """From a request's time to completion, of each case that has it."""


class Recount:
    """Takes cases as they stand in the database: the `state` of each, its times in UTC."""

    def __init__(self, zone: tzinfo, levels: Mapping[str, str]) -> None:
        self._zone = zone
        self._levels = levels
        self._months: dict[date, str | None] = {}
        self._places: dict[tuple[str, ...], Pile] = {}
        self._doers: dict[tuple[str, str | None, str | None], Pile] = {}
        self.cases = 0
        self.unaccepted = 0
        """Cases of which only the task is known so far."""

    def add(self, case: Mapping[str, Any]) -> None:
        """Count a case."""
        accepted: datetime | None = case["accepted_at"]
        if accepted is None:
            self.unaccepted += 1
            return
        self.cases += 1
        if case.get("corrections"):
            corrected = as_corrected(case)
            if corrected is None:
                return
            case = corrected
        month = self._month(accepted)
        # Who answers for shared work is known from the resident's answer alone.
        shared = "shared_" if case.get("joined") else ""
        doer = month, case[f"{shared}unit_id"], case[f"{shared}organization_id"]
        place = month, *case["area_path"]
        lies, done = self._places.get(place), self._doers.get(doer)
        if lies is None:
            lies = self._places[place] = Pile()
        if done is None:
            done = self._doers[doer] = Pile()
        facts, millis = facts_of(case), millis_of(case, accepted)
        lies.facts[facts] = lies.facts.get(facts, 0) + 1
        done.facts[facts] = done.facts.get(facts, 0) + 1
        if millis is not None:
            lies.millis.append(millis)
            done.millis.append(millis)

    def _month(self, moment: datetime) -> str:
        """The month in the city's time zone; looked up once for a day that lies in one month."""
        day = moment.date()
        if day not in self._months:
            begin = datetime.combine(day, time())
            first, last = self._local(begin), self._local(begin + _DAY - _MILLISECOND)
            self._months[day] = first if first == last else None
        return self._months[day] or self._local(moment)

    def _local(self, moment: datetime) -> str:
        local = moment.replace(tzinfo=UTC).astimezone(self._zone)
        return f"{local.year:04d}-{local.month:02d}"

    def subjects(self) -> dict[Subject, list[Pile]]:
        """Whose figures there must be, with the piles of each."""
        found: dict[Subject, list[Pile]] = {}
        for (month, *path), pile in self._places.items():
            for code in set(path):
                level = self._levels.get(code)
                if level in ("street", "community"):
                    found.setdefault((month, level, code), []).append(pile)
        for (month, unit, organization), pile in self._doers.items():
            for kind, id in (("unit", unit), ("organization", organization)):
                if id is not None:
                    found.setdefault((month, kind, id), []).append(pile)
        return found


def facts_of(case: Mapping[str, Any]) -> Facts:
    """What a case adds to each figure that it counts in."""
    asked = contacted = solved = ratings = good = verdicts = kept = 0
    answers = case["follow_ups"]
    if answers:
        answer = answers[max(answers, key=int)]
        asked = 1
        if answer["contacted"]:
            contacted = 1
            solved = 1 if answer["solved"] else 0
        if answer["satisfied"] is not None:
            ratings = 1
            good = 1 if answer["satisfied"] in (4, 5) else 0
    shares = case.get("joined", False)
    work = case["rounds"].get(str(case["round"]))
    if work is not None and not case["cancelled"] and not shares:
        if not work["completed"]:
            verdicts = 1 if work["overdue"] else 0
        elif work["in_time"] is not None:
            verdicts = 1
            kept = 1 if work["in_time"] else 0
    return 0 if shares else 1, asked, contacted, solved, ratings, good, verdicts, kept


def millis_of(case: Mapping[str, Any], accepted: datetime) -> int | None:
    """Milliseconds from the request's time to completion; None where it is not timed."""
    work = case["rounds"].get(str(case["round"]))
    if work is None or work["completed_at"] is None or case["cancelled"] or case.get("joined"):
        return None
    millis: int = (work["completed_at"] - accepted) // _MILLISECOND
    return millis if millis >= 0 else None


def added_up(piles: Sequence[Pile]) -> Facts:
    """What the cases of some piles add up to."""
    sums = [0] * _NUMBERS
    for pile in piles:
        for facts, times in pile.facts.items():
            sums = [total + times * one for total, one in zip(sums, facts, strict=True)]
    return tuple(sums)


def numbers(piles: Sequence[Pile]) -> dict[str, float | None]:
    """The figures of a subject, under the names that they have in a figure."""
    requests, asked, contacted, solved, ratings, good, verdicts, kept = added_up(piles)
    median, ninetieth = _percentiles(piles)
    return {
        "requests": requests,
        "followed_up": asked,
        "response_rate": contacted / asked if asked else None,
        "resolution_rate": solved / contacted if contacted else None,
        "satisfaction_rate": good / ratings if ratings else None,
        "in_time_rate": kept / verdicts if verdicts else None,
        "median_hours": median,
        "p90_hours": ninetieth,
    }


def _percentiles(piles: Iterable[Pile]) -> tuple[float | None, float | None]:
    """Median and ninetieth percentile, hours; as `PERCENTILE.INC` of a spreadsheet."""
    import numpy as np  # noqa: PLC0415 (12 MB that an idle service need not have)

    known = [np.frombuffer(pile.millis, np.int64) for pile in piles if pile.millis]
    if not known:
        return None, None
    # It sorts without keeping other threads waiting: a unit can have some hundred thousand.
    values = np.sort(np.concatenate(known))
    found = []
    for tenths in (5, 9):
        below, between = divmod((len(values) - 1) * tenths, 10)
        first, *following = values[below : below + 2].tolist()
        step = (following[0] - first) * between / 10 if following else 0.0
        found.append((first + step) / MILLIS_AN_HOUR)
    return found[0], found[1]


class Comparison:
    """Figures beside the recount."""

    def __init__(self, recount: Recount) -> None:
        self._piles = recount.subjects()
        self._unseen = set(self._piles)
        self.figures = 0
        self.differing: list[dict[str, Any]] = []
        """The first hundred that differ: `id`, and `numbers`: name -> [figure, recount]."""
        self.differing_total = 0
        self.counted_twice = 0
        self.missing = 0

    def add(self, figure: Mapping[str, Any]) -> None:
        """Compare a figure, as it stands in the database (its `state`)."""
        subject = figure["month"], str(figure["kind"]), figure["subject_id"]
        self._unseen.discard(subject)
        self._compare(subject, figure)

    def finish(self) -> None:
        """Note the subjects of which there should be a figure and is none."""
        for subject in sorted(self._unseen):
            self._compare(subject, numbers(()))

    def _compare(self, subject: Subject, shown: Mapping[str, Any]) -> None:
        self.figures += 1
        wrong = differences(shown, self._piles.get(subject, ()))
        if not wrong:
            return
        self.differing_total += 1
        if len(self.differing) < DIFFERING_SHOWN:
            self.differing.append({"id": "/".join(subject), "numbers": wrong})
        requests, right = wrong.get("requests", (0, 0))
        self.counted_twice += max(0, requests - right)
        self.missing += max(0, right - requests)


def differences(shown: Mapping[str, Any], piles: Sequence[Pile]) -> dict[str, Any]:
    """The numbers of a figure that are not the recount's: name -> [figure, recount]."""
    return {
        name: [shown[name], number]
        for name, number in numbers(piles).items()
        if not _same(shown[name], number)
    }


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
