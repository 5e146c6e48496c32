"""Sentences of corrections, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "case-not-found": {
            "zh": "考评中没有这个诉求：请核对编号；刚受理的诉求请几秒后再试。",
            "en": "Assessment knows no such request: check the id; try again in some seconds where "
            "it has just been accepted.",
        },
        "no-answer-to-correct": {
            "zh": "居民尚未回访，没有评价可以更正：请只更正 excluded、verdict 或 responsible。",
            "en": "The resident has not been asked yet, so that there is no answer to correct: "
            "correct excluded, verdict or responsible only.",
        },
        "correction-not-found": {
            "zh": "没有第 {number} 项更正：该诉求共有 {corrections} 项。",
            "en": "There is no correction {number}: the case has {corrections}.",
        },
        "corrections-too-many": {
            "zh": "一个诉求最多更正 {most} 次：请联系系统管理员核查。",
            "en": "A case takes at most {most} corrections: have an administrator look into it.",
        },
        "responsible-unknown": {
            "zh": "登记库中没有 {id}：请核对编号，或先登记。",
            "en": "The registry does not know {id}: check the id, or register it first.",
        },
        "field.correction_of_nothing": {
            "zh": "没有要更正的内容：请至少写明一项。",
            "en": "Nothing is corrected: name at least one thing.",
        },
    }
)
