"""Sentences of open work, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "not-retired": {
            "zh": "党组织 {id} 仍在运行：请先停用并填写承接者（PUT where 所示地址，"
            "retired 为 true，successors 为承接者），再移交未完成的工作。",
            "en": "The organization {id} is in service: retire it first and name who takes over "
            "(PUT at the address in where, retired true, successors), then hand its open work on.",
        },
        "not-a-successor": {
            "zh": "{to} 不是 {id} 的承接者：请从 successors（{successors}）中选择，"
            "或先在 where 所示地址填写承接者。",
            "en": "{to} is no successor of {id}: choose one of its successors ({successors}), or "
            "name the successor first at the address in where.",
        },
    }
)
