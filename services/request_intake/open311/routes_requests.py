"""Requests as GeoReport v2 has them: filed with a key, seen by everybody in their public part."""

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response

from services.request_intake import filing
from services.request_intake.open311 import form as forms
from services.request_intake.open311 import schemas, service
from services.request_intake.open311.answers import answer, language_of
from services.request_intake.open311.here import (
    IN_JURISDICTION,
    V2,
    check_jurisdiction,
    check_service,
    open311_router,
    zone_of,
)
from services.request_intake.open311.schemas import Format, answers
from services.request_intake.parts import now, parts_of
from services.request_intake.state import Status
from shared.contracts.words import Urgency
from shared.web.auth import Principal, principal_of, principal_or_none
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.messages import say
from shared.web.problems import Problem

router = open311_router()

_OPEN = [status.value for status in Status if status is not Status.CLOSED]
_FORM = schemas.form_of(
    schemas.NewServiceRequest,
    api_key={"type": "string", "description": "A token of Lianxin; see `key_service`"},
    jurisdiction_id={"type": "string"},
)


@router.post(
    f"{V2}/requests.{{format}}",
    responses=answers(list[schemas.Filed], "Kept; follow it by its id"),
    openapi_extra=_FORM | IDEMPOTENT,
)
async def file_open311_request(request: Request, format: Format) -> Response:
    """File a request with an `api_key`. The tracking code in `service_notice` opens all of it."""
    form = await forms.read_form(request)
    principal = _key_holder(request, forms.first(form, "api_key"))
    given_at = forms.first(form, "jurisdiction_id") or request.query_params.get("jurisdiction_id")
    check_jurisdiction(request, given_at)
    given = forms.new_request(form)
    check_service(request, given.service_code)
    asked = forms.filing_of(given, forms.attributes_of(form))
    created = await filing.file(parts_of(request), asked, principal, await idempotency_of(request))
    language = language_of(request)
    notice = [say("open311.notice", language, {"code": created.answer["tracking_code"]})]
    if not created.answer["located"]:
        notice.append(say("open311.notice_unlocated", language))
    if created.answer["urgency"] == Urgency.DANGER:
        notice.append(say("open311.notice_danger", language))
    filed = {
        "service_request_id": created.id,
        "service_notice": ("" if language == "zh" else " ").join(notice),
        "account_id": given.account_id,
    }
    headers = {"Idempotent-Replayed": "true"} if created.replayed else None
    return answer(request, "service_requests", [filed], headers=headers)


def _key_holder(request: Request, key: str | None) -> Principal:
    """Whose key it is, the form's or that of the `Authorization` header. `Problem` 403 for none."""
    try:
        principal = principal_of(request, key) if key else principal_or_none(request)
    except Problem as problem:
        why = "expired" if problem.code == "token-expired" else "invalid"
        raise Problem(403, f"open311-key-{why}") from None
    if principal is None:
        raise Problem(403, "open311-key-missing")
    return principal


_Listed = Annotated[list[str] | None, Query(description="Several with commas between")]


@router.get(
    f"{V2}/requests.{{format}}",
    dependencies=[IN_JURISDICTION],
    responses=answers(list[schemas.ServiceRequest], "At most 1,000, newest first"),
)
async def list_open311_requests(
    request: Request,
    format: Format,
    service_request_id: _Listed = None,
    service_code: _Listed = None,
    start_date: str | None = None,
    end_date: str | None = None,
    status: _Listed = None,
) -> Response:
    """What everybody may know of requests. `service_request_id` overrides all else; without dates
    the last 90 days are asked for.
    """
    ids = _values("service_request_id", service_request_id)
    if ids:
        return await _found(request, {"_id": {"$in": ids}})
    dates = {"start_date": start_date or None, "end_date": end_date or None}
    start, end = service.span(dates, zone_of(request), now())
    query: dict[str, Any] = {"state.accepted_at": {"$gte": start, "$lte": end}}
    codes = _values("service_code", service_code)
    if codes:
        query["state.category"] = {"$in": codes}
    statuses = set(_values("status", status))
    if not statuses <= {"open", "closed"}:
        raise Problem(400, "open311-status")
    if statuses == {"open"}:
        query["state.status"] = {"$in": _OPEN}
    elif statuses == {"closed"}:
        query["state.status"] = Status.CLOSED.value
    return await _found(request, query)


def _values(name: str, given: list[str] | None) -> list[str]:
    """The values of a parameter that can be given several times and holds commas."""
    values = [value.strip() for text in given or () for value in text.split(",")]
    values = [value for value in dict.fromkeys(values) if value]
    if len(values) > service.ROWS:
        raise Problem(400, "open311-too-many", name=name, limit=service.ROWS)
    return values


async def _found(request: Request, query: dict[str, Any], missing: str | None = None) -> Response:
    parts, language, zone = parts_of(request), language_of(request), zone_of(request)
    found = await parts.requests.shown(query, service.Shown.model_fields, service.ROWS)
    if missing is not None and not found:
        raise Problem(404, "open311-request", id=missing[:100])
    city, classifier = parts.directory.city, parts.rules.classifier

    def written() -> Response:
        seen = map(service.Shown.model_validate, found)
        shown = [service.show(one, city, classifier, language, zone) for one in seen]
        return answer(request, "service_requests", shown)

    # A thousand of them cost tens of milliseconds; others are served meanwhile.
    return await asyncio.to_thread(written)


@router.get(
    f"{V2}/requests/{{service_request_id}}.{{format}}",
    dependencies=[IN_JURISDICTION],
    responses=answers(list[schemas.ServiceRequest], "A list of the one request"),
)
async def show_open311_request(
    request: Request, service_request_id: str, format: Format
) -> Response:
    """What everybody may know of one request."""
    return await _found(request, {"_id": service_request_id}, missing=service_request_id)
