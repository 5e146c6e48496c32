"""The place of each in its class among those with the same support; pure.

A subject that did not get what it was promised keeps its rank, and is told beside it how it
stands among its like (policy, art. 12 and 17; docs/assessment/support.md says why both).
"""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from services.assessment.scores.score import Scores


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
