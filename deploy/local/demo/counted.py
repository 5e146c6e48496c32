"""What assessment has counted, by street."""

import asyncio
import time
from dataclasses import dataclass

from deploy.local.demo.api import Api
from deploy.local.errors import LocalError

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests, and those of them whose residents answered, in all months and streets."""

    requests: int
    followed_up: int


async def months(api: Api) -> list[str]:
    """Months with figures, the latest first."""
    found: list[str] = (await api.get("assessment", "/v1/months"))["items"]
    return found


async def counted(api: Api) -> Counted:
    """What stands in the figures now."""
    figures = [
        figure
        for month in await months(api)
        for figure in (
            await api.get("assessment", f"/v1/figures?month={month}&kind=street&limit=200")
        )["items"]
    ]
    return Counted(
        sum(figure["requests"] for figure in figures),
        sum(figure["followed_up"] for figure in figures),
    )


async def until_counted(api: Api, wanted: Counted) -> None:
    """Wait until the figures hold `wanted`; `LocalError` where they do not in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (now := await counted(api)) != wanted:
        if time.monotonic() > end:
            raise LocalError(
                f"After {PATIENCE_SECONDS:g} seconds assessment has counted {now.requests} "
                f"requests and {now.followed_up} answers, and not {wanted.requests} and "
                f"{wanted.followed_up}: see its log, and its dead letters with "
                "lianxin dead-letters list."
            )
        await asyncio.sleep(0.3)
