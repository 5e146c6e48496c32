"""A sink as a process of its own, to be killed: `python -m tests.integration.messaging.member`.

Settings from the environment; SLOW_SECONDS is how long each fact takes it.
"""

import asyncio
import os
import time

from shared.contracts.envelope import Event
from shared.settings import Settings
from shared.storage.aggregates import Decision
from tests.integration.messaging.world import TallyState, running_sink, tally


async def main() -> None:
    slow = float(os.environ["SLOW_SECONDS"])

    def handler(state: TallyState | None, event: Event, context: None) -> Decision[TallyState]:
        time.sleep(slow)
        return tally(state, event, context)

    async with running_sink(Settings(), handler):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
