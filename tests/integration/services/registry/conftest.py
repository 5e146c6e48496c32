"""A registry of the test's own: in the test's process, or as a process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.services import ServiceProcess
from tests.integration.services.registry.world import (
    World,
    registry_process,
    registry_settings,
    running,
)


@pytest.fixture
async def world(kafka_bootstrap: str, mongodb_uri: str, unique: str) -> AsyncIterator[World]:
    """A registry of the test's own, empty."""
    async with running(registry_settings(kafka_bootstrap, mongodb_uri, unique)) as made:
        yield made


@pytest.fixture
def registry(
    tmp_path: Path, kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> Iterator[ServiceProcess]:
    """A process of its own, that can be killed."""
    with registry_process(tmp_path, kafka_bootstrap, mongodb_uri, unique) as process:
        yield process
