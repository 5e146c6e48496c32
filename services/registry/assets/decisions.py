"""Which of the six assets an organization has; pure (policy, art. 4).

An asset is there where each of its criteria is met by recorded facts; nothing is typed in as a
mark. What people set is the target date alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.registry.assets.table import AssetTable, Criterion
from services.registry.registered import Registered
from shared.contracts.assets import AssetsChanged
from shared.contracts.words import Asset
from shared.spans import add_months
from shared.storage.aggregates import Decision, State

LOOK_AGAIN = timedelta(days=1)
"""What was counted leaves its period without an event: who has something is looked at daily."""


class Found(NamedTuple):
    """What was counted, and when it is known to change by the clock (None: not known to)."""

    number: float = 0.0
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The table in force with its version, and the city's time zone."""

    table: AssetTable
    version: int
    zone: ZoneInfo


class Scorecard(State):
    """What the list of organizations knows of one; `held` is None where it is retired."""

    organization_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    counted_from: datetime
    target: datetime | None = None
    """Set for this organization; None: as the table says."""
    target_at: datetime
    met: tuple[Asset, ...] = ()
    lacking: tuple[Asset, ...] = ()
    held: int | None = 0
    rules: int = 0
    look_at: datetime | None = None

    def next_due(self) -> datetime | None:
        """See `State.next_due`: when to count again."""
        return self.look_at


def period(criterion: Criterion, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Since when facts count; None: whatever is there now."""
    if criterion.within_months is None:
        return None
    return add_months(now, -criterion.within_months, zone)


def met_by(criteria: list[Criterion], found: Mapping[str, Found]) -> list[Asset]:
    """The assets each of whose criteria is met, in their order."""
    short = {each.asset for each in criteria if found[each.code].number < each.at_least}
    return [asset for asset in Asset if asset not in short]


def missing(criterion: Criterion, number: float) -> tuple[str, str] | None:
    """What is missing and what to do, Chinese and English; None where it is met."""
    if number >= criterion.at_least:
        return None
    zh = f"已有 {number:g}，至少需要 {criterion.at_least:g}"
    en = f"{number:g} found of at least {criterion.at_least:g}"
    if criterion.within_months is not None:
        zh = f"最近 {criterion.within_months} 个月{zh}"
        en = f"{en} within {criterion.within_months} months"
    return (
        f"{criterion.zh}：{zh}。{criterion.todo_zh}",
        f"{criterion.en}: {en}. {criterion.todo_en}",
    )


def target_of(counted_from: datetime, rules: Rules) -> datetime:
    """When an organization is to have all six, unless another date was set for it."""
    return add_months(counted_from, 12 * rules.table.target_years, rules.zone)


def observe(
    state: Scorecard | None,
    organization: Registered,
    found: Mapping[str, Found],
    began: datetime,
    now: datetime,
    rules: Rules,
) -> Decision[Scorecard] | None:
    """Take in what was counted; None where nothing changes and the next look is still to come.

    Args:
        found: by criterion, of all those of the organization's domain.
        began: when the city began with this; no target counts from before.
    """
    counted_from = max(organization.created_at, began)
    target = state.target if state else None
    met = [] if organization.retired else met_by(rules.table.of(organization.domain), found)
    changes = [each.changes_at for each in found.values() if each.changes_at is not None]
    if any(each.number for each in found.values()):
        changes.append(now + LOOK_AGAIN)
    new = Scorecard(
        organization_id=organization.id,
        area_path=organization.area_path,
        unit_id=organization.unit_id,
        counted_from=counted_from,
        target=target,
        target_at=target or target_of(counted_from, rules),
        met=tuple(met),
        lacking=() if organization.retired else tuple(a for a in Asset if a not in met),
        held=None if organization.retired else len(met),
        rules=rules.version,
        look_at=None if organization.retired else min(changes, default=None),
    )
    if state is not None and now < (state.look_at or now) and only_looks(state, new):
        new = state
    if new == state:
        return None
    told = [_told(new)] if _differs(state, new) else []
    return Decision(new, told, "counted")


def only_looks(old: Scorecard, new: Scorecard) -> bool:
    """Whether nothing differs but when to look again: nothing for the history."""
    return old == new.model_copy(update={"look_at": old.look_at})


def set_target(
    state: Scorecard, target: datetime | None, why: str, rules: Rules
) -> Decision[Scorecard] | None:
    """Set a date for this organization, or None: as the table says."""
    at = target or target_of(state.counted_from, rules)
    new = state.model_copy(update={"target": target, "target_at": at})
    return None if new == state else Decision(new, [_told(new)], why)


def _differs(old: Scorecard | None, new: Scorecard) -> bool:
    """Whether others are told: not of one that begins with nothing."""
    if old is None:
        return bool(new.met)
    said = ("area_path", "met", "target_at")
    moved = any(getattr(old, name) != getattr(new, name) for name in said)
    return moved or (old.held is None) != (new.held is None)


def _told(state: Scorecard) -> AssetsChanged:
    return AssetsChanged(
        organization_id=state.organization_id,
        area_path=state.area_path,
        met=state.met,
        target=state.target_at,
        retired=state.held is None,
    )
