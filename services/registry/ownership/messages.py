"""Sentences on ownership, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "owned-by-unit": {
            "zh": "{id} 由单位 {owner} 的系统报送，{fields} 以其为准，本次修改退回："
            "请由该单位在其系统中修改；管理员可在 where 所示地址说明理由收回。",
            "en": "The system of unit {owner} reports {id}, and its word counts on {fields}; your "
            "change is returned: have the unit change it there, or let an administrator take the "
            "ownership away, with a reason, at the address in where.",
        },
        "owned-by-another": {
            "zh": "{id} 由单位 {owner} 的系统报送：请换一个编号，或请市里变更归属。",
            "en": "{id} is reported by unit {owner}: choose another id, or ask the city to change "
            "who owns it.",
        },
        "not-of-unit": {
            "zh": "{id} 已登记且不属于单位 {unit}：请换一个编号，或请市里将其归入本单位。",
            "en": "{id} is registered and is not of unit {unit}: choose another id, or ask the "
            "city to make it the unit's.",
        },
        "ownership-taken": {
            "zh": "市里已收回 {id} 的归属：请联系市里的管理员。",
            "en": "The city has taken the ownership of {id} away: ask its administrators.",
        },
        "wrong-subject": {
            "zh": "ce_subject 应为 {wanted}/编号。",
            "en": "ce_subject must be {wanted}/id.",
        },
        "change-returned": {
            "zh": "单位 {unit} 的系统开始报送此登记，其内容为准，您先前对 {fields} 的修改"
            "已被替换：如有异议，请联系该单位。",
            "en": "The system of unit {unit} has begun to report this entry, and its word counts; "
            "what you had set in {fields} was replaced: ask the unit where you do not agree.",
        },
    }
)
