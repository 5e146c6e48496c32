from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from shared.settings import Settings
from tests.integration.messaging.world import settings_for
from tests.integration.services.request_intake.world import World, running

MakeSettings = Callable[..., Settings]


def settings_of(kafka: str, mongo: str, unique: str, **more: Any) -> Settings:
    settings = settings_for("request_intake", kafka, mongo, unique, **more)
    # A list of field keys is parted by commas; a single one has none.
    return settings.model_copy(update={"field_key": SecretStr("f" * 40)})


@pytest.fixture
def make_settings(kafka_bootstrap: str, mongodb_uri: str, unique: str) -> MakeSettings:
    def make(**more: Any) -> Settings:
        return settings_of(kafka_bootstrap, mongodb_uri, unique, **more)

    return make


@pytest.fixture
async def world(make_settings: MakeSettings) -> AsyncIterator[World]:
    """The service with a small city."""
    async with running(make_settings()) as world:
        await world.build_city()
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bad_input_world(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[World]:
    """One world for the module's tests of what changes nothing."""
    name = f"t{uuid4().hex[:12]}"
    async with running(settings_of(kafka_bootstrap, mongodb_uri, name)) as world:
        await world.build_city()
        yield world
