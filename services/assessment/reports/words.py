"""Every word of reports and bulletins, Chinese and English under the same key."""

from typing import Any

from shared.web.messages import placeholders

COLUMNS: dict[str, tuple[str, str]] = {
    "requests": ("诉求数", "Requests"),
    "followed_up": ("回访数", "Followed up"),
    "contacted": ("已联系", "Contacted"),
    "solved": ("已解决", "Solved"),
    "rated": ("评价数", "Rated"),
    "satisfied": ("满意数", "Satisfied"),
    "judged": ("判定数", "Judged"),
    "in_time": ("按时数", "In time"),
    "timed": ("计时数", "Timed"),
    "response_rate": ("响应率", "Response"),
    "resolution_rate": ("解决率", "Resolution"),
    "satisfaction_rate": ("满意率", "Satisfaction"),
    "in_time_rate": ("按时率", "In time"),
    "median_hours": ("用时中位数", "Median hours"),
    "p90_hours": ("九成用时", "90th percentile"),
}
"""Labels of the numbers; hours are hours."""

SUPPORT: dict[str, tuple[str, str]] = {
    "funds_promised": ("应到位经费（元）", "Yuan due"),
    "funds_given": ("已到位经费（元）", "Yuan given"),
    "has_venue": ("服务场所", "Venue"),
    "plans_due": ("到期任务", "Plans due"),
    "plans_overdue": ("逾期任务", "Overdue"),
}
"""Labels of what stands beside results, in the order of `Support`."""

