"""Sentences of work lists: claims, handing over, bulk actions, changes."""

from shared.web.messages import register_messages

COLUMNS = {
    "column.awaiting_decision": {"zh": "待上级决定", "en": "Awaiting a decision"},
    "column.overdue": {"zh": "已超期", "en": "Overdue"},
    "column.due_soon": {"zh": "即将到期", "en": "Due soon"},
    "column.to_accept": {"zh": "待接单", "en": "Waiting to be accepted"},
    "column.asking": {"zh": "正在征集志愿者", "en": "Volunteers are asked"},
    "column.in_hand": {"zh": "办理中", "en": "In hand"},
    "column.waiting_for_resident": {"zh": "待居民答复", "en": "Waiting for the resident"},
    "column.set_aside": {"zh": "挂账", "en": "Set aside"},
    "column.done_lately": {"zh": "近期办结", "en": "Done lately"},
}

MESSAGES = {
    "already-taken": {
        "zh": "这个任务已由 {kind} {id} 接手：请在 GET /v1/pool 中另选一件。",
        "en": "{kind} {id} has this task already: choose another one from GET /v1/pool.",
    },
    "claim-over": {
        "zh": "任务现为 {state}，不能自领：请在 GET /v1/pool 中另选一件。",
        "en": "The task is {state}, so nobody can take it: choose another one from GET /v1/pool.",
    },
    "claim-elsewhere": {
        "zh": "这个任务不在您的网格或区域：请在 GET /v1/pool 中选择可自领的任务。",
        "en": "This task lies outside your grid or area: GET /v1/pool lists what you may take.",
    },
    "claim-not-open": {
        "zh": "这类任务不向 {kind} 开放自领：请在 GET /v1/pool 中另选，规则见表 lists。",
        "en": "Such tasks are not open to be taken by a {kind}: choose from GET /v1/pool (table "
        "lists).",
    },
    "claim-needs-skill": {
        "zh": "这个任务需要技能 {skill}：请在登记服务补充您的技能，或另选一件。",
        "en": "This task needs the skill {skill}: add it in the registry, or choose another task.",
    },
    "claims-nothing": {
        "zh": "只有在册的志愿者、单位和网格团队可以自领：请到登记服务核对您的登记。",
        "en": "Volunteers, units and grid teams in service take tasks: check your entry in the "
        "registry.",
    },
    "hand-over-paused": {
        "zh": "任务正等待居民答复或已挂账，不能转交：请先恢复办理（resume）。",
        "en": "The clock stands still, so it cannot be handed over: resume it first.",
    },
    "handed-over-too-often": {
        "zh": "这个任务已转交 {most} 次，不能再转：请报上级改派（reassign）。",
        "en": "It was handed over {most} times already: ask those above to reassign it.",
    },
    "receiver-kind": {
        "zh": "只能转交给 {kinds}：请改正 to；确不属您的请退单（return）。",
        "en": "You may hand over to {kinds} only: correct to, or return what is not yours.",
    },
    "receiver-elsewhere": {
        "zh": "{kind} {id} 不在这个任务的网格或区域，或就是现承办人：请另选接收人。",
        "en": "{kind} {id} is not of this task's grid or area, or has it already: choose another.",
    },
    "not-offered-to-you": {
        "zh": "这个任务没有转交给您：请由接收人答复。",
        "en": "This task is not offered to you: the receiver answers.",
    },
    "offer-changed": {
        "zh": "转交的对象刚刚变了：请重新读取任务后再答复。",
        "en": "It is offered to somebody else now: read the task again before you answer.",
    },
    "not-for-others": {
        "zh": "只有网格长或上级可以代志愿者答复：请让志愿者本人操作，或联系网格长。",
        "en": "Only the grid leader or those above may answer for a volunteer: ask one of them.",
    },
    "volunteer-not-involved": {
        "zh": "志愿者 {id} 没有被征集，也不承办这个任务：请核对 on_behalf_of。",
        "en": "Volunteer {id} was not asked and does not have this task: correct on_behalf_of.",
    },
    "bulk-command-unknown": {
        "zh": "没有 {command} 这个批量操作：请从 allowed 中选择。",
        "en": "There is no bulk command {command}: choose one of those in allowed.",
    },
    "too-many-streams": {
        "zh": "实时连接已达上限（{most} 个）：请关闭不用的页面，{seconds} 秒后再试。",
        "en": "There are {most} live connections already: close those not needed and try again in "
        "{seconds} s.",
    },
}

register_messages(COLUMNS)
register_messages(MESSAGES)
