"""What a report is made from, as read from the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.assessment.reports.standing import Stand
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.service.figures import Figure
from services.assessment.support.groups import Lack


@dataclass(frozen=True)
class Subject:
    """Whose report: `kind` as in the path (city and district beside those that have figures)."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True)
class Known:
    """A subject's name, the promised support that it lacks, what is known of support and plans (as
    formulas see it), and how many of its cases were corrected."""

    name: str
    lacks: tuple[Lack, ...] = ()
    support: Mapping[str, float] = field(default_factory=dict)
    corrected: int = 0


@dataclass(frozen=True)
class Group:
    """Subjects with their figures in the period and the one before, and where they stand.

    `id`: what they are: a kind of subject, or `district`, of which none has a score.
    """

    id: str
    known: Mapping[str, Known]
    now: Mapping[str, Figure]
    before: Mapping[str, Figure]
    stands: Mapping[str, Stand] = field(default_factory=dict)
    stands_before: Mapping[str, Stand] = field(default_factory=dict)


@dataclass(frozen=True)
class Recurring:
    """A recurring problem that is not ended: its category and place, and the area that is to
    change the cause."""

    id: str
    category: str
    place: str
    since: str
    """The month in which it was found."""
    owner: str | None


@dataclass(frozen=True)
class Facts:
    """All of a report."""

    subject: Subject
    period: str
    now: Figure
    before: Figure
    months: Mapping[str, Figure]
    groups: tuple[Group, ...]
    categories: tuple[Mapping[str, int], Mapping[str, int]] | None
    """Requests by category in the period and the one before; None: too many to count."""
    scheme: SchemeVersion | None
    stand: Stand | None = None
    """None for city and district, which have no score, and for one without requests."""
    stand_before: Stand | None = None
    above: str | None = None
    """Name of the area above."""
    problems: tuple[Recurring, ...] = ()
    support: Mapping[str, float] = field(default_factory=dict)
    """What is known of its own support and plans."""
    corrected: int = 0
    """How many of its cases were corrected."""
    outdated: int = 0
    """How many subjects' figures have changed since the period was settled."""

    @property
    def minimum(self) -> int:
        """The largest sample that an indicator asks for."""
        indicators = self.scheme.scheme.indicators if self.scheme else ()
        return max((one.minimum_sample for one in indicators), default=1)