_WORDS: dict[str, tuple[str, str]] = {
    "report.month": ("{name}{period}考评报告", "{name}: report for {period}"),
    "report.year": ("{name}{period}年度考评报告", "{name}: report for the year {period}"),
    "bulletin": ("群众诉求办理情况通报", "Bulletin on residents' requests"),
    "bulletin.title": (
        "{name}{period}群众诉求办理情况通报",
        "{name}: residents' requests in {period}",
    ),
    "city": ("市", "City"),
    "district": ("区", "District"),
    "street": ("街道", "Street"),
    "community": ("社区", "Community"),
    "unit": ("单位", "Unit"),
    "organization": ("党组织", "Organization"),
    "all.district": ("各区情况", "Districts"),
    "all.street": ("各街道情况", "Streets"),
    "all.community": ("各社区情况", "Communities"),
    "all.organization": ("所属党组织情况", "Organizations of the unit"),
    "all.unit": ("承办单位办理本区域诉求情况", "Units, by the requests of this area"),
    "unclassed": ("未列入类别", "In no class"),
    "class.apart": ("{label}（保障未到位）", "{label}, without promised support"),
    "mark": ("［{said}］", "[{said}]"),
    "mark.corrected": ("更正 {count} 件", "{count} corrected"),
    "beside": ("保障与任务", "Support and plans"),
    "yes": ("有", "yes"),
    "no": ("无", "no"),
    "name": ("名称", "Name"),
    "class": ("类别", "Class"),
    "figure": ("指标", "Figure"),
    "now": ("本期", "This period"),
    "before": ("上期", "Period before"),
    "month.now": ("本月", "This month"),
    "month.before": ("上月", "Last month"),
    "change": ("增减", "Change"),
    "sample": ("样本数", "Sample"),
    "month": ("月份", "Month"),
    "score": ("得分", "Score"),
    "rank": ("名次", "Rank"),
    "grade": ("等次", "Grade"),
    "category": ("诉求类别", "Category"),
    "points": ("{points} 个百分点", "{points} points"),
    "sheet.overview": ("概况", "Overview"),
    "sheet.months": ("逐月", "By month"),
    "sheet.categories": ("类别", "Categories"),
    "sheet.charts": ("图表", "Charts"),
    "sheet.notes": ("说明", "Notes"),
    "overview": ("总体情况", "Overview"),
    "course": ("逐月走势", "By month"),
    "categories": ("诉求类别", "Categories"),
    "notes": ("说明", "Notes"),
    "chart.rates": ("四率走势", "The four rates by month"),
    "chart.requests": ("诉求数走势", "Requests by month"),
    "chart.categories": ("各类诉求数", "Requests by category"),
    "chart.rows": ("{what}：得分", "{what}: score"),
    "chart.rows.requests": ("{what}：诉求数", "{what}: requests"),
    "place": (
        "在“{class_label}”类 {of} 个参与排名者中列第 {rank} 名，得分 {score}。",
        "Rank {rank} of {of} ranked in the class '{class_label}', score {score}.",
    ),
    "place.graded": (
        "在“{class_label}”类 {of} 个参与排名者中列第 {rank} 名，得分 {score}，等次为“{grade}”。",
        "Rank {rank} of {of} ranked in the class '{class_label}', score {score}, grade '{grade}'.",
    ),
    "place.apart": (
        "在其中保障未到位的 {of} 个中列第 {rank} 名。",
        "Rank {rank} of the {of} of them that lack promised support.",
    ),
    "place.before": ("上期列第 {rank} 名。", "Rank {rank} in the period before."),
    "place.none": (
        "样本不足 {minimum}，不参与排名。",
        "Not ranked: the sample is under {minimum}.",
    ),
    "basis.stand_in": (
        "本类回访样本不足，得分按{basis}计。",
        "Too few follow-ups in this class: scored by {basis}.",
    ),
    "basis.scheme": (
        "按考评方案“{scheme}”第 {version} 版计分。",
        "Scored by the scheme “{scheme}”, version {version}.",
    ),
    "left_out": ("另有 {count} 行未列出。", "{count} more rows are not shown."),
    "none": ("本期没有。", "None in this period."),
    "note.rates": (
        "各率的分母见样本数；没有样本的不显示，不按 0 计。",
        "Each rate has its sample as denominator; without a sample nothing is shown, never 0.",
    ),
    "note.hours": (
        "用时中位数和九成用时不能由各月或各街道相加得出，合计中不显示。",
        "Median and 90th percentile cannot be had from those of months or streets; sums lack them.",
    ),
    "note.located": (
        "市、区的数字为所辖各街道之和，尚未定位到街道的诉求不在其中。",
        "City and district are the sums of their streets; requests not yet located in a street "
        "are not among them.",
    ),
    "note.uncategorized": (
        "本期诉求超过 {limit} 件，未按类别统计。",
        "More than {limit} requests: not counted by category.",
    ),
    "note.units": (
        "承办单位一表只计其办理的本区域诉求；不足 {minimum} 件回访的不排名。",
        "The table of units counts only this area's requests; under {minimum} answers a unit is "
        "not ranked.",
    ),
    "note.support": (
        "经费、场所保障未到位的，在本类中另行比较，并注明所缺（政策第 12、17 条）。",
        "Those that lack promised money or a venue are compared among themselves in their class, "
        "and marked (policy, art. 12, 17).",
    ),
    "note.corrected": (
        "注明“更正”的，其数字中有经人工复核改判的诉求，理由见各诉求的更正记录。",
        "Marked 'corrected': some of the cases were re-judged by hand; each case has the reason.",
    ),
    "note.corrected.own": (
        "本期数字中有 {count} 件诉求经人工复核改判。",
        "{count} of the cases in these figures were re-judged by hand.",
    ),
    "note.outdated": (
        "本期得分、名次为结算时的；结算后有 {count} 个对象的数据变动，尚未重新结算。",
        "Scores and ranks are as settled; figures of {count} subjects have changed since, and the "
        "period was not settled anew.",
    ),
    "note.live": (
        "数据截至 {at}，迟到的记录仍会改变本期数字。",
        "As of {at}; late records still move the figures of the period.",
    ),
    "bulletin.to": (
        "各社区、各承办单位：",
        "To all communities and units:",
    ),
    "bulletin.intro": (
        "现将{name}{period}群众诉求办理情况通报如下。",
        "This is how residents' requests in {name} were handled in {period}.",
    ),
    "bulletin.one": ("一、总体情况", "1. Overview"),
    "bulletin.two": ("二、社区排名", "2. Ranking of communities"),
    "bulletin.three": ("三、升降情况", "3. What rose and what fell"),
    "bulletin.four": ("四、承办单位", "4. Units"),
    "bulletin.five": ("五、反复问题", "5. Recurring problems"),
    "bulletin.requests": (
        "本月受理诉求 {now} 件，上月 {before} 件。",
        "{now} requests this month, {before} last month.",
    ),
    "rose": ("上升较多", "Rose most"),
    "fell": ("下降较多", "Fell most"),
    "moved.categories": ("诉求数（件）", "Requests"),
    "moved.communities": ("社区得分", "Scores of communities"),
    "moved": ("{name}（{before}→{now}）", "{name} ({before} → {now})"),
    "unit.said": ("{name}（{score}/{sample}）", "{name} ({score}, {sample})"),
    "list": ("、", "; "),
    "what": ("项目", "What"),
    "compared": ("参与比较", "Compared"),
    "score.before": ("上月得分", "Score last month"),
    "nothing_moved": (
        "样本达到 {minimum} 件的类别和社区没有升降。",
        "Nothing with a sample of {minimum} or more rose or fell.",
    ),
    "best": ("靠前（得分/回访数）", "Best (score, answers)"),
    "last": ("靠后（得分/回访数）", "Last (score, answers)"),
    "units.none": (
        "没有回访样本达到 {minimum} 件的承办单位可比。",
        "No units with {minimum} answers or more to be compared.",
    ),
    "units.note": (
        "按办理本街道诉求的回访结果在同类单位中比较；回访不足 {minimum} 件的不比。",
        "Units of one class are compared by the answers to this street's requests; those with "
        "under {minimum} are not.",
    ),
    "problem.named": ("{place}：{category}", "{place}: {category}"),
    "problem": ("问题", "Problem"),
    "since": ("发现月份", "Found in"),
    "owner": ("责任层级", "Who is to change the cause"),
    "page": ("第 {page} 页 共 {pages} 页", "Page {page} of {pages}"),
    "made": ("连心 · 考评", "Lianxin assessment"),
}

for _key, (_zh, _en) in _WORDS.items():
    if placeholders(_zh) != placeholders(_en):
        raise ValueError(f"{_key}: zh and en differ in placeholders")


def word(key: str, language: str, **filled: Any) -> str:
    """The words behind `key`; KeyError for an unknown one."""
    pair = _WORDS.get(key) or COLUMNS.get(key) or SUPPORT[key]
    return pair[1 if language == "en" else 0].format(**filled)
