"""The public rating of a subject and of its class, from counted voices; pure."""

from collections.abc import Iterable, Mapping

from services.assessment.ratings.stuffing import Group, Judged
from services.assessment.ratings.votes import Source
from services.assessment.schemes.scheme import Shrinkage
from services.assessment.service.pieces import Piece
from services.assessment.service.statistics import (
    Prior,
    Sample,
    prior_of,
    shrunk,
    weight_of,
    wilson,
)


class Counted(Piece):
    """Voices of one source: `satisfied` of `voices`."""

    source: Source
    voices: int
    satisfied: int


class Aside(Piece):
    """Voices set aside; see `stuffing.Group`."""

    name: str
    rule: str
    size: int
    of: int
    satisfied: int
    share: float | None = None


class Entered(Piece):
    """Who entered the counted follow-ups; `own_staff`: staff of the very place that they rate."""

    resident: int = 0
    staff: int = 0
    own_staff: int = 0
    unknown: int = 0


class Tally(Piece):
    """What is counted of a subject, before its class is looked at."""

    sources: tuple[Counted, ...] = ()
    aside: tuple[Aside, ...] = ()
    entered: Entered | None = None
    """None of one that was kept before this was, or without any follow-up."""

    @property
    def sample(self) -> Sample:
        """All counted voices."""
        return Sample(
            sum(one.satisfied for one in self.sources), sum(one.voices for one in self.sources)
        )

    @property
    def own_staff_share(self) -> float | None:
        """Of the counted follow-ups: entered by staff of the very place; None without any."""
        answers = next((one for one in self.sources if one.source is Source.FOLLOW_UP), None)
        if answers is None or self.entered is None:
            return None
        return self.entered.own_staff / answers.voices


class PublicResult(Piece):
    """The public rating, with how sure it is.

    `share` of the counted voices (0 to 1, None without any), its 95 % interval `low` to `high`
    (Wilson), the class's `mean`, `strength` and `spread` (statistics.py), `weight`: how far the
    own voices count, and `points` (0 to 100) after shrinkage.
    """

    voices: int
    satisfied: int
    share: float | None
    low: float | None
    high: float | None
    mean: float
    strength: float
    spread: float | None
    weight: float
    points: float


def tally_of(judged: Judged) -> Tally:
    """Counted voices by source, and who entered the follow-ups among them."""
    return Tally(
        sources=tuple(
            Counted(source=source, voices=int(sample.size), satisfied=int(sample.hits))
            for source, sample in judged.counted.items()
        ),
        aside=tuple(_aside(group) for group in judged.aside),
        entered=Entered.model_validate(judged.entered) if judged.entered else None,
    )


def _aside(group: Group) -> Aside:
    return Aside(**group._asdict())


def class_prior(tallies: Iterable[Tally], bounds: Shrinkage) -> Prior | None:
    """What a class says of a subject; None where nobody in it has a voice."""
    return prior_of((tally.sample for tally in tallies), bounds.at_least, bounds.at_most)


def result_of(tally: Tally, prior: Prior) -> PublicResult:
    """The public rating of a subject of a class."""
    sample = tally.sample
    interval = wilson(sample)
    return PublicResult(
        voices=int(sample.size),
        satisfied=int(sample.hits),
        share=sample.hits / sample.size if sample.size else None,
        low=interval and interval.low,
        high=interval and interval.high,
        mean=prior.mean,
        strength=prior.strength,
        spread=prior.spread,
        weight=weight_of(sample, prior),
        points=100 * shrunk(sample, prior),
    )


def results_of(tallies: Mapping[str, Tally], bounds: Shrinkage) -> dict[str, PublicResult]:
    """The public ratings of a class by subject; none where nobody in it has a voice."""
    prior = class_prior(tallies.values(), bounds)
    return {} if prior is None else {id: result_of(one, prior) for id, one in tallies.items()}
