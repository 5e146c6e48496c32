"""Sentences of support, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "guarantee-to-itself": {
            "zh": "党组织不能向自己作出保障承诺：请填写拨付一方的党组织。",
            "en": "An organization cannot guarantee something to itself: name the one that gives.",
        },
        "guarantee-organization-unknown": {
            "zh": "没有编号为 {id} 的党组织：请先在登记服务中登记。",
            "en": "There is no organization {id}: have it registered first.",
        },
        "guarantee-not-found": {
            "zh": "没有编号为 {id} 的保障承诺：请用 GET /v1/guarantees 查看现有的。",
            "en": "There is no guarantee {id}: list them with GET /v1/guarantees.",
        },
        "guarantee-gift-not-found": {
            "zh": "这项保障中没有编号为 {id} 的到位记录：请先查看已有的记录。",
            "en": "This guarantee has no payment {id}: look at those that there are first.",
        },
        "guarantee-overspent": {
            "zh": "这项保障只余 {left} 元未到位，不能记 {yuan} 元：请核对金额，或另立一项。",
            "en": "Only {left} yuan of this guarantee are missing, {yuan} cannot be recorded: "
            "check the amount, or make another guarantee.",
        },
        "guarantee-too-many-gifts": {
            "zh": "到位记录已达 {limit} 条：请合并记录。",
            "en": "There are {limit} payments already: record larger sums.",
        },
        "guarantee-withdrawn": {
            "zh": "这项保障已撤销（{reason}）：请另立一项。",
            "en": "This guarantee was withdrawn ({reason}): make another one.",
        },
        "support-subject-not-found": {
            "zh": "没有编号为 {id} 的这类对象：请核对 kind 和编号。",
            "en": "There is nothing of this kind with the id {id}: check kind and id.",
        },
    }
)

LABELS = {
    "budget": ("服务经费", "Budget for service"),
    "pay": ("报酬待遇", "Pay"),
    "insurance": ("社会保险", "Insurance"),
    "venue": ("场所建设", "Venue"),
    "supported": ("保障到位", "Supported"),
    "unsupported": ("保障未到位，另行比较", "Without the promised support, compared apart"),
    "lack.funds": ("经费未到位", "funds missing"),
    "lack.venue": ("无服务场所", "no venue"),
}


def said(key: str, language: str) -> str:
    """The label behind `key`."""
    return LABELS[key][1 if language == "en" else 0]
