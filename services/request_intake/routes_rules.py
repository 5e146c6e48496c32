"""`/v1/categories` and `/v1/category-rules`: the table that decides category and urgency."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.request_intake.classification import Table
from services.request_intake.parts import parts_of
from services.request_intake.rules import Rules
from shared.web.auth import Principal, Role, require
from shared.web.etag import ensure_version, etag, if_match
from shared.web.messages import LANGUAGE_TAGS, choose_language
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["categories"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]


@router.get("/categories")
async def list_categories(request: Request) -> Response:
    """Categories with their labels and usual urgency. No token needed."""
    rules = parts_of(request).rules
    language = choose_language(request.headers.get("accept-language"))
    items = [
        category.model_dump(mode="json") | {"label": getattr(category, language)}
        for category in rules.classifier.table.categories
    ]
    headers = {"Content-Language": LANGUAGE_TAGS[language], "Vary": "Accept-Language"}
    return Json({"version": rules.version, "items": items}, headers=headers)


def _shown(rules: Rules) -> Response:
    answer: dict[str, Any] = {"version": rules.version, "since": rules.since, "by": rules.by}
    answer |= rules.classifier.table.model_dump(mode="json")
    return Json(answer, headers={"ETag": etag(rules.version)})


@router.get("/category-rules")
async def show_category_rules(request: Request, principal: Administrator) -> Response:
    """The table in force: default category, categories, and rules in order."""
    rules = parts_of(request).rules
    await rules.refresh()
    return _shown(rules)


@router.put("/category-rules")
async def replace_category_rules(
    request: Request, body: Table, principal: Administrator
) -> Response:
    """Put a whole table into force as the next version (`If-Match` with the ETag of the one
    read). Every replica uses it within 2 s; earlier versions are kept.
    """
    rules = parts_of(request).rules
    expected = if_match(request, required=True)
    await rules.refresh()
    current = rules.version
    ensure_version(expected, current)
    if not await rules.replace(body, current, f"{principal.role}:{principal.subject}"):
        raise Problem(412, "precondition-failed", headers={"ETag": etag(rules.version)})
    return _shown(rules)
