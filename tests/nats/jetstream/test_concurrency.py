"""A handler that handles several messages at a time: each is acknowledged when it is handled."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pubsub_lib import HandlerGroup
from pubsub_lib.nats import JetStreamPubSub
from tests.nats.observing import eventually

NAME = "billing"


@pytest.fixture
async def broker(url: str, subject: str) -> AsyncIterator[JetStreamPubSub[int]]:
    """Delivers again what has failed, soon, and what is only slow, after more than a test takes."""
    async with JetStreamPubSub[int](subject, url=url, ack_wait=600, backoff=(0.01,)) as broker:
        yield broker


async def test_those_that_are_handled_are_acknowledged_while_the_first_goes_on(broker, server):
    begun, go_on = [], asyncio.Event()

    async def handle(message: int) -> None:
        begun.append(message)
        if message == 0:
            await go_on.wait()

    async with HandlerGroup(broker) as handlers:
        handler = handlers.add(handle, name=NAME, concurrency=3)
        await handler.subscription
        await broker.publish_many(range(6))
        await eventually(lambda: handler.handled == 5)
        assert begun == [0, 1, 2, 3, 4, 5]
        assert handler.subscription.unfinished == 1
        go_on.set()
        await server.until_acknowledged(broker.subject, NAME)
        handler.subscription.close()
    assert (handler.handled, handler.failed) == (6, 0)


async def test_one_of_several_that_fails_is_given_back_alone(broker, server):
    begun: list[int] = []

    async def handle(message: int) -> None:
        begun.append(message)
        await asyncio.sleep(0)
        if message == 2 and begun.count(2) == 1:
            raise LookupError("not yet")

    async with HandlerGroup(broker, report=lambda failure: None) as handlers:
        handler = handlers.add(handle, name=NAME, concurrency=3)
        await handler.subscription
        await broker.publish_many(range(6))
        await eventually(lambda: handler.handled == 6)
        await server.until_acknowledged(broker.subject, NAME)
        handler.subscription.close()
    assert sorted(begun) == [0, 1, 2, 2, 3, 4, 5]
    assert (handler.handled, handler.failed) == (6, 1)
