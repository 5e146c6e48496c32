from collections.abc import AsyncIterator

import pytest

from tests.integration.services.registry.world import World, registry_settings, running


@pytest.fixture
async def world(kafka_bootstrap: str, mongodb_uri: str, unique: str) -> AsyncIterator[World]:
    """A registry of the test's own, empty."""
    async with running(registry_settings(kafka_bootstrap, mongodb_uri, unique)) as made:
        yield made
