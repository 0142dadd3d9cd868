"""What is compared, each behind the same small interface: one adapter per system.

An adapter opens a `Channel` with a number of subscribers. How to publish is the adapter's own loop,
not a call per message, so that nothing but the system itself costs anything.

>>> import asyncio
>>> async def main() -> list[Count]:
...     async with CHAPTER.open(2) as channel, asyncio.TaskGroup() as group:
...         readers = [group.create_task(CHAPTER.reading.count(s)) for s in channel.sources]
...         await channel.publish([b"first", b"second"])
...         await channel.close()
...     return [reader.result() for reader in readers]
>>> asyncio.run(main())
[(2, b'second'), (2, b'second')]
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pubsub_lib import AsyncPubSub, ChapterPubSub, RingPubSub

from .reading import BATCHES, EACH, GETS, GETS_AND_DONE, Count, Reading

BOUND = 100  #: of every queue that can be bounded, in messages; the chapter's


class Kind(Enum):
    """What a system stands for in the comparison."""

    LIBRARY = "this library"
    CHAPTER = "where the course starts"
    BY_HAND = "written by hand"
    PEER = "another library"
    LIMIT = "a limit, without an event loop"


@dataclass(frozen=True, slots=True)
class Channel:
    """A system with its subscribers, ready to be published to.

    Attributes:
        sources: one for each subscriber, to be read by the system's `reading`.
        publish: publishes messages one by one, in order, as fast as the system allows.
        close: lets every reader end once it has all messages.
    """

    sources: Sequence[Any]
    publish: Callable[[Iterable[bytes]], Awaitable[None]]
    close: Callable[[], Awaitable[object]]


type Opening = Callable[[int], AbstractAsyncContextManager[Channel]]


@dataclass(frozen=True, slots=True)
class System:
    """Something that gives every message to every subscriber.

    Attributes:
        name: as the tables have it.
        kind: what it stands for.
        open: makes a channel with so many subscribers.
        reading: how they read.
        bounded: whether a subscriber that does not read stops the publisher, at `BOUND` messages.
        distribution: what has to be installed for it.
    """

    name: str
    kind: Kind
    open: Opening
    reading: Reading
    bounded: bool = True
    distribution: str = "pubsub-lib"


@dataclass(frozen=True, slots=True)
class Limit:
    """What moving the messages costs where nobody waits for anybody.

    Attributes:
        name: as the tables have it.
        deliver: gives the messages to so many subscribers, and returns what each received.
    """

    name: str
    deliver: Callable[[int, Sequence[bytes]], list[Count]]
    kind: Kind = Kind.LIMIT


# --- The library, and the chapter's broker ---


def _open_broker(new_broker: Callable[[int], Any]) -> Opening:
    @asynccontextmanager
    async def open_channel(subscribers: int) -> AsyncIterator[Channel]:
        broker = new_broker(BOUND)
        sources = [await broker.subscribe() for _ in range(subscribers)]

        async def publish(messages: Iterable[bytes]) -> None:
            for message in messages:
                await broker.publish(message)

        yield Channel(sources, publish, broker.shutdown)

    return open_channel


_open_ring = _open_broker(RingPubSub)
_open_queues = _open_broker(AsyncPubSub)

RING_BATCHES = System("RingPubSub, batches", Kind.LIBRARY, _open_ring, BATCHES)
RING_EACH = System("RingPubSub, async for", Kind.LIBRARY, _open_ring, EACH)
QUEUES_BATCHES = System("AsyncPubSub, batches", Kind.LIBRARY, _open_queues, BATCHES)
QUEUES_EACH = System("AsyncPubSub, async for", Kind.LIBRARY, _open_queues, EACH)
QUEUES_GET = System("AsyncPubSub, get", Kind.LIBRARY, _open_queues, GETS_AND_DONE)
CHAPTER = System("ChapterPubSub, get", Kind.CHAPTER, _open_broker(ChapterPubSub), GETS_AND_DONE)


# --- By hand: a queue per subscriber, and a loop ---


@asynccontextmanager
async def _open_await_put(subscribers: int) -> AsyncIterator[Channel]:
    queues: list[asyncio.Queue[bytes | None]] = [asyncio.Queue(BOUND) for _ in range(subscribers)]

    async def publish(messages: Iterable[bytes | None]) -> None:
        for message in messages:
            for queue in queues:
                await queue.put(message)

    yield Channel(queues, publish, lambda: publish([None]))


@asynccontextmanager
async def _open_put_nowait(subscribers: int) -> AsyncIterator[Channel]:
    queues: list[asyncio.Queue[bytes | None]] = [asyncio.Queue(BOUND) for _ in range(subscribers)]

    async def publish(messages: Iterable[bytes | None]) -> None:
        for message in messages:
            for queue in queues:
                try:
                    queue.put_nowait(message)
                except asyncio.QueueFull:
                    await queue.put(message)

    yield Channel(queues, publish, lambda: publish([None]))


AWAIT_PUT = System("await queue.put", Kind.BY_HAND, _open_await_put, GETS)
PUT_NOWAIT = System("put_nowait, else await put", Kind.BY_HAND, _open_put_nowait, GETS)

SYSTEMS: tuple[System, ...] = (
    RING_BATCHES,
    RING_EACH,
    QUEUES_BATCHES,
    QUEUES_EACH,
    QUEUES_GET,
    CHAPTER,
    AWAIT_PUT,
    PUT_NOWAIT,
)


# --- The limits: the same messages, in portions of the bound, and nobody waits ---


def _fill_and_empty_deques(subscribers: int, messages: Sequence[bytes]) -> list[Count]:
    queues: list[deque[bytes]] = [deque() for _ in range(subscribers)]
    counts = [0] * subscribers
    message = None
    for start in range(0, len(messages), BOUND):
        for message in messages[start : start + BOUND]:
            for queue in queues:
                queue.append(message)
        for number, queue in enumerate(queues):
            count = 0
            while queue:
                message = queue.popleft()
                count += 1
            counts[number] += count
    return [(count, message) for count in counts]


def _slice_a_shared_list(subscribers: int, messages: Sequence[bytes]) -> list[Count]:
    shared: list[bytes] = []
    counts = [0] * subscribers
    batch: list[bytes] = []
    for start in range(0, len(messages), BOUND):
        for message in messages[start : start + BOUND]:
            shared.append(message)
        for number in range(subscribers):
            batch = shared[:]
            counts[number] += len(batch)
        shared.clear()
    return [(count, batch[-1]) for count in counts]


DEQUES = Limit("bare deques", _fill_and_empty_deques)
SHARED_LIST = Limit("one shared list, slices", _slice_a_shared_list)
LIMITS: tuple[Limit, ...] = (DEQUES, SHARED_LIST)
