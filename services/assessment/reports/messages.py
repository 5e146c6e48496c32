"""Sentences of reports, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "report-subject-not-found": {
            "zh": "没有编号为 {id} 的这类对象：请核对 kind 和编号，"
            "可用 GET /v1/figures 查看现有的。",
            "en": "There is nothing of this kind with the id {id}: check kind and id; GET "
            "/v1/figures lists those that have figures.",
        },
        "reports-busy": {
            "zh": "正在生成的报告较多：请过几秒再试。",
            "en": "Many reports are being made: try again in a few seconds.",
        },
    }
)
