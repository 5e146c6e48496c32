"""Sentences of intake, Chinese and English behind the same keys."""

from shared.web.messages import register_messages

MESSAGES: dict[str, dict[str, str]] = {
    "request-not-found": {
        "zh": "没有编号为 {id} 的诉求：请核对编号，或用 GET /v1/requests 查看。",
        "en": "There is no request {id}: check the id, or list them with GET /v1/requests.",
    },
    "tracking-code-not-found": {
        "zh": "没有这个查询码：请核对提交诉求时得到的查询码（形如 7K3M-9QWX-2BTD）。",
        "en": "There is no such tracking code: check the one you were given (as 7K3M-9QWX-2BTD).",
    },
    "unknown-area": {
        "zh": "没有代码为 {area} 的区域：请从登记服务的 {where} 查到街道或社区的代码。",
        "en": "There is no area {area}: find the code of the street or community at {where} "
        "of the registry.",
    },
    "unknown-category": {
        "zh": "没有 {category} 这个类别：请从 {where} 所列的类别中选择，或不填，由系统判定。",
        "en": "There is no category {category}: choose one listed at {where}, or leave it out.",
    },
    "happened-at-not-allowed": {
        "zh": "只有单位和管理员导入时可以填写 happened_at：请去掉它。",
        "en": "Only units and administrators may give happened_at, for imports: leave it out.",
    },
    "already-located": {
        "zh": "这件诉求已经有地点：无需再定位。",
        "en": "This request has its place: it need not be placed again.",
    },
    "place-outside": {
        "zh": "这个坐标不在任何网格内：请改填街道或社区的代码（area）。",
        "en": "This point is in no grid: give the code of a street or community (area) instead.",
    },
    "work-not-completed": {
        "zh": "这件诉求还在办理中：请在办结之后再评价，进展见时间线。",
        "en": "The work is still going on: answer when it is completed; the timeline shows how "
        "it stands.",
    },
    "nothing-asked": {
        "zh": "现在没有需要您补充的问题：进展见时间线；办结后可以评价（follow-ups）。",
        "en": "Nothing is asked of you now: the timeline shows how it stands; once the work is "
        "completed you can say whether it helped (follow-ups).",
    },
    "request-closed": {
        "zh": "这件诉求已经办结归档：如仍有问题，请重新提交诉求。",
        "en": "This request is closed: if something is still wrong, file a new request.",
    },
    "unit-missing": {
        "zh": "请用 unit_id 写明是哪个单位的事件。",
        "en": "Say in unit_id whose events these are.",
    },
    "unit-events-rejected": {
        "zh": "{count} 条事件全部未被接受：请按 items 中每条的说明改正后重新提交。",
        "en": "None of the {count} events was accepted: correct each as said in items and send "
        "them again.",
    },
    "field.email": {
        "zh": "请填写邮箱地址，例如 name@example.org。",
        "en": "Give an e-mail address such as name@example.org.",
    },
    "field.place_missing": {
        "zh": "请填写地点：point（坐标）或 area（街道或社区代码）。",
        "en": "Give a place: point (coordinates) or area (code of a street or community).",
    },
    "field.solved_missing": {
        "zh": "联系到了居民：请填写 solved（是否解决）。",
        "en": "The resident was reached: say in solved whether it is solved.",
    },
    "field.satisfied_alone": {
        "zh": "有满意度就要有 solved（是否解决）：请补充。",
        "en": "With satisfied, also say in solved whether it is solved.",
    },
    "field.rule_without_words": {
        "zh": "规则没有词：请在 any 或 all 中至少写一个词。",
        "en": "The rule has no words: give at least one in any or all.",
    },
    "field.rule_category": {
        "zh": "第 {number} 条规则的类别 {category} 不在 categories 中：请改正或先加入该类别。",
        "en": "Rule {number} names category {category}, which is not in categories: correct it "
        "or add the category.",
    },
    "field.default_category": {
        "zh": "默认类别 {category} 不在 categories 中：请改正或先加入该类别。",
        "en": "The default category {category} is not in categories: correct it or add it.",
    },
    "field.category_twice": {
        "zh": "类别 {category} 出现了两次：请删去一个。",
        "en": "Category {category} is there twice: remove one.",
    },
    "field.value_error": {
        "zh": "不合约定（{error}）：请改正。",
        "en": "Not as agreed ({error}): correct it.",
    },
    "field.subject_of_type": {
        "zh": "此类事件的 subject 应为 {wanted}。",
        "en": "The subject of such an event is {wanted}.",
    },
    "field.report_is_a_case": {
        "zh": "上报诉求的 subject 应为 case/ 加本单位的编号。",
        "en": "The subject of a report must be case/ and your own number.",
    },
    "field.event_id_reused": {
        "zh": "这个 id 已用于另一条内容不同的事件：请换一个新的 id。",
        "en": "This id was used for another event: take a new id.",
    },
    "field.wrong_sequence": {
        "zh": "这个 subject 的下一个序号应为 {expected}：请改正，或不填，由系统编号。",
        "en": "The next sequence of this subject is {expected}: correct it, or leave it out.",
    },
    "field.reported_before": {
        "zh": "这个编号已经上报过：新的诉求请用新的编号，进展请用 task_progress。",
        "en": "This number was reported before: take a new one for a new case, and task_progress "
        "for how it stands.",
    },
    # The timeline that residents read
    "timeline.accepted": {"zh": "诉求已受理", "en": "Your request was accepted"},
    "timeline.located": {"zh": "已确定地点", "en": "The place was found"},
    "timeline.assigned": {"zh": "已派给{who}", "en": "Sent to {who}"},
    "timeline.taken": {"zh": "{who}已接单", "en": "{who} took it in hand"},
    "timeline.declined": {"zh": "{who}未接单：{reason}", "en": "{who} declined: {reason}"},
    "timeline.returned": {"zh": "{who}退单：{reason}", "en": "{who} gave it back: {reason}"},
    "timeline.escalated": {"zh": "已提级办理", "en": "Taken one level up"},
    "timeline.overdue": {"zh": "已超过办理期限", "en": "The deadline has passed"},
    "timeline.progressed": {"zh": "{who}正在办理", "en": "{who} is working on it"},
    "timeline.helping": {"zh": "{who}参与协办", "en": "{who} assists"},
    "timeline.helped": {"zh": "{who}已办结协办部分", "en": "{who} completed its part"},
    "timeline.completed": {"zh": "{who}已办结", "en": "{who} completed the work"},
    "timeline.asked": {
        "zh": "请您评价：问题是否解决、是否满意",
        "en": "Please tell us: is it solved, and are you satisfied?",
    },
    "timeline.waiting": {
        "zh": "{who}请您补充：{reason}（请于{until}前答复，其间不计办理时限）",
        "en": "{who} asks you: {reason} (please answer by {until}; the deadline waits)",
    },
    "timeline.answered": {"zh": "已收到您的补充", "en": "Your answer to the question was received"},
    "timeline.resumed": {
        "zh": "继续办理，办理期限为{until}",
        "en": "The work goes on; the deadline is {until}",
    },
    "timeline.deferred": {
        "zh": "经批准暂缓办理（挂账）：{reason}，{until}复核后继续办理",
        "en": "Set aside with approval: {reason}; it is taken up again on {until}",
    },
    "timeline.extended": {
        "zh": "经批准延期至{until}：{reason}",
        "en": "More time was approved, until {until}: {reason}",
    },
    "timeline.problem_raised": {
        "zh": "已列为疑难问题，由上一级协调",
        "en": "It is looked after one level up as a hard case",
    },
    "timeline.finally_answered": {
        "zh": "{who}已作终结答复：{reason}",
        "en": "{who} gave the final answer: {reason}",
    },
    "timeline.followed_up": {"zh": "已收到您的评价", "en": "Your answer was received"},
    "timeline.not_reached": {
        "zh": "回访时未能联系到您",
        "en": "We tried to reach you and could not",
    },
    "timeline.reopened": {
        "zh": "问题未解决，重新办理",
        "en": "Not solved: the work starts again",
    },
    "timeline.withdrawn": {"zh": "已撤销：{reason}", "en": "Withdrawn: {reason}"},
    "timeline.closed_solved": {"zh": "已解决，办结归档", "en": "Solved and closed"},
    "timeline.closed_no_answer": {
        "zh": "期限内未收到评价，办结归档",
        "en": "Closed: no answer came in time",
    },
    "timeline.closed_final": {
        "zh": "已作终结答复并归档，您的评价已记录；如有异议，可依法申请复查或通过诉讼等途径解决",
        "en": "Closed with the final answer; your answer is on record. If you disagree, you can "
        "ask for a review or go to court",
    },
    "timeline.closed_reported": {
        "zh": "承办单位记录已办结",
        "en": "Closed by the record of the unit",
    },
    "status.accepted": {"zh": "已受理", "en": "Accepted"},
    "status.assigned": {"zh": "已派单", "en": "Assigned"},
    "status.in_hand": {"zh": "办理中", "en": "In hand"},
    "status.completed": {"zh": "已办结，待评价", "en": "Completed, waiting for your answer"},
    "status.reopened": {"zh": "重新办理", "en": "Reopened"},
    "status.closed": {"zh": "已归档", "en": "Closed"},
}

register_messages(MESSAGES)
