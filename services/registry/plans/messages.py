"""Sentences of plans, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "one-place": {
            "zh": "请在 area 和 organization_id 中填写且只填写一项。",
            "en": "Give one of area and organization_id, and not both.",
        },
        "one-measure": {
            "zh": "目标须以 work（工作表中的工作）或 count（新增登记）计数：请填写且只填写一项。",
            "en": "A target is counted by work (of the table of works) or by count (new entries): "
            "give one of them, and not both.",
        },
        "count-by-areas": {
            "zh": "新增登记只能按区域计数：请把 count 目标分解到区域，或改用 work。",
            "en": "New entries are counted by area: break a count target down to areas, or aim at "
            "a work.",
        },
        "level-differs": {
            "zh": "计划的层级与其区域或党组织不符（应为 {level}）：请改正或删除 level。",
            "en": "The plan's level is not that of its area or organization ({level}): correct "
            "level or leave it out.",
        },
        "repeated-target": {
            "zh": "目标编号 {id} 重复：请为每个目标另编号。",
            "en": "The target id {id} stands there twice: give each target its own.",
        },
        "parts-mixed": {
            "zh": "同一目标只能全部分解到区域，或全部分解到党组织，否则会重复计数：请统一。",
            "en": "A target is broken down to areas only or to organizations only, else work would "
            "be counted twice: choose one.",
        },
        "part-outside": {
            "zh": "{id} 不在计划范围之内：分解对象必须是计划区域内的区域或党组织，"
            "或计划党组织的下级（第16条）。",
            "en": "{id} is not inside the plan: a part is an area or organization inside the "
            "plan's area, or an organization below the plan's (art. 16).",
        },
        "parts-overlap": {
            "zh": "{id} 与 {other} 重叠，同一项工作会重复计数：请只保留一个，或在 {other} "
            "的计划中再分解。",
            "en": "{id} overlaps with {other}, the same work would be counted twice: keep one, or "
            "break {other} down in a plan of its own.",
        },
        "part-date": {
            "zh": "分解任务的完成时间必须在计划开始之后、目标时间之前：请改正 by。",
            "en": "A part's date must be after the plan's beginning and not after the target's "
            "date: correct by.",
        },
        "one-size": {
            "zh": "各部分的数量完全相同，属于“一刀切”（第10条要求因地制宜、分类指导）："
            "请按实际情况分别确定，或在 reason 中说明理由。",
            "en": "Every part has the same number: one size for all (art. 10 asks for targets that "
            "fit each place): set them by what each place is like, or give the reason in reason.",
        },
        "added-on": {
            "zh": "各部分之和 {sum} 超过目标 {quantity}，属于“层层加码”：请减少，或在 reason "
            "中说明理由。",
            "en": "The parts add up to {sum}, more than the target of {quantity}: lower them, or "
            "give the reason in reason.",
        },
        "baseline-needed": {
            "zh": "目标 {id} 还没有摸清底数（第10条）：请先填写 baseline（数量、日期、来源）。",
            "en": "The target {id} was not surveyed first (art. 10): give its baseline (quantity, "
            "date, source).",
        },
        "shares-short": {
            "zh": "目标 {id} 的各部分之和 {sum} 不足 {quantity}，还差 {missing}：请补足后再实施。",
            "en": "The parts of the target {id} add up to {sum}, {missing} less than its "
            "{quantity}: make up for the rest before the plan comes into force.",
        },
        "plan-fixed": {
            "zh": "计划的范围和上级计划不能修改，实施后开始时间也不能修改：请另建计划。",
            "en": "A plan's place and parent cannot be changed, nor its beginning once it is in "
            "force: make another plan.",
        },
        "plan-reason-needed": {
            "zh": "计划已实施，修改须说明理由：请填写 reason。",
            "en": "The plan is in force: give the reason for the change in reason.",
        },
        "plan-status": {
            "zh": "计划现在的状态是“{zh}”（{state}），不能这样办理：请先查看计划。",
            "en": "The plan is {state} ({zh}) now, this cannot be done with it: look at it first.",
        },
        "too-many-revisions": {
            "zh": "计划已修改 {limit} 次：请结束后另建计划。",
            "en": "The plan was changed {limit} times: close it and make another.",
        },
        "too-many-parts": {
            "zh": "各目标共分解到 {count} 处，超过 {limit} 处：请由下一级再分解。",
            "en": "The targets have {count} parts in all, more than {limit}: let the next level "
            "break them down further.",
        },
        "part-broken-down": {
            "zh": "{id} 已制定下级计划，不能从分解中删除：请先结束其计划。",
            "en": "{id} has a plan of its own for its part, which cannot be taken out: close that "
            "plan first.",
        },
        "parent-not-in-force": {
            "zh": "上级计划 {id} 尚未实施或已结束：请先实施上级计划。",
            "en": "The plan above, {id}, is not in force: put it in force first.",
        },
        "no-share": {
            "zh": "上级计划 {id} 没有把任何目标分解到这里：请使用上级目标的编号，或删除 parent。",
            "en": "The plan above, {id}, has no share for this place in any target given here: use "
            "the ids of its targets, or leave parent out.",
        },
        "share-differs": {
            "zh": "目标 {id} 与上级计划不符：工作须相同，数量不少于 {share}，时间不晚于 {by}，"
            "也不早于上级计划开始。",
            "en": "The target {id} does not fit the plan above: the same work, at least {share}, "
            "not later than {by}, and not begun before the plan above.",
        },
        "broken-down-already": {
            "zh": "上级计划的这一部分已有下级计划：请修改已有的计划，见 where 所示地址。",
            "en": "There is a plan for this part of the plan above already: change that one; see "
            "the address in where.",
        },
    }
)
