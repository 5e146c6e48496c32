"""No quotas: what a criterion of the list of weak organizations may not look at.

The list is made by what is wrong in an organization, never by a number that must be filled
(DOMAIN.md: quotas are forbidden). A place in the ranking, or a share of the class, always finds
somebody, however good all are. Whoever is last of a class several periods running need not exist,
so that is the one thing that a criterion may ask of the ranking: `rank == ranked`.
"""

import ast

LAST_PERIODS = 2
"""Being last counts only so many periods one after the other: in each period somebody is."""
_RANK, _RANKED = "rank", "ranked"


def quota_in(when: str, periods: int) -> str | None:
    """Why a criterion would be a quota; None: it is not.

    Args:
        when: its condition, an expression that was parsed (`schemes/expressions.py`).
        periods: in how many periods, one after the other, it has to hold.

    Returns:
        `weak_by_quota`: it asks for a place or a share of the class; `weak_by_last_once`: it asks
        who is last in too few periods. Both are error kinds with a sentence `field.<kind>`.
    """
    last = False
    allowed: set[ast.AST] = set()
    tree = ast.parse(when.strip(), mode="eval")
    nodes = list(ast.walk(tree))
    turned = {n for node in nodes if isinstance(node, ast.UnaryOp) for n in ast.walk(node)}
    for node in nodes:
        if not isinstance(node, ast.Compare) or len(node.ops) != 1 or node in turned:
            continue
        sides = [node.left, *node.comparators]
        names = sorted(side.id for side in sides if isinstance(side, ast.Name))
        if names == [_RANK, _RANKED] and isinstance(node.ops[0], ast.Eq):
            last = True
            allowed.update(sides)
        elif names == [_RANKED] and any(isinstance(side, ast.Constant) for side in sides):
            allowed.update(sides)  # a class of at least so many
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in (_RANK, _RANKED) and node not in allowed:
            return "weak_by_quota"
    return "weak_by_last_once" if last and periods < LAST_PERIODS else None
