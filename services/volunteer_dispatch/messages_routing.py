"""Sentences of routing: why a task went where it went, and what the table lacks."""

from pydantic import BaseModel

from shared.web.messages import register_messages, say

REASONS = {
    "gap-no_rule": {
        "zh": "{area} 的 {category} 有 {tasks} 件没有派单规则，已交值班负责人："
        "请在 routing 表中补一条规则。",
        "en": "No rule covers {category} in {area}: {tasks} tasks went to the duty officer. Add a "
        "rule to the table routing.",
    },
    "gap-no_target": {
        "zh": "{area} 的 {category} 有 {tasks} 件按规则应派的单位不存在或已停用："
        "请在 routing 表中改正规则。",
        "en": "The rule for {category} in {area} names nobody who is there ({tasks} tasks): "
        "correct it in the table routing.",
    },
    "gap-covered": {
        "zh": "{area} 的 {category} 有 {tasks} 件当时没有规则；现行 routing 表已覆盖，无须再改。",
        "en": "{category} in {area} ({tasks} tasks) was not covered then; the table routing in "
        "force covers it: nothing to do.",
    },
    "explained": {
        "zh": "依据 {table} 第 {version} 版规则 {rule}，从 {number} 个候选中选定 {chosen}。",
        "en": "By rule {rule} of {table}, version {version}: {chosen}, of {number} candidates.",
    },
    "explained-routed": {
        "zh": "派单：依据 {table} 第 {version} 版规则 {rule}，从 {number} 个候选中选定 {chosen}。",
        "en": "Routed by rule {rule} of {table}, version {version}: {chosen}, of {number} "
        "candidates.",
    },
    "explained-silent": {
        "zh": "上一承办人逾时未接：依据 {table} 第 {version} 版规则 {rule}，转给 {chosen}。",
        "en": "Nobody accepted in time: on to {chosen} (rule {rule} of {table}, version "
        "{version}).",
    },
    "explained-overdue": {
        "zh": "到期仍无人接办：升级给 {chosen}（{table} 第 {version} 版规则 {rule}）。",
        "en": "Overdue with nobody at work: up to {chosen} (rule {rule} of {table}, version "
        "{version}).",
    },
    "explained-unmatched": {
        "zh": "没有可派的志愿者：转给 {chosen}（{table} 第 {version} 版规则 {rule}）。",
        "en": "No volunteer was found: on to {chosen} (rule {rule} of {table}, version {version}).",
    },
    "explained-declined": {
        "zh": "上一承办人未接：转给 {chosen}（{table} 第 {version} 版规则 {rule}）。",
        "en": "Declined by the one before: on to {chosen} (rule {rule} of {table}, version "
        "{version}).",
    },
    "explained-returned": {
        "zh": "上一承办人退单：转给 {chosen}（{table} 第 {version} 版规则 {rule}）。",
        "en": "Returned by the one before: on to {chosen} (rule {rule} of {table}, version "
        "{version}).",
    },
    "explained-asked": {
        "zh": "征集志愿者：依据 {table} 第 {version} 版，从 {number} 个候选中先问 {chosen}。",
        "en": "Volunteers are asked by {table}, version {version}: {chosen} first, of {number} "
        "candidates.",
    },
    "explained-nobody": {
        "zh": "征集志愿者：依据 {table} 第 {version} 版，{number} 个候选中没有可以问的。",
        "en": "Nobody can be asked by {table}, version {version}: {number} candidates.",
    },
    "help-neighbour_grid": {
        "zh": "同一区域的相邻网格",
        "en": "A neighbour grid of the same area",
    },
    "help-joint": {
        "zh": "同属区域性党组织 {through}",
        "en": "In the same joint organization, {through}",
    },
    "help-paired": {"zh": "结对单位（结对 {through}）", "en": "Paired with it (pairing {through})"},
    "help-above": {
        "zh": "请上级值班负责人协调",
        "en": "The duty officer above, to find somebody",
    },
    "considered-chosen": {"zh": "选定", "en": "Chosen"},
    "considered-next": {"zh": "后备：未接时轮到", "en": "Next in turn"},
    "considered-tried": {"zh": "本轮已派过", "en": "Had it before in this round"},
    "considered-below": {"zh": "层级低于现办层级", "en": "Of a lower level than the task is at"},
    "considered-passed_over": {"zh": "只找上一级，越过", "en": "Passed over: only those above"},
    "considered-suggested": {"zh": "建议值班负责人考虑", "en": "Suggested to the duty officer"},
}
"""By the codes of `service/reasons.py` and of `Gap`."""


class Words(BaseModel):
    """A sentence in both languages."""

    zh: str
    en: str


def words_of(key: str, **parameters: object) -> Words:
    """The sentence behind `key` in both languages."""
    return Words(zh=say(key, "zh", parameters), en=say(key, "en", parameters))


register_messages(REASONS)
