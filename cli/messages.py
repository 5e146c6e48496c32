"""What the command says, Chinese and English behind the same keys."""

from cli.messages_help import HELP

_WORDS: dict[str, tuple[str, str]] = {
    "yes": ("是", "yes"),
    # Failures
    "away": (
        "{url} 没有应答（{error}）：请确认服务已启动，或用 --url、LIANXIN_…_URL 指明地址。",
        "{url} does not answer ({error}): check that the service runs, or give its address with "
        "--url or LIANXIN_..._URL.",
    ),
    "interrupted": ("已中断；重新运行即可继续。", "Interrupted; run it again to go on."),
    "secrets-unreadable": (
        "无法读取密钥文件 {path}（{error}）：请修复，或设置 LIANXIN_TOKEN。",
        "The secrets file {path} cannot be read ({error}): mend it, or set LIANXIN_TOKEN.",
    ),
    "no-secret": (
        "没有令牌：请设置 LIANXIN_TOKEN（或 LIANXIN_TOKEN_SECRET），或在有 .data/secrets.json "
        "的文件夹中运行。",
        "There is no token: set LIANXIN_TOKEN (or LIANXIN_TOKEN_SECRET), or run in the folder "
        "that has .data/secrets.json.",
    ),
    "short-secret": (
        "令牌密钥至少要有 32 个字符：请改正 LIANXIN_TOKEN_SECRET。",
        "The token secret needs at least 32 characters: correct LIANXIN_TOKEN_SECRET.",
    ),
    "url-pair": (
        "--url 应写成 服务=地址，而不是 {value}。",
        "Write --url as SERVICE=URL, not {value}.",
    ),
    "url-scheme": (
        "{service} 的地址应以 http:// 或 https:// 开头，而不是 {value}。",
        "The address of {service} must begin with http:// or https://, not {value}.",
    ),
    "urls-json": (
        "--urls 应是服务到地址的 JSON 对象（{error}）。",
        "--urls must be a JSON object of addresses by service ({error}).",
    ),
    "unknown-service": (
        "没有名为 {name} 的服务：可用的有 {names}。",
        "There is no service {name}: there are {names}.",
    ),
    "not-lianxin": (
        "{url} 的应答不是连心服务的：请核对地址。",
        "What {url} answers is not a Lianxin service's: check the address.",
    ),
    "refused": (
        "服务拒绝（{status}，{url}）：{detail}",
        "The service refused ({status}, {url}): {detail}",
    ),
    "refused-token": (
        "令牌不被接受（{status}，{url}）：{detail}",
        "The token was not accepted ({status}, {url}): {detail}",
    ),
    "watch-json": (
        "--watch 和 --json 不能同时使用：请去掉一个。",
        "--watch and --json do not go together: leave one out.",
    ),
    "letter-unknown": (
        "没有编号为 {id} 的死信：请用 lianxin dead-letters list 查看。",
        "There is no dead letter {id}: see lianxin dead-letters list.",
    ),
    "id-or-all": (
        "请给出一个死信编号，或用 --all 重放全部。",
        "Give the id of one dead letter, or --all.",
    ),
    "since": (
        "看不懂时间 {value}：请写成 2026-01-31T08:00:00+08:00、2026-01-31 或 2h（两小时前）。",
        "The time {value} cannot be read: write 2026-01-31T08:00:00+08:00, 2026-01-31 or 2h "
        "(two hours ago).",
    ),
    "since-future": (
        "时间 {value} 在将来：请核对。",
        "The time {value} is in the future: check it.",
    ),
    "file": (
        "无法读取 {path}（{error}）：请核对路径和权限。",
        "{path} cannot be read ({error}): check the path and the permissions.",
    ),
    "city-scale": (
        "--scale 应在 0.001 至 1 之间。",
        "--scale is from 0.001 to 1.",
    ),
    "city-made": (
        "城市已写入 {folder}，请依次导入：",
        "The city is in {folder}; load it in this order:",
    ),
    "output": (
        "无法写入 {path}（{error}）：请用 --output 指定可写的文件夹。",
        "{path} cannot be written ({error}): name a folder that can with --output.",
    ),
    "no-broker": (
        "请设置 KAFKA_BOOTSTRAP_SERVERS（消息服务器的地址），或改用 HTTP 发送。",
        "Set KAFKA_BOOTSTRAP_SERVERS (the broker's address), or send by HTTP.",
    ),
    "broker-away": (
        "消息服务器不可用（{error}）：请检查后重新运行，已发送的不会重复计入。",
        "The broker cannot be used ({error}): check it and run this again; nothing is counted "
        "twice.",
    ),
    "bad-settings": (
        "环境变量有误（{names}）：请改正。",
        "Settings in the environment are not valid ({names}): correct them.",
    ),
    "format-unknown": (
        "没有名为 {name} 的格式：现有 {names}，或给出 .yaml 文件的路径。",
        "There is no format {name}: there are {names}, or give the path of a .yaml file.",
    ),
    "format-yaml": (
        "格式文件 {path} 不是合格的 YAML（{error}）。",
        "The format file {path} is not good YAML ({error}).",
    ),
    "format-key": (
        "格式文件 {path} 的 {key} 有误：{error}（另有 {more} 处；各键的含义见 docs/formats.md）",
        "The format file {path} is wrong at {key}: {error} (and {more} more; docs/formats.md "
        "explains every key)",
    ),
    "columns": (
        "{path} 没有格式 {format} 需要的列：{names}。请核对文件和格式。",
        "{path} lacks columns that the format {format} reads: {names}. Check file and format.",
    ),
    "columns-twice": (
        "{path} 的列名重复：{names}。请改名后重试。",
        "{path} has columns of the same name: {names}. Rename them and try again.",
    ),
    "encoding": (
        "{path} 不是 {encoding} 编码（{error}）：请在格式文件的 encoding 中改正，如 gb18030。",
        "{path} is not in {encoding} ({error}): correct encoding in the format file, to gb18030, "
        "say.",
    ),
    "csv": ("{path} 不是合格的 CSV（{error}）。", "{path} is not good CSV ({error})."),
    "no-areas": (
        "登记服务里还没有区域：请先用 lianxin import areas 导入街道和社区。",
        "The registry has no areas yet: load streets and communities with lianxin import areas "
        "first.",
    ),
    "registry-behind": (
        "等待 {seconds:.0f} 秒后，受理服务仍未收到登记服务的最新资料（{kinds}）："
        "请用 lianxin status 查看，恢复后重试。",
        "After {seconds:.0f} s intake still lacks the registry's latest entries ({kinds}): see "
        "lianxin status, and try again once it is well.",
    ),
    "unit-rejected": (
        "登记服务不接受单位 {unit}：{reason}",
        "The registry does not take unit {unit}: {reason}",
    ),
    "token-needs": (
        "角色 {role} 需要 {option}。",
        "Role {role} needs {option}.",
    ),
    # Grids
    "learn-nothing": (
        "{path} 中没有带类别和处置单位的记录：请核对格式文件的 category 和 handling_unit。",
        "{path} has no rows with a category and a handling unit: check category and "
        "handling_unit in the format.",
    ),
    "learn-many": (
        "规则有 {rules} 条，超过 {most} 条：请用 --least {least} 或更大的值。",
        "{rules} rules are more than {most}: use --least {least} or more.",
    ),
    "learnt": (
        "从 {cases} 件学出 {rules} 条规则（{left} 行没有可学的内容）。",
        "{rules} rules from {cases} cases ({left} rows tell nothing of it).",
    ),
    "learn-checked": (
        "只用一半学、在未见的另一半 {checked} 件上检验：首选正确 {top_1}，前三含正确 {top_3}；"
        "{for_person} 须由人决定，其余直接派出的正确率 {sent_right}。",
        "Learnt from one half, checked on the other {checked} cases: the first unit is right in "
        "{top_1}, one of the first three in {top_3}; {for_person} are left to a person, and of "
        "the others {sent_right} are sent right.",
    ),
    "learn-written": (
        "草稿已写入 {path}：请审阅后以 PUT /v1/routing 启用（管理员，If-Match）。",
        "The draft is in {path}: read it, then put it in force with PUT /v1/routing "
        "(administrator, If-Match).",
    ),
    "scheme-unreadable": (
        "方案文件 {path} 无法读取（{error}）：请核对路径；文件应为 UTF-8 编码。",
        "The scheme {path} cannot be read ({error}): check the path; the file must be UTF-8.",
    ),
    "scheme-faults": ("{path} 有 {count} 处错误：", "{path} has {count} fault(s):"),
    "scheme-fault": ("  第 {line} 行：{detail} {field}", "  line {line}: {detail} {field}"),
    "scheme-sound": (
        "没有错误：{name}，自 {month} 起，{classes} 个类别，{indicators} 项指标。",
        "No fault: {name}, from {month} on, {classes} classes, {indicators} indicators.",
    ),
    "problems-rules": (
        "规则文件 {path} 不可用（{error}）：请对照 GET /v1/problem-rules 改正。",
        "The rules in {path} cannot be used ({error}): correct them by GET /v1/problem-rules.",
    ),
    "problems-counted": (
        "计入 {counted} 件（{rejected} 行不能导入，{left} 行没有类别或区域，或不是问题类诉求）。",
        "{counted} requests counted ({rejected} rows cannot be imported, {left} have no category "
        "or area, or are of a kind that tells of no problem).",
    ),
    "title.problems": (
        "{month}：{requests} 件，{window} 个月为窗口，{tests} 次检验，发现 {found} 项",
        "{month}: {requests} requests, a window of {window} months, {tests} tests, {found} found",
    ),
    "column.basis": ("依据", "Basis"),
    "column.expected": ("预期", "expected"),
    "column.ratio": ("倍数", "ratio"),
    "column.p": ("p 值", "p"),
    "column.above": ("超出（月或处）", "above (months or places)"),
    "title.learn-undecided": (
        "须由人决定的 {number} 类（件数最多的 {shown} 类）",
        "{number} left to a person (the {shown} with most cases)",
    ),
    "column.category": ("类别", "category"),
    "column.area": ("区域", "area"),
    "column.cases": ("件数", "cases"),
    "column.likeliest": ("最可能的单位", "likeliest units"),
    "grid-check": (
        "有多边形的网格 {drawn} 个，只有社区名单的 {listed} 个：重叠 {overlaps} 处，"
        "空白 {holes} 处，被同级网格重复列出的社区 {shared_communities} 个，"
        "不在任何网格的社区 {missing_communities} 个。",
        "{drawn} grids with a polygon, {listed} with a list of communities only: "
        "{overlaps} overlaps, {holes} holes, {shared_communities} communities named by several "
        "grids of one level, {missing_communities} communities in no grid.",
    ),
    "grid-check-more": (
        "每类最多列出 {limit} 项；用 --limit 列出更多。",
        "At most {limit} of each kind are listed; --limit lists more.",
    ),
    "title.shared_communities": (
        "被同级网格重复列出的社区",
        "Communities named by several grids of one level",
    ),
    "title.missing_communities": ("不在任何网格的社区", "Communities in no grid"),
    "column.community": ("社区", "Community"),
    "title.overlaps": ("重叠", "Overlaps"),
    "title.holes": ("空白（被网格包围而不属于任何网格）", "Holes (enclosed, in no grid)"),
    "column.level": ("级别", "Level"),
    "column.grids": ("网格", "Grids"),
    "column.square-metres": ("平方米", "Square metres"),
    "column.share": ("占较小网格", "Of the smaller"),
    "column.point": ("位置（经度, 纬度）", "Place (longitude, latitude)"),
    # Status
    "title.status": ("系统状态", "System status"),
    "column.severity": ("程度", "Severity"),
    "column.service": ("服务", "Service"),
    "column.what": ("项目", "What"),
    "column.value": ("数值", "Value"),
    "column.advice": ("怎么办", "What to do"),
    "severity.well": ("正常", "well"),
    "severity.warning": ("注意", "warning"),
    "severity.critical": ("严重", "critical"),
    "what.away": ("连接", "reachable"),
    "what.ready": ("就绪", "ready"),
    "what.metrics": ("指标", "metrics"),
    "what.lag": ("消费积压（最大分区）", "lag (largest partition)"),
    "what.outbox": ("待发件", "outbox"),
    "what.outbox-age": ("最久待发（秒）", "oldest unpublished (s)"),
    "what.dead-letters": ("死信", "dead letters"),
    "what.parked": ("停放的主体", "parked subjects"),
    "what.waiting": ("等待缺号的主体", "waiting subjects"),
    "what.timers": ("过期未触发的定时", "timers overdue"),
    "what.retries": ("处理重试（启动以来）", "retries (since start)"),
    "what.consumer-restarts": ("消费者重建（启动以来）", "consumer restarts (since start)"),
    "what.producer-restarts": ("生产者重建（启动以来）", "producer restarts (since start)"),
    "what.refills": ("日志回填（启动以来）", "refills (since start)"),
    "what.rest": ("其余", "the rest"),
    "others-zero": ("其他都是 0", "all else 0"),
    "advice.away": (
        "确认该服务的进程在运行、地址正确（--url）；看它的日志",
        "check that its process runs and the address is right (--url); read its log",
    ),
    "advice.ready": (
        "看它的日志；确认数据库和消息服务器可用",
        "read its log; check the database and the broker",
    ),
    "advice.metrics": (
        "/metrics 不可读：确认地址指向服务本身而不是代理",
        "/metrics cannot be read: check that the address is the service's own",
    ),
    "advice.lag": (
        "积压仍在增长就增加 {service} 的副本（最多到分区数）",
        "if it keeps growing, add replicas of {service} (up to the number of partitions)",
    ),
    "advice.outbox": (
        "确认消息服务器可用；发件会自动继续",
        "check the broker; publishing goes on by itself",
    ),
    "advice.outbox-age": (
        "事件发不出去：确认消息服务器可用，看 {service} 的日志",
        "events do not leave: check the broker and read the log of {service}",
    ),
    "advice.dead-letters": (
        "lianxin dead-letters list -s {service}；排除原因后 replay，无法补救的 skip",
        "lianxin dead-letters list -s {service}; mend the cause and replay, or skip what cannot "
        "be mended",
    ),
    "advice.parked": (
        "这些主体排在死信之后：先处理死信（lianxin dead-letters list -s {service}）",
        "they stand behind dead letters: see to those (lianxin dead-letters list -s {service})",
    ),
    "advice.waiting": (
        "在等前面的事件，缺号会自动索取；不减少就 lianxin replay --since 1h",
        "they wait for events before them, which are asked for; if the number does not fall: "
        "lianxin replay --since 1h",
    ),
    "advice.timers": (
        "定时没有触发：看 {service} 的日志，必要时重启一个副本",
        "timers do not fire: read the log of {service}; restart a replica if need be",
    ),
    "advice.retries": (
        "处理时常失败后重试：看 {service} 日志中的 retry，多半是数据库慢",
        "handlers fail and are tried again: look for retries in the log of {service}; a slow "
        "database, mostly",
    ),
    "advice.consumer-restarts": (
        "与消息服务器的连接不稳：看它和网络",
        "the connection to the broker is not steady: look at it and the network",
    ),
    "advice.producer-restarts": (
        "与消息服务器的连接不稳：看它和网络",
        "the connection to the broker is not steady: look at it and the network",
    ),
    "advice.refills": (
        "消息服务器丢过数据，已从日志回填：运行 lianxin audit 核对",
        "the broker lost data and was refilled from the journal: run lianxin audit",
    ),
    # Dead letters and replays
    "title.dead": ("死信 {count} 条", "{count} dead letters"),
    "title.waiting": ("等待中的记录 {count} 条", "{count} waiting records"),
    "column.id": ("编号", "Id"),
    "column.reason": ("原因", "Reason"),
    "column.place": ("主题/分区/位移", "Topic/partition/offset"),
    "column.unit": ("单位", "Unit"),
    "column.subject": ("主体 #序号", "Subject #sequence"),
    "column.seen": ("时间（UTC）", "Seen (UTC)"),
    "no-letters.dead": ("没有死信。", "No dead letters."),
    "no-letters.waiting": ("没有等待中的记录。", "No waiting records."),
    "replaying": ("{service} 重放中", "releasing in {service}"),
    "outcome.dead": (
        "{id} 又成为死信：{reason}",
        "{id} is dead again: {reason}",
    ),
    "outcome.waiting": (
        "{id} 到时限仍在等待：稍后用 lianxin dead-letters list --status waiting 再看",
        "{id} still waits at the deadline: look later with "
        "lianxin dead-letters list --status waiting",
    ),
    "released": (
        "已处理 {applied} 条，又成为死信 {dead} 条，仍在等待 {waiting} 条。",
        "{applied} done, {dead} dead again, {waiting} still waiting.",
    ),
    "replayed": (
        "{service}：已重发 {published} / {total} 个事件。",
        "{service}: {published} of {total} events published again.",
    ),
    "replay-unfinished": (
        "到时限仍未完成：{names}。重放在服务里继续，不会丢。",
        "Not finished at the deadline: {names}. The services go on with it.",
    ),
    # Publish
    "line": ("第 {number} 行：{reason}", "line {number}: {reason}"),
    "line-json": (
        "不是 JSON 对象：每行写一个事件",
        "not a JSON object: write one event a line",
    ),
    "line-unit": (
        "缺少 unit_id：写在行里，或用 --unit",
        "unit_id is missing: write it in the line, or give --unit",
    ),
    "line-unknown": ("没有这些字段：{names}", "there are no such fields: {names}"),
    "line-type": ("type 应为 {names} 之一", "type must be one of {names}"),
    "line-sequence": (
        "sequence 应为 1、2、3……：直接发往 Kafka 时由单位自己编号",
        "sequence must be 1, 2, 3 ...: a unit numbers its own events on Kafka",
    ),
    "line-subject": (
        "subject 应为 {wanted}",
        "subject must be {wanted}",
    ),
    "line-time": (
        "time 应为带时区、不在将来的 RFC 3339 时间，如 2026-01-31T08:00:00+08:00",
        "time must be RFC 3339 with an offset and not in the future, as 2026-01-31T08:00:00+08:00",
    ),
    "sending": ("发送中", "sending"),
    "published": (
        "共 {lines} 行：接受 {accepted}，已有 {duplicate}，拒绝 {rejected}。",
        "{lines} lines: {accepted} accepted, {duplicate} there already, {rejected} rejected.",
    ),
    # Import of requests
    "imported": (
        "共 {rows} 行：接受 {accepted}，已有 {known}，拒绝 {rejected}；"
        "新建单位 {units_created} 个；有说明的 {remarks} 行；"
        "{seconds} 秒内新发事件 {events} 个（每秒 {rate} 个）。",
        "{rows} rows: {accepted} accepted, {known} there already, {rejected} rejected; "
        "{units_created} units created; {remarks} rows with remarks; {events} new events in "
        "{seconds} s ({rate} a second).",
    ),
    "see-rejected": (
        "被拒绝的行和原因：{path}",
        "Rejected rows with their reasons: {path}",
    ),
    "see-remarks": (
        "已接受但有缺项的行：{path}",
        "Rows that were accepted without something: {path}",
    ),
    "row.cells": (
        "有 {found} 格，应有 {wanted} 格：请检查引号和分隔符",
        "{found} cells where there should be {wanted}: check quotes and delimiters",
    ),
    "row.missing": ("{column} 没有值", "{column} has no value"),
    "row.case": (
        "{column} 的值 {value} 不能作编号：不可有空格，最多 100 个字符",
        "{column}: {value} cannot be a number: no blanks, at most 100 characters",
    ),
    "row.twice": (
        "编号 {case} 在第 {line} 行已有",
        "number {case} was in line {line} already",
    ),
    "row.not-in-map": (
        "{column} 的值 {value} 不在格式的 map 中：请补上，或设 other",
        "{column}: {value} is not in the format's map: add it, or set other",
    ),
    "row.time": (
        "{column} 的值 {value} 不是格式所说的时间",
        "{column}: {value} is not a time of the format's form",
    ),
    "row.future": ("{column} 的时间 {value} 在将来", "{column}: {value} is in the future"),
    "row.area-unknown": (
        "{column}：登记服务里没有 {value}（或不在所写的上级之内）；"
        "请先用 lianxin import areas 导入",
        "{column}: the registry has no {value} (or not inside the area above it): load it with "
        "lianxin import areas",
    ),
    "row.area-ambiguous": (
        "{column}：叫 {value} 的区域不止一个，请写明上级",
        "{column}: there are several areas called {value}: name the area above",
    ),
    "row.contract": ("{field}：{error}", "{field}: {error}"),
    "remark.unlocated": (
        "没有地点：需要人工定位",
        "without a place: a person has to locate it",
    ),
    "remark.no-unit": (
        "{column} 没有承办单位：按首接负责，记在上报单位名下",
        "{column} names no handling unit: the reporting unit, as first receiver, leads",
    ),
    "remark.point": (
        "坐标 {longitude}, {latitude} 不可用，已略去",
        "coordinates {longitude}, {latitude} cannot be used and are left out",
    ),
    "remark.no-rule": (
        "results 中没有适用的规则：不知结果",
        "no rule of results fits: the end is not known",
    ),
    "remark.end-unreadable": (
        "办结时间不可用，已略去：{reason}",
        "the time of completion cannot be used and is left out: {reason}",
    ),
    "remark.end-missing": (
        "{column} 没有办结时间",
        "{column} says no time of completion",
    ),
    "remark.end-before": (
        "{column} 的办结时间 {value} 早于提出时间，已略去：只知已办结",
        "{column}: completed {value}, before it was made; the time is left out, the end is kept",
    ),
    "remark.result": ("结果未被接受：{reason}", "the result was not accepted: {reason}"),
}

MESSAGES = {f"cli.{key}": {"zh": zh, "en": en} for key, (zh, en) in (_WORDS | HELP).items()}
