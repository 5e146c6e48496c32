"""Discovery and the kinds of requests, as GeoReport v2 has them."""

from typing import Any

from fastapi import Request, Response

from services.request_intake.open311 import schemas, service
from services.request_intake.open311.answers import answer, language_of
from services.request_intake.open311.here import (
    IN_JURISDICTION,
    V2,
    check_service,
    open311_router,
    settings_of,
    zone_of,
)
from services.request_intake.open311.schemas import ERRORS, Format, answers
from services.request_intake.parts import parts_of
from shared.web.messages import say
from shared.web.problems import Problem

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"

router = open311_router()


@router.get(
    "/open311/discovery.{format}",
    responses=answers(schemas.Discovery, "What is served where"),
)
async def discover_open311(request: Request, format: Format) -> Response:
    """Service discovery: where the interface is, in which formats, and how to get an `api_key`."""
    settings, language = settings_of(request), language_of(request)
    contact = settings.open311_contact or say("open311.contact", language)
    changed = service.written(parts_of(request).rules.since, zone_of(request))
    endpoint = {
        "specification": SPECIFICATION,
        "url": settings.open311_url or f"{str(request.base_url).rstrip('/')}{V2}",
        "changeset": changed,
        "type": settings.open311_type,
        "formats": ["text/xml", "application/json"],
    }
    found = {
        "changeset": changed,
        "contact": contact,
        "key_service": say("open311.key_service", language, {"contact": contact}),
        "endpoints": [endpoint],
    }
    return answer(request, "discovery", found)


@router.get(
    f"{V2}/services.{{format}}",
    dependencies=[IN_JURISDICTION],
    responses=answers(list[schemas.Service], "Kinds of requests"),
)
async def list_open311_services(request: Request, format: Format) -> Response:
    """The kinds of requests: the categories of `/v1/categories`."""
    classifier = parts_of(request).rules.classifier
    return answer(request, "services", service.services(classifier, language_of(request)))


@router.get(
    f"{V2}/services/{{service_code}}.{{format}}",
    dependencies=[IN_JURISDICTION],
    responses=answers(schemas.ServiceDefinition, "What a kind of request asks"),
)
async def show_open311_service(request: Request, service_code: str, format: Format) -> Response:
    """What a kind of request asks beside the ordinary fields: nothing."""
    check_service(request, service_code)
    definition: dict[str, Any] = {"service_code": service_code, "attributes": []}
    return answer(request, "service_definition", definition)


@router.get(
    f"{V2}/tokens/{{token}}.{{format}}",
    dependencies=[IN_JURISDICTION],
    responses=ERRORS,
)
async def show_open311_token(request: Request, token: str, format: Format) -> Response:
    """Always 404: POST answers the id at once, so that there are no tokens."""
    raise Problem(404, "open311-token")
