"""Certificates of service hours over HTTP: issued, listed, revoked; verified by anybody."""

import hmac
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, StringConstraints

from services.registry import commands
from services.registry.certificates import messages  # noqa: F401  (registers the sentences)
from services.registry.certificates.decisions import (
    CODE_LENGTH,
    CertificateState,
    Certified,
    issue,
    new_number,
    revoke,
    span_of,
)
from services.registry.certificates.page import page
from services.registry.certificates.repository import NAME
from services.registry.commands import Registry
from services.registry.record_sheet.routes import is_own
from services.registry.routes import EntryId, Reader, made_once, registry_of
from services.registry.schemas import ReasonBody
from services.registry.service import People
from services.registry.states import PersonState
from services.registry.stores import act
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.encryption import context_of
from shared.web.auth import Principal
from shared.web.idempotency import IDEMPOTENT
from shared.web.messages import LANGUAGE_TAGS, choose_language
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Body, Json

router = Router(prefix="/v1", tags=["certificates"])

Number = Annotated[str, StringConstraints(max_length=40)]
Code = Annotated[str, Query(max_length=40, description="As it stands on the certificate")]
_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Vary": "Accept-Language",
}


class PeriodBody(Body):
    """From a day until another, both included, by the city's calendar."""

    since: date
    until: date


class IssuedView(BaseModel):
    """What the bearer needs to show: number and code."""

    number: str
    code: str


class CertificateView(Certified):
    """A certificate as anybody who has number and code sees it."""

    digest_sha256: str
    signature: str = Field(description="HMAC-SHA-256 of the digest, hex; the code is its beginning")
    valid: bool
    hours_now: float = Field(description="What records say of the period now")


class ListedView(BaseModel):
    """A certificate in the person's own list."""

    number: str
    code: str
    since: date
    until: date
    hours: float
    services: int
    issued_on: date
    revoked: str | None


class ListView(BaseModel):
    """Somebody's certificates, the newest first."""

    items: list[ListedView]


def _name(registry: Registry, number: str, state: CertificateState) -> str:
    return registry.cipher.decrypt(state.name, context_of(NAME, "name", number))


def _signature(registry: Registry, said: Certified) -> str:
    return registry.cipher.blind_index(f"certificate:{said.digest()}")


def _code(registry: Registry, said: Certified) -> str:
    return _signature(registry, said)[:CODE_LENGTH].upper()


async def _person(registry: Registry, id: str, principal: Principal) -> PersonState:
    """The person, for himself or herself, and those who may see who that is. `Problem` 403."""
    found = await commands.read(registry, "people", id)
    state = found.state
    assert isinstance(state, PersonState)  # no entry is without
    if not is_own(principal, id) and not People.may_see_person(principal, state):
        raise Problem(403, "wrong-area")
    return state


@router.post(
    "/people/{id}/certificates",
    status_code=201,
    response_model=IssuedView,
    openapi_extra=IDEMPOTENT,
)
async def issue_certificate(
    request: Request, id: EntryId, body: PeriodBody, principal: Reader
) -> Response:
    """Issue a certificate of the hours that count in a period."""
    registry = registry_of(request)
    person = await _person(registry, id, principal)
    now = datetime.now(UTC)
    span = span_of(body.since, body.until, registry.zone, now)
    total = await registry.certificates.hours(id, *span)
    if total.quantity <= 0:
        raise Problem(409, "no-hours")
    today = now.astimezone(registry.zone).date()
    number = new_number(today)
    kind = registry.kinds["people"]
    assert isinstance(kind, People)
    name = kind.unlocked(id, person)["name"] or ""
    state = CertificateState(
        person_id=id,
        name=registry.cipher.encrypt(name, context_of(NAME, "name", number)),
        volunteer_number=person.number,
        since=body.since.isoformat(),
        until=body.until.isoformat(),
        hours=total.quantity,
        services=total.records,
        issued_on=today.isoformat(),
        issued_by=f"{principal.role}:{principal.subject}",
        area_path=person.area_path,
        grid_id=person.grid_id,
    )
    decision = issue(number, state)
    made = await made_once(request, registry.certificates.store, number, decision, principal)
    # An earlier attempt with the same key has made another one.
    kept = await registry.certificates.store.get(made.id)
    assert kept is not None
    assert kept.state is not None
    said = kept.state.certified(kept.id, _name(registry, kept.id, kept.state))
    answer = {"number": kept.id, "code": _code(registry, said)}
    return Json(answer, 201, headers={"Location": f"/v1/certificates/{kept.id}"})


