"""Figures of one subject in one month, from the sums over its cases (docs/assessment.md)."""

from dataclasses import dataclass
from enum import StrEnum

from services.assessment.service.cases import parts_of
from shared.contracts.assessments import FigureMeasured
from shared.contracts.words import AreaLevel
from shared.storage.aggregates import Decision, State


class SubjectKind(StrEnum):
    """Whose figures they are."""

    STREET = "street"
    COMMUNITY = "community"
    UNIT = "unit"
    ORGANIZATION = "organization"

    @property
    def group(self) -> str:
        """The kind of group in a case's keys: an area's level is not known to the case."""
        return "area" if self in AREA_KINDS else self.value


AREA_KINDS = frozenset({SubjectKind.STREET, SubjectKind.COMMUNITY})

COUNTS = (
    "requests",
    "followed_up",
    "contacted",
    "solved",
    "rated",
    "satisfied",
    "judged",
    "in_time",
    "timed",
)
"""The numbers of a figure that add up over months and subjects."""
RATES = {
    "response_rate": ("contacted", "followed_up"),
    "resolution_rate": ("solved", "contacted"),
    "satisfaction_rate": ("satisfied", "rated"),
    "in_time_rate": ("in_time", "judged"),
}
"""Each rate: a count by another one, its sample."""
HOURS = ("median_hours", "p90_hours")
SAMPLES = {name: sample for name, (_, sample) in RATES.items()} | dict.fromkeys(HOURS, "timed")
"""The count that is the sample of each rate and percentile."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the cases of a group. `median` and `p90` are places among its sorted hours."""

    requests: int = 0
    followed_up: int = 0
    contacted: int = 0
    solved: int = 0
    rated: int = 0
    satisfied: int = 0
    judged: int = 0
    in_time: int = 0
    timed: int = 0
    median: tuple[float, float] = (0.0, 0.0)
    """The hours below and above the median's place."""
    p90: tuple[float, float] = (0.0, 0.0)


class Figure(State):
    """The figures of a subject in a month, with the samples that they come from."""

    month: str
    kind: SubjectKind
    subject_id: str
    requests: int = 0
    followed_up: int = 0
    contacted: int = 0
    solved: int = 0
    rated: int = 0
    satisfied: int = 0
    judged: int = 0
    in_time: int = 0
    timed: int = 0
    """Cases whose hours are known."""
    response_rate: float | None = None
    resolution_rate: float | None = None
    satisfaction_rate: float | None = None
    in_time_rate: float | None = None
    median_hours: float | None = None
    p90_hours: float | None = None
    hours_of: int | None = None
    """The batch up to which its tally's hours are in it; None where nobody has noted it."""


def figure_id(month: str, kind: str, id: str) -> str:
    """Id of a figure, and the subject of its event."""
    return f"{month}/{kind}/{id}"


def kinds_of(key: str) -> tuple[SubjectKind, ...]:
    """The kinds of subject that a group can be: an area is a street or a community, or neither."""
    group = parts_of(key)[0]
    if group == "area":
        return (SubjectKind.STREET, SubjectKind.COMMUNITY)
    return (SubjectKind(group),)


def kind_of(key: str, level: str | None) -> SubjectKind | None:
    """The kind of subject that a group is; `level` is its area's, None while not known."""
    group = parts_of(key)[0]
    if group != "area":
        return SubjectKind(group)
    if level in (AreaLevel.STREET, AreaLevel.COMMUNITY):
        return SubjectKind(level)
    return None


def rate(part: int, whole: int) -> float | None:
    """`part` of `whole`, or None without a sample."""
    return part / whole if whole else None


def place(timed: int, tenths: int) -> tuple[int, int, int]:
    """Where a percentile of `timed` sorted values lies: index below, index above, tenths between.

    Linear interpolation between the closest ranks at (n - 1) x p, as in Excel's PERCENTILE.INC
    and `statistics.quantiles(method="inclusive")`; in whole numbers, so that it is exact.
    """
    below, between = divmod((timed - 1) * tenths, 10)
    return below, min(below + 1, timed - 1), between


def _percentile(timed: int, tenths: int, around: tuple[float, float]) -> float | None:
    if not timed:
        return None
    between = place(timed, tenths)[2]
    return around[0] + (around[1] - around[0]) * between / 10


def figure_of(
    month: str, kind: SubjectKind, id: str, sums: Sums, hours_of: int | None = None
) -> Figure:
    """The figures from the sums."""
    return Figure(
        month=month,
        kind=kind,
        subject_id=id,
        requests=sums.requests,
        followed_up=sums.followed_up,
        contacted=sums.contacted,
        solved=sums.solved,
        rated=sums.rated,
        satisfied=sums.satisfied,
        judged=sums.judged,
        in_time=sums.in_time,
        timed=sums.timed,
        response_rate=rate(sums.contacted, sums.followed_up),
        resolution_rate=rate(sums.solved, sums.contacted),
        satisfaction_rate=rate(sums.satisfied, sums.rated),
        in_time_rate=rate(sums.in_time, sums.judged),
        median_hours=_percentile(sums.timed, 5, sums.median),
        p90_hours=_percentile(sums.timed, 9, sums.p90),
        hours_of=hours_of,
    )


def with_hours_of(figure: Figure, known: Figure) -> Figure:
    """`figure` with the hours that another one has."""
    names = ("timed", "median_hours", "p90_hours", "hours_of")
    return figure.model_copy(update={name: getattr(known, name) for name in names})


def remeasured(known: Figure | None, now: Figure) -> Decision[Figure] | None:
    """The change from `known` to `now`; None where nothing changed. One of nothing is not told
    of where there was none."""
    if now == known:
        return None
    told = _told(now)
    # Samples alone are not told: a snapshot goes out where what it says changed.
    before = known or figure_of(now.month, now.kind, now.subject_id, Sums())
    return Decision(now, [] if told == _told(before) else [told], why="its cases changed")


_TOLD = set(FigureMeasured.model_fields) - {"subject_kind"}


def _told(figure: Figure) -> FigureMeasured:
    return FigureMeasured(subject_kind=figure.kind.value, **figure.model_dump(include=_TOLD))
