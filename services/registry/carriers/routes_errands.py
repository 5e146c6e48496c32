"""`/v1/errands`: errands that are done for residents, step by step, and the resident's word."""

import hmac

from fastapi import Request, Response

from services.registry.carriers.access import (
    change,
    ensure_own,
    listed,
    read,
    seal,
    shown,
    unseal,
)
from services.registry.carriers.errands import ErrandState, rate, step, take
from services.registry.carriers.schemas import (
    ErrandBody,
    ErrandView,
    StepBody,
    TakenView,
    WordBody,
    WordView,
)
from services.registry.commands import Registry
from services.registry.routes import EntryId, made_once, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.scopes import Server
from services.registry.service.base import Known, named
from shared.contracts.ids import uuid7
from shared.contracts.words import ErrandStage
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.web.idempotency import IDEMPOTENT
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/errands", tags=["carriers"])
NAME = "errands"
_CODE_LENGTH = 12


def code_of(registry: Registry, id: str) -> str:
    """The resident's code: from the id and a key, so that it is kept nowhere."""
    return registry.cipher.blind_index(f"errand:{id}")[:_CODE_LENGTH]


def _view(registry: Registry, found: Aggregate[ErrandState]) -> ErrandView:
    state = found.state
    assert state is not None  # none is without

    def read(field: str, value: str | None) -> str | None:
        return unseal(registry, NAME, found.id, field, value)

    said = state.model_dump()
    for each in said["steps"]:
        each["words"] = read("step", each["words"])
    if said["word"] is not None:
        said["word"]["words"] = read("word", said["word"]["words"])
    for field in ("text", "resident"):
        said[field] = read(field, said[field])
    return ErrandView(id=found.id, version=found.version, **said)


@router.post("", status_code=201, response_model=TakenView, openapi_extra=IDEMPOTENT)
async def take_errand(request: Request, body: ErrandBody, principal: Server) -> Response:
    """Take an errand for a resident; give the resident the number and the code."""
    registry = registry_of(request)
    id = uuid7()
    wanted = named(organizations=body.organization_id, people=body.person_id)
    known = Known(await registry.repository.look_up(wanted))
    decision = take(
        id, body, known, moment(), lambda field, text: seal(registry, NAME, id, field, text)
    )
    ensure_own(principal, decision.state)
    made = await made_once(request, registry.carriers.errands, id, decision, principal)
    # The code is kept nowhere, also not in the answer for a second attempt.
    answer = {"id": made.id, "code": code_of(registry, made.id)}
    return Json(answer, 201, headers={"Location": f"/v1/errands/{made.id}"})


@router.get("/{id}", response_model=ErrandView)
async def read_errand(request: Request, id: EntryId, principal: Server) -> Response:
    """An errand, with its steps."""
    registry = registry_of(request)
    return await read(registry, registry.carriers.errands, id, principal, _view)


@router.get("", response_model=Page[ErrandView])
async def list_errands(
    request: Request,
    principal: Server,
    page: Paged,
    area: Inside = None,
    organization_id: Slug | None = None,
    person_id: Slug | None = None,
    stage: ErrandStage | None = None,
) -> Response:
    """Errands, the newest first."""
    filters = {"organization_id": organization_id, "person_id": person_id, "stage": stage}
    store = registry_of(request).carriers.errands
    return await listed(request, store, principal, area, filters, page, _view)


@router.post("/{id}/steps", response_model=ErrandView)
async def take_step(request: Request, id: EntryId, body: StepBody, principal: Server) -> Response:
    """Say that it is in hand or done; one that is done counts as work."""
    registry = registry_of(request)
    words = seal(registry, NAME, id, "step", body.words)
    stepped = await change(
        registry.carriers.errands,
        id,
        principal,
        lambda state: step(state, body.stage, words, moment()),
    )
    return shown(registry, stepped, _view)


@router.post("/{id}/word", response_model=WordView)
async def give_word(request: Request, id: EntryId, body: WordBody) -> WordView:
    """The resident says whether it is solved; once, without signing in, by the code."""
    registry = registry_of(request)
    words = seal(registry, NAME, id, "word", body.words)
    right = hmac.compare_digest(body.code.encode(), code_of(registry, id).encode())

    def decide(state: ErrandState | None) -> Decision[ErrandState] | None:
        if state is None or not right:
            raise Problem(404, "errand-unknown")
        return rate(state, body, words, moment())

    rated = await registry.carriers.errands.execute(id, decide, by="resident")
    word = rated.state and rated.state.word
    assert word is not None  # that is what `rate` does
    said = word.model_dump()
    return WordView(**said | {"words": unseal(registry, NAME, id, "word", said["words"])})
