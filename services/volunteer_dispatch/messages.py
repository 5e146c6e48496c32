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
    "nobody-above": {
        "zh": "上面已没有可以接手的人：请用 reassign 指定承办人。",
        "en": "There is nobody above to take it: name somebody with reassign.",
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
    "field.personal_data": {
        "zh": "内容像是电话或身份证号码：原因会公开，请删去个人信息。",
        "en": "This reads as a telephone or identity-card number: reasons are shared, leave "
        "personal data out.",
    },
}

register_messages(MESSAGES)
