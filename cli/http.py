"""Calls to the services: JSON in and out, a refusal told in the service's own sentence."""

from typing import Any

import httpx

from cli.failures import Failure, failure
from cli.language import language
from cli.world import World
from shared.web.messages import LANGUAGE_TAGS

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


def headers_of(world: World) -> dict[str, str]:
    """Headers of every call."""
    return {
        "Authorization": f"Bearer {world.token}",
        "Accept-Language": LANGUAGE_TAGS[language()],
    }


def connect(world: World, service: str) -> httpx.Client:
    """A client of one service."""
    return httpx.Client(
        base_url=world.urls[service], headers=headers_of(world), timeout=_TIMEOUT, trust_env=False
    )


def connect_async(world: World, service: str) -> httpx.AsyncClient:
    """A client of one service for many calls at once."""
    return httpx.AsyncClient(
        base_url=world.urls[service], headers=headers_of(world), timeout=_TIMEOUT, trust_env=False
    )


def answer_of(response: httpx.Response) -> Any:
    """The JSON of a good answer. Raises `Failure` with the service's sentence for another."""
    if response.is_success:
        try:
            return response.json()
        except ValueError:
            raise failure("not-lianxin", url=response.url) from None
    raise refusal(response)


def refusal(response: httpx.Response) -> Failure:
    """What a service said no with, as one sentence with the status and the address."""
    detail = problem_of(response).get("detail")
    words = detail if isinstance(detail, str) else response.reason_phrase
    key = "refused-token" if response.status_code in (401, 403) else "refused"
    return failure(key, status=response.status_code, url=response.url, detail=words)


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """The problem document of an answer; empty where it is none."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
