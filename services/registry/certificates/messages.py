"""Sentences of certificates: problems, and the words on the page."""

from shared.web.messages import register_messages

register_messages(
    {
        "certificate-unknown": {
            "zh": "没有这张证明，或验证码不对：请核对编号和验证码。",
            "en": "There is no such certificate, or the code is not right: check number and code.",
        },
        "certificate-period": {
            "zh": "起止日期有误：since 不得晚于 until，until 不得晚于今天。",
            "en": "The period is not right: since is not after until, until not after today.",
        },
        "no-hours": {
            "zh": "这段时间没有经确认的服务时数：请换一段时间，或先请负责人确认时数。",
            "en": "There are no confirmed hours in this period: choose another one, or have hours "
            "confirmed first.",
        },
        "certificate.title": {"zh": "志愿服务证明", "en": "Certificate of volunteer service"},
        "certificate.says": {
            "zh": "兹证明 {name}（志愿者编号 {volunteer_number}）自 {since} 至 {until} 参加志愿"
            "服务 {services} 次，经接受服务方确认，共 {hours} 小时。",
            "en": "This certifies that {name} (volunteer no. {volunteer_number}) served as a "
            "volunteer {services} times from {since} to {until}, {hours} hours in all, confirmed "
            "by those who received the service.",
        },
        "certificate.number": {"zh": "证明编号", "en": "Number"},
        "certificate.issued": {"zh": "出具日期", "en": "Issued on"},
        "certificate.code": {"zh": "验证码", "en": "Code"},
        "certificate.digest": {"zh": "内容摘要（SHA-256）", "en": "Digest (SHA-256)"},
        "certificate.verify": {
            "zh": "凭编号和验证码，任何人可在 {where} 查验。",
            "en": "Anybody can verify it with number and code at {where}.",
        },
        "certificate.revoked": {"zh": "本证明已作废。", "en": "This certificate was revoked."},
        "certificate.changed": {
            "zh": "出具后，这段时间的时数有更正：现为 {hours} 小时，请重新出具。",
            "en": "Hours of this period were put right after its issue: {hours} hours now; have it "
            "issued anew.",
        },
    }
)
