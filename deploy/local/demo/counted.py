"""What assessment has counted, by street."""

import asyncio
import time
from dataclasses import dataclass

from deploy.local.demo.api import Api
from deploy.local.errors import LocalError

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests, and those of them whose residents answered, in all streets."""

    requests: int
    followed_up: int


async def months(api: Api) -> list[str]:
    """Months with figures, the latest first."""
    found: list[str] = (await api.get("assessment", "/v1/months"))["items"]
    return found


async def counted_in(api: Api, month: str) -> Counted:
    """What stands in the figures of a month now."""
    path = f"/v1/figures?month={month}&kind=street&limit=200"
    figures = (await api.get("assessment", path))["items"]
    return Counted(
        sum(figure["requests"] for figure in figures),
        sum(figure["followed_up"] for figure in figures),
    )


async def counted(api: Api, since: str) -> Counted:
    """What stands in the figures of a month and those after it."""
    found = [await counted_in(api, month) for month in await months(api) if month >= since]
    return Counted(sum(one.requests for one in found), sum(one.followed_up for one in found))


async def until_counted(api: Api, since: str, wanted: Counted) -> None:
    """Wait until the figures hold `wanted`; `LocalError` where they do not in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (now := await counted(api, since)) != wanted:
        if time.monotonic() > end:
            raise LocalError(
                f"After {PATIENCE_SECONDS:g} seconds assessment has counted {now.requests} "
                f"requests and {now.followed_up} answers, and not {wanted.requests} and "
                f"{wanted.followed_up}: see its log, and its dead letters with "
                "lianxin dead-letters list."
            )
        await asyncio.sleep(0.3)
