"""Sentences for people: one table, Chinese and English behind the same keys.

Every sentence says what to do. A service adds its own with `register_messages`. Keys:

- a problem's code (`wrong-area`): its `detail`;
- `field.<error type>`: one field's error, the type being pydantic's or a service's own;
- `title.<status>`: the title of all problems of that HTTP status.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import Any, Literal

Language = Literal["zh", "en"]
LANGUAGE_TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}

_TABLE: dict[str, tuple[str, str]] = {
    "title.400": ("请求有误", "Bad request"),
    "title.401": ("尚未登录", "Not signed in"),
    "title.403": ("没有权限", "Not allowed"),
    "title.404": ("未找到", "Not found"),
    "title.405": ("方法不可用", "Method not allowed"),
    "title.409": ("状态冲突", "Conflict"),
    "title.412": ("内容已被他人修改", "Changed by somebody else"),
    "title.413": ("内容过大", "Too large"),
    "title.415": ("格式不支持", "Format not supported"),
    "title.422": ("内容有误", "Content not valid"),
    "title.428": ("缺少前提条件", "Precondition required"),
    "title.429": ("请求过多", "Too many requests"),
    "title.500": ("系统内部错误", "Internal error"),
    "title.503": ("暂不可用", "Not available now"),
    "title.other": ("请求未完成", "Request not completed"),
    "malformed-json": (
        "请求体不是合法的 JSON（第 {position} 个字符附近）：请改正后重新提交。",
        "The body is not valid JSON (near character {position}): correct it and send it again.",
    ),
    "unreadable-body": (
        "无法读取请求：请检查请求体和 Content-Type 后重新提交。",
        "The request could not be read: check the body and its Content-Type and send it again.",
    ),
    "not-json": (
        "请以 Content-Type: application/json 提交 JSON 请求体。",
        "Send a JSON body with Content-Type: application/json.",
    ),
    "invalid-content": (
        "有 {count} 处内容有误：请按 errors 中的说明逐项改正后重新提交。",
        "{count} fields are not valid: correct each as said in errors and send it again.",
    ),
    "field.personal_data": (
        "内容像是电话或身份证号码：原因会公开，请删去个人信息。",
        "This reads as a telephone or identity-card number: reasons are shared, leave "
        "personal data out.",
    ),
    "invalid-field": ("{field}：{reason}", "{field}: {reason}"),
    "not-found": (
        "没有 {path} 这个地址：请核对路径，全部接口见 /openapi.json。",
        "There is nothing at {path}: check the path; /openapi.json lists all of them.",
    ),
    "method-not-allowed": (
        "此地址不接受 {method}：请改用 allowed 中列出的方法。",
        "This address does not take {method}: use one of the methods in allowed.",
    ),
    "body-too-large": (
        "请求体超过 {limit} 字节的上限：请缩短内容或分次提交。",
        "The body is over the limit of {limit} bytes: shorten it or send it in parts.",
    ),
    "http-error": (
        "请求未能完成（状态 {status}）：请核对后重试。",
        "The request was not completed (status {status}): check it and try again.",
    ),
    "try-again": (
        "数据库暂时不可用或正忙，内容可能已保存：请稍后用同一 Idempotency-Key 重试。",
        "The database is away or busy for a moment and the content may have been kept: try again "
        "with the same Idempotency-Key.",
    ),
    "dead-letter-not-found": (
        "没有编号为 {id} 的死信：请用 GET /v1/dead-letters 查看现有的。",
        "There is no dead letter {id}: list them with GET /v1/dead-letters.",
    ),
    "replay-not-found": (
        "没有编号为 {id} 的重放：请核对 POST /v1/replays 返回的编号。",
        "There is no replay {id}: check the id that POST /v1/replays answered.",
    ),
    "internal-error": (
        "系统内部出错，并非您的输入所致：请稍后重试，仍不行请把追踪号 {trace_id} 告知运维人员。",
        "Something failed on our side: try again later, and if it goes on, "
        "give the operators the trace id {trace_id}.",
    ),
    "token-missing": (
        "需要登录：请在 Authorization 头中提供 Bearer 令牌。",
        "Sign in: send a bearer token in the Authorization header.",
    ),
    "token-invalid": (
        "令牌无效：请重新登录，取得新的令牌。",
        "The token is not valid: sign in again to get a new one.",
    ),
    "token-expired": (
        "令牌已过期：请重新登录，取得新的令牌。",
        "The token has expired: sign in again to get a new one.",
    ),
    "wrong-role": (
        "您的角色（{role}）不能做这件事：请由 allowed 中的角色办理。",
        "Your role ({role}) may not do this: ask somebody with a role listed in allowed.",
    ),
    "wrong-area": (
        "这件事不在您负责的区域内：请由该区域的负责人办理。",
        "This is outside your area: ask the people responsible for that area.",
    ),
    "wrong-unit": (
        "这件事不属于您的单位：请由承办单位办理。",
        "This is not your unit's work: ask the unit that handles it.",
    ),
    "idempotency-key-invalid": (
        "Idempotency-Key 应为 1 至 {limit} 个可见 ASCII 字符（例如 UUID）：请改正后重试。",
        "Idempotency-Key must be 1 to {limit} visible ASCII characters (a UUID, say): "
        "correct it and try again.",
    ),
    "idempotency-key-reused": (
        "这个 Idempotency-Key 已用于另一份内容：内容不同请换一个新的键。",
        "This Idempotency-Key was used with another body: take a new key for new content.",
    ),
    "invalid-cursor": (
        "翻页游标无效：请去掉 cursor，从第一页重新开始。",
        "The cursor is not valid: leave cursor out and start from the first page.",
    ),
    "if-match-invalid": (
        "If-Match 应为读取时 ETag 给出的一个值：请原样带回。",
        "If-Match must be the one value that ETag gave when reading: send it back unchanged.",
    ),
    "precondition-failed": (
        "您读取之后内容已被他人修改：请重新读取，再作修改。",
        "It was changed after you read it: read it again and then make your change.",
    ),
    "precondition-required": (
        "修改前请先读取，并把 ETag 放进 If-Match 头一起提交。",
        "Read it first and send its ETag in the If-Match header with your change.",
    ),
    "table-version-not-found": (
        "没有第 {version} 版：最新一版是第 {newest} 版。",
        "There is no version {version}: the newest is {newest}.",
    ),
    "not-live": (
        "服务已停止前进（{reason}）：请重启此进程。",
        "The service makes no progress ({reason}): restart this process.",
    ),
    "not-ready": (
        "以下依赖尚不可用：{names}。请按 missing 中的说明处理。",
        "These dependencies are not available: {names}. Do what missing says for each.",
    ),
    "field.missing": ("请填写此项。", "Fill in this field."),
    "field.extra_forbidden": (
        "没有这个字段：请删除它或改正拼写。",
        "There is no such field: remove it or correct its spelling.",
    ),
    "field.unknown_parameter": (
        "没有这个查询参数：请删除它或改正拼写。",
        "There is no such query parameter: remove it or correct its spelling.",
    ),
    "field.string_too_long": (
        "最多 {max_length} 个字符，请缩短。",
        "Shorten it to at most {max_length} characters.",
    ),
    "field.string_too_short": (
        "至少需要 {min_length} 个字符，请补充。",
        "Give at least {min_length} characters.",
    ),
    "field.too_long": ("最多 {max_length} 项，请减少。", "Give at most {max_length} items."),
    "field.too_short": ("至少需要 {min_length} 项，请补充。", "Give at least {min_length} items."),
    "field.string_type": ("请填写文字。", "Give a text."),
    "field.string_unicode": (
        "含有无法识别的字符，请改用合法的 Unicode 文字。",
        "Contains broken characters: give valid Unicode text.",
    ),
    "field.string_pattern_mismatch": (
        "格式不符，应匹配 {pattern}。",
        "Not of the right form: it must match {pattern}.",
    ),
    "field.number": ("请填写数字。", "Give a number."),
    "field.integer": ("请填写整数。", "Give a whole number."),
    "field.boolean": ("请填写 true 或 false。", "Give true or false."),
    "field.list": ("请填写列表。", "Give a list."),
    "field.object": ("请填写 JSON 对象。", "Give a JSON object."),
    "field.greater_than": ("应大于 {gt}。", "Give a value greater than {gt}."),
    "field.greater_than_equal": ("应不小于 {ge}。", "Give a value of at least {ge}."),
    "field.less_than": ("应小于 {lt}。", "Give a value less than {lt}."),
    "field.less_than_equal": ("应不大于 {le}。", "Give a value of at most {le}."),
    "field.multiple_of": ("应为 {multiple_of} 的倍数。", "Give a multiple of {multiple_of}."),
    "field.choice": (
        "请从 allowed 所列的值中选择。",
        "Choose one of the values listed in allowed.",
    ),
    "field.datetime": (
        "请按 RFC 3339 填写时间，例如 2026-05-01T08:30:00+08:00。",
        "Give an RFC 3339 time such as 2026-05-01T08:30:00+08:00.",
    ),
    "field.timezone_aware": (
        "时间缺少时区：请在末尾加上 +08:00 或 Z。",
        "The time lacks its offset: end it with +08:00 or Z.",
    ),
    "field.future_time": (
        "时间不能晚于现在：请核对时间和时区。",
        "The time is in the future: check the time and its offset.",
    ),
    "field.date": ("请按 2026-05-01 的格式填写日期。", "Give a date such as 2026-05-01."),
    "field.uuid": ("请填写 UUID。", "Give a UUID."),
    "field.other": ("此项有误，请核对后改正。", "Not valid: check it and correct it."),
}


def register_messages(messages: Mapping[str, Mapping[str, str]]) -> None:
    """Add a service's sentences: key -> {"zh": …, "en": …}.

    Raises `ValueError` where a key is taken by another sentence, a language is missing or the two
    differ in placeholders. Adding the same sentence again does nothing.
    """
    for key, texts in messages.items():
        pair = (texts.get("zh", ""), texts.get("en", ""))
        if set(texts) != {"zh", "en"} or not all(pair):
            raise ValueError(f"message {key!r}: give it in zh and en")
        if placeholders(pair[0]) != placeholders(pair[1]):
            raise ValueError(f"message {key!r}: zh and en differ in placeholders")
        if _TABLE.get(key, pair) != pair:
            raise ValueError(f"message {key!r}: already there with other words")
    _TABLE.update({key: (texts["zh"], texts["en"]) for key, texts in messages.items()})


def placeholders(text: str) -> frozenset[str]:
    """Names of the `{placeholders}` in `text`."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def all_messages() -> dict[str, dict[Language, str]]:
    """The whole table, for tests and for documents."""
    return {key: {"zh": zh, "en": en} for key, (zh, en) in _TABLE.items()}


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def say(key: str, language: Language, parameters: Mapping[str, Any] | None = None) -> str:
    """The sentence behind `key`, its placeholders filled. An absent parameter becomes `…`.

    Raises `KeyError` for an unknown key.
    """
    pair = _TABLE[key]
    return pair[0 if language == "zh" else 1].format_map(_Lenient(parameters or {}))


def knows(key: str) -> bool:
    """Whether the table has `key`."""
    return key in _TABLE


_RANGE = re.compile(r"([A-Za-z0-9-]+|\*)(?:\s*;\s*q=([01](?:\.\d{0,3})?))?\Z")


@lru_cache(maxsize=256)
def choose_language(accept: str | None) -> Language:
    """The language that an `Accept-Language` header prefers (RFC 9110); Chinese where it is silent.

    `*` stands for Chinese. Where both are liked alike, the first one named wins.
    """
    best: tuple[float, Language] = (0.0, "zh")
    for part in (accept or "").split(","):
        found = _RANGE.match(part.strip())
        if not found:
            continue
        tag, quality = found[1].lower(), float(found[2] or 1)
        language: Language | None = (
            "en" if tag.split("-")[0] == "en" else "zh" if tag[:2] in ("zh", "*") else None
        )
        if language and quality > best[0]:
            best = (quality, language)
    return best[1]
