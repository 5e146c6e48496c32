"""Sentences of joined requests."""

from shared.web.messages import register_messages

MESSAGES_JOINS: dict[str, dict[str, str]] = {
    "join-itself": {
        "zh": "不能把一件诉求合并到它自己：请填写另一件诉求的编号。",
        "en": "A request cannot be joined to itself: give the id of another one.",
    },
    "joined-already": {
        "zh": "这件诉求已合并到 {lead}：如要合并到别的诉求，请先用 separate 分开。",
        "en": "It is joined to {lead} already: separate it first to join it to another one.",
    },
    "leads-others": {
        "zh": "已有 {count} 件诉求合并到这一件：请反过来把另一件合并到 {id}，或先把它们分开。",
        "en": "{count} requests are joined to this one: join the other one to {id} instead, or "
        "separate them first.",
    },
    "lead-is-joined": {
        "zh": "那件诉求本身已合并到 {lead}：请直接合并到 {lead}。",
        "en": "That request is joined to {lead} itself: join to {lead}.",
    },
    "lead-has-ended": {
        "zh": "那件诉求已经办结：不能再合并，请让这件单独办理，或新提交一件诉求。",
        "en": "The work on that request has ended: let this one have its own task, or file a new "
        "request.",
    },
    "join-after-the-work": {
        "zh": "这件诉求已经办结，正在请居民评价：无需合并。",
        "en": "The work on this request is done and its resident is asked: it need not be joined.",
    },
    "being-joined": {
        "zh": "诉求 {id} 正在合并：请过几秒再试，并先查看它现在的状态。",
        "en": "Request {id} is being joined just now: look at it again in some seconds.",
    },
    "lead-is-full": {
        "zh": "已有 {most} 件诉求合并在一起：请另选一件（表 likeness 的 group_at_most）。",
        "en": "{most} requests are joined to it already: choose another one (group_at_most of "
        "the table likeness).",
    },
    "not-joined": {
        "zh": "这件诉求没有与别的诉求合并：无需分开。",
        "en": "This request is joined to no other one: there is nothing to separate.",
    },
    "not-open-to-all": {
        "zh": "附近公开的诉求中没有 {id}：请从 GET /v1/open-requests 选择，或用 POST /v1/requests "
        "提交自己的诉求。",
        "en": "There is no request {id} among those open to all: choose one listed at "
        "GET /v1/open-requests, or file your own with POST /v1/requests.",
    },
    "too-far": {
        "zh": "离那件诉求超过 {within} 米：请用 POST /v1/requests 提交自己的诉求。",
        "en": "That is more than {within} metres away: file your own with POST /v1/requests.",
    },
    "similar.category": {"zh": "类别：{value}", "en": "Category: {value}"},
    "similar.metres": {"zh": "相距约 {value} 米", "en": "About {value} metres apart"},
    "similar.same_community": {"zh": "在同一社区", "en": "In the same community"},
    "similar.hours": {"zh": "相隔 {value} 小时", "en": "{value} hours apart"},
    "similar.words": {"zh": "文字相似度 {value}%", "en": "Words alike: {value} %"},
    "timeline.joined": {
        "zh": "与附近居民的相同诉求合并办理，结果会答复每一位",
        "en": "Joined to the same request of others nearby; each of you will be answered",
    },
    "timeline.separated": {
        "zh": "不再与他人的诉求合并，单独办理",
        "en": "No longer joined to others' requests: it has its own work again",
    },
    "timeline.waiting_for_another": {
        "zh": "{who}正在等另一位居民补充情况",
        "en": "{who} waits for another resident's answer",
    },
    "timeline.reopened_for_another": {
        "zh": "另一位居民反映问题未解决，重新办理",
        "en": "Another resident says that it is not solved: the work starts again",
    },
}

register_messages(MESSAGES_JOINS)
