"""Where the services are and who is calling: what every sub-command starts from.

Addresses, the later before the earlier: the ports of a local run on this machine; `urls` in the
secrets file of a local run; `LIANXIN_<SERVICE>_URL`; `--urls` and `--url`. The token: `--token` or
`LIANXIN_TOKEN`; else an administrator's token made with `LIANXIN_TOKEN_SECRET` or with
`token_secret` of that secrets file (`.data/secrets.json`, or `LIANXIN_SECRETS`).
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.failures import failure
from cli.language import tr
from shared.web.auth import Principal, Role, issue_token

DEFAULT_URLS = {
    "registry": "http://127.0.0.1:8101",
    "request_intake": "http://127.0.0.1:8102",
    "volunteer_dispatch": "http://127.0.0.1:8103",
    "assessment": "http://127.0.0.1:8104",
}
SERVICES = tuple(DEFAULT_URLS)
_TOKEN_SECONDS = 12 * 3600.0

UrlsOption = Annotated[
    str | None, typer.Option("--urls", metavar="JSON", help=tr("help.urls"), show_default=False)
]
UrlOption = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="SERVICE=URL", help=tr("help.url"), show_default=False),
]
TokenOption = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help=tr("help.token"), show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help=tr("help.json"))]
ServicesOption = Annotated[
    list[str] | None,
    typer.Option("--service", "-s", metavar="SERVICE", help=tr("help.service"), show_default=False),
]


@dataclass(frozen=True, slots=True)
class World:
    """The services' addresses by name, and the caller's token."""

    urls: Mapping[str, str]
    token: str

    def chosen(self, services: Sequence[str] | None) -> tuple[str, ...]:
        """The services named, or all. Raises `Failure` for a name that is none."""
        for name in services or ():
            known_service(name)
        return tuple(dict.fromkeys(services)) if services else SERVICES


def secrets() -> dict[str, Any]:
    """The secrets file of a local run; empty where there is none."""
    path = Path(os.environ.get("LIANXIN_SECRETS") or ".data/secrets.json")
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise failure("secrets-unreadable", path=path, error=error) from None
    return found if isinstance(found, dict) else {}


def token_secret() -> str:
    """The secret that tokens are signed with. Raises `Failure` where it cannot be had."""
    secret = os.environ.get("LIANXIN_TOKEN_SECRET") or secrets().get("token_secret")
    if not isinstance(secret, str) or not secret:
        raise failure("no-secret")
    if len(secret) < 32:
        raise failure("short-secret")
    return secret


def open_world(
    urls: str | None = None, url: Sequence[str] | None = None, token: str | None = None
) -> World:
    """The world of one command. Raises `Failure` for options that cannot be read."""
    return World(urls_of(urls, url), token or _token())


def urls_of(urls: str | None = None, url: Sequence[str] | None = None) -> dict[str, str]:
    """Addresses by service from files, environment and options."""
    found = dict(DEFAULT_URLS)
    local = secrets().get("urls")
    if isinstance(local, dict):
        found |= {name: str(local[name]) for name in SERVICES if name in local}
    for name in SERVICES:
        if given := os.environ.get(f"LIANXIN_{name.upper()}_URL"):
            found[name] = given
    found |= _from_json(urls) if urls else {}
    for pair in url or ():
        name, equals, address = pair.partition("=")
        if not equals:
            raise failure("url-pair", value=pair)
        known_service(name)
        found[name] = address
    for name, address in found.items():
        if not address.startswith(("http://", "https://")):
            raise failure("url-scheme", service=name, value=address)
    return {name: address.rstrip("/") for name, address in found.items()}


def _from_json(text: str) -> dict[str, str]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise failure("urls-json", error=error) from None
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise failure("urls-json", error='{"registry": "http://…"}')
    for name in given:
        known_service(name)
    return given


def known_service(name: str) -> None:
    """Raise `Failure` unless `name` is a service."""
    if name not in SERVICES:
        raise failure("unknown-service", name=name, names=", ".join(SERVICES))


def _token() -> str:
    if given := os.environ.get("LIANXIN_TOKEN"):
        return given
    administrator = Principal("lianxin-cli", Role.ADMINISTRATOR)
    return issue_token(token_secret(), administrator, _TOKEN_SECONDS)
