"""The ways to read a subscription, each as bare as it can be.

Reading costs about as much as delivering, so what a reader does is part of every measurement. All
readers do equally little: one that reads message by message does `count += 1`, one that reads
batches does `count += len(batch)`. Where messages are needed (to check them, or to know when they
came) another loop hands them to a `Receiver`; it is slower, for all in the same way.

>>> import asyncio
>>> async def main() -> tuple[int, bytes | None]:
...     queue: asyncio.Queue[bytes | None] = asyncio.Queue()
...     for message in (b"first", b"second", None):
...         queue.put_nowait(message)
...     return await GETS.count(queue)
>>> asyncio.run(main())
(2, b'second')
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

type Count = tuple[int, bytes | None]  # how many messages, and the last


class Receiver:
    """Keeps what one subscriber received, and when it had it in hand.

    Attributes:
        messages: what it received, in order.
        times_ns: when, in nanoseconds of `time.perf_counter_ns`. The messages of a batch come
            together, so they have one time.
    """

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.times_ns: list[int] = []

    def one(self, message: bytes) -> None:
        """Take one message."""
        self.times_ns.append(time.perf_counter_ns())
        self.messages.append(message)

    def many(self, batch: list[bytes]) -> None:
        """Take a batch."""
        now_ns = time.perf_counter_ns()
        self.times_ns.extend([now_ns] * len(batch))
        self.messages.extend(batch)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a subscription until it ends.

    Attributes:
        count: counts the messages, and does no more.
        hand_over: gives each message, or each batch, to a receiver.
    """

    count: Callable[[Any], Coroutine[Any, Any, Count]]
    hand_over: Callable[[Any, Receiver], Coroutine[Any, Any, None]]


async def _count_each(source: Any) -> Count:
    count, message = 0, None
    async for message in source:  # noqa: B007  it is the last one, in the end
        count += 1
    return count, message


async def _hand_over_each(source: Any, receiver: Receiver) -> None:
    async for message in source:
        receiver.one(message)


async def _count_batches(source: Any) -> Count:
    count, batch = 0, [None]
    async for batch in source.batches():
        count += len(batch)
    return count, batch[-1]


async def _hand_over_batches(source: Any, receiver: Receiver) -> None:
    async for batch in source.batches():
        receiver.many(batch)


async def _count_gets(source: Any) -> Count:
    count, last = 0, None
    while (message := await source.get()) is not None:
        count += 1
        last = message
    return count, last


async def _hand_over_gets(source: Any, receiver: Receiver) -> None:
    while (message := await source.get()) is not None:
        receiver.one(message)


async def _count_gets_and_done(source: Any) -> Count:
    count, last = 0, None
    while (message := await source.get()) is not None:
        count += 1
        last = message
        source.task_done()
    return count, last


async def _hand_over_gets_and_done(source: Any, receiver: Receiver) -> None:
    while (message := await source.get()) is not None:
        receiver.one(message)
        source.task_done()


EACH = Reading(_count_each, _hand_over_each)
BATCHES = Reading(_count_batches, _hand_over_batches)
GETS = Reading(_count_gets, _hand_over_gets)
GETS_AND_DONE = Reading(_count_gets_and_done, _hand_over_gets_and_done)
