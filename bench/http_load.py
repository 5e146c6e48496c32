"""A light HTTP load: keep-alive connections that send prepared requests and wait for each answer.

Lighter than a full client, so that on two cores the server is measured and not the load.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httptools


@dataclass
class Answers:
    """What came back: seconds per answer and count by status."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0


class _Answer:
    """Callbacks of httptools for one answer."""

    def __init__(self) -> None:
        self.done = False
        self.body = b""

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.done = True


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def send(
    port: int,
    request: Callable[[int], bytes],
    *,
    total: int,
    connections: int = 32,
    rate: float | None = None,
    on_body: Callable[[bytes], None] | None = None,
) -> Answers:
    """Send `total` requests over `connections`; with `rate`, no faster than that a second.

    `on_body` is called with the body of each answer, at once.
    """
    answers = Answers()
    numbers = iter(range(total))
    began = time.perf_counter()

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for number in numbers:
                if rate is not None:
                    await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                await _one(reader, writer, request(number), answers, on_body)
        finally:
            writer.close()
            await writer.wait_closed()

    await asyncio.gather(*(worker() for _ in range(min(connections, total))))
    answers.elapsed = time.perf_counter() - began
    return answers


async def _one(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: bytes,
    answers: Answers,
    on_body: Callable[[bytes], None] | None,
) -> None:
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    sent = time.perf_counter()
    writer.write(request)
    while not answer.done:
        data = await reader.read(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        parser.feed_data(data)
    answers.seconds.append(time.perf_counter() - sent)
    status = parser.get_status_code()
    answers.statuses[status] = answers.statuses.get(status, 0) + 1
    if on_body is not None:
        on_body(answer.body)
