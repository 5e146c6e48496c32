"""How a group is named where volunteers are asked: `group:<id>` beside volunteers' ids."""

from collections.abc import Iterable

_PREFIX = "group:"


def group_key(group_id: str) -> str:
    """The name of a group among volunteers' ids."""
    return _PREFIX + group_id


def is_group(id: str) -> bool:
    """Whether an id names a group."""
    return id.startswith(_PREFIX)


def group_of(key: str) -> str:
    """The group's own id."""
    return key.removeprefix(_PREFIX)


def key_of(id: str) -> str:
    """`kind:id` of a volunteer or group, as explanations name them."""
    return id if is_group(id) else f"volunteer:{id}"


def parted(ids: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Volunteers' ids, and the groups' own."""
    all = tuple(ids)
    return (
        tuple(id for id in all if not is_group(id)),
        tuple(group_of(id) for id in all if is_group(id)),
    )
