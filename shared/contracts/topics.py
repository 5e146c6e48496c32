"""The topics, who publishes on them, and how brokers keep them."""

from dataclasses import dataclass, field

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic. `partitioned`: as many partitions as the city chose, else one."""

    name: str
    publisher: str
    about: str
    partitioned: bool = True
    config: dict[str, str] = field(default_factory=dict)


REGISTRY = Topic(
    "lianxin.registry",
    "registry",
    "Areas, units, organizations, grids, people: snapshots",
    config={"cleanup.policy": "compact"},
)
COVERAGE = Topic(
    "lianxin.coverage",
    "registry",
    "Gaps in coverage, found and closed: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
WORK = Topic(
    "lianxin.work",
    "registry",
    "Work that was recorded, and certificates of hours: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
PLANS = Topic(
    "lianxin.plans",
    "registry",
    "Pairings, assigned tasks and plans that end, are overdue, behind or not any more: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
BACKBONE = Topic(
    "lianxin.backbone",
    "registry",
    "Terms of secretaries, and vacancies that last: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
CARRIERS = Topic(
    "lianxin.carriers",
    "registry",
    "Duty posts, responsibility areas, promises, accompanied errands: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
CHECKINS = Topic(
    "lianxin.checkins",
    "registry",
    "Members and organizations who report to communities: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
CARE = Topic(
    "lianxin.care",
    "registry",
    "Care tasks, due, overdue and done: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
REQUESTS = Topic(
    "lianxin.requests",
    "request_intake",
    "A request's way: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
TASKS = Topic(
    "lianxin.tasks",
    "volunteer_dispatch",
    "A task's way: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
VOLUNTEERING = Topic(
    "lianxin.volunteering",
    "volunteer_dispatch",
    "Activities with many places, and service hours: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
WHISTLES = Topic(
    "lianxin.whistles",
    "volunteer_dispatch",
    "Units that a street or community summons (吹哨报到): facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
ASSESSMENTS = Topic(
    "lianxin.assessments",
    "assessment",
    "Figures by subject and month: snapshots",
    config={"cleanup.policy": "compact"},
)
REVIEWS = Topic(
    "lianxin.reviews",
    "assessment",
    "Grades, rounds, lists, problem cases, statements: facts",
    config={"retention.ms": str(30 * DAY_MS)},
)
UNITS = Topic(
    "lianxin.units",
    "units",
    "What units report from their own systems: facts",
    # Larger than what is accepted, so that a record over the limit is told of and not just lost.
    config={"retention.ms": str(30 * DAY_MS), "max.message.bytes": "4194304"},
)
REPLAYS = Topic(
    "lianxin.replays",
    "every service",
    "Missing sequences asked for again",
    partitioned=False,
    config={"retention.ms": str(DAY_MS)},
)
DEAD_LETTERS = Topic(
    "lianxin.dead-letters",
    "every service",
    "Records that could not be applied, with the reason and where they stood",
    partitioned=False,
    config={"retention.ms": str(90 * DAY_MS)},
)

TOPICS = (
    REGISTRY,
    COVERAGE,
    WORK,
    PLANS,
    BACKBONE,
    CARRIERS,
    CHECKINS,
    CARE,
    REQUESTS,
    TASKS,
    VOLUNTEERING,
    WHISTLES,
    ASSESSMENTS,
    REVIEWS,
    UNITS,
    REPLAYS,
    DEAD_LETTERS,
)