@router.get("/people/{id}/certificates")
async def list_certificates(request: Request, id: EntryId, principal: Reader) -> ListView:
    """Somebody's certificates with their codes, the newest first."""
    registry = registry_of(request)
    await _person(registry, id, principal)
    return ListView(items=[_listed(registry, one) for one in await registry.certificates.of(id)])


@router.get("/certificates/{number}", response_model=CertificateView)
async def verify_certificate(request: Request, number: Number, code: Code) -> Response:
    """What the certificate says and whether it holds; for anybody with number and code."""
    registry = registry_of(request)
    state, said = await _proved(registry, number, code)
    shown = CertificateView(
        **said.model_dump(),
        digest_sha256=said.digest(),
        signature=_signature(registry, said),
        valid=state.revoked is None,
        hours_now=await _hours_now(registry, state),
    )
    return Json(shown.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


@router.get("/certificates/{number}/page", response_class=HTMLResponse)
async def print_certificate(request: Request, number: Number, code: Code) -> HTMLResponse:
    """The certificate as a page to be printed, Chinese unless English is asked for."""
    registry = registry_of(request)
    state, said = await _proved(registry, number, code)
    language = choose_language(request.headers.get("accept-language"))
    text = page(
        said,
        _code(registry, said),
        language,
        revoked=state.revoked is not None,
        hours_now=await _hours_now(registry, state),
    )
    return HTMLResponse(text, headers=_PRIVATE | {"Content-Language": LANGUAGE_TAGS[language]})


@router.post("/certificates/{number}/revoke")
async def revoke_certificate(
    request: Request, number: Number, body: ReasonBody, principal: Reader
) -> ListedView:
    """Say that it does not hold any more; those who may see the person."""
    registry = registry_of(request)

    def decide(state: CertificateState) -> Decision[CertificateState] | None:
        if not People.may_see(principal, state.area_path, state.grid_id):
            raise Problem(403, "wrong-area")
        return revoke(number, state, body.reason)

    done = await act(registry.certificates.store, number, decide, principal)
    return _listed(registry, done)


def _listed(registry: Registry, one: Aggregate[CertificateState]) -> ListedView:
    assert one.state is not None  # none is without
    said = one.state.certified(one.id, _name(registry, one.id, one.state))
    shown = said.model_dump(exclude={"name", "volunteer_number"})
    return ListedView(**shown, code=_code(registry, said), revoked=one.state.revoked)


async def _proved(registry: Registry, number: str, code: str) -> tuple[CertificateState, Certified]:
    """The certificate whose code this is. `Problem` 404, the same for a wrong number or code."""
    found = await registry.certificates.store.get(number)
    if found is None or found.state is None:
        raise Problem(404, "certificate-unknown")
    said = found.state.certified(number, _name(registry, number, found.state))
    given = code.replace(" ", "").upper().encode()
    if not hmac.compare_digest(given, _code(registry, said).encode()):
        raise Problem(404, "certificate-unknown")
    return found.state, said


async def _hours_now(registry: Registry, state: CertificateState) -> float:
    since, until = date.fromisoformat(state.since), date.fromisoformat(state.until)
    span = span_of(since, until, registry.zone, datetime.now(UTC))
    return (await registry.certificates.hours(state.person_id, *span)).quantity
