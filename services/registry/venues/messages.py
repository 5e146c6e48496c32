"""Sentences of venues, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "venue-owner-needed": {
            "zh": "场所必须属于党组织或单位：请填写 organization_id 或 unit_id。",
            "en": "A venue belongs to an organization or a unit: give organization_id or unit_id.",
        },
        "unknown-use": {
            "zh": "没有编码为 {id} 的用途：请从 allowed 中选择，或在 /v1/venue-uses 中增加。",
            "en": "There is no use {id}: choose one of allowed, or add it to /v1/venue-uses.",
        },
        "field.hours_order": {
            "zh": "结束时间必须晚于开始时间；跨零点的请分为两段（到 24:00，从 00:00）。",
            "en": "It closes after it opens: part hours over midnight in two (to 24:00, from "
            "00:00).",
        },
        "field.hours_overlap": {
            "zh": "同一天的开放时段有重叠：请合并或改正。",
            "en": "Hours of one day overlap: join or correct them.",
        },
    }
)
