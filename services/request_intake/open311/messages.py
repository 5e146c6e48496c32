"""Sentences of Open311, Chinese and English behind the same keys."""

from shared.web.messages import register_messages

MESSAGES: dict[str, dict[str, str]] = {
    "open311-nothing": {
        "zh": "没有 {path} 这个地址：请核对；可用的有 /open311/discovery、/open311/v2/services、"
        "/open311/v2/requests，末尾加 .xml 或 .json。",
        "en": "There is nothing at {path}: check it; there are /open311/discovery, "
        "/open311/v2/services and /open311/v2/requests, ending in .xml or .json.",
    },
    "open311-jurisdiction": {
        "zh": "这里没有 jurisdiction_id {given}：请填写 {own}，或不填。",
        "en": "There is no jurisdiction_id {given} here: give {own}, or leave it out.",
    },
    "open311-service": {
        "zh": "没有 service_code {service_code}：请从 /open311/v2/services 所列的类别中选择。",
        "en": "There is no service_code {service_code}: choose one listed at /open311/v2/services.",
    },
    "open311-request": {
        "zh": "没有 service_request_id {id}：请核对提交诉求时得到的编号。",
        "en": "There is no service_request_id {id}: check the one you were given.",
    },
    "open311-token": {
        "zh": "这里不使用 token：提交时已直接给出 service_request_id，请用它查询。",
        "en": "No tokens are used here: the service_request_id was answered at once; use that.",
    },
    "open311-key-missing": {
        "zh": "缺少 api_key：请在表单中填写；如何取得见 /open311/discovery.xml 的 key_service。",
        "en": "The api_key is missing: send it in the form; key_service in "
        "/open311/discovery.xml says how to get one.",
    },
    "open311-key-invalid": {
        "zh": "api_key 无效：请核对；如何取得见 /open311/discovery.xml 的 key_service。",
        "en": "The api_key is not valid: check it; key_service in /open311/discovery.xml says how "
        "to get one.",
    },
    "open311-key-expired": {
        "zh": "api_key 已过期：请换新的；如何取得见 /open311/discovery.xml 的 key_service。",
        "en": "The api_key has expired: get a new one as key_service in /open311/discovery.xml "
        "says.",
    },
    "open311-form": {
        "zh": "请以 Content-Type: application/x-www-form-urlencoded（UTF-8）提交；图片"
        "请用 media_url 给出网址。",
        "en": "Send the form as Content-Type: application/x-www-form-urlencoded in UTF-8, and "
        "pictures by their address in media_url.",
    },
    "open311-location": {
        "zh": "缺少地点：请填写 lat 和 long，或 address_string，或 address_id。",
        "en": "The location is missing: give lat and long, or address_string, or address_id.",
    },
    "open311-half-point": {
        "zh": "lat 和 long 须同时填写：请补上另一个，或都不填而写 address_string。",
        "en": "lat and long go together: add the other one, or leave both out and give "
        "address_string.",
    },
    "open311-date": {
        "zh": "{name} 不是 W3C 时间：请写成 2026-05-01T08:30:00+08:00、2026-05-01T00:30:00Z 或 "
        "2026-05-01。",
        "en": "{name} is not a W3C time: write 2026-05-01T08:30:00+08:00, 2026-05-01T00:30:00Z or "
        "2026-05-01.",
    },
    "open311-span": {
        "zh": "start_date 至 end_date 应为先后两个时间，最多相隔 {days} 天：请缩短，分几次查询。",
        "en": "start_date must come before end_date by at most {days} days: ask for a shorter "
        "span, several times.",
    },
    "open311-status": {
        "zh": "status 只能是 open 或 closed，可用逗号分隔：请改正。",
        "en": "status is open or closed, or both with a comma between: correct it.",
    },
    "open311-too-many": {
        "zh": "{name} 最多 {limit} 个：请分几次查询。",
        "en": "Give at most {limit} values of {name}: ask several times.",
    },
    "field.open311_web_address": {
        "zh": "请填写以 http:// 或 https:// 开头的网址。",
        "en": "Give an address that begins with http:// or https://.",
    },
    "open311.about": {"zh": "{label}，例如：{words}", "en": "{label}: {words}, for example"},
    "open311.notice": {
        "zh": "已受理。查询码 {code}：凭它在 /v1/timelines/{code} 查看每一步进展、补充说明并评价；"
        "请保存，勿公开。",
        "en": "Accepted. Tracking code {code}: with it /v1/timelines/{code} shows every step and "
        "takes your answers. Keep it, and keep it to yourself.",
    },
    "open311.notice_unlocated": {
        "zh": "地点尚待工作人员确认。",
        "en": "Somebody will still find the place by hand.",
    },
    "open311.notice_danger": {
        "zh": "如有人身危险，请立即拨打 110、119 或 120。",
        "en": "If somebody is in danger, call 110, 119 or 120 at once.",
    },
    "open311.closed_solved": {"zh": "居民确认已解决", "en": "Solved, as the resident says"},
    "open311.closed_no_answer": {
        "zh": "已办结，期限内未收到评价",
        "en": "Completed; no answer came in time",
    },
    "open311.closed_reported": {
        "zh": "承办单位记录已办结",
        "en": "Closed by the record of the unit",
    },
    "open311.closed_final": {"zh": "已作终结答复", "en": "Closed with a final answer"},
    "open311.overdue": {
        "zh": "{status}，已超过办理期限",
        "en": "{status}; the deadline has passed",
    },
    "open311.contact": {
        "zh": "请联系运行本系统的单位",
        "en": "Ask the organization that runs this system",
    },
    "open311.key_service": {
        "zh": "api_key 由本市管理员签发（每个应用一个，有期限）。申请：{contact}",
        "en": "An api_key is issued by the city's administrator, one for each app, for a time. "
        "Apply: {contact}",
    },
}

register_messages(MESSAGES)
