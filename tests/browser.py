"""Chromium by the WebDriver protocol, as much of it as tests of pages need."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from shared.web.serve import bind
from tests.eventually import eventually

MUST = bool(os.environ.get("LIANXIN_TEST_BROWSER"))
"""Set where a missing browser is a failure (`.ci/run`)."""
_ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-quic",
    "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-extensions",
    "--window-size=1280,900",
]  # fmt: skip
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The protocol's own name of a reference to an element."""


def require_browser() -> None:
    """Skip, or fail where `MUST`, on a machine without Chromium."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return
    reason = "chromium and chromium-driver are not installed here"
    if MUST:
        pytest.fail(reason)
    pytest.skip(reason)


class Browser:
    """One session with one tab."""

    def __init__(self, http: httpx.AsyncClient, session: str) -> None:
        self._http, self._path = http, f"/session/{session}"

    async def open(self, url: str) -> None:
        await self.post("url", {"url": url})

    async def run(self, script: str, *arguments: Any) -> Any:
        """What the script returns."""
        return await self.post("execute/sync", {"script": script, "args": list(arguments)})

    async def until(self, expression: str, what: str, *arguments: Any, seconds: float = 30) -> Any:
        """The expression's first true value."""

        async def true() -> Any:
            return await self.run(f"return {expression}", *arguments)

        return await eventually(true, seconds, what, interval=0.05)

    async def click(self, css: str) -> None:
        """Click an element once it is there, as a person does: it must be visible, in front."""

        async def clicked() -> bool:
            await self.post(f"element/{await self._find(css)}/click", {})
            return True

        await eventually(clicked, 30, f"click {css}", interval=0.05)

    async def type(self, css: str, text: str) -> None:
        """Type into an element once it is there."""

        async def typed() -> bool:
            await self.post(f"element/{await self._find(css)}/value", {"text": text})
            return True

        await eventually(typed, 30, f"type into {css}", interval=0.05)

    async def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        await self.post("actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    async def resize(self, width: int, height: int) -> None:
        """The width and height of what is shown, in CSS pixels, as of a telephone."""
        parameters = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        body = {"cmd": "Emulation.setDeviceMetricsOverride", "params": parameters}
        await self.post("goog/cdp/execute", body)

    async def complaints(self) -> list[str]:
        """What the page's console said since the last time: errors, broken rules of the policy."""
        found = await self.post("se/log", {"type": "browser"})
        return [one["message"] for one in found if one["level"] in ("SEVERE", "WARNING")]

    async def _find(self, css: str) -> str:
        found = await self.post("element", {"using": "css selector", "value": css})
        return str(found[_ELEMENT])

    async def post(self, path: str, body: Any) -> Any:
        """A command of the protocol."""
        answer = await self._http.post(f"{self._path}/{path}", json=body)
        assert answer.is_success, answer.text[:500]
        return answer.json()["value"]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, whose user reads Chinese, with a profile of its own; both processes end
    with it."""
    free = bind("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = await asyncio.create_subprocess_exec(
            "chromedriver", f"--port={port}", "--log-level=OFF", start_new_session=True,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:

                async def there() -> bool:
                    return bool((await http.get("/status")).json()["value"]["ready"])

                await eventually(there, 30, "the driver listens")
                options = {
                    "args": [*_ARGUMENTS, f"--user-data-dir={profile}"],
                    "prefs": {"intl.accept_languages": "zh-CN"},
                }
                wanted = {
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": {"browser": "ALL"},
                }
                made = await http.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
                assert made.is_success, made.text[:500]
                session = made.json()["value"]["sessionId"]
                try:
                    yield Browser(http, session)
                finally:
                    await http.delete(f"/session/{session}")
        finally:
            os.killpg(driver.pid, signal.SIGTERM)
            await driver.wait()
