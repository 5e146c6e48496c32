"""A street with three communities and five units, as facts of a report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.assessment.reports.facts import Facts, Group, Known, Recurring, Subject
from services.assessment.reports.numbers import added, figure_from
from services.assessment.reports.periods import trend_of
from services.assessment.reports.rules import ReportRules, load_categories
from services.assessment.reports.standing import Stand, numbers_of, stands_among, stands_of
from services.assessment.schemes.periods import before
from services.assessment.schemes.reading import read_file
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.score import score_class
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.support.groups import Lack
from services.assessment.tables import SHIPPED
from shared.contracts.words import Domain
from tests.integration.messaging.world import settings_for

SETTINGS = settings_for("assessment", "localhost:1", "mongodb://localhost:1", "t")
SCHEME = SchemeVersion(
    version=3,
    scheme=read_file(SHIPPED / "schemes" / "default.yaml"),
    at=datetime(2026, 1, 1, tzinfo=UTC),
    by="shipped",
    why="default.yaml",
)
CLASSES = {one.id: one for one in SCHEME.scheme.classes}
RULES = ReportRules.model_validate_json((SHIPPED / "report-rules.json").read_bytes())
NAMES = {language: load_categories(SETTINGS).names(language) for language in ("zh", "en")}
MONTH = "2026-05"
AT = "2026-06-03T09:30:00+08:00"


def figure(
    id: str,
    requests: int,
    *,
    good: float,
    kind: str = "community",
    month: str = MONTH,
    late: int = 0,
) -> Figure:
    """Figures of `requests`, a share `good` of which went well; `late` fewer of them in time."""
    well = round(requests * good)
    counts = {
        "requests": requests,
        "followed_up": requests,
        "contacted": requests,
        "solved": well,
        "rated": requests,
        "satisfied": well,
        "judged": requests,
        "in_time": well - late,
        "timed": requests,
    }
    hours = (10.25 * (2 - good), 70.5 * (2 - good))
    return figure_from(month, SubjectKind(kind), id, counts, hours)


def group(
    id: str,
    known: Mapping[str, tuple[str, str]],
    now: Mapping[str, tuple[int, float]],
    earlier: Mapping[str, tuple[int, float]],
    lacks: Mapping[str, tuple[Lack, ...]] | None = None,
    support: Mapping[str, Mapping[str, float]] | None = None,
    corrected: Mapping[str, int] | None = None,
) -> Group:
    """`known`: name and domain or level; `now` and `earlier`: requests and the share that went
    well, by id."""
    lacks, support, corrected = lacks or {}, support or {}, corrected or {}
    figures, former = (
        {code: figure(code, n, good=good, kind=id, month=month) for code, (n, good) in of.items()}
        for of, month in ((now, MONTH), (earlier, before(MONTH)))
    )
    traits = {code: trait for code, (_, trait) in known.items()}
    return Group(
        id,
        {
            code: Known(name, lacks.get(code, ()), support.get(code, {}), corrected.get(code, 0))
            for code, (name, _) in known.items()
        },
        figures,
        former,
        stands(id, figures, traits, lacks),
        stands(id, former, traits, lacks),
    )


def stands(
    kind: str,
    figures: Mapping[str, Figure],
    traits: Mapping[str, str],
    lacks: Mapping[str, tuple[Lack, ...]],
) -> dict[str, Stand]:
    """Places by the shipped scheme."""
    if kind == "unit":
        return stands_among(SCHEME.scheme, SubjectKind.UNIT, figures, traits, lacks)
    class_ = CLASSES["street" if kind == "street" else "community_area"]
    numbers = {id: numbers_of(one) for id, one in figures.items()}
    return stands_of(SCHEME.scheme, class_, score_class(SCHEME.scheme, class_, numbers), lacks)


COMMUNITIES = group(
    "community",
    {
        "c1": ("车公庄社区", "community"),
        "c2": ("百万庄社区", "community"),
        "c3": ("新华里社区", "community"),
    },
    {"c1": (40, 0.9), "c2": (30, 0.7), "c3": (3, 1.0)},
    {"c1": (20, 0.8), "c2": (30, 0.8), "c3": (2, 0.5)},
)
UNIT_NAMES = {
    "u1": ("区城市管理委", "agency"),
    "u2": ("区住房城市建设委", "agency"),
    "u3": ("区市场监管局", "agency"),
    "u4": ("热力集团", "state_enterprise"),
}
UNITS_NOW = {"u1": (20, 0.95), "u2": (18, 0.5), "u3": (12, 0.75), "u4": (8, 0.9), "u9": (6, 0.1)}
UNITS = group("unit", UNIT_NAMES, UNITS_NOW, {"u1": (10, 0.9)})
STREETS = group(
    "street",
    {f"s{n}": (f"{name}街道", "street") for n, name in enumerate(("展览路", "月坛", "德胜"), 1)},
    {"s1": (73, 0.82), "s2": (90, 0.9), "s3": (60, 0.7)},
    {"s1": (52, 0.77), "s2": (80, 0.7), "s3": (4, 0.9)},
)


def street(**changes: Any) -> Facts:
    """The facts of the street s1 in May 2026."""
    months = trend_of(MONTH, RULES.trend_months)
    known: dict[str, Any] = {
        "subject": Subject("street", "s1", "展览路街道"),
        "period": MONTH,
        "now": STREETS.now["s1"],
        "before": STREETS.before["s1"],
        "months": {
            month: figure(
                "s1", 40 + 3 * n, good=0.7 + n / 100, kind="street", month=month, late=n % 5 + 2
            )
            if n != 4
            else added(month, SubjectKind.STREET, "s1", [])
            for n, month in enumerate(months)
        },
        "groups": (COMMUNITIES, UNITS),
        "categories": (
            {"housing": 40, "utilities": 20, "traffic": 3, "safety": 10},
            {"housing": 22, "utilities": 30, "traffic": 0},
        ),
        "scheme": SCHEME,
        "stand": STREETS.stands["s1"],
        "stand_before": STREETS.stands_before["s1"],
        "above": "西城区",
    }
    return Facts(**(known | changes))


SUPPORT = {
    "u1": {"funds_promised": 900.0, "funds_given": 800.0, "has_venue": 1.0},
    "u2": {"funds_promised": 700.0, "funds_given": 0.0, "plans_due": 3.0, "plans_overdue": 1.0},
}
MARKED = group(
    "unit", UNIT_NAMES, UNITS_NOW, {}, {"u2": (Lack.FUNDS,)}, SUPPORT, {"u2": 2, "u3": 1}
)
"""Units of which money, venue and plans are known, and some of whose cases were corrected."""


HEATING = Recurring("p1", "utilities", "车公庄社区", "2026-03", "西城区")


def large() -> Facts:
    """A street with 40 communities, 80 units of all domains, every category and five problems."""
    communities = {f"c{n}": (f"第{n}社区居民委员会", "community") for n in range(40)}
    domains = list(Domain)
    units = {f"u{n}": (f"区第{n}人民政府工作部门办公室", domains[n % 8]) for n in range(80)}
    return street(
        groups=(
            group(
                "community",
                communities,
                {code: (20 + n, 0.5 + n / 100) for n, code in enumerate(communities)},
                {code: (20 + n, 0.6 + n / 130) for n, code in enumerate(communities)},
            ),
            group("unit", units, {id: (10 + n, 0.4 + n / 200) for n, id in enumerate(units)}, {}),
        ),
        problems=(HEATING,) * 5,
        categories=(
            {code: 50 + n for n, code in enumerate(NAMES["zh"])},
            {code: 9 * n for n, code in enumerate(NAMES["zh"])},
        ),
    )
