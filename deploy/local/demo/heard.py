"""Whether what was published has reached those who listen."""

import asyncio
import time
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from deploy.local.demo.api import Api
from deploy.local.errors import LocalError
from shared.contracts.topics import REGISTRY

PATIENCE_SECONDS = 60.0
REFRESH_SECONDS = 2.0
LISTENERS = ("request_intake", "volunteer_dispatch", "assessment")


async def consumed(api: Api) -> dict[str, float]:
    """Registry events that each listener has taken since it started."""
    return {service: await _consumed(api, service) for service in LISTENERS}


async def until_consumed(api: Api, before: Mapping[str, float], events: int) -> None:
    """Wait until each listener has taken `events` more registry events than `before`."""
    end = time.monotonic() + PATIENCE_SECONDS
    for service in LISTENERS:
        while await _consumed(api, service) < before[service] + events:
            if time.monotonic() > end:
                raise LocalError(
                    f"{service} has not heard of the demo city within {PATIENCE_SECONDS:g} "
                    "seconds: see its log."
                )
            await asyncio.sleep(0.2)
    # Each service takes what it was told into its memory about once a second.
    await asyncio.sleep(REFRESH_SECONDS)


async def _consumed(api: Api, service: str) -> float:
    text = (await api.call("GET", service, "/metrics", who=None)).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "lianxin_events_consumed_total"
        and sample.labels["topic"] == REGISTRY.name
    )
