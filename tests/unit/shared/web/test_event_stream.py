"""An event stream ends on either side, and cuts off who takes nothing."""

import asyncio
from typing import Any

import pytest

from shared.web import event_stream
from shared.web.event_stream import EventStream
from tests.eventually import eventually


class Connection:
    """The server's side of ASGI, with a client that may leave or take nothing."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.takes = True
        self.ends = 0

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if not self.takes and message["type"] == "http.response.body":
            await asyncio.Event().wait()
        self.sent.append(dict(message))

    def end(self) -> None:
        self.ends += 1

    async def serve(self, *pieces: bytes | None) -> None:
        left = iter(pieces)

        async def next_piece() -> bytes | None:
            for piece in left:
                return piece
            await asyncio.Event().wait()
            return None

        stream = EventStream(next_piece, self.end)
        async with asyncio.timeout(5):
            await stream({"type": "http"}, self.receive, self.send)


async def test_pieces_go_out_and_the_end_is_clean() -> None:
    there = Connection()
    await there.serve(b"a", b"b", None)
    assert there.sent[0]["status"] == 200
    names = [name for name, _ in there.sent[0]["headers"]]
    assert b"content-length" not in names
    assert [(one["body"], one.get("more_body", False)) for one in there.sent[1:]] == [
        (b"a", True),
        (b"b", True),
        (b"", False),
    ]
    assert there.ends == 1


async def test_a_client_that_leaves_ends_it() -> None:
    there = Connection()
    serving = asyncio.create_task(there.serve(b"a"))

    async def one_piece() -> bool:
        return len(there.sent) == 2

    await eventually(one_piece)
    there.left.set()
    await serving
    assert (len(there.sent), there.ends) == (2, 1)


async def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "SEND_SECONDS", 0.05)
    there = Connection()
    there.takes = False
    await there.serve(b"a")
    assert (len(there.sent), there.ends) == (1, 1)
