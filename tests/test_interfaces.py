"""The protocols: whatever has the methods will do, without inheriting from anything."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, Broker, ChapterPubSub, NaivePubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual


class Recorder:
    """A broker in no library, with nobody but itself as a subscriber."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def subscribe(self) -> asyncio.Queue[str | None]:
        return self.queue

    async def publish(self, message: str) -> None:
        await self.queue.put(message)

    async def shutdown(self) -> None:
        await self.queue.put(None)


@pytest.mark.parametrize("kind", [AsyncPubSub, ChapterPubSub, Recorder])
def test_a_class_with_the_methods_is_a_broker(kind):
    assert isinstance(kind(), Broker)


@pytest.mark.parametrize("something", [NaivePubSub(), asyncio.Queue(), object()])
def test_a_class_without_them_is_not(something):
    assert not isinstance(something, Broker)


def test_code_written_for_a_broker_runs_with_one_that_it_has_never_seen():
    async def last_message(broker: Broker[str]) -> str | None:
        subscription = await broker.subscribe()
        await broker.publish("Hello")
        assert subscription.qsize() == 1
        message = await subscription.get()
        subscription.task_done()
        return message

    for broker in (Recorder(), AsyncPubSub[str](), ChapterPubSub[str]()):
        assert run_virtual(last_message(broker)) == "Hello"
