"""`/live`, `/ready` and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

Check = Callable[[], Awaitable[str | None]]
"""None where the dependency is there, else a sentence that says what is missing and what to do."""

CHECK_SECONDS = 2.0


async def _run(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s: check that it runs and can be reached"
    except Exception as exc:  # a failing check is what this route has to tell
        return f"{type(exc).__name__}: {exc}"


def health_router(checks: Mapping[str, Check], alive: Callable[[], str | None]) -> Router:
    """Routes for the orchestrator.

    `/live`: 200, or 503 with the reason that `alive` gives when the loop makes no progress.
    `/ready`: 200, or 503 whose `missing` lists `{name, detail}` for each failing one of `checks`,
    which run together and have 2 s each. `/metrics`: Prometheus text of the default registry.
    """
    router = Router(tags=["health"])

    @router.get("/live")
    async def live() -> Response:
        """Whether the process makes progress; restart it on 503."""
        if reason := alive():
            raise Problem(503, "not-live", reason=reason, extra={"reason": reason})
        return Json({"status": "live"})

    @router.get("/ready")
    async def ready() -> Response:
        """Whether everything it depends on is there; send no work on 503."""
        found = await asyncio.gather(*(_run(check) for check in checks.values()))
        missing = [
            {"name": name, "detail": detail}
            for name, detail in zip(checks, found, strict=True)
            if detail is not None
        ]
        if missing:
            names = ", ".join(entry["name"] for entry in missing)
            raise Problem(503, "not-ready", names=names, extra={"missing": missing})
        return Json({"status": "ready"})

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Metrics in Prometheus text format."""
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return router
