"""Sentences of scores, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "score-not-found": {
            "zh": "{period} 没有 {id} 的得分：请核对时段、类型和编号；没有诉求或不属于任何类别的"
            "对象没有得分。",
            "en": "There is no score of {id} in {period}: check period, kind and id. Who has no "
            "requests or belongs to no class of the scheme has none.",
        },
        "period-not-over": {
            "zh": "{period} 尚未结束：请在 {day} 或以后结算。",
            "en": "{period} is not over: settle it on {day} or later.",
        },
        "settling-already": {
            "zh": "{period} 正在结算：请几秒后查看。",
            "en": "{period} is being settled: look again in some seconds.",
        },
    }
)
