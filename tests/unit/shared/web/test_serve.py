"""Real processes: signals, fatal reports and the exit status are theirs."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import httpx
import pytest

from shared.web.serve import Fatal

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from shared.telemetry import setup_logging
from shared.web.app import create_app
from shared.web.routing import Router
from shared.web.serve import Fatal, serve

setup_logging("sample")
mode, port = sys.argv[1], int(sys.argv[2])
fatal = Fatal()
router = Router()

@router.post("/echo")
async def echo(body: dict[str, str]) -> int:
    return len(body)

@router.get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.5)
    return "done"

stopping = asyncio.Event()

async def until_the_stop():
    yield b"begin "
    await stopping.wait()
    yield b"end"

@router.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(until_the_stop())

async def die() -> None:
    await asyncio.sleep(0.1)
    raise RuntimeError("the consumer broke")

@asynccontextmanager
async def lifespan(app: FastAPI):
    if mode == "refuse":
        raise RuntimeError("no database")
    if mode == "fatal":
        fatal.spawn("consumer", die())
    yield
    if mode == "hang":
        await asyncio.Event().wait()
    print("stopped cleanly", flush=True)

app = create_app("sample", "Sample", lifespan, [router], token_secret="s" * 40)
sys.exit(serve(app, "127.0.0.1", port, fatal, grace_seconds=2, on_stop=stopping.set))
"""

Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[Process] = []

    def run(mode: str, port: int = 0) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), mode, str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def port_of(process: Process) -> int:
    assert process.stderr
    for line in process.stderr:
        entry = json.loads(line)
        if entry["message"] == "listening":
            return int(entry["port"])
    raise AssertionError("it never listened")


def wait_for_answer(port: int) -> None:
    transport = httpx.HTTPTransport(retries=5)
    with httpx.Client(transport=transport) as client:
        client.get(f"http://127.0.0.1:{port}/nowhere", timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start: Start, number: int) -> None:
    process = start("good")
    wait_for_answer(port_of(process))
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert out == "stopped cleanly\n"
    assert "Traceback" not in err


async def test_a_request_under_way_is_finished(start: Start) -> None:
    process = start("good")
    port = port_of(process)
    await asyncio.to_thread(wait_for_answer, port)
    async with httpx.AsyncClient() as client:
        asked = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/slow"))
        await asyncio.sleep(0.2)
        process.terminate()
        assert (await asked).text == '"done"'
    await asyncio.to_thread(process.communicate, timeout=10)
    assert process.returncode == 0


async def test_a_stream_ends_cleanly_with_the_service(start: Start) -> None:
    process = start("good")
    port = port_of(process)
    await asyncio.to_thread(wait_for_answer, port)
    async with (
        httpx.AsyncClient() as client,
        client.stream("GET", f"http://127.0.0.1:{port}/stream") as answer,
    ):
        pieces = answer.aiter_bytes()
        assert await anext(pieces) == b"begin "
        process.terminate()
        assert [piece async for piece in pieces] == [b"end"]
    out, _ = await asyncio.to_thread(process.communicate, timeout=10)
    assert (process.returncode, out) == (0, "stopped cleanly\n")


def test_a_fatal_report_ends_it_with_1_and_the_reason(start: Start) -> None:
    process = start("fatal")
    out, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert out == "stopped cleanly\n"
    assert "fatal: consumer failed: RuntimeError: the consumer broke" in err


def test_what_hangs_is_ended(start: Start) -> None:
    process = start("hang")
    wait_for_answer(port_of(process))
    process.terminate()
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "did not stop within 2 s" in err


def test_a_start_that_fails_is_told(start: Start) -> None:
    process = start("refuse")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 3
    assert "no database" in err


def test_a_taken_port_is_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("good", port)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    lines = err.strip().splitlines()
    assert len(lines) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in json.loads(lines[0])["message"]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_large_body_is_answered_over_a_real_connection(start: Start, streamed: bool) -> None:
    url = f"http://127.0.0.1:{port_of(start('good'))}/echo"
    size = 3_000_000
    content = (b"x" * 100_000 for _ in range(size // 100_000)) if streamed else b"x" * size
    with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post(url, content=content, headers=headers, timeout=10)
        assert answer.status_code == 413
        assert client.post(url, json={"a": "b"}).json() == 1  # the server goes on


async def test_fatal_watches_tasks() -> None:
    async def ends() -> None:
        return None

    fatal, stops = Fatal(), []
    fatal.on_report(lambda: stops.append(1))
    cancelled = fatal.spawn("cancelled", asyncio.sleep(60))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert fatal.reason is None
    await fatal.spawn("ending", ends())
    await asyncio.sleep(0)
    assert fatal.reason == "ending ended unexpectedly"
    fatal.report("second")
    assert fatal.reason == "ending ended unexpectedly"
    assert stops == [1, 1]
    late: list[int] = []
    fatal.on_report(lambda: late.append(1))
    assert late == [1]
