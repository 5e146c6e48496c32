"""What formulas may ask for: a closed list of numbers, and who gives each.

A part of assessment that knows more of a subject adds its names to `INPUTS` and a provider to the
list in `main.py`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from services.assessment.schemes.scheme import Label
from services.assessment.service.figures import SubjectKind

Numbers = dict[str, dict[str, float]]
"""Numbers by subject id; what is not known of a subject is left out."""
Provider = Callable[[str, SubjectKind, Collection[str] | None], Awaitable[Numbers]]
"""Of a period (`2026-05`, `2026-Q2`, `2026`) and kind; of all subjects that it knows of where no
ids are named."""

INPUTS: Mapping[str, Label] = {
    # Figures (docs/assessment.md)
    "requests": Label(zh="诉求数", en="Requests"),
    "followed_up": Label(zh="回访数", en="Requests whose resident answered"),
    "contacted": Label(zh="联系到的诉求数", en="Requests whose resident was contacted"),
    "solved": Label(zh="居民认为已解决的诉求数", en="Requests that the resident says are solved"),
    "rated": Label(zh="有满意度评分的诉求数", en="Requests with a rating"),
    "satisfied": Label(zh="评分为 4 或 5 的诉求数", en="Requests rated 4 or 5"),
    "judged": Label(zh="可判定是否按时的诉求数", en="Requests with a verdict on time"),
    "in_time": Label(zh="按时办结的诉求数", en="Requests done in time"),
    "timed": Label(zh="办结用时已知的诉求数", en="Requests with known hours"),
    "median_hours": Label(zh="办结用时中位数（小时）", en="Median hours to completion"),
    "p90_hours": Label(zh="办结用时第 90 百分位（小时）", en="90th percentile of the hours"),
    "response_rate": Label(zh="响应率（0 至 1）", en="Response rate, 0 to 1"),
    "resolution_rate": Label(zh="解决率（0 至 1）", en="Resolution rate, 0 to 1"),
    "satisfaction_rate": Label(zh="满意率（0 至 1）", en="Satisfaction rate, 0 to 1"),
    "in_time_rate": Label(zh="按时率（0 至 1）", en="In-time rate, 0 to 1"),
    # Plans and support (docs/assessment/support.md)
    "funds_promised": Label(zh="应到位经费（元）", en="Yuan that were to be there by the end"),
    "funds_given": Label(zh="已到位经费（元）", en="Yuan of it given"),
    "has_venue": Label(zh="有服务场所（1 或 0）", en="Whether there is a venue, 1 or 0"),
    "plans_due": Label(zh="本期到期的任务数", en="Targets and shares of plans due"),
    "plans_overdue": Label(zh="本期逾期未完成的任务数", en="Those of them not reached"),
    # Rounds (docs/assessment/rounds.md)
    "self_rating": Label(zh="自评分（0 至 100）", en="Self-rating, 0 to 100"),
    "public_rating": Label(zh="群众测评分（0 至 100）", en="Public rating, 0 to 100"),
    "organizational_rating": Label(zh="组织考评分（0 至 100）", en="Organizational rating"),
    "public_voices": Label(zh="群众测评计入票数", en="Counted voices of the public rating"),
    # How things stand (docs/assessment/lists.md)
    "vacant_days": Label(zh="书记空缺天数", en="Days that the post of secretary is vacant"),
    "trainings_overdue": Label(zh="在任书记逾期未受训人数", en="Overdue trainings of secretaries"),
    "coverage_gaps": Label(zh="服务覆盖缺口数", en="Gaps in coverage"),
    "tasks_overdue": Label(zh="逾期未完成的上级任务数", en="Assigned tasks overdue"),
    "plans_behind": Label(zh="进度落后的规划目标数", en="Plan targets behind"),
}

OUTCOMES: Mapping[str, Label] = {
    "score": Label(zh="得分（0 至 100）", en="Score, 0 to 100"),
    "rank": Label(zh="本类中的名次", en="Place in the class"),
    "ranked": Label(zh="本类中参加排名的数量", en="How many of the class are ranked"),
    "grade": Label(zh="等次序号，1 为最高", en="Number of the grade, 1 is the best"),
}
"""What a score comes to: the criteria for weak organizations may ask for it, formulas not."""


async def gather(
    providers: Sequence[Provider],
    period: str,
    kind: SubjectKind,
    ids: Collection[str] | None = None,
) -> Numbers:
    """The numbers of all providers together, by subject id."""
    together: Numbers = {}
    for provide in providers:
        for id, numbers in (await provide(period, kind, ids)).items():
            together.setdefault(id, {}).update(numbers)
    return together
