"""Tables that a city can replace, over HTTP: `GET` and `PUT /v1/<name>` for each."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from shared.storage.tables import Table, Tables, Version
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.messages import choose_language, say
from shared.web.problems import Problem
from shared.web.routing import Router

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]
OldVersion = Annotated[int | None, Query(ge=1, le=1_000_000, description="The newest unless given")]


class TableView(BaseModel):
    """A version of a table; `by` is `role:subject`, or `file`; `notes` say what to know of it."""

    version: int
    at: AwareDatetime
    by: str
    table: dict[str, Any]
    notes: list[str]


def table_router(models: Sequence[type[Table]], tables_of: Callable[[Request], Tables]) -> Router:
    """Routes to read any version of each table and to put another in force (`If-Match`)."""
    router = Router(prefix="/v1", tags=["tables"])
    for model in models:
        _add(router, model, tables_of)
    return router


def _add(router: Router, model: type[Table], tables_of: Callable[[Request], Tables]) -> None:
    async def show(
        request: Request, response: Response, _: Administrator, version: OldVersion = None
    ) -> TableView:
        tables = tables_of(request)
        found = await tables.find(model, version)
        if found is None:
            newest = await tables.find(model)
            raise Problem(
                404, "table-version-not-found", version=version, newest=newest and newest.version
            )
        return _answer(request, response, found)

    async def replace(
        request: Request,
        response: Response,
        table: model,  # type: ignore[valid-type]
        principal: Administrator,
    ) -> TableView:
        expected = if_match(request, required=True)
        tables = tables_of(request)
        if expected is None:  # If-Match: *
            newest = await tables.find(model)
            expected = newest.version if newest else 0
        by = f"{principal.role.value}:{principal.subject}"
        return _answer(request, response, await tables.put(table, expected, by=by))

    about = (model.__doc__ or "").partition("\n")[0]
    path = f"/{model.NAME}"
    name = model.NAME.replace("-", "_")
    router.add_api_route(path, show, methods=["GET"], name=f"show_{name}", description=about)
    router.add_api_route(
        path,
        replace,
        methods=["PUT"],
        name=f"replace_{name}",
        description=f"Put another table in force (`If-Match`) from now on. {about}",
    )


def _answer(request: Request, response: Response, found: Version[Any]) -> TableView:
    response.headers["ETag"] = etag(found.version)
    language = choose_language(request.headers.get("accept-language"))
    return TableView(
        version=found.version,
        at=found.at,
        by=found.by,
        table=found.table.model_dump(mode="json"),
        notes=[say(key, language, about) for key, about in found.table.notes()],
    )
