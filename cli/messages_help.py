"""What `--help` says, Chinese and English."""

HELP: dict[str, tuple[str, str]] = {
    "help.lianxin": (
        "连心：运行、导入、核对和修复。",
        "Lianxin: run, import, check and repair.",
    ),
    "help.local": (
        "在本机运行整个系统（不需要 Docker）。",
        "Run the whole system on this machine (no Docker).",
    ),
    "help.data": ("保存数据的文件夹", "folder with all that is kept"),
    "help.no-demo": ("不演示，只启动服务", "no demo city, only the services"),
    "help.exit-after-demo": ("演示完即停止", "stop when the tables have been printed"),
    "help.audit": (
        "核对：每件已受理诉求在各服务是否都有、是否只计一次。",
        "Check that every accepted request is known everywhere and counted once.",
    ),
    "help.audit-since": (
        "只核对此时之后受理的诉求（时间，或 2h）",
        "only requests since then (a time, or 2h)",
    ),
    "help.audit-wait": (
        "最多等多少秒直到各服务一致",
        "for how many seconds to wait until all is settled",
    ),
    "help.audit-scores": (
        "改为核对得分：按各服务的事件日志和方案重新计算并比较",
        "check scores instead: made anew from the services' journals and the scheme",
    ),
    "help.audit-quick": (
        "与 --scores 一起：只让考评服务按自己留存的诉求重算",
        "with --scores: have assessment look at its own cases only",
    ),
    "help.audit-month": ("与 --scores 一起：哪个时段", "with --scores: which period"),
    "help.import": (
        "批量导入登记数据和诉求。",
        "Load registry data and requests in bulk.",
    ),
    "help.import-requests": (
        "导入一份诉求表（各种格式，见 docs/formats.md）；可安全重复运行。",
        "Import a table of requests (any format, see docs/formats.md); safe to run again.",
    ),
    "help.table": ("CSV 文件", "CSV file"),
    "help.format": (
        "格式：自带的名字，或 .yaml 文件",
        "format: the name of a shipped one, or a .yaml file",
    ),
    "help.limit": ("只取前多少行", "only the first so many rows"),
    "help.via": (
        "经 HTTP 发送，或直接发往 Kafka",
        "send by HTTP, or straight to Kafka",
    ),
    "help.as-unit": (
        "以哪个单位的名义（没有则新建；默认取自格式）",
        "as which unit (created if absent; the format's by default)",
    ),
    "help.output": (
        "放置拒绝和说明文件的文件夹（默认与表同处）",
        "folder of the files with rejected rows and remarks (the table's by default)",
    ),
    "help.dead-letters": (
        "查看、重放或跳过无法处理的记录。",
        "See, replay or skip records that could not be applied.",
    ),
    "help.dead-letters-list": ("列出死信。", "List dead letters."),
    "help.dead-letters-show": (
        "显示一条死信的全部内容。",
        "Show one dead letter whole.",
    ),
    "help.dead-letters-replay": (
        "重试一条死信（及排在其后的），并说明结果。",
        "Try a dead letter again, with what stands behind it; tell what came of it.",
    ),
    "help.dead-letters-skip": (
        "跳过一条死信，放行排在其后的。",
        "Count a dead letter as done; release what stands behind it.",
    ),
    "help.dead-letter-id": ("死信编号", "id of a dead letter"),
    "help.dead-letter-status": (
        "dead：待人处理；waiting：在等前面的",
        "dead: a person decides; waiting: behind a gap",
    ),
    "help.dead-letter-limit": ("最多列出多少条", "how many to list at most"),
    "help.replay-all": ("全部死信", "all dead letters"),
    "help.deadline": (
        "最多等多少秒看结果",
        "for how many seconds to wait for the outcome",
    ),
    "help.publish": (
        "发送单位事件（每行一个 JSON 对象）。",
        "Send unit events (one JSON object a line).",
    ),
    "help.publish-file": ("文件，或 - 表示标准输入", "file, or - for standard input"),
    "help.publish-unit": (
        "行中没有 unit_id 时的单位",
        "unit of lines without unit_id",
    ),
    "help.publish-kafka": (
        "直接发往 Kafka（KAFKA_BOOTSTRAP_SERVERS）",
        "straight to Kafka (KAFKA_BOOTSTRAP_SERVERS)",
    ),
    "help.replay": (
        "把事件日志从某时起重发一遍（安全，可重复）。",
        "Publish the journals again from a time on (safe, can be repeated).",
    ),
    "help.since": (
        "从何时起：2026-01-31T08:00:00+08:00、2026-01-31 或 2h（两小时前）",
        "from when: 2026-01-31T08:00:00+08:00, 2026-01-31, or 2h (two hours ago)",
    ),
    "help.replay-deadline": ("最多等多少秒", "for how many seconds to wait"),
    "help.grid-check": (
        "一个区域的网格有无重叠和空白；退出码 0 没有，1 有。",
        "Overlaps and holes of an area's grids, and of their lists; exit status 0 none, 1 some.",
    ),
    "help.grid-check-area": ("区域代码（含其下级区域）", "area code (areas inside it too)"),
    "help.grid-check-at": (
        "按该时刻的边界（RFC 3339，缺省为现在）",
        "by the boundaries of this time (RFC 3339; now)",
    ),
    "help.grid-check-limit": ("每类最多列出几项", "findings listed of each kind"),
    "help.grid-check-tolerance": (
        "不超过多少平方米的不列出",
        "square metres up to which nothing is told",
    ),
    "help.learn-routing": (
        "从本市的历史诉求学出派单规则表草稿，并用另一半记录检验。",
        "Draft dispatch's routing table from a city's past requests, checked on the other half.",
    ),
    "help.learn-output": ("写入的规则表", "the routing table is written here"),
    "help.learn-confidence": (
        "首选单位的估计份额达到此值才直接派，否则由人决定",
        "send without a person from this estimated share of the first unit",
    ),
    "help.learn-weight": (
        "上一级（更宽的类别或区域）相当于多少件",
        "cases that the next coarser category or area counts for",
    ),
    "help.learn-least": ("少于多少件的不单列规则", "no rule of its own below so many cases"),
    "help.learn-seed": ("分成两半的种子", "seed of the split into halves"),
    "help.learn-show": ("列出多少条须由人决定的", "how many of those that a person must decide"),
    "help.check-scheme": (
        "检查一份考评方案，逐行列出全部错误，不需要运行系统；退出码 0 没有，1 有。",
        "Check a scheme of assessment, every fault with its line, without a running system; "
        "exit status 0 none, 1 some.",
    ),
    "help.scheme-file": ("方案文件（YAML 或 JSON）", "the scheme, YAML or JSON"),
    "help.find-problems": (
        "在本市的历史诉求中逐月查找共性问题，并列出统计。",
        "Find recurring problems in a city's past requests, month by month, with statistics.",
    ),
    "help.problems-rules": (
        "另用一份规则（同 /v1/problem-rules）",
        "other rules (as at /v1/problem-rules)",
    ),
    "help.problems-month": ("只看一个月，如 2026-05", "this month only, as 2026-05"),
    "help.problems-named-by": ("类别名称所在的列", "column with the category's name"),
    "help.make-city": (
        "生成一座虚构的城市（导入用的文件），同一种子内容相同。",
        "Write a made-up city as files to import; the same for the same seed.",
    ),
    "help.make-city-folder": ("文件夹（没有则新建）", "folder (made if absent)"),
    "help.make-city-seed": ("种子", "seed"),
    "help.make-city-scale": (
        "规模：1 为 16 区 350 街道 100 万人，0.02 为其五十分之一",
        "size: 1 is 16 districts, 350 streets, 1,000,000 people; 0.02 a fiftieth",
    ),
    "help.status": (
        "整个系统的状态，最严重的在前；退出码 0 正常，1 注意，2 严重。",
        "The whole system, worst first; exit status 0 well, 1 warnings, 2 critical.",
    ),
    "help.status-all": ("每个项目一行", "a row for every figure"),
    "help.watch": ("每隔多少秒刷新", "again every so many seconds"),
    "help.issue-token": (
        "签发令牌（需要 LIANXIN_TOKEN_SECRET 或本机运行的密钥文件）。",
        "Issue a token (needs LIANXIN_TOKEN_SECRET or the secrets of a local run).",
    ),
    "help.role": ("角色", "role"),
    "help.token-area": ("负责的区域代码（可多次）", "area code (can be repeated)"),
    "help.token-unit": ("单位编号", "unit id"),
    "help.token-grid": ("网格编号（可多次）", "grid id (can be repeated)"),
    "help.token-volunteer": ("志愿者编号", "volunteer id"),
    "help.token-subject": (
        "是谁（记入历史；默认取编号或角色）",
        "who it is, for the history (the id or role by default)",
    ),
    "help.token-days": ("有效多少天", "valid for so many days"),
    "help.urls": (
        "各服务地址的 JSON 对象",
        "addresses by service as a JSON object",
    ),
    "help.url": (
        "一个服务的地址（可多次）",
        "address of one service (can be repeated)",
    ),
    "help.token": (
        "令牌（默认 LIANXIN_TOKEN）",
        "token (LIANXIN_TOKEN by default)",
    ),
    "help.json": ("输出 JSON", "print JSON"),
    "help.service": (
        "只对这个服务（可多次；默认全部）",
        "only this service (can be repeated; all by default)",
    ),
}
