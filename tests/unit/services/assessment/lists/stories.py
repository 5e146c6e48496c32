"""What the tests of the lists are made of."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.assessment.lists.table import ListRules
from services.assessment.lists.weak import Check, Judged, Measure, Met, Plan
from services.assessment.service.figures import SubjectKind
from services.assessment.subjects import Subject
from services.assessment.tables import SHIPPED

ZONE = ZoneInfo("Asia/Shanghai")
RULES = ListRules.model_validate_json((SHIPPED / "list-rules.json").read_bytes())
START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
VILLAGE = Subject(
    SubjectKind.ORGANIZATION, "o1", "石滩村党支部", ("bj", "xc", "s1", "c1"), domain="village"
)


def judged(period: str = "2026-01", **criteria: bool | None) -> Judged:
    """How criteria stand, by id."""
    met = tuple(
        Met(
            id=id,
            zh=f"{id}标准",
            en=f"criterion {id}",
            when=f"{id} > 0",
            periods=(period,),
            values=({} if holds is None else {id: float(holds)},),
            holds=holds,
        )
        for id, holds in criteria.items()
    )
    return Judged(period=period, scheme="schemes/1", criteria=met)


def plan(now: datetime, days: int = 90, leader: str = "leader") -> Plan:
    return Plan(
        revision=1,
        at=now,
        by="area_manager:li",
        leader=leader,
        goals=("sealed",),
        measures=(Measure(words="sealed", by=now + timedelta(days=days)),),
        until=now + timedelta(days=days),
    )


def check(now: datetime, passed: bool = True, checker: str = "checker") -> Check:
    return Check(
        at=now, by="area_manager:li", checker=checker, findings="s", passed=passed, revision=1
    )
