"""Sentences of assigned tasks, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "funds-needed": {
            "zh": "给基层安排任务须费随事转、提供相应的资金和资源（第12条）：请填写 funds 或 "
            "resources。",
            "en": "A task for the grassroots comes with money and resources (art. 12, money "
            "follows the task): give funds or resources.",
        },
        "funds-or-reason-needed": {
            "zh": "给基层安排任务须费随事转、提供相应的资金和资源（第12条）：请填写 funds 或 "
            "resources，确无花费的在 no_cost_reason 说明理由。",
            "en": "A task for the grassroots comes with money and resources (art. 12, money "
            "follows the task): give funds or resources, or say in no_cost_reason why it costs "
            "nothing.",
        },
        "cost-free-kind-only": {
            "zh": "“{zh}”类任务不能不给资金资源（第12条）：请填写 funds 或 resources，并删除 "
            "no_cost_reason。",
            "en": "A task of the kind {zh} cannot come without money and resources (art. 12): give "
            "funds or resources and leave no_cost_reason out.",
        },
        "not-a-lower-level": {
            "zh": "任务只能由上级交给下级：{assigner} 的级别不高于 {receiver}，请改由上级交办。",
            "en": "A task goes from a higher level to a lower one: {assigner} is not above "
            "{receiver}; let a higher organization assign it.",
        },
        "no-line": {
            "zh": "{assigner} 既不是 {receiver} 的上级党组织，也不管辖其所在区域（第14条）："
            "请通过其上级党组织或所在地党组织交办。",
            "en": "{assigner} is neither above {receiver} in its system nor answers for the area "
            "it lies in (art. 14): assign it through an organization that is or does.",
        },
        "area-of-residents-needed": {
            "zh": "“{zh}”面向居民，须写明哪个区域的居民：请填写 residents_of。",
            "en": "A task of the kind {zh} serves residents: name their area in residents_of.",
        },
        "around-the-organization": {
            "zh": "面向居民的任务以基层组织为主渠道落实（第12条），不能绕过它：请交给 {area} "
            "的村、社区或街道党组织，见 where 所示地址。",
            "en": "A task for residents goes through the grassroots organization and not around it "
            "(art. 12): assign it to the village, community or street organization of {area}; see "
            "the address in where.",
        },
        "unknown-kind": {
            "zh": "没有编码为 {id} 的任务类型：可用的类型见 where 所示地址。",
            "en": "There is no kind of task {id}: those that there are stand at the address in "
            "where.",
        },
        "unknown-reason": {
            "zh": "没有编码为 {id} 的退回理由：请从 allowed 中选择。",
            "en": "There is no reason {id} to return a task: choose one of allowed.",
        },
        "wrong-status": {
            "zh": "任务现在的状态是“{zh}”（{state}），不能这样办理：请先查看任务。",
            "en": "The task is {state} ({zh}) now, this cannot be done with it: look at it first.",
        },
        "date-past": {
            "zh": "时间必须晚于现在：请改正 {field}。",
            "en": "The time must be later than now: correct {field}.",
        },
        "too-many-notes": {
            "zh": "进展已有 {limit} 条：请办结任务。",
            "en": "There are {limit} notes on progress already: finish the task.",
        },
    }
)
