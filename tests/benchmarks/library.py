"""This library's brokers, each with the ways to publish and to read it, and the chapter's broker.

`publish_many` is called with as many messages at once as the bound has room for.

>>> [system.name for system in LIBRARY if system.kind is Kind.CHAPTER]
['ChapterPubSub, get']
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import batched
from typing import Any

from pubsub_lib import AsyncPubSub, ChapterPubSub, RingPubSub

from .reading import BATCHES, EACH, GETS_AND_DONE
from .systems import Channel, Kind, Opening, System

type Broker = Any  # what its constructor takes for a bound is all that they need have in common


def _one_by_one(new_broker: Callable[[int], Broker]) -> Opening:
    @asynccontextmanager
    async def open_channel(subscribers: int, bound: int) -> AsyncIterator[Channel]:
        broker = new_broker(bound)
        sources = [await broker.subscribe() for _ in range(subscribers)]

        async def publish(messages: Iterable[bytes]) -> None:
            for message in messages:
                await broker.publish(message)

        yield Channel(sources, publish, broker.shutdown)

    return open_channel


def _many_at_once(new_broker: Callable[[int], Broker]) -> Opening:
    @asynccontextmanager
    async def open_channel(subscribers: int, bound: int) -> AsyncIterator[Channel]:
        broker = new_broker(bound)
        sources = [await broker.subscribe() for _ in range(subscribers)]

        async def publish(messages: Iterable[bytes]) -> None:
            for portion in batched(messages, bound):
                await broker.publish_many(portion)

        yield Channel(sources, publish, broker.shutdown)

    return open_channel


RING_MANY = System(
    "RingPubSub, publish_many, batches", Kind.LIBRARY, _many_at_once(RingPubSub), BATCHES
)
RING_MANY_EACH = System(
    "RingPubSub, publish_many, async for", Kind.LIBRARY, _many_at_once(RingPubSub), EACH
)
RING_BATCHES = System("RingPubSub, batches", Kind.LIBRARY, _one_by_one(RingPubSub), BATCHES)
RING_EACH = System("RingPubSub, async for", Kind.LIBRARY, _one_by_one(RingPubSub), EACH)
QUEUES_MANY = System(
    "AsyncPubSub, publish_many, batches", Kind.LIBRARY, _many_at_once(AsyncPubSub), BATCHES
)
QUEUES_MANY_EACH = System(
    "AsyncPubSub, publish_many, async for", Kind.LIBRARY, _many_at_once(AsyncPubSub), EACH
)
QUEUES_BATCHES = System("AsyncPubSub, batches", Kind.LIBRARY, _one_by_one(AsyncPubSub), BATCHES)
QUEUES_EACH = System("AsyncPubSub, async for", Kind.LIBRARY, _one_by_one(AsyncPubSub), EACH)
QUEUES_GET = System("AsyncPubSub, get", Kind.LIBRARY, _one_by_one(AsyncPubSub), GETS_AND_DONE)
CHAPTER = System("ChapterPubSub, get", Kind.CHAPTER, _one_by_one(ChapterPubSub), GETS_AND_DONE)

LIBRARY: tuple[System, ...] = (
    RING_MANY,
    RING_MANY_EACH,
    RING_BATCHES,
    RING_EACH,
    QUEUES_MANY,
    QUEUES_MANY_EACH,
    QUEUES_BATCHES,
    QUEUES_EACH,
    QUEUES_GET,
    CHAPTER,
)
