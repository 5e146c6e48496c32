"""What is where: addresses, a token for each role, the desk, one request with curl, logs, data."""

import os
from pathlib import Path

from rich.console import Console

from deploy.local.demo.actors import ROLES
from deploy.local.demo.api import Api
from deploy.local.layout import Layout
from shared.web.auth import Role

SCRIPT = Path(__file__).with_name("one_request.sh")
_TITLES = {
    "registry": "基础信息 · registry",
    "request_intake": "诉求受理 · request intake",
    "volunteer_dispatch": "派单 · dispatch",
    "assessment": "考核 · assessment",
}


def show_where(api: Api, layout: Layout, console: Console) -> None:
    """Print it, and write addresses and tokens to `tokens.sh` in the data folder (0600)."""
    _line(console, "服务 · Services (/docs: 接口 API, /metrics: 指标 metrics)")
    for name, url in layout.urls.items():
        _line(console, f"  {url}/docs  {_TITLES[name]}")

    tokens = layout.folder / "tokens.sh"
    _write(tokens, api, layout)
    _line(console, "\n令牌，24 小时有效 · Tokens, valid for 24 hours")
    for name, may, who in ROLES:
        _line(console, f"{name} {who.role.value}: {may}")
        _line(console, f"{who.role.name}={api.token(who)}")

    _line(console, "\n工作台（浏览器打开） · The desk, in a browser")
    for role, path in ((Role.GRID_LEADER, "board"), (Role.VOLUNTEER, "my-tasks")):
        name, who = next((name, who) for name, _, who in ROLES if who.role is role)
        page = f"{layout.urls['volunteer_dispatch']}/{path}#token={api.token(who)}"
        _line(console, f"{name} {role.value}: {page}")

    shown = os.path.relpath(tokens)
    _line(console, "\n一件诉求从头到尾 · One request from start to finish:")
    _line(console, f"  sh {os.path.relpath(SCRIPT)} {shown}")
    for line in SCRIPT.read_text().splitlines():
        if line.startswith(("curl", "  -")):
            _line(console, f"    {line}")
    folder = os.path.relpath(layout.folder)
    _line(console, f"\n数据 · data: {folder}   日志 · logs: {folder}/logs")
    _line(console, f"消息服务器 · Kafka: {layout.kafka_address}   数据库 · {layout.mongodb_uri}")
    _line(console, "系统状态 · status: .venv/bin/lianxin status")
    _line(console, "按 Ctrl-C 停止，数据保留；清除数据：make clean-data")
    _line(console, "Ctrl-C stops everything and keeps the data; make clean-data wipes it.")


def _write(file: Path, api: Api, layout: Layout) -> None:
    lines = [f"{name.upper()}={url}" for name, url in layout.urls.items()]
    lines += [f"{who.role.name}={api.token(who)}" for _, _, who in ROLES]
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write("\n".join(lines) + "\n")


def _line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
