"""Sentences of the backbone, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "term-order": {
            "zh": "任期的终止时间必须晚于开始时间：请改正 until。",
            "en": "A term ends after it begins: correct until.",
        },
        "term-overlaps": {
            "zh": "该职务在 {since} 至 {until} 已有任期（{id}）：请先结束原任期，或改正时间。",
            "en": "The post is held from {since} to {until} (term {id}): end that term first, or "
            "correct the times.",
        },
        "first-secretary-sent": {
            "zh": "第一书记由上级选派：chosen 请填写 sent，并在 from_unit 填写派出单位。",
            "en": "A first secretary is sent: give sent as chosen, and the sending unit as "
            "from_unit.",
        },
        "sent-from-unit": {
            "zh": "选派的须填写派出单位 from_unit，不是选派的请勿填写。",
            "en": "Give the sending unit as from_unit where chosen is sent, and only there.",
        },
        "term-not-found": {
            "zh": "该党组织没有编号为 {id} 的任期：请查看该组织的任期列表（terms）。",
            "en": "The organization has no term {id}: read the list of its terms.",
        },
        "term-over": {
            "zh": "任期 {id} 已经结束或已撤销，不能再结束；登记有误请撤销后重新登记。",
            "en": "The term {id} is over or void and cannot be ended: void it where it was wrong, "
            "and enter it anew.",
        },
        "end-outside": {
            "zh": "结束时间必须在任期之内（晚于开始，不晚于计划终止）：请改正 at。",
            "en": "A term ends after its beginning and not after its planned end: correct at.",
        },
    }
)

VACANT = (
    "请尽快选举、任命或选派书记，并登记任期（POST /v1/organizations/{id}/terms）；"
    "软弱涣散的可选派第一书记。",
    "Elect, appoint or send a secretary and enter the term (POST /v1/organizations/{id}/terms); "
    "a first secretary may be sent to a weak organization.",
)
"""What to do about a vacancy, Chinese and English."""
ENDING = (
    "请在到期前启动换届或任免，并登记下一任期。",
    "Begin the election or appointment before the term ends, and enter the next term.",
)
UNTRAINED = (
    "请安排培训（最近 {years} 年内累计不少于 {hours} 学时），并登记培训记录"
    "（POST /v1/records，work 为 {work}）。",
    "Arrange training (at least {hours} hours within the last {years} years) and record it "
    "(POST /v1/records, work {work}).",
)
