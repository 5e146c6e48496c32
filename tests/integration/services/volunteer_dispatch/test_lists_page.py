"""The commands of docs/dispatch/lists.md, as they stand there, against a running replica."""

import asyncio
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.test_changes import served
from tests.integration.services.volunteer_dispatch.world import (
    LEADER,
    OPERATOR,
    accepted,
    dropped,
)

PAGE = Path(__file__).parents[4] / "docs/dispatch/lists.md"
CALLERS = {
    "$D/board": LEADER,
    "$D/mine": OPERATOR,
    "/claim": OPERATOR,
    "/hand-over": OPERATOR,
    "on_behalf_of": LEADER,
    "$D/tasks/actions": OPERATOR,
    "$D/changes": LEADER,
}
"""Whose token a block is sent with, by what it holds."""


async def test_the_commands_of_the_page_work(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique)
    setup, *blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    async with dropped(settings), served(settings) as world:
        await world.build_city()
        await world.ask_at_any_hour()
        await world.parts.pool.refresh(datetime.now(UTC))
        asked = await world.request(accepted("r-asked", category="care"))
        await world.asked(asked)
        task = await world.request(accepted("r-plain"))
        await world.until(task, "assigned", "grid_team:g1")
        for block in blocks:
            caller = next(headers for part, headers in CALLERS.items() if part in block)
            told = {
                "TOKEN": caller["Authorization"].removeprefix("Bearer "),
                "TASK": task,
                "ASKED": asked,
                "D": str(world.http.base_url).rstrip("/"),
            }
            process = await asyncio.create_subprocess_exec(
                "bash", "-euc", setup + block,
                env=os.environ | told,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            out, err = await process.communicate()
            assert process.returncode == 0, f"{block}\n{err.decode()}"
            if "actions" in block:
                assert out.count(b'"status":"done"') == 2, out.decode()
            if "changes" in block:
                assert b"event: ready" in out
        assert (await world.state(asked)).status == "accepted"
