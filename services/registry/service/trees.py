"""Entries under one another: none comes under itself (`moves.py` keeps two at once from it).

The tree by superior organization is issue 3, item 1; superior units stand in art. 14.
"""

from services.registry.service.base import Known
from shared.web.problems import Problem

LEVELS = 40
"""How many entries may stand above one another; art. 16 knows five levels."""


def refuse_cycle(kind: str, field: str, id: str, parent: str, known: Known) -> None:
    """Raise `Problem` 422 where `id` would come under itself, or too deep to be looked at."""
    above = {parent}
    seen: set[str] = set()
    for _ in range(LEVELS):
        if id in above:
            raise Problem(422, "parent-cycle", field=field, parent=parent)
        seen |= above
        above = {each for low in above for each in known.parents(kind, low)} - seen
        if not above:
            return
    raise Problem(422, "parent-too-deep", field=field, parent=parent, levels=LEVELS)
