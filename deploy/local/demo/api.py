"""Calls to the services over HTTP, each as somebody with a token, tried again while it may help."""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.local.errors import LocalError
from shared.web.auth import Principal, Role, issue_token

TOKEN_SECONDS = 24 * 3600.0
PATIENCE_SECONDS = 45.0
CONNECTIONS = 6
"""To each service."""
ADMINISTRATOR = Principal("demo-administrator", Role.ADMINISTRATOR)


class Refused(Exception):
    """An answer other than success; `code` is the last part of the problem's type."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code = status, code


class Api:
    """The four services. A service that is away or starts again is waited for."""

    def __init__(self, urls: Mapping[str, str], token_secret: str) -> None:
        self.urls = urls
        self._secret = token_secret
        self._tokens: dict[Principal, str] = {}
        # The client's pool looks at every connection at every call: few of them are faster.
        limits = httpx.Limits(max_connections=CONNECTIONS)
        self._clients = {
            service: httpx.AsyncClient(base_url=url, timeout=30, limits=limits, trust_env=False)
            for service, url in urls.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            await client.aclose()

    def token(self, who: Principal) -> str:
        """A token for `who`."""
        if who not in self._tokens:
            self._tokens[who] = issue_token(self._secret, who, TOKEN_SECONDS)
        return self._tokens[who]

    async def call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        who: Principal | None = ADMINISTRATOR,
        json: Any = None,
        key: str | None = None,
        match: str | None = None,
    ) -> httpx.Response:
        """The good answer. Raises `Refused` for a 4xx, `LocalError` where nothing answers.

        Args:
            key: an `Idempotency-Key`; a POST that creates is tried again only with one.
            match: an `If-Match`.
        """
        headers = {}
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        if key is not None:
            headers["Idempotency-Key"] = key
        if match is not None:
            headers["If-Match"] = match
        client = self._clients[service]
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await client.request(method, path, json=json, headers=headers)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.is_success:
                    return answer
                if answer.status_code < 500:
                    raise refused(answer)
                said = f"status {answer.status_code}"
            if time.monotonic() > end:
                raise LocalError(
                    f"{service} has not answered {method} {path} for {PATIENCE_SECONDS:g} seconds "
                    f"({said}): see its log, and run it again."
                )
            await asyncio.sleep(0.3)

    async def get(self, service: str, path: str, who: Principal = ADMINISTRATOR) -> Any:
        """The JSON of a GET."""
        return (await self.call("GET", service, path, who=who)).json()

    async def post(
        self, service: str, path: str, who: Principal | None, json: Any, key: str | None = None
    ) -> Any:
        """The JSON of a POST."""
        return (await self.call("POST", service, path, who=who, json=json, key=key)).json()


def refused(answer: httpx.Response) -> Refused:
    """What a 4xx says."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    code = str(problem.get("type", "")).rpartition("/")[2]
    return Refused(answer.status_code, code, str(problem.get("detail", answer.text[:200])))
