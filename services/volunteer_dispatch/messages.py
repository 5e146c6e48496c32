"""Sentences of dispatch."""

from shared.web.messages import register_messages

MESSAGES = {
    "task-not-found": {
        "zh": "没有编号为 {id} 的任务：请用 GET /v1/tasks 查看您的任务。",
        "en": "There is no task {id}: list yours with GET /v1/tasks.",
    },
    "not-your-task": {
        "zh": "这个任务不由您承办：请由承办人或其上级办理。",
        "en": "This task is not yours: ask who holds it, or those above.",
    },
    "not-possible-now": {
        "zh": "任务现为 {state}，不能执行 {command}：请从 allowed 所列的操作中选择。",
        "en": "The task is {state} now, so {command} is not possible: choose one of those in "
        "allowed.",
    },
    "task-joined": {
        "zh": "这件诉求已与另一件合并办理：请在任务 {lead} 上操作；确非同一事项的，请在受理服务用 "
        "separate 分开。",
        "en": "Its request is joined to another one: work on task {lead}. If they are not about "
        "the same thing, separate the request at intake.",
    },
    "nobody-above": {
        "zh": "上面已没有可以接手的人：请用 reassign 指定承办人。",
        "en": "There is nobody above to take it: name somebody with reassign.",
    },
    "decision-binds": {
        "zh": "上级已裁定由您办理，不能再退回：请继续办理，有困难可"
        "申请延期（extend）或挂账（defer）。",
        "en": "The higher level decided that it is yours, so it cannot be given back: go on, or "
        "ask for more time (extend) or a deferral (defer).",
    },
    "returned-too-often": {
        "zh": "这个任务已退单 {most} 次，不能再退：请报上级改派（reassign）。",
        "en": "The task was returned {most} times already: ask those above to reassign it.",
    },
    "return-too-late": {
        "zh": "退单时限已于 {until} 过去，任务由您办理：有困难请申请延期（extend），确不属您的"
        "请报上级改派（reassign）。",
        "en": "It could be given back until {until}; now it is yours: ask for more time (extend), "
        "or those above to reassign it.",
    },
    "ground-unknown": {
        "zh": "没有 {ground} 这个理由：请从 allowed 所列的代码中选择（表 limits）。",
        "en": "There is no ground {ground}: choose a code listed in allowed (table limits).",
    },
    "nobody-to-ask": {
        "zh": "关爱走访没有诉求人可询问：请继续办理，需要时间请申请延期（extend）。",
        "en": "Nobody asked for a care visit, so nobody can be asked: go on, or ask for more time "
        "(extend).",
    },
    "waited-too-often": {
        "zh": "本轮已向居民询问 {most} 次，不能再次停表：请继续办理，需要时间请"
        "申请延期（extend）。",
        "en": "The resident was asked {most} times in this round, the clock stops no more: go on, "
        "or ask for more time (extend).",
    },
    "extended-too-often": {
        "zh": "本轮已延期 {most} 次：请抓紧办理，确需暂缓的请申请挂账（defer）。",
        "en": "It was extended {most} times in this round: go on, or ask for a deferral (defer).",
    },
    "extension-too-long": {
        "zh": "一次最多延期 {most} 小时（{counts}）：请减少 hours。",
        "en": "One extension is {most} hours ({counts}) at most: give fewer hours.",
    },
    "deadline-passed": {
        "zh": "办理期限已过，不能再申请延期：请尽快办结，确需暂缓的请申请挂账（defer）。",
        "en": "The deadline has passed, so it cannot be extended: complete the work, or ask for a "
        "deferral (defer).",
    },
    "review-out-of-range": {
        "zh": "复核时间须在现在之后、{until} 之前：请改正 review_at。",
        "en": "The review must lie after now and before {until}: correct review_at.",
    },
    "review-passed": {
        "zh": "申请的复核时间已过：请用 refuse 退回，由承办人重新申请。",
        "en": "The review that was asked for has passed: refuse it, so that the holder asks anew.",
    },
    "proposal-pending": {
        "zh": "已有一项申请（{kind}）待上级批准：请等待答复后再申请。",
        "en": "One thing is asked already ({kind}): wait for the answer of those above.",
    },
    "four-eyes": {
        "zh": "申请人不能批准自己的申请：请由上一级的另一人办理。",
        "en": "Who asks cannot approve: another person above must.",
    },
    "not-above": {
        "zh": "批准须由承办人的上级办理：请报上级区域的管理员。",
        "en": "Only who stands above the holder decides this: ask the manager of the area above.",
    },
    "decided-for-volunteer": {
        "zh": "裁定只能给单位、网格团队或区域值班：请另选对象。",
        "en": "A decision names a unit, a grid team or an area's duty officer: choose one of them.",
    },
    "no-problem-case": {
        "zh": "任务 {id} 现在不是疑难件：请用 GET /v1/problem-cases 查看。",
        "en": "Task {id} is no problem case now: list them with GET /v1/problem-cases.",
    },
    "calendar-covers": {
        "zh": "法定节假日和调休已知 {first} 年至 {last} 年（缺：{gaps}）；其他年份按周一至周五"
        "计算，国务院办公厅公布新一年安排后请用 PUT /v1/calendar 补充。",
        "en": "Holidays and make-up days are known from {first} to {last} (missing: {gaps}); in "
        "other years Monday to Friday are worked. Add the next year with PUT /v1/calendar once "
        "the State Council has announced it.",
    },
    "calendar-empty": {
        "zh": "日历里没有任何年份：一律按周一至周五计算；请用 PUT /v1/calendar 补充节假日安排。",
        "en": "The calendar lists no year: Monday to Friday are worked in all; add holidays with "
        "PUT /v1/calendar.",
    },
    "assignee-unknown": {
        "zh": "没有 {kind} {id}，或已停用：请到登记服务查询可选的对象。",
        "en": "There is no {kind} {id} in service: look it up in the registry.",
    },
    "volunteer-full": {
        "zh": "志愿者 {id} 现在不能接任务（不存在、不在岗或名额已满）：请另选一位。",
        "en": "Volunteer {id} cannot take a task now (unknown, not available, or full): "
        "choose another one.",
    },
    "alert-over": {
        "zh": "这个任务已由他人接手或不再征集志愿者，谢谢您。",
        "en": "Somebody else took this task, or it asks volunteers no more. Thank you.",
    },
    "you-are-full": {
        "zh": "您现在不在岗或手上的任务已满：请先办结一个，或婉拒这次邀请。",
        "en": "You are not available or hold as many tasks as you can: finish one first, or "
        "decline this one.",
    },
}

register_messages(MESSAGES)
