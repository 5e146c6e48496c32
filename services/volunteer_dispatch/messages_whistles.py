"""Sentences of whistles (吹哨报到)."""

from shared.web.messages import register_messages

WHISTLES = {
    "whistle-not-found": {
        "zh": "没有编号为 {id} 的哨：请用 GET /v1/whistles 查看。",
        "en": "There is no whistle {id}: list them with GET /v1/whistles.",
    },
    "whistle-level": {
        "zh": "只有街道（乡镇）和社区可以吹哨，{area} 不是：请由所在街道或社区吹哨。",
        "en": "Streets and communities whistle, and {area} is neither: ask one of them to.",
    },
    "whistle-area-unknown": {
        "zh": "没有 {area} 这个区域，或已停用：请到登记服务查询。",
        "en": "There is no area {area} in service: look it up in the registry.",
    },
    "whistle-unit-unknown": {
        "zh": "没有单位 {unit}，或已停用：请到登记服务查询。",
        "en": "There is no unit {unit} in service: look it up in the registry.",
    },
    "whistle-unit-twice": {
        "zh": "单位 {unit} 列了两次：请合并为一条。",
        "en": "Unit {unit} is listed twice: make one entry of it.",
    },
    "whistle-too-many": {
        "zh": "一次最多召集 {most} 个单位：请减少，或报上级统筹。",
        "en": "One whistle summons {most} units at most: name fewer, or turn to those above.",
    },
    "whistle-report-by": {
        "zh": "报到时限须晚于现在：请改正 report_by，或不填而按规定时限（表 whistle-times）。",
        "en": "The time to report in must lie ahead: correct report_by, or leave it out for the "
        "city's own (table whistle-times).",
    },
    "whistle-not-yours": {
        "zh": "这次吹哨与您的单位或区域无关：请由吹哨的街道、社区或被召集的单位办理。",
        "en": "This whistle is neither of your area nor for your unit: ask those whom it concerns.",
    },
    "whistle-not-whistler": {
        "zh": "评价和结束由吹哨的街道、社区或其上级办理。请联系他们。",
        "en": "The area that whistled, or one above, rates and ends it: turn to them.",
    },
    "whistle-not-summoned": {
        "zh": "这次吹哨没有召集单位 {unit}：请核对单位编号。",
        "en": "Unit {unit} is not summoned by this whistle: check its id.",
    },
    "whistle-reported-already": {
        "zh": "单位 {unit} 已经报到：请用 plan 说明将做什么。",
        "en": "Unit {unit} has reported in already: say what it will do with plan.",
    },
    "whistle-not-there": {
        "zh": "单位 {unit} 尚未报到：请先用 report-in 报到。",
        "en": "Unit {unit} has not reported in: do so first with report-in.",
    },
    "whistle-done-already": {
        "zh": "单位 {unit} 已办结：请等待吹哨方评价。",
        "en": "Unit {unit} is done already: wait for the rating.",
    },
    "whistle-not-done": {
        "zh": "单位 {unit} 尚未办结，哨也未结束：请在其办结或结束（end）之后评价。",
        "en": "Unit {unit} is not done and the whistle not ended: rate it after that.",
    },
    "whistle-rated": {
        "zh": "单位 {unit} 已评为 {rating} 分，不能再改。请以此为准。",
        "en": "Unit {unit} was rated {rating} already: that stands, there is nothing to do.",
    },
    "whistle-ended": {
        "zh": "这次吹哨已经结束：如仍需召集，请重新吹哨。",
        "en": "This whistle has ended: whistle anew where units are still needed.",
    },
    "case.beyond_power": {"zh": "超出街道、社区职权", "en": "Beyond the power of the area"},
    "case.joint_enforcement": {"zh": "需要联合执法", "en": "Joint enforcement"},
    "case.emergency": {"zh": "应急处置", "en": "Emergency"},
}

register_messages(WHISTLES)
