"""Sentences of recorded work, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "unknown-work": {
            "zh": "没有编码为 {id} 的工作：可用的工作见 where 所示地址。",
            "en": "There is no work {id}: those that there are stand at the address in where.",
        },
        "doer-needed": {
            "zh": "请写明由谁完成“{zh}”：填写 {fields}。",
            "en": "Say who did it ({zh}): give {fields}.",
        },
    }
)
