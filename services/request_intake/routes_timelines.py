"""`/v1/timelines/{tracking_code}`: the resident's view, and answers after the work is done."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from services.request_intake import access, service
from services.request_intake.origins import of_resident, of_staff
from services.request_intake.parts import Parts, now, parts_of
from services.request_intake.routes_requests import load
from services.request_intake.schemas import Answer, OwnAnswer, ReplyIn, RequestId
from services.request_intake.state import FollowUp, Origin, Reply, RequestState
from services.request_intake.timeline import show
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal, Role, require
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.messages import LANGUAGE_TAGS, choose_language, say
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json
from shared.web.sources import address_of

router = Router(prefix="/v1", tags=["timelines"])

TrackingCode = Annotated[str, Path(min_length=12, max_length=40, examples=["7K3M-9QWX-2BTD"])]
Asker = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER))
]


async def _find(parts: Parts, code: str) -> Aggregate[RequestState]:
    found = await parts.requests.by_tracking_code(service.read_tracking_code(code))
    if found is None:
        raise Problem(404, "tracking-code-not-found")
    return found


@router.get("/timelines/{tracking_code}")
async def show_timeline(request: Request, tracking_code: TrackingCode) -> Response:
    """How a request stands, step by step, for whoever has its tracking code. No token needed."""
    parts = parts_of(request)
    aggregate = await _find(parts, tracking_code)
    assert aggregate.state is not None
    language = choose_language(request.headers.get("accept-language"))
    answer = show(aggregate.state, parts.directory.city, parts.rules.classifier, language)
    headers = {"Content-Language": LANGUAGE_TAGS[language], "Vary": "Accept-Language"}
    return Json(answer, headers=headers)


@router.post("/timelines/{tracking_code}/follow-ups", status_code=201, openapi_extra=IDEMPOTENT)
async def answer_by_code(
    request: Request, tracking_code: TrackingCode, body: OwnAnswer
) -> Response:
    """The resident's answer after the work is completed. Not solved: the work starts again."""
    parts = parts_of(request)
    aggregate = await _find(parts, tracking_code)
    assert aggregate.state is not None
    at, requester = now(), aggregate.state.requester
    sealed = None if requester is None else requester.telephone
    telephone = parts.read(sealed, "telephone", aggregate.id)
    address = address_of(request, parts.trusted_proxies)
    origin = of_resident(parts.hash_of, at, telephone, body.device, address)
    return await _answer(request, aggregate.id, body, "resident:tracking-code", at, origin)


@router.post("/requests/{id}/follow-ups", status_code=201, openapi_extra=IDEMPOTENT)
async def answer_by_phone(
    request: Request, id: RequestId, body: Answer, principal: Asker
) -> Response:
    """An answer that staff took by telephone (回访). Not contacted: the resident is asked on."""
    aggregate = await load(request, id, principal)
    assert aggregate.state is not None
    if not access.of_the_place(principal, aggregate.state):
        raise Problem(403, "wrong-area")
    at, by = now(), f"{principal.role}:{principal.subject}"
    path = access.staff_path(principal, aggregate.state)
    return await _answer(
        request, id, body, by, at, of_staff(parts_of(request).hash_of, at, by, path)
    )


@router.post("/timelines/{tracking_code}/replies", status_code=201, openapi_extra=IDEMPOTENT)
async def reply_by_code(request: Request, tracking_code: TrackingCode, body: ReplyIn) -> Response:
    """The resident's answer to what is asked during the work (`question`); the work goes on."""
    aggregate = await _find(parts_of(request), tracking_code)
    return await _reply(request, aggregate.id, body, "resident:tracking-code")


@router.post("/requests/{id}/replies", status_code=201, openapi_extra=IDEMPOTENT)
async def reply_by_phone(
    request: Request, id: RequestId, body: ReplyIn, principal: Asker
) -> Response:
    """An answer to what is asked during the work, that staff took by telephone."""
    aggregate = await load(request, id, principal)
    assert aggregate.state is not None
    if not access.of_the_place(principal, aggregate.state):
        raise Problem(403, "wrong-area")
    return await _reply(request, id, body, f"{principal.role}:{principal.subject}")


async def _reply(request: Request, id: str, body: ReplyIn, by: str) -> Response:
    parts = parts_of(request)
    attempt = await idempotency_of(request)
    at = now()
    replayed = False

    def decide(state: RequestState | None) -> Decision[RequestState] | None:
        nonlocal replayed
        assert state is not None
        earlier = next((r for r in state.replies if attempt and r.key == attempt.key), None)
        if attempt is not None and earlier is not None:
            attempt.check(earlier.fingerprint or "")
            replayed = True
            return None
        words = parts.seal(body.words, f"reply{state.round}", id)
        assert words is not None
        given = Reply(
            at=at,
            by=by,
            round=state.round,
            words=words,
            key=attempt.key if attempt else None,
            fingerprint=attempt.fingerprint if attempt else None,
        )
        return service.reply(state, given)

    aggregate = await parts.requests.store.execute(id, decide, by=by)
    assert aggregate.state is not None
    return _status(request, aggregate.state.status, aggregate.state.round, replayed)


async def _answer(
    request: Request, id: str, body: Answer, by: str, at: datetime, origin: Origin
) -> Response:
    parts = parts_of(request)
    attempt = await idempotency_of(request)
    earlier: FollowUp | None = None

    def decide(state: RequestState | None) -> Decision[RequestState] | None:
        nonlocal earlier
        assert state is not None
        if attempt is not None:
            earlier = next((f for f in state.follow_ups if f.key == attempt.key), None)
            if earlier is not None:
                attempt.check(earlier.fingerprint or "")
                return None
        given = FollowUp(
            at=at,
            by=by,
            round=state.round,
            contacted=body.contacted,
            solved=body.solved,
            satisfied=body.satisfied,
            words=parts.seal(body.words, f"words{state.round}", id),
            origin=origin,
            key=attempt.key if attempt else None,
            fingerprint=attempt.fingerprint if attempt else None,
        )
        return service.follow_up(state, given)

    aggregate = await parts.requests.store.execute(id, decide, by=by)
    assert aggregate.state is not None
    status = aggregate.state.status if earlier is None else earlier.answered
    return _status(request, status or "", aggregate.state.round, earlier is not None)


def _status(request: Request, status: str, round: int, replayed: bool) -> Response:
    language = choose_language(request.headers.get("accept-language"))
    answer: dict[str, Any] = {
        "status": status,
        "status_words": say(f"status.{status}", language),
        "round": round,
    }
    headers = {"Content-Language": LANGUAGE_TAGS[language], "Vary": "Accept-Language"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Json(answer, 201, headers)
