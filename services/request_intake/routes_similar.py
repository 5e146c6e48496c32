"""Requests that are likely about the same thing, and open ones nearby that residents may see."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.request_intake import access
from services.request_intake.likeness import (
    Likeness,
    LikenessTable,
    Side,
    branch,
    compare,
    words_of,
)
from services.request_intake.near import metres
from services.request_intake.parts import Caller, Parts, now, parts_of
from services.request_intake.routes_requests import load
from services.request_intake.schemas import RequestId
from services.request_intake.state import RequestState
from shared.contracts.payload import Code, Point
from shared.web.auth import Principal, optional_principal
from shared.web.messages import LANGUAGE_TAGS, Language, choose_language, say
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json, Latitude, Longitude

router = Router(prefix="/v1", tags=["joined requests"])

_COARSE_METRES = 100


@router.get("/requests/{id}/similar")
async def list_similar(request: Request, id: RequestId, principal: Caller) -> Response:
    """Open requests that are likely about the same thing, with score and reasons, the likeliest
    first. Who is not responsible for the place is shown what residents may see, without words.
    """
    parts = parts_of(request)
    state = (await load(request, id, principal)).state
    assert state is not None
    table = parts.tables.get(LikenessTable)
    language = choose_language(request.headers.get("accept-language"))
    exact = access.of_the_place(principal, state)
    found = await parts.candidates.find(
        state.point, state.area_path, state.accepted_at, _branch(parts, state.category), table
    )
    side = _side(parts, state, table, exact)
    likely: list[tuple[Likeness, RequestState]] = []
    for other in found:
        # Text by text, so that a city's worth of words is never in memory.
        everybody = parts.rules.classifier.is_public(other.category, other.urgency)
        shown = access.of_the_place(principal, other) if exact else everybody
        if other.id == id or not shown:
            continue
        likeness = compare(side, _side(parts, other, table, exact), table)
        if likeness is not None and likeness.suggested:
            likely.append((likeness, other))
    likely.sort(key=lambda pair: (-pair[0].score, pair[1].id))
    items = [
        _summary(parts, other, language)
        | {
            "score": round(likeness.score, 2),
            "reasons": _reasons(parts, likeness, language, exact),
        }
        for likeness, other in likely[: table.shown]
    ]
    return _answer({"considered": len(found), "items": items}, language)


@router.get("/open-requests")
async def list_open_nearby(
    request: Request,
    _principal: Annotated[Principal | None, Depends(optional_principal)],
    longitude: Annotated[Longitude | None, Query()] = None,
    latitude: Annotated[Latitude | None, Query()] = None,
    area: Annotated[AreaCode | None, Query(description="Code of a community")] = None,
    category: Annotated[Code | None, Query()] = None,
) -> Response:
    """What others nearby have asked for and is being worked on, newest first: neither words nor
    names, places to 100 m. Say "me too" with `POST /v1/requests/{id}/me-too`. No token needed.
    """
    parts = parts_of(request)
    if area is None and (longitude is None or latitude is None):
        raise Problem(422, "place-missing", message="field.place_missing", field="longitude")
    point = None
    if longitude is not None and latitude is not None:
        point = Point(longitude=longitude, latitude=latitude)
    table = parts.tables.get(LikenessTable)
    language = choose_language(request.headers.get("accept-language"))
    classifier = parts.rules.classifier
    wanted = [
        code
        for code, known in classifier.categories.items()
        if known.public_space and category in (None, code)
    ]
    path = () if area is None else (area,)
    found = await parts.candidates.find(point, path, now(), wanted, table)
    items = []
    for state in found:
        if not classifier.is_public(state.category, state.urgency):
            continue
        item = _summary(parts, state, language)
        if point is not None and state.point is not None:
            far = metres(point, state.point.rounded())
            if far > table.within_m + _COARSE_METRES:
                continue
            item["metres"] = _coarse(far)
        items.append(item)
    return _answer({"items": items[: table.shown]}, language)


def _answer(answer: dict[str, Any], language: Language) -> Response:
    headers = {"Content-Language": LANGUAGE_TAGS[language], "Vary": "Accept-Language"}
    return Json(answer, headers=headers)


def _branch(parts: Parts, category: str) -> Sequence[str]:
    """The categories of the same branch, also one that the table does not have."""
    own = branch(category)
    known = parts.rules.classifier.categories
    return [category, *(code for code in known if branch(code) == own and code != category)]


def _side(parts: Parts, state: RequestState, table: LikenessTable, exact: bool) -> Side:
    if not exact:  # as events carry it: nobody finds out by asking from many places
        point = state.point.rounded() if state.point else None
        return Side(state.category, state.accepted_at, point, None)
    text = parts.read(state.text, "text", state.id)
    words = None if text is None else words_of(text, table)
    return Side(state.category, state.accepted_at, state.point, words)


def _summary(parts: Parts, state: RequestState, language: Language) -> dict[str, Any]:
    """A request as anybody may see it."""
    return {
        "id": state.id,
        "category": state.category,
        "category_words": parts.rules.classifier.label(state.category, language),
        "accepted_on": state.accepted_at.date(),
        "status": state.status,
        "status_words": say(f"status.{state.status}", language),
        "joined_by": len(state.members),
    }


def _coarse(far: float) -> int:
    return max(1, round(far / _COARSE_METRES)) * _COARSE_METRES


def _reasons(
    parts: Parts, likeness: Likeness, language: Language, exact: bool
) -> list[dict[str, Any]]:
    items = []
    for reason in likeness.reasons:
        value = reason.value
        if reason.what == "metres" and value is not None and not exact:
            value = _coarse(float(value))
        key = f"similar.{reason.what}" if value is not None else "similar.same_community"
        told: Any = value
        if reason.what == "category":
            told = parts.rules.classifier.label(str(value), language)
        if reason.what == "words":
            told = round(100 * float(value or 0))
        words = say(key, language, {"value": told})
        share = round(reason.share, 2 if exact else 1)
        items.append({"what": reason.what, "value": value, "share": share, "words": words})
    return items
