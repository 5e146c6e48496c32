"""Sentences of assessment, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "unknown-class": {
            "zh": "没有 {name} 这个类别：请从 allowed 所列的值中选择，或去掉 class 查看全部。",
            "en": "There is no class {name}: choose one listed in allowed, or leave class out "
            "to see all.",
        },
        "figures-not-yours": {
            "zh": "这不是您的区域或单位的数据：请去掉 id 查看您有权查看的全部数据。",
            "en": "These are not figures of your area or unit: leave id out to list those that "
            "you may see.",
        },
    }
)

LABELS = {
    "unclassed": (
        "未归类（尚未登记，或方案未设类别）",
        "In no class (not registered yet, or none in the scheme)",
    ),
}
