"""Sentences of `lianxin audit`, Chinese and English."""

from shared.web.messages import register_messages

_WORDS = {
    "title": ("核对结果：已受理诉求 {requests} 件", "Audit: {requests} accepted requests"),
    "service": ("服务", "Service"),
    "known": ("已知", "Known"),
    "missing": ("缺失", "Missing"),
    "behind": ("未跟上", "Behind"),
    "unmeasured": ("待计算", "Unmeasured"),
    "counted_twice": ("重复计数", "Counted twice"),
    "differing": ("指标不符", "Figures differing"),
    "reading": ("第 {round} 次核对：已比较 {requests} 件", "Pass {round}: {requests} compared"),
    "recounting": ("第 {round} 次核对：重新计算指标", "Pass {round}: recounting the figures"),
    "waiting": ("尚未一致，等待后再核对", "Not settled; waiting to compare again"),
    "clean": (
        "各服务一致：缺失 0，重复计数 0，{figures} 项指标与重算相符。",
        "All services agree: 0 missing, 0 counted twice, {figures} figures as recounted.",
    ),
    "offending": (
        "前 {number} 件不一致的诉求：",
        "The first {number} requests that are not the same everywhere:",
    ),
    "offence.missing": (
        "{id}  {service} 没有它（{owner} 已到第 {wants} 号）",
        "{id}  missing in {service} ({owner} is at sequence {wants})",
    ),
    "offence.behind": (
        "{id}  {service} 停在第 {has} 号（{owner} 的事件已到第 {wants} 号）",
        "{id}  {service} is at sequence {has} (events of {owner} are at {wants})",
    ),
    "figures": ("与重算不符的指标：", "Figures that are not as recounted:"),
    "scores.month": (
        "请用 --month 写明要核对的时段，例如 --month 2026-05。",
        "Say which period to check, as --month 2026-05.",
    ),
    "scores.settled": (
        "{period}：已结算（第 {revision} 次），方案第 {scheme_version} 版；"
        "重新清点诉求 {cases} 件。",
        "{period}: settled (revision {revision}) by scheme version {scheme_version}; {cases} "
        "requests counted again.",
    ),
    "scores.provisional": (
        "{period}：尚未结算，与当前得分比较；方案第 {scheme_version} 版，重新清点 {cases} 件诉求。",
        "{period}: not settled, compared with the scores of now; scheme version "
        "{scheme_version}; {cases} requests counted again.",
    ),
    "scores.reading": ("{period}：读取事件日志", "{period}: reading the journals"),
    "scores.from_journals": (
        "按日志中的 {events} 条诉求事件重建；各对象属于哪一类按留存采用。",
        "Made of {events} events of requests from the journals; who belongs to which class is "
        "taken as it was kept.",
    ),
    "scores.as_kept": (
        "以下数据无法由日志重建，按留存值采用：{names}",
        "What journals do not give is taken as it was kept: {names}",
    ),
    "scores.later": (
        "结算之后另有 {later} 件诉求发生变化，未计入；如需计入请重新结算。",
        "{later} requests changed after the settlement and are not in it; settle anew to have them "
        "counted.",
    ),
    "scores.gaps": (
        "日志缺少事件（对象#序号）：{names}。请从备份恢复该服务的数据库。",
        "Events are missing in a journal (subject#sequence): {names}. Restore that service's "
        "database from a backup.",
    ),
    "scores.left_out": (
        "有 {total} 条事件在得分生成前几秒内发出，当时尚未计入（对象#序号）：{names}",
        "{total} events of the last seconds before the scores were made had not come by then "
        "(subject#sequence): {names}",
    ),
    "scores.untold": (
        "日志中还没有 {period} 第 {revision} 次结算：请几秒后再试。",
        "The journal does not have revision {revision} of {period} yet: try again in some seconds.",
    ),
    "scores.same": (
        "{subjects} 个得分与重算完全一致。",
        "{subjects} scores are the same to the last digit.",
    ),
    "scores.differing": (
        "有 {total} 个得分与重算不符（留存 ≠ 重算）：",
        "{total} scores differ (kept, made anew):",
    ),
    "do.letters": (
        "先查死信，处理后重放：lianxin dead-letters list --service {service}",
        "Look for dead letters first, mend and replay them: "
        "lianxin dead-letters list --service {service}",
    ),
    "do.replay": (
        "没有死信就重放事件日志（安全，可重复）：lianxin replay --service {owner} --since 7d",
        "Without any, replay the journal (safe, repeatable): "
        "lianxin replay --service {owner} --since 7d",
    ),
    "do.owner": (
        "{service} 自己的数据比别处旧：请从备份恢复它的数据库。",
        "{service} has older data than others: restore its database from a backup.",
    ),
    "do.figures": (
        "稍后用 --wait 60 再核对；仍不符就让考评服务全部重算："
        "POST {url}/v1/audit/remeasure，再核对。",
        "Audit again later with --wait 60; if they still differ, have every figure computed anew: "
        "POST {url}/v1/audit/remeasure, then audit again.",
    ),
    "do.unmeasured": (
        "考评服务还在计算：请用 --wait 60 再核对。",
        "Assessment is still computing: audit again with --wait 60.",
    ),
}

register_messages({f"cli.audit.{key}": {"zh": zh, "en": en} for key, (zh, en) in _WORDS.items()})
