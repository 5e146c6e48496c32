"""Sentences of the lists, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "subject-unknown": {
            "zh": "登记中没有编号为 {id} 的对象（{kind}）：请核对编号和类型。",
            "en": "The registry has told of no {kind} {id}: check the id and the kind.",
        },
        "not-the-superior": {
            "zh": "这件事须由上级办理：请由上级区域的负责人办理，本级不能评判自己。",
            "en": "This is the superior's to do: ask the people responsible for the area above; "
            "nobody judges what is his or her own.",
        },
        "weak-not-listed": {
            "zh": "{id} 从未列入软弱涣散台账：请核对编号，或查看 GET /v1/weak。",
            "en": "{id} was never on the list of weak organizations: check the id, or see "
            "GET /v1/weak.",
        },
        "weak-wrong-stage": {
            "zh": "现在的状态是“{zh}”（{en}），不能这样办理：请先查看其台账记录。",
            "en": "It is at the stage: {en} ({zh}). This cannot be done now: look at its record "
            "first.",
        },
        "plan-past": {
            "zh": "帮扶计划的期限必须晚于现在：请改正 until。",
            "en": "The help plan's time must be in the future: correct until.",
        },
        "measure-after-plan": {
            "zh": "措施的期限不能晚于帮扶计划的期限：请改正此项，或推后 until。",
            "en": "A measure is done by the end of the plan: correct this date, or put until "
            "later.",
        },
        "checker-is-leader": {
            "zh": "帮扶责任人不能验收自己的帮扶：请由另一人查验。",
            "en": "The leader responsible does not check the own help: let somebody else check.",
        },
        "check-before-plan": {
            "zh": "查验时间不能早于帮扶计划的制定：请改正 at。",
            "en": "A check comes after the plan was made: correct at.",
        },
        "check-needed": {
            "zh": "销号前须先查验，且现行帮扶计划的最近一次查验为通过：请先登记查验"
            "（POST .../checks）。",
            "en": "It leaves only after a check: the last check of the plan as it stands must have "
            "been passed. Record a check first (POST .../checks).",
        },
        "criteria-hold": {
            "zh": "以下标准仍然成立或尚不能判断：{names_zh}（{names_en}）。请继续帮扶；确须销号的，"
            "在 although 中写明理由。",
            "en": "These criteria still hold, or cannot be judged: {names_en} ({names_zh}). Go on "
            "helping; where it has to leave all the same, say why in although.",
        },
        "exemplar-not-found": {
            "zh": "{id} 不是先进典型，也不是候选：请查看 GET /v1/exemplars。",
            "en": "{id} is neither an exemplar nor a candidate: see GET /v1/exemplars.",
        },
        "exemplar-decided": {
            "zh": "该候选已经有结论：请查看其记录。",
            "en": "This candidate has been decided on: look at its record.",
        },
        "exemplar-not-accepted": {
            "zh": "只有通过查验的先进典型才能总结推广做法：请先查验（POST .../decision）。",
            "en": "Only an exemplar that was checked and accepted is written up: check it first "
            "(POST .../decision).",
        },
        "exemplar-not-to-revoke": {
            "zh": "只有已认定的先进典型才能撤销：请先查看其记录。",
            "en": "Only an accepted exemplar can be revoked: look at its record first.",
        },
        "practice-not-found": {
            "zh": "没有编号为 {id} 的做法：请查看 GET /v1/practices。",
            "en": "There is no practice {id}: see GET /v1/practices.",
        },
        "practice-withdrawn": {
            "zh": "该做法已不再推广：请查看其他做法。",
            "en": "This practice is not recommended any more: look for another one.",
        },
        "own-practice": {
            "zh": "这是本组织自己的做法，不必采用：请由其他组织采用。",
            "en": "This is the organization's own practice: others adopt it.",
        },
        "not-adopted": {
            "zh": "{id} 没有采用该做法：请先登记采用（POST .../adoptions）。",
            "en": "{id} has not adopted this practice: adopt it first (POST .../adoptions).",
        },
        "too-many-editions": {
            "zh": "该做法已有 {limit} 版：请另写一项新的做法。",
            "en": "There are {limit} editions of this practice: write up a new one.",
        },
        "too-many-adoptions": {
            "zh": "采用该做法的已有 {limit} 家：请改用新的一项。",
            "en": "{limit} organizations have adopted this practice: write up a new one.",
        },
    }
)

STAGE_LABELS = {
    "candidate": ("待查验", "To be checked"),
    "accepted": ("先进典型", "Exemplar"),
    "refused": ("未通过", "Not accepted"),
    "revoked": ("已撤销", "Revoked"),
}
