"""What assessment has beside the ranking: a score explained, a round, a recurring problem, a
bulletin. Chinese first."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from deploy.local.demo.actors import FIRST
from deploy.local.demo.api import Api
from deploy.local.demo.counted import months
from deploy.local.demo.history import PROBLEM
from deploy.local.demo.problems import looked
from deploy.local.layout import Layout


async def show_assessed(
    api: Api, layout: Layout, told: Mapping[str, Any], console: Console
) -> None:
    """Print it.

    Args:
        told: what was kept of the demo day: `round`, an id, and `problems`, a month, where a round
            was played and problems were looked for.
    """
    found = await months(api)
    if not found:
        return
    await _show_score(api, found[0], console)
    if told.get("round"):
        await _show_round(api, str(told["round"]), console)
    if told.get("problems"):
        await _show_problems(api, str(told["problems"]), console)
    file = await _write_bulletin(api, layout, found[0])
    _line(console, f"{FIRST.street_name}通报 · bulletin: {_from_here(file)}\n")


async def _show_score(api: Api, month: str, console: Console) -> None:
    """The score of the unit with most cases of those that are ranked, down to its cases."""
    ranking = await api.get("assessment", f"/v1/rankings?month={month}&kind=unit")
    ranked = [place for one in ranking["classes"] for place in one["ranked"]]
    if not ranked:
        return
    id = max(ranked, key=lambda place: (place["requests"], place["id"]))["id"]
    path = f"/v1/scores/{month}/unit/{id}/explanation"
    score = await api.get("assessment", path)
    table = _table(f"得分说明 · A score explained: {score['name']} {month}")
    for heading in ("指标\nindicator", "公式\nformula"):
        table.add_column(heading, overflow="fold")
    for heading in (
        *("样本\nsample", "本单位\nown", "本类均值\nclass", "收缩后\nshrunk"),
        *("得分\npoints", "权重\nweight"),
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in score["indicators"]:
        table.add_row(
            one["label"]["zh"],
            one["formula"],
            _number(one["sample"], "{:.0f}"),
            *(_share(one[name]) for name in ("own", "class_mean", "value")),
            _number(one["points"], "{:.2f}"),
            _share(one["weight"]),
        )
    console.print(table)
    grade = score["grade"]["label"]["zh"] if score["grade"] else "—"
    rules = "、".join(rule["label"]["zh"] for rule in score["special_rules"] if rule["holds"])
    rules = f"，特别规则：{rules}" if rules else ""
    _line(
        console,
        f"  合计 {_number(score['score'], '{:.2f}')} 分，第 {score['rank']}/{score['ranked']} 名，"
        f"等次“{grade}”{rules}；依据 {score['inputs']['requests']:.0f} 件诉求，"
        "样本小的向本类均值收缩 · total, rank, grade; small samples shrink to the class mean",
    )
    _line(console, f"  {api.urls['assessment']}{path}")


async def _show_round(api: Api, id: str, console: Console) -> None:
    """A round's results, each with the margin of its public rating."""
    path = f"/v1/rounds/{id}"
    rows = (await api.get("assessment", f"{path}/subjects?limit=200"))["items"]
    ids = [row["subject_id"] for row in rows]
    shown, public = await asyncio.gather(
        asyncio.gather(*(api.get("assessment", f"{path}/subjects/{one}") for one in ids)),
        asyncio.gather(*(api.get("assessment", f"{path}/subjects/{one}/public") for one in ids)),
    )
    period, steps = shown[0]["period"], shown[0]["steps"]
    table = _table(f"三步考评 · A round in three steps: {period}，国有企业 state enterprises")
    table.add_column("单位\nunit", overflow="fold", min_width=12)
    for heading in (
        f"自评\nself {steps['self_rating']:.0f}%",
        f"群众测评\npublic {steps['public_rating']:.0f}%",
        "满意/票数\nof voices",
        "误差范围\n95% margin",
        f"组织考评\nabove {steps['organizational_rating']:.0f}%",
        "合计\ntotal",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("等次\ngrade", no_wrap=True)
    for one in sorted(shown, key=lambda one: -(one["total"] or 0)):
        voices = one["public_rating"]
        table.add_row(
            one["name"],
            *(_number(points, "{:.1f}") for points in (one["self_rating"]["points"],
                                                       voices["points"])),
            f"{voices['satisfied']}/{voices['voices']}",
            f"{100 * voices['low']:.0f}–{100 * voices['high']:.0f}%" if voices["voices"] else "—",
            *(_number(one[name], "{:.1f}") for name in ("organizational_rating", "total")),
            one["grade_label"]["zh"] if one["grade_label"] else "—",
        )  # fmt: skip
    console.print(table)
    for one in shown:
        if one["system"]:
            lines = "、".join(f"{x['label']['zh']} {x['points']:.1f}" for x in one["lines"])
            _line(console, f"  {one['name']}（垂直管理 · both lines）：{lines}")
    for one, rated in zip(public, shown, strict=True):
        for group in one["aside"]:
            _line(console, f"  {rated['name']} 不计入 · set aside：{group['reason']['zh']}")
    _line(console, f"  {api.urls['assessment']}{path}/subjects")


async def _show_problems(api: Api, month: str, console: Console) -> None:
    """What comes back month after month, and who is to change its cause."""
    found = await looked(api, month)
    if found is None:
        return
    table = _table(
        f"共性问题 · Recurring problems: {month}，{found['requests']} 件诉求 requests，"
        f"{found['tests']} 次检验 tests"
    )
    for heading in ("依据\nbasis", "类别\ncategory", "区域\nplace"):
        table.add_column(heading, overflow="fold")
    for heading in ("件数\ncases", "预期\nexpected", "倍数\nratio", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("责任区域、状态\nowner, status", overflow="fold")
    for one in found["findings"]:
        case = await api.get("assessment", f"/v1/problems/{one['problem_id']}")
        table.add_row(
            one["basis_label"],
            _CATEGORIES.get(one["category"], one["category"]),
            case["place_name"],
            f"{one['count']}/{one['sample']}" if one["sample"] else str(one["count"]),
            f"{one['expected']:.1f}",
            f"{one['ratio']:.1f}",
            f"{one['p']:.0e}",
            f"{case['owner_name']}，{case['status_label']}",
        )
    console.print(table)
    _line(console, f"  {api.urls['assessment']}/v1/problems")


async def _write_bulletin(api: Api, layout: Layout, month: str) -> Path:
    """A street's bulletin, as it is printed; the file."""
    path = f"/v1/bulletins/{FIRST.street}?month={month}&format=pdf"
    answer = await api.call("GET", "assessment", path)
    file = layout.folder / f"bulletin-{FIRST.street}-{month}.pdf"
    await asyncio.to_thread(file.write_bytes, answer.content)
    return file


_CATEGORIES = {PROBLEM: "生态环境（噪声）environment"}


def _from_here(file: Path) -> str:
    return os.path.relpath(file)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))


def _number(value: float | None, form: str) -> str:
    return "—" if value is None else form.format(value)


def _share(value: float | None) -> str:
    return "—" if value is None else f"{100 * value:.1f}%"


def _line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
