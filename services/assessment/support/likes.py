"""The place of each in its class among those with the same support; pure.

A subject that did not get what it was promised keeps its rank, and is told beside it how it
stands among its like (policy, art. 12 and 17; docs/assessment/support.md says why both).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from services.assessment.scores.score import Scores
from services.assessment.support.groups import Bounds, Lack, lacks


class Like(NamedTuple):
    """`rank` of `of`: None for one that is not ranked."""

    rank: int | None
    of: int


def likes_of(scores: Scores, lacking: Collection[str]) -> dict[str, Like]:
    """The place of every subject of a class; `lacking`: who lacks promised support."""
    of_group = Counter(score.subject_id in lacking for score in scores.ranked)
    placed: Counter[bool] = Counter()
    found = {}
    for score in scores.every():
        apart, ranked = score.subject_id in lacking, score.rank is not None
        placed[apart] += ranked
        found[score.subject_id] = Like(placed[apart] if ranked else None, of_group[apart])
    return found


def lacking_of(
    inputs: Mapping[str, Mapping[str, float]], bounds: Bounds
) -> dict[str, tuple[Lack, ...]]:
    """What each lacks that lacks something, from the inputs of its score."""
    found = {id: lacks(theirs, bounds) for id, theirs in inputs.items()}
    return {id: what for id, what in found.items() if what}
