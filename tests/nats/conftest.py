"""Servers for the tests: one that all share, and one that a test may kill."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pubsub_lib.nats.local_server.server import (
    NatsServer,
    nats_server,
    why_no_server,
)
from pubsub_lib.nats.local_server.server_elsewhere import ServerElsewhere
from tests.nats.observing import Errors, other_tasks

HERE = Path(__file__).parent
numbers = itertools.count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them all: a server takes its own time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real_time)


@pytest.fixture(scope="session")
def server() -> Iterator[NatsServer | ServerElsewhere]:
    """A server that nobody kills."""
    if reason := why_no_server():
        pytest.skip(reason)
    with nats_server() as server:
        yield server


@pytest.fixture
def own_server() -> Iterator[NatsServer]:
    """A server of this test alone, which it may kill and start again."""
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    with NatsServer() as server:
        yield server


@pytest.fixture
def subject() -> str:
    """A subject that no other test uses."""
    return f"test.{next(numbers)}"


@pytest.fixture
def errors() -> Errors:
    """What is told of errors that can be raised to nobody."""
    return Errors()


@pytest.fixture
async def nothing_is_left() -> AsyncIterator[None]:
    """After a test: no task goes on."""
    yield
    assert await other_tasks() == set()
