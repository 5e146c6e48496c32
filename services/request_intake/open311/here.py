"""What all routes of Open311 share: the jurisdiction, the city's clock, the services."""

from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from services.request_intake.open311.answers import Open311Route
from services.request_intake.parts import parts_of
from shared.settings import Settings
from shared.web.problems import Problem
from shared.web.routing import Router

V2 = "/open311/v2"


def open311_router() -> Router:
    """A router whose errors have the standard's shape; parameters it does not know may pass."""
    router = Router(tags=["open311"], any_query=True)
    router.route_class = Open311Route
    return router


def settings_of(request: Request) -> Settings:
    """The settings of the running service."""
    settings: Settings = request.app.state.runtime.settings
    return settings


def zone_of(request: Request) -> ZoneInfo:
    """The city's time zone."""
    return ZoneInfo(settings_of(request).timezone)


def check_jurisdiction(request: Request, given: str | None) -> None:
    """Raise `Problem` 404 for another jurisdiction than ours; none given is ours, the only one."""
    own = settings_of(request).open311_jurisdiction
    if own and given and given.strip() not in ("", own):
        raise Problem(404, "open311-jurisdiction", given=given[:100], own=own)


def _in_jurisdiction(request: Request, jurisdiction_id: str | None = None) -> None:
    check_jurisdiction(request, jurisdiction_id)


IN_JURISDICTION = Depends(_in_jurisdiction)
"""Dependency: `check_jurisdiction` for the query parameter `jurisdiction_id`."""


def check_service(request: Request, service_code: str) -> None:
    """Raise `Problem` 404 for a category that the table in force does not have."""
    if service_code not in parts_of(request).rules.classifier.categories:
        raise Problem(404, "open311-service", service_code=service_code[:100])
