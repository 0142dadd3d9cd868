"""A server that all tests of JetStream share, its administrator, and brokers on a subject each."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from pubsub_lib.nats import JetStreamPubSub, NatsServer, why_no_server
from tests.nats.observing import LIMIT_S, Errors, Server, administrator, ignored

numbers = itertools.count()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The address of a server of our own, which nobody kills."""
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    with NatsServer() as server:
        yield server.url


@pytest.fixture
async def server(url: str) -> AsyncIterator[Server]:
    async with administrator(url) as server:
        yield server


@pytest.fixture
def subject() -> str:
    """A subject that no other test uses, which its stream is called after."""
    return f"subject{next(numbers)}"


@pytest.fixture
async def broker(url: str, subject: str, errors: Errors) -> AsyncIterator[JetStreamPubSub[int]]:
    """A broker that delivers nothing again by itself while a test runs."""
    async with JetStreamPubSub[int](
        subject, url=url, timeout=LIMIT_S, ack_wait=600, on_error=errors
    ) as broker:
        yield broker


@pytest.fixture
async def another(url: str, broker: JetStreamPubSub[int]) -> AsyncIterator[JetStreamPubSub[int]]:
    """A broker of the same subject, as another process has it."""
    async with JetStreamPubSub[int](broker.subject, url=url, on_error=ignored) as another:
        yield another


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let brokers look often whether the server still has everything."""
    monkeypatch.setattr("pubsub_lib.nats.jetstream.recovery.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("pubsub_lib.nats.jetstream.recovery.DELETED_WITHIN_S", 0.05)


@pytest.fixture
async def nothing_is_left() -> AsyncIterator[None]:
    """After every test: no task goes on, and asyncio has nothing to complain of."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: complaints.append(context)
    )
    before = asyncio.all_tasks()
    yield
    gc.collect()
    left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
    assert left == []
    assert complaints == []
