"""Sentences of rounds, Chinese and English."""

from shared.contracts.rounds import RatingLine, RatingStep
from shared.web.messages import register_messages

register_messages(
    {
        "no-such-round": {
            "zh": "没有考评 {id}：请在 /v1/rounds 查看已启动的考评。",
            "en": "There is no round {id}: see /v1/rounds for those that were opened.",
        },
        "not-in-round": {
            "zh": "{subject} 不在考评 {id} 之内：请在该考评的 subjects 中查看考评对象。",
            "en": "{subject} is not in the round {id}: see the round's subjects.",
        },
        "round-deadlines": {
            "zh": "三个步骤须依次进行，截止时间必须晚于现在并依次推后"
            "（自评、群众测评、组织考评）：请改正 {field}。",
            "en": "The steps follow one another, each ends later than the one before and than now "
            "(self, public, organizational rating): correct {field}.",
        },
        "round-of-nobody": {
            "zh": "所选类别和区域内没有考评对象：请改选 classes 或 area，或先登记单位和党组织。",
            "en": "Nobody is in these classes and this area: choose others in classes or area, or "
            "register units and organizations first.",
        },
        "round-unplaced": {
            "zh": "{count} 个考评对象既没有单位也没有区域，没有人能为其自评：{names}。"
            "请先在登记服务中为其填写 unit_id 或 area，再启动考评。",
            "en": "{count} to be rated have neither a unit nor an area, so that nobody could give "
            "their self-rating: {names}. Give them unit_id or area in the registry, then open the "
            "round.",
        },
        "no-scheme-for-period": {
            "zh": "没有考评 {period} 这类周期的方案：请按方案的周期填写"
            "（月 2026-05、季度 2026-Q2、年 2026），或先启用这样的方案。",
            "en": "No scheme assesses a period like {period}: write it as the scheme does (month "
            "2026-05, quarter 2026-Q2, year 2026), or put such a scheme in force first.",
        },
        "step-not-yet": {
            "zh": "{zh}（{en}）尚未开始，三个步骤须依次进行（第14条）：请待前一步骤结束后再办理。",
            "en": "The {en} ({zh}) has not begun, the steps follow one another (art. 14): wait for "
            "the end of the step before.",
        },
        "step-locked": {
            "zh": "{zh}（{en}）已截止并锁定（截止时间见 until）：如确需修改，"
            "请管理员说明理由后重新开放。",
            "en": "The {en} ({zh}) has ended (at until) and is locked: ask an administrator to "
            "open it again, with a reason.",
        },
        "step-not-locked": {
            "zh": "{zh}（{en}）还没有锁定，不需要重新开放：请直接办理。",
            "en": "The {en} ({zh}) is not locked: go on with it.",
        },
        "unlock-until": {
            "zh": "重新开放的截止时间必须晚于现在：请改正 until。",
            "en": "A step is opened again until a moment that is still to come: correct until.",
        },
        "self-rating-items": {
            "zh": "自评须对本类的每项指标各评一次：请按 allowed 所列指标填写 items。",
            "en": "A self-rating rates each indicator of the class once: give items for those in "
            "allowed.",
        },
        "self-rating-not-yours": {
            "zh": "只有本单位（本街道、社区）可以自评：请联系 {subject} 的负责人员。",
            "en": "Only the unit, street or community itself gives its self-rating: ask those of "
            "{subject}.",
        },
        "line-not-yours": {
            "zh": "这一方面的组织考评不由您作出：地方由上级区域管理员评价，"
            "系统由主管单位或管理员评价。",
            "en": "This line is not yours to rate: the area manager above rates for the place, the "
            "superior unit or an administrator for the system.",
        },
        "line-not-needed": {
            "zh": "该对象的组织考评不需要这一方面：请从 allowed 中选择。",
            "en": "This subject's organizational rating has no such line: choose one in allowed.",
        },
        "recipients-by-panel": {
            "zh": "服务对象的评价由服务对象测评组产生：请建立 purpose 为 recipients 的测评组。",
            "en": "The service recipients are heard by a panel of theirs: draw one with the "
            "purpose recipients.",
        },
    }
)

LABELS: dict[str, tuple[str, str]] = {
    RatingStep.SELF_RATING.value: ("自评", "Self-rating"),
    RatingStep.PUBLIC_RATING.value: ("群众测评", "Public rating"),
    RatingStep.ORGANIZATIONAL_RATING.value: ("组织考评", "Organizational rating"),
    RatingLine.LOCAL.value: ("地方党组织", "Local organization"),
    RatingLine.SYSTEM.value: ("系统主管部门", "System"),
    RatingLine.RECIPIENTS.value: ("服务对象", "Service recipients"),
    "self": ("自评中", "Self-rating"),
    "public": ("群众测评中", "Public rating"),
    "organizational": ("组织考评中", "Organizational rating"),
    "open_for_missing_line": ("缺少评价，尚未完成", "Open: a rating is missing"),
    "complete": ("已完成", "Complete"),
}
"""Steps, lines and stages; `public` among what is missing is the public rating."""
