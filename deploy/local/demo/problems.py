"""What assessment finds in the last month: the problem that comes back in one community."""

import asyncio
import time
from typing import Any

from deploy.local.demo.api import ADMINISTRATOR, Api, Refused
from deploy.local.demo.counted import counted_in
from deploy.local.demo.history import cases_of
from deploy.local.errors import LocalError

PATIENCE_SECONDS = 60.0


async def look_for_problems(api: Api, months: list[str]) -> None:
    """Have the last of `months` looked at, once the cases of all are counted."""
    end = time.monotonic() + PATIENCE_SECONDS
    month = months[-1]
    for one in months:
        while (await counted_in(api, one)).requests < len(cases_of(one)):
            await _pause(end, f"has not counted the cases of {one}")
    await api.post("assessment", "/v1/problem-rounds", ADMINISTRATOR, {"month": month})
    while not await _has_seen(api, month):
        await _pause(end, f"has not looked at {month}")


async def _has_seen(api: Api, month: str) -> bool:
    found = await looked(api, month)
    return found is not None and found["requests"] >= len(cases_of(month))


async def looked(api: Api, month: str) -> dict[str, Any] | None:
    """What was found in a month; None where nobody has looked."""
    try:
        found: dict[str, Any] = await api.get("assessment", f"/v1/problem-rounds/{month}")
    except Refused as refused:
        if refused.status != 404:
            raise
        return None
    return found


async def _pause(end: float, what: str) -> None:
    if time.monotonic() > end:
        raise LocalError(f"Assessment {what} within {PATIENCE_SECONDS:g} seconds: see its log.")
    await asyncio.sleep(0.2)
