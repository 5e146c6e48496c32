"""Sentences of the public rating, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "no-such-code": {
            "zh": "这个测评码无效或已停用：请扫描现场最新的测评码，或使用收到的邀请。",
            "en": "This code is not valid (any more): scan the one on site, or use the invitation "
            "that you received.",
        },
        "voice-given": {
            "zh": "您已经评价过，每台设备每轮一次（邀请测评每个邀请一次）：谢谢您。",
            "en": "You have rated already; one voice a device, and one an invitation: thank you.",
        },
        "voice-taken": {
            "zh": "您的评价已收到，谢谢。",
            "en": "Your rating has been received, thank you.",
        },
        "panel-group-twice": {
            "zh": "组别 {group} 重复：请把同一组的名额合并。",
            "en": "The group {group} stands there twice: put its seats together.",
        },
        "panel-pool-short": {
            "zh": "组别 {group} 只有 {count} 人，不足 {seats} 个名额：请增加人选或减少名额。",
            "en": "The group {group} has {count} people for {seats} seats: name more, or lower the "
            "seats.",
        },
        "no-such-panel": {
            "zh": "没有测评组 {id}：请先建立。",
            "en": "There is no panel {id}: draw one first.",
        },
        "recipients-not-needed": {
            "zh": "该对象不属于垂直管理单位，不需要服务对象单独评价：请把 purpose 改为 public。",
            "en": "This unit is not under vertical management and needs no recipients' line: use "
            "the purpose public.",
        },
        "no-such-group": {
            "zh": "没有这一组评价 {group}：请从该对象 public 页面的 aside 中选取名称，"
            "或写 code:测评码、panel:测评组编号、follow_ups。",
            "en": "There is no such group of voices {group}: take a name from aside on the "
            "subject's public page, or write code:<code>, panel:<id> or follow_ups.",
        },
    }
)

RULES: dict[str, tuple[str, str]] = {
    "device": (
        "同一设备的评价过多（{of} 票，占独立来源的 {share}）",
        "Too many voices of one device ({of}, {share} of those that came alone)",
    ),
    "network": (
        "同一网络的评价过多（{of} 票，占独立来源的 {share}）",
        "Too many voices of one network ({of}, {share} of those that came alone)",
    ),
    "asker": (
        "同一电话登记的诉求回访过多（{of} 票，占独立来源的 {share}）",
        "Too many follow-ups of one telephone ({of}, {share} of those that came alone)",
    ),
    "staff": (
        "由被考评地方自己的工作人员代录的回访超过本市规定的比例（{of} 票，占回访的 {share}）",
        "More follow-ups entered by the subject's own staff than the city allows ({of}, {share})",
    ),
    "rate": (
        "同一地点短时间内评价过多（{of} 票）",
        "More voices at one place than people can be there ({of})",
    ),
    "pattern": ("评价的时间间隔过于均匀（{of} 票）", "Voices at gaps too even for people ({of})"),
    "person": ("经人工复核不计入（{of} 票）", "Set aside by a person ({of})"),
}
"""Why a group was set aside."""
