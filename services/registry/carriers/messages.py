"""Sentences of carriers, promises and errands, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "grid-needed": {
            "zh": "责任区须落到网格：请填写 grid_id。",
            "en": "A responsibility area is a grid: give grid_id.",
        },
        "holding-overlaps": {
            "zh": "这段时间已有人在岗（{id}）：请先结束原来的，或改正时间。",
            "en": "It is held at that time ({id}): end that first, or correct the times.",
        },
        "holding-not-found": {
            "zh": "没有编号为 {id} 的在岗登记：请用 GET /v1/carriers 查看。",
            "en": "There is no holding {id}: read them with GET /v1/carriers.",
        },
        "carrier-closed": {
            "zh": "{id} 已撤销，不能再改动：需要时请另设一个。",
            "en": "{id} is closed and cannot be changed: open another where it is needed.",
        },
        "promiser-needed": {
            "zh": "请写明由谁承诺：填写 organization_id 或 person_id。",
            "en": "Say who promises: give organization_id or person_id.",
        },
        "promise-past": {
            "zh": "承诺的期限必须晚于现在：请改正 until。",
            "en": "A promise is for a time to come: correct until.",
        },
        "promise-settled": {
            "zh": "承诺 {id} 已有结果（{result}），不能再改：请查看它的记录。",
            "en": "The promise {id} is settled ({result}) and cannot be changed: see its record.",
        },
        "record-of-others": {
            "zh": "记录 {id} 不能证明这项承诺：须由承诺人完成，且在承诺之后、期限之前。",
            "en": "The record {id} does not show this promise kept: it must be the work of those "
            "who promised, done after the promise and before its date.",
        },
        "accompanier-needed": {
            "zh": "请写明由谁代办：填写 person_id 或 organization_id。",
            "en": "Say who does the errand: give person_id or organization_id.",
        },
        "errand-order": {
            "zh": "代办事项已到“{stage}”，不能退回“{wanted}”：请登记后面的步骤。",
            "en": "The errand is at {stage} and does not go back to {wanted}: enter a later step.",
        },
        "errand-not-done": {
            "zh": "事项 {id} 还未办结：请在办结后评价。",
            "en": "The errand {id} is not done yet: give your word when it is.",
        },
        "errand-rated": {
            "zh": "事项 {id} 已评价过：如有新情况请提出诉求。",
            "en": "The word on errand {id} has been given: file a request where there is more.",
        },
        "errand-unknown": {
            "zh": "编号或查询码不对：请核对办理人给您的编号和查询码。",
            "en": "The number or the code is not right: check those that you were given.",
        },
    }
)
