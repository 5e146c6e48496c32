"""Sentences of activities and service hours."""

from shared.web.messages import register_messages

MESSAGES = {
    "activity-not-found": {
        "zh": "没有编号为 {id} 的活动：请用 GET /v1/activities 查看。",
        "en": "There is no activity {id}: list them with GET /v1/activities.",
    },
    "activity-not-yours": {
        "zh": "这个活动不由您组织：请由组织单位、网格负责人或上级办理。",
        "en": "You do not organize this activity: ask who organizes it, or those above.",
    },
    "activity-kind-unknown": {
        "zh": "没有 {kind} 这种活动：请从 allowed 所列的代码中选择（表 activity-rules）。",
        "en": "There is no kind {kind}: choose a code listed in allowed (table activity-rules).",
    },
    "activity-place-needed": {
        "zh": "请写明活动在哪里：填写 grid_id，或 area 和 point。",
        "en": "Say where it is: give grid_id, or area and point.",
    },
    "activity-times": {
        "zh": "时间须依次为：现在、报名截止（sign_up_until）、开始、结束，且活动不超过 "
        "24 小时：请改正。",
        "en": "Times must follow: now, the end of sign-up, the start, the end, within 24 hours: "
        "correct them.",
    },
    "activity-places": {
        "zh": "名额合计须为 1 至 {most} 人，各类不重复，最低人数不超过名额：请改正 places "
        "和 minimum。",
        "en": "Places must be 1 to {most} in all, each skill once, the minimum no more than that: "
        "correct places and minimum.",
    },
    "sign-up-over": {
        "zh": "这个活动的报名已结束或活动已取消：请看看其他活动。",
        "en": "Sign-up is over, or the activity was called off: have a look at others.",
    },
    "signed-up-already": {
        "zh": "您已报名这个活动：不想参加请先退出（leave）。",
        "en": "You signed up already: leave it first if you cannot come.",
    },
    "no-place-fits": {
        "zh": "剩下的名额需要您未登记的技能：请先在登记服务补充技能，或报名其他活动。",
        "en": "Its places need skills that you are not registered with: have them added in the "
        "registry, or choose another activity.",
    },
    "waiting-list-full": {
        "zh": "名额和候补名单都已满：请报名其他活动。",
        "en": "Places and the waiting list are full: choose another activity.",
    },
    "time-taken": {
        "zh": "这段时间您已报名另一个活动：请先退出那一个。",
        "en": "You signed up for another activity at that time: leave that one first.",
    },
    "not-signed-up": {
        "zh": "{id} 没有报名这个活动：请先报名。",
        "en": "{id} has not signed up for this activity: sign up first.",
    },
    "not-asked": {
        "zh": "您没有收到这个活动的邀请，无需回复。",
        "en": "You were not asked about this activity, so there is nothing to decline.",
    },
    "activity-began": {
        "zh": "活动已开始或已结束，不能再退出或取消：请联系现场负责人。",
        "en": "The activity has begun or is over, so it cannot be left or called off: talk to who "
        "leads on site.",
    },
    "check-in-closed": {
        "zh": "现在不能签到：自 {since} 起至活动结束后可签到。",
        "en": "Check-in is not open now: it opens at {since} and ends after the activity.",
    },
    "no-place-yet": {
        "zh": "您还在候补名单上：有名额空出后才能签到。",
        "en": "You are on the waiting list: check in once you have a place.",
    },
    "not-checked-in": {
        "zh": "还没有签到，或考勤已结算：请先签到；已结算的请由负责人更正时数。",
        "en": "There was no check-in, or attendance is settled: check in first, or have the hours "
        "corrected.",
    },
    "wrong-code": {
        "zh": "签到码不对：请向现场负责人核对。",
        "en": "The code is not right: ask who leads on site.",
    },
    "volunteer-unknown": {
        "zh": "没有编号为 {id} 的志愿者：请到登记服务核对。",
        "en": "There is no volunteer {id}: look it up in the registry.",
    },
    "hours-not-found": {
        "zh": "没有编号为 {id} 的服务时数：请用 GET /v1/hours 查看。",
        "en": "There are no hours {id}: list them with GET /v1/hours.",
    },
    "hours-not-yours": {
        "zh": "服务时数由接受服务的一方确认或更正：请由网格负责人、组织单位、现场负责人"
        "或上级办理。",
        "en": "Hours are confirmed and corrected by who received the service: the grid's leader, "
        "the organizer, who led on site, or those above.",
    },
    "own-hours": {
        "zh": "不能确认或更正自己的服务时数：请由另一位负责人办理。",
        "en": "Nobody confirms or corrects hours of his or her own: ask another one in charge.",
    },
    "hours-void": {
        "zh": "这项服务时数已作废，不能再确认或更正。",
        "en": "These hours are void: they cannot be confirmed or corrected any more.",
    },
}

register_messages(MESSAGES)
