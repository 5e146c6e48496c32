"""Sentences of statements and contact points, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "statement-not-found": {
            "zh": "没有 {id} 的述职：请由上级先布置（POST /v1/statements）。",
            "en": "There is no statement {id}: the superior opens it first (POST /v1/statements).",
        },
        "not-the-own-side": {
            "zh": "这件事须由述职的党组织自己办理：请由本区域或本单位的负责人办理。",
            "en": "This is for the organization's own side to do: ask the people responsible for "
            "its own area or unit.",
        },
        "statement-wrong-stage": {
            "zh": "述职现在的状态是“{zh}”（{en}），不能这样办理：请先查看述职。",
            "en": "The statement is {en} ({zh}) now, this cannot be done with it: look at it "
            "first.",
        },
        "statement-due-past": {
            "zh": "述职时间必须晚于现在：请改正 due。",
            "en": "The date of the statement must be in the future: correct due.",
        },
        "statement-year": {
            "zh": "只能布置 {first} 至 {last} 年的述职：请改正 year。",
            "en": "Statements can be opened for the years {first} to {last}: correct year.",
        },
        "nobody-to-state": {
            "zh": "{area} 内没有符合条件的党组织：请核对 area、domains 和 levels。",
            "en": "There is no such organization in {area}: check area, domains and levels.",
        },
        "question-not-found": {
            "zh": "该述职没有编号为 {id} 的提问：请查看提问列表。",
            "en": "The statement has no question {id}: read its questions.",
        },
        "too-many-questions": {
            "zh": "提问已有 {limit} 条：请合并提问。",
            "en": "There are {limit} questions already: put several into one.",
        },
        "too-many-attendances": {
            "zh": "参加记录已有 {limit} 条，请核对。",
            "en": "There are {limit} records of attendance already: check them.",
        },
        "attended-before-opened": {
            "zh": "参加时间不能早于布置述职的时间：请改正 at。",
            "en": "Nobody attended before the statement was opened: correct at.",
        },
        "no-votes": {
            "zh": "评议票数不能全为 0：请填写各等次的票数。",
            "en": "The counts are all 0: give how many gave each grade.",
        },
        "more-votes-than-present": {
            "zh": "各等次票数之和（{given}）超过到会人数：请核对 present 和票数。",
            "en": "More grades were given ({given}) than people were present: check present and "
            "the counts.",
        },
        "statement-incomplete": {
            "zh": "还不能办结，缺少：{missing_zh}（{missing_en}）。请补齐后再办结。",
            "en": "It cannot be concluded yet, it lacks: {missing_en} ({missing_zh}). Add these "
            "first.",
        },
        "contact-point-not-found": {
            "zh": "没有编号为 {id} 的联系点：请查看 GET /v1/contact-points。",
            "en": "There is no contact point {id}: see GET /v1/contact-points.",
        },
        "contact-point-closed": {
            "zh": "该联系点已撤销：请另行建立。",
            "en": "This contact point is closed: open another one.",
        },
        "too-many-visits": {
            "zh": "该联系点已有 {limit} 次走访记录：请另行建立联系点。",
            "en": "There are {limit} visits of this contact point: open another one.",
        },
        "promised-before-visit": {
            "zh": "答应事项的期限不能早于走访时间：请改正此项。",
            "en": "What was promised is due after the visit: correct this date.",
        },
        "promised-not-found": {
            "zh": "该联系点没有编号为 {id} 的答应事项：请查看走访记录。",
            "en": "Nothing {id} was promised at this contact point: read its visits.",
        },
        "promised-settled": {
            "zh": "答应事项 {id} 已有结果：请查看走访记录。",
            "en": "What came of {id} was said already: read the visits.",
        },
    }
)

OVERDUE_VISITS = (
    "以下联系点超过 {days} 天没有走访：请领导干部到联系点调研，并登记走访"
    "（POST /v1/contact-points/{{id}}/visits）。",
    "No visit at these contact points for over {days} days: go there, and record the visit "
    "(POST /v1/contact-points/{{id}}/visits).",
)
"""What to do about silent contact points, Chinese and English."""

LABELS = {
    "weak_stays": ("列入软弱涣散台账次数", "Times on the list of weak organizations"),
    "exemplar": ("先进典型", "Exemplar"),
    "practices_adopted": ("采用他人做法", "Practices taken over from others"),
    "contact_visits": ("领导干部联系点走访", "Visits of leaders who keep contact"),
}
"""Figures of a statement that no formula asks for."""
