"""Changes of tasks over HTTP, as server-sent events."""

from typing import Annotated, Any

from fastapi import Header, Request
from starlette.responses import Response

from services.volunteer_dispatch.desk import Worker, parts_of
from shared.web.auth import TokenReader
from shared.web.event_stream import EventStream
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["lists"])

_OK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`change`: `task_id`, `request_id`, `what` (the event's type, or `gone`: "
        "the caller sees it no more), `sequence` (of the task: a lower one is known already), "
        "`at`. `ready`: connected. `reload`: too far behind, load the lists anew.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/changes", status_code=200, responses=_OK, response_class=EventStream)
async def stream_changes(
    request: Request,
    principal: Worker,
    last_event_id: Annotated[
        str | None, Header(max_length=40, description="Of the last event heard: resume there")
    ] = None,
) -> Response:
    """Changes of the tasks that the caller sees, as they happen; no personal data.

    A heartbeat comes every 15 seconds. The stream ends when the token expires, when the client is
    too slow and when the service stops: connect again with `Last-Event-ID`.
    """
    changes = parts_of(request).changes
    tokens: TokenReader = request.app.state.tokens
    token = request.headers["authorization"].partition(" ")[2].strip()
    listener = await changes.listen(principal, last_event_id)

    async def next_piece() -> bytes | None:
        piece = await listener.take(changes.heartbeat_seconds)
        try:
            tokens.read(token)
        except Problem:
            return None
        return piece if piece != b"" else changes.heartbeat()

    return EventStream(next_piece, lambda: changes.leave(listener))
