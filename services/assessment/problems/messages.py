"""Sentences of recurring problems, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "problem-not-found": {
            "zh": "没有编号为 {id} 的共性问题：请到 where 所示地址查找。",
            "en": "There is no problem {id}: find it at the address in where.",
        },
        "problem-not-yours": {
            "zh": "这个问题由 {owner} 负责，只有该区域或其上级的负责人可以办理：请联系他们。",
            "en": "This problem is with {owner}: only those who answer for that area or one above "
            "it may decide; ask them.",
        },
        "problem-not-seen": {
            "zh": "这个问题不涉及您的区域：请到 /v1/problems 查看您有权查看的问题。",
            "en": "This problem does not concern your area: list those that do at /v1/problems.",
        },
        "problem-status": {
            "zh": "问题现在的状态是“{zh}”（{en}），不能这样办理：须处于 allowed 所列的状态。",
            "en": "The problem is {en} ({zh}) now: this can be done only in one of the states in "
            "allowed.",
        },
        "problem-not-fallen": {
            "zh": "该问题的发生率连续 {months} 个月降到预期以内，须满 {needed} 个月才能销号："
            "请继续整改，或提请上一级。",
            "en": "Its rate has been down to what is expected for {months} months in a row and "
            "must be for {needed} before it is closed: go on with the measures, or raise it one "
            "level up.",
        },
        "problem-at-the-top": {
            "zh": "{owner} 已是最高一级，不能再上交：请认领并采取措施；尚未认领的，也可说明理由后"
            "认定为非问题。",
            "en": "{owner} is the top level, nobody is above: accept it and take measures, or, "
            "where nobody has accepted it, dismiss it with the reason.",
        },
        "too-many-measures": {
            "zh": "一个问题最多登记 {limit} 项措施：请把结果写入已有的措施。",
            "en": "A problem has at most {limit} measures: write results into those there are.",
        },
        "measure-not-found": {
            "zh": "没有编号为 {id} 的措施：请先查看该问题的措施。",
            "en": "There is no measure {id}: look at the problem's measures first.",
        },
        "organization-not-known": {
            "zh": "没有编号为 {id} 的党组织：请到登记系统的 /v1/organizations 查找。",
            "en": "There is no organization {id}: find it at /v1/organizations of the registry.",
        },
        "area-not-known": {
            "zh": "没有代码为 {id} 的区域：请到登记系统的 /v1/areas 查找。",
            "en": "There is no area {id}: find it at /v1/areas of the registry.",
        },
        "month-not-over": {
            "zh": "{month} 还没有结束，不能查找：请选择已结束的月份。",
            "en": "{month} is not over: choose a month that is.",
        },
        "problem-round-not-found": {
            "zh": "还没有查找过 {month}：请用 POST /v1/problem-rounds 提出。",
            "en": "{month} has not been looked at: ask for it with POST /v1/problem-rounds.",
        },
        "programme-not-found": {
            "zh": "没有编号为 {id} 的“每月一题”年度计划：请到 where 所示地址查找。",
            "en": "There is no programme {id}: find it at the address in where.",
        },
        "programme-taken": {
            "zh": "该区域这一年已有“每月一题”年度计划：请到 where 所示地址修改。",
            "en": "There is a programme of this area and year already: change it at the address "
            "in where.",
        },
        "programme-month": {
            "zh": "月份不在 {year} 年内：请改正 month。",
            "en": "The month is not in {year}: correct month.",
        },
        "programme-item-not-found": {
            "zh": "年度计划中没有编号为 {id} 的问题：请先查看计划。",
            "en": "The programme has no problem {id}: look at it first.",
        },
        "too-many-programme-items": {
            "zh": "一个年度计划最多列入 {limit} 个问题：请合并或删减。",
            "en": "A programme has at most {limit} problems: join some.",
        },
        "too-many-results": {
            "zh": "一个问题最多登记 {limit} 条结果：请汇总后再填写。",
            "en": "A problem of a programme has at most {limit} results: sum up.",
        },
    }
)

BASES = {
    "widespread": ("普遍发生", "Widespread"),
    "repeated": ("反复出现", "Repeated"),
    "reopened": ("反复重办", "Reopened"),
    "unsolved": ("长期未解决", "Long unsolved"),
}
"""Chinese and English, by basis."""

STATUSES = {
    "found": ("待认领", "Found"),
    "accepted": ("整改中", "Worked on"),
    "fallen": ("发生率已下降", "Fallen"),
    "closed": ("已销号", "Closed"),
    "dismissed": ("认定为非问题", "Dismissed"),
}
"""Chinese and English, by status."""
