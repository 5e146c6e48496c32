"""Sentences of care, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "unknown-care": {
            "zh": "没有关爱类别 {id}：请从 allowed 中选择。",
            "en": "There is no kind of care {id}: choose one of allowed.",
        },
        "cared-for": {
            "zh": "此人已有该类关爱标记：见 where 所示地址。",
            "en": "This person is marked for this kind of care already: see the address in where.",
        },
        "care-ended": {
            "zh": "该关爱标记已经取消：需要时请重新标记。",
            "en": "This mark has been taken away: mark the person anew where needed.",
        },
    }
)

WHAT_TO_DO = {
    "upcoming": (
        "尚未到期：可以提前走访并登记。",
        "Not due yet: a visit may be made and recorded before.",
    ),
    "due": (
        "请在逾期前上门走访，走访后在此登记（visits）。",
        "Visit before it is overdue, and record the visit here (visits).",
    ),
    "overdue": (
        "已逾期：请立即走访并登记；确实无法走访的，请网格长或区域负责人另派人员。",
        "Overdue: visit now and record it; where that cannot be, the grid leader or area manager "
        "sends somebody else.",
    ),
}
"""By stage, Chinese and English."""
