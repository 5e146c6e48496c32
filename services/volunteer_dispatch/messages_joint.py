"""Sentences of joint work: parts of a task, and why who is asked or suggested."""

from shared.web.messages import register_messages

JOINT = {
    "parts-open": {
        "zh": "还有协办部分没有结束：{parts}。请等它们办结，或用 POST "
        "/v1/tasks/<编号>/parts/<号>/cancel 写明理由后结束。",
        "en": "Parts are still open: {parts}. Wait for them, or end them with a reason: POST "
        "/v1/tasks/<id>/parts/<number>/cancel.",
    },
    "part-not-found": {
        "zh": "任务 {id} 没有第 {number} 个协办部分：请用 GET /v1/tasks/{id}/parts 查看。",
        "en": "Task {id} has no part {number}: list them with GET /v1/tasks/{id}/parts.",
    },
    "not-your-part": {
        "zh": "这一部分不由您办理：请由被请的单位、网格或其上级办理。",
        "en": "This part is not yours: ask the unit or grid that was asked, or those above.",
    },
    "not-leading": {
        "zh": "请协办、结束协办由主办人或其上级决定：请联系主办人。",
        "en": "Who leads the task, or stands above, asks helpers and ends parts: turn to them.",
    },
    "part-not-possible-now": {
        "zh": "第 {number} 部分现为 {state}，不能执行 {command}：请从 allowed 所列的操作中选择。",
        "en": "Part {number} is {state} now, so {command} is not possible: choose one of those in "
        "allowed.",
    },
    "no-help-now": {
        "zh": "任务已结束或正在停表，不能请协办：停表中的请先用 resume 恢复。",
        "en": "The task has ended, or its clock stands still, so nobody can be asked: resume it "
        "first.",
    },
    "part-for-volunteer": {
        "zh": "协办只能请单位、网格团队或区域值班：请另选对象。",
        "en": "A part is asked of a unit, a grid team or an area's duty officer: choose one of "
        "them.",
    },
    "part-for-holder": {
        "zh": "任务就在对方手里：请改请其他单位，GET /v1/tasks/<编号>/helpers 列有可请的。",
        "en": "They have the task themselves: ask somebody else; GET /v1/tasks/<id>/helpers lists "
        "whom.",
    },
    "part-open-already": {
        "zh": "{who} 已有未结束的第 {number} 部分：请等它办结，或先结束它再请。",
        "en": "{who} has part {number} open already: wait for it, or end it first.",
    },
    "parts-too-many": {
        "zh": "本轮已请 {most} 个协办：请先依靠已请的单位，或报上级协调。",
        "en": "{most} helpers were asked in this round: rely on them, or turn to those above.",
    },
    "part-deadline-past": {
        "zh": "协办期限已经过去：请改为将来的时间。",
        "en": "The part's deadline has passed: give a time to come.",
    },
    "part-deadline-after": {
        "zh": "协办期限不能晚于任务期限（{until}）：请提前，或不填 deadline；任务已到期的，"
        "不填 deadline。",
        "en": "A part is due no later than its task ({until}): give an earlier deadline or none; "
        "for an overdue task give none.",
    },
    "part-origin-rule": {
        "zh": "派单规则指定协办",
        "en": "Named by the routing rule to assist",
    },
    "part-origin-asked": {"zh": "主办人或上级所请", "en": "Asked by who leads or stands above"},
    "part-origin-passed_on": {
        "zh": "前一个婉拒后顺次所请",
        "en": "Asked as the one before declined",
    },
    "part-origin-reopened": {
        "zh": "诉求重新打开，再请一次",
        "en": "Asked again as the request was opened again",
    },
    "part-ended-request_closed": {"zh": "诉求已结束", "en": "The request has ended"},
    "part-ended-withdrawn": {"zh": "诉求已撤回", "en": "The request was withdrawn"},
    "part-ended-reported_done": {
        "zh": "承办单位已报办结",
        "en": "The unit that has it reported it as done",
    },
    "part-ended-reopened": {
        "zh": "诉求重新打开，本轮另请",
        "en": "The request was opened again; asked anew in the new round",
    },
    "explained-help-asked": {
        "zh": "请协办：从 {number} 个可请的对象中请 {chosen}（先邻近网格，再区域性党组织成员、"
        "结对单位，最后上级）。",
        "en": "Help asked of {chosen}, of {number} who can be asked (neighbour grid, joint "
        "organization, paired unit, then above).",
    },
    "explained-help-declined": {
        "zh": "协办被婉拒：{number} 个可请的对象中，下一个是 {chosen}。",
        "en": "The helper declined: next is {chosen}, of {number} who can be asked.",
    },
    "considered-neighbour_grid": {"zh": "邻近网格", "en": "A neighbour grid"},
    "considered-joint": {"zh": "同属区域性党组织", "en": "In the same joint organization"},
    "considered-paired": {"zh": "结对单位", "en": "Paired with it"},
    "considered-above": {"zh": "上级值班负责人", "en": "The duty officer above"},
}

register_messages(JOINT)
