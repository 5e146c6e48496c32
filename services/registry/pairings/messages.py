"""Sentences of pairings, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "same-organization": {
            "zh": "结对双方必须是两个党组织：请改正 taker。",
            "en": "A pairing has two organizations: correct taker.",
        },
        "pairing-does-not-fit": {
            "zh": "“{zh}”结对不适用于这一方（第12条）：请另选党组织或结对类型，"
            "各类型的适用范围见 where 所示地址。",
            "en": "This organization does not fit this side of the kind {zh} (art. 12): choose "
            "another organization or kind; what fits stands at the address in where.",
        },
        "pairing-domains-same": {
            "zh": "“{zh}”结对双方须属同一领域（第12条）：请另选党组织或结对类型。",
            "en": "The two sides of the kind {zh} must be of one domain (art. 12): choose another "
            "organization or kind.",
        },
        "pairing-domains-different": {
            "zh": "“{zh}”结对双方须属不同领域（第12条）：请另选党组织或结对类型。",
            "en": "The two sides of the kind {zh} must be of two domains (art. 12): choose another "
            "organization or kind.",
        },
        "pairing-same-area": {
            "zh": "“{zh}”须跨区域（第12条），双方却在同一区域：请另选党组织。",
            "en": "The kind {zh} goes across areas (art. 12), but both sides answer for the same "
            "area: choose another organization.",
        },
        "person-needed": {
            "zh": "“{zh}”须写明挂职人员：请填写 person_id。",
            "en": "The kind {zh} sends a person: give person_id.",
        },
        "person-not-wanted": {
            "zh": "“{zh}”是两个党组织的结对，不派人员：请删除 person_id，或改为跨区域挂职。",
            "en": "The kind {zh} pairs two organizations and sends nobody: leave person_id out, or "
            "make it a secondment.",
        },
        "person-not-of-giver": {
            "zh": "挂职人员须是帮扶方的党员或其单位的人员：请改正 person_id 或 giver。",
            "en": "The person sent must be a member of the giver's organization or of its unit: "
            "correct person_id or giver.",
        },
        "not-stronger": {
            "zh": "“{zh}”是以强带弱（第12条），而六有中帮扶方已具备 {giver} 项，受助方 {taker} 项："
            "请另选党组织，或在 reason 中说明为何由它帮扶。",
            "en": "The kind {zh} has the strong help the weak (art. 12), but of the six assets the "
            "giver holds {giver} and the taker {taker}: choose another organization, or say in "
            "reason why this one helps.",
        },
        "until-before-since": {
            "zh": "结束时间必须晚于开始时间：请改正 until。",
            "en": "The end must be after the beginning: correct until.",
        },
        "goal-outside-term": {
            "zh": "目标的完成时间必须在期限之内：请改正 goals 中的 by。",
            "en": "A goal's date must be within the term: correct by in goals.",
        },
        "summary-needed": {
            "zh": "续期或结束前，双方都要提交本期小结；还缺：{missing_zh}（{missing_en}）。"
            "请先提交到 /v1/pairings/{id}/summaries。",
            "en": "Before it is renewed or ended both sides sum up the term; missing: "
            "{missing_en} ({missing_zh}). Hand it in at /v1/pairings/{id}/summaries first.",
        },
        "pairing-is-ended": {
            "zh": "该结对已结束，不能再改动：如需继续，请新建结对。",
            "en": "This pairing has ended and cannot be changed: make a new one to go on.",
        },
        "not-this-side": {
            "zh": "小结由本方提交：请由{side_zh}（{side_en}）的负责人员操作。",
            "en": "A side sums up for itself: ask those who answer for the {side_en} ({side_zh}).",
        },
        "too-many-lines": {
            "zh": "资金已列 {limit} 笔：请合并。",
            "en": "There are {limit} lines of money already: put some together.",
        },
    }
)
