"""A client that tests of core NATS publish with as strangers do."""

from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client


@pytest.fixture
async def client(server) -> AsyncIterator[Client]:
    """A client of somebody else, who knows nothing of this library."""
    client = await nats.connect(server.url)
    yield client
    await client.close()
