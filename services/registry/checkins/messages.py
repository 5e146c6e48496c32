"""Sentences of check-in, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "reporter-needed": {
            "zh": "请写明由谁报到：填写 person_id（党员）或 organization_id（党组织）之一。",
            "en": "Say who checks in: give either person_id (a member) or organization_id.",
        },
        "not-a-member": {
            "zh": "{id} 没有登记所属党组织：请先在人员登记中填写 organization_id，再报到。",
            "en": "{id} has no organization: give the person's organization_id first, then check "
            "in.",
        },
        "community-needed": {
            "zh": "{id} 不是社区：请填写社区的编码。",
            "en": "{id} is not a community: give the code of a community.",
        },
        "checked-in": {
            "zh": "已在该社区报到（{id}）：可在 where 所示地址认领岗位、报告或结束。",
            "en": "Checked in there already ({id}): take posts, report or end it at the address "
            "in where.",
        },
        "communities-each": {
            "zh": "同时报到的社区最多 {limit} 个：请先结束一个报到。",
            "en": "At most {limit} communities at once: end a check-in first.",
        },
        "unknown-post": {
            "zh": "没有岗位 {id}：请从 allowed 中选择。",
            "en": "There is no post {id}: choose one of allowed.",
        },
        "posts-each": {
            "zh": "认领的岗位最多 {limit} 个：请先退出一个岗位。",
            "en": "At most {limit} posts at once: leave one first.",
        },
        "post-full": {
            "zh": "该社区的“{zh}”（{en}）已满（{limit} 人）：请另选，名额见 where 所示地址。",
            "en": "{en} has no place left in this community ({limit}; {zh}): choose another post; "
            "places stand at the address in where.",
        },
        "checkin-ended": {
            "zh": "该报到已经结束：请重新报到。",
            "en": "This check-in has ended: check in anew.",
        },
        "period-unknown": {
            "zh": "没有时段 {period}：请按 2026-Q1（季度）或 2026-H1（半年）填写。",
            "en": "There is no period {period}: give it as 2026-Q1 (quarter) or 2026-H1 (half "
            "year).",
        },
    }
)
