"""The demo city: loaded, its day played once, its ranking and what is where told each time."""

import asyncio
import json
import os
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiokafka.errors import KafkaError

from deploy.local.demo.api import Api, Refused
from deploy.local.demo.assessed import show_assessed
from deploy.local.demo.cases import CasePlayer
from deploy.local.demo.counted import Counted, counted, until_counted
from deploy.local.demo.heard import consumed, until_consumed
from deploy.local.demo.history import months_before, report_history
from deploy.local.demo.load import city, is_loaded, load
from deploy.local.demo.plan import DAY_HOURS, Asked, day
from deploy.local.demo.problems import look_for_problems
from deploy.local.demo.reports import ask_from_outside, report_cases, send_bad_record
from deploy.local.demo.rounds import play_round
from deploy.local.demo.tables import show_rankings
from deploy.local.demo.unit_systems import UnitSystems
from deploy.local.demo.where import show_where
from deploy.local.errors import LocalError
from deploy.local.layout import Layout
from deploy.local.steps import Steps

AT_ONCE = 16
TIMEZONE = "Asia/Shanghai"


async def show_city(layout: Layout, steps: Steps, *, again: bool = False) -> None:
    """Load the city and play its day where that has not been done; print what came of it.

    Raises `LocalError` where the day cannot be played to its end.
    """
    try:
        await _show_city(layout, steps, again=again)
    except (Refused, KafkaError) as error:
        raise LocalError(
            f"The demo day could not be played ({error}): see the logs in {layout.folder}/logs, "
            "or start without it (--no-demo)."
        ) from error


async def _show_city(layout: Layout, steps: Steps, *, again: bool) -> None:
    async with Api(layout.urls, layout.keys.token_secret) as api:
        await _load(api, steps)
        played = layout.folder / "demo.json"
        if again or not played.exists():
            began = time.monotonic()
            told = await _play(api, layout, steps)
            told["seconds"] = round(time.monotonic() - began, 1)
            played.write_text(json.dumps(told))
        else:
            told = json.loads(played.read_text())
            steps.say("演示日已演过，沿用其数据 · the demo day was played before (--demo-again)")
        await show_rankings(api, steps.console)
        await show_assessed(api, layout, told, steps.console)
        show_where(api, layout, steps.console)


async def _load(api: Api, steps: Steps) -> None:
    if await is_loaded(api):
        return
    rows = sum(len(part) for _, part in city())
    before = await consumed(api)
    with steps.counted("导入演示城市 · loading the demo city", rows) as advance:
        await load(api, advance)
    with steps.step("各服务得知城市 · services hear of the city"):
        await until_consumed(api, before, rows)


async def _play(api: Api, layout: Layout, steps: Steps) -> dict[str, Any]:
    now = datetime.now(ZoneInfo(os.environ.get("LIANXIN_TIMEZONE") or TIMEZONE))
    tag = now.strftime("%Y%m%d-%H%M%S")
    hours = _hours_of(now)
    asked = day(hours=hours)
    month, past = f"{now:%Y-%m}", months_before(now)
    before = await counted(api, month)
    async with UnitSystems(layout.kafka_address, api) as systems:
        with steps.step("前三个月的办件 · cases of three months before"):
            await report_history(systems, past)
        # A round takes its time by the clock: it is played beside the day.
        beside = asyncio.ensure_future(_assess(api, past, tag))
        try:
            reported = await _play_day(api, systems, steps, asked, tag, hours)
            answered = sum(bool(one.solved) for one in asked)
            requests = len(asked) + reported
            wanted = Counted(before.requests + requests, before.followed_up + answered)
            with steps.step("考核计入 · counted by assessment"):
                await until_counted(api, month, wanted)
            with steps.step("三步考评、共性问题 · a round in three steps, recurring problems"):
                round = await beside
        finally:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
    return {
        "tag": tag,
        "requests": requests,
        "answers": answered,
        "round": round,
        "problems": past[-1],
    }


async def _play_day(
    api: Api, systems: UnitSystems, steps: Steps, asked: list[Asked], tag: str, hours: float
) -> int:
    """Play the day; how many cases have a place beside those that residents asked for."""
    player = CasePlayer(api, systems, tag)
    with steps.counted("演示日：诉求办理 · the demo day: requests", len(asked)) as advance:
        await _all(asked, player, advance)
    with steps.step("单位上报与无效记录 · unit reports and a bad record"):
        reported = await report_cases(systems, tag, hours)
        await send_bad_record(systems, tag)
        return reported + await ask_from_outside(api, tag)


async def _assess(api: Api, past: list[str], tag: str) -> str | None:
    """Have last month looked at and rated; the id of its round."""
    _, round = await asyncio.gather(look_for_problems(api, past), play_round(api, past[-1], tag))
    return round


async def _all(asked: list[Asked], player: CasePlayer, advance: Any) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(one: Asked) -> None:
        async with turns:
            await player.play(one)
        advance(1)

    tasks = [asyncio.ensure_future(in_turn(one)) for one in asked]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _hours_of(now: datetime) -> float:
    """The length of the day, shortened where the month has only just begun: one ranking."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return min(DAY_HOURS, (now - month).total_seconds() / 3600)
