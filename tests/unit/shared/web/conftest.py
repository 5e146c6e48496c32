from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.shared.web.sample import client_of, sample_app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sample_app()) as client:
        yield client
