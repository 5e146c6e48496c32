"""Server-sent events as an answer: pieces as they come, until either side ends it."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.messaging.ending import end_tasks

SEND_SECONDS = 10.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(Response):
    """`text/event-stream` of what `next_piece` gives; None ends it cleanly.

    A client that leaves ends it, and one that takes nothing for `SEND_SECONDS` is cut off.
    `on_end` is called once in any case.
    """

    media_type = "text/event-stream"

    def __init__(
        self, next_piece: Callable[[], Awaitable[bytes | None]], on_end: Callable[[], None]
    ) -> None:
        super().__init__(headers=_HEADERS)
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        self._next_piece = next_piece
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it."""
        leaves = asyncio.create_task(_left(receive))
        piece: asyncio.Task[bytes | None] | None = None
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            while True:
                piece = asyncio.ensure_future(self._next_piece())
                await asyncio.wait({piece, leaves}, return_when=asyncio.FIRST_COMPLETED)
                if leaves.done():
                    return
                body = piece.result()
                if body is None:
                    break
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            return  # half an answer is out: the server cuts the connection
        finally:
            self._on_end()
            await end_tasks([task for task in (leaves, piece) if task is not None])


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
