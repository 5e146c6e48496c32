"""The rankings as tables: Chinese first, English beside it."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from deploy.local.demo.api import Api
from deploy.local.demo.counted import months

_RATES = (
    ("响应率\ncontact", "response_rate"),
    ("解决率\nsolved", "resolution_rate"),
    ("满意率\npleased", "satisfaction_rate"),
    ("按时率\nin time", "in_time_rate"),
)


async def show_rankings(api: Api, console: Console) -> None:
    """Print the rankings of streets and of units in the latest month."""
    found = await months(api)
    if not found:
        console.print("尚无数据 · no figures yet")
        return
    for kind, title in (("street", "街道排名 · Ranking of streets"), ("unit", "单位排名 · Units")):
        ranking = await api.get("assessment", f"/v1/rankings?month={found[0]}&kind={kind}")
        console.print(ranking_table(f"{title} {found[0]}", ranking))


def ranking_table(title: str, ranking: dict[str, Any]) -> Table:
    """One table of all classes; who has too few answers to be ranked is counted below it."""
    classes: Sequence[dict[str, Any]] = ranking["classes"]
    # Numbers stay whole on a terminal of 80 columns; names fold.
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    if len(classes) > 1:
        table.add_column("类别\nclass", no_wrap=True)
    table.add_column("名次\nrank", justify="right", no_wrap=True)
    table.add_column("名称\nname", overflow="fold", min_width=12)
    for heading in ("得分\nscore", "诉求\ncases", *(heading for heading, _ in _RATES)):
        table.add_column(heading, justify="right", no_wrap=True)
    left_out = 0
    for each in classes:
        left_out += len(each["under_minimum"])
        for place in each["ranked"]:
            cells = [
                str(place["rank"]),
                place["name"],
                _percent(place["score"]),
                str(place["requests"]),
                *(_percent(place[rate]) for _, rate in _RATES),
            ]
            table.add_row(*([each["label"]] if len(classes) > 1 else []), *cells)
    if left_out:
        table.caption = (
            f"另有 {left_out} 个样本不足 {ranking['minimum']} 件，不参加排名 · "
            f"{left_out} more with a sample under {ranking['minimum']} are not ranked"
        )
    return table


def _percent(rate: float | None) -> str:
    return "—" if rate is None else f"{100 * rate:.1f}%"
