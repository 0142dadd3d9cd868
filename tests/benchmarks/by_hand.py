"""What one would write by hand, and what the work costs at the least.

The queues are what a service has before it has a library. The floor is what nobody can be much
faster than who wakes readers on an event loop: it serves one publisher and readers that all stay
until the end, and does nothing for anybody else. The limits have no event loop, and nobody waits.

>>> DEQUES.deliver(2, [b"first", b"second"])
[(2, b'second'), (2, b'second')]
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from .reading import GETS, Count, Reading, Receiver
from .systems import BOUND, Channel, Kind, Limit, System

# --- A queue per subscriber, and a loop ---


@asynccontextmanager
async def _open_await_put(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    queues: list[asyncio.Queue[bytes | None]] = [asyncio.Queue(bound) for _ in range(subscribers)]

    async def publish(messages: Iterable[bytes | None]) -> None:
        for message in messages:
            for queue in queues:
                await queue.put(message)

    yield Channel(queues, publish, lambda: publish([None]))


@asynccontextmanager
async def _open_put_nowait(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    queues: list[asyncio.Queue[bytes | None]] = [asyncio.Queue(bound) for _ in range(subscribers)]

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


# --- The floor: a list, a future per reader, a slice per wake-up, nobody else served ---


class _Floor:
    """One list for all, which is emptied when everybody has read it.

    Attributes:
        messages: at most `bound` of them.
        readers: who has to read them.
        waiting: a future for each reader that has read all there is.
        behind: how many readers the publisher waits for.
        emptied: what the publisher waits for.
        closed: whether nothing more will come.
    """

    def __init__(self, subscribers: int, bound: int) -> None:
        self.bound = bound
        self.messages: list[bytes] = []
        self.readers = [_FloorReader(self) for _ in range(subscribers)]
        self.waiting: list[asyncio.Future[None]] = []
        self.behind = 0
        self.closed = False
        self.loop = asyncio.get_running_loop()
        self.emptied = self.loop.create_future()

    async def publish(self, messages: Iterable[bytes]) -> None:
        """Wake the readers when the list is full, and at the end."""
        for message in messages:
            if len(self.messages) == self.bound:
                await self._empty()
            self.messages.append(message)
        self._wake()

    async def close(self) -> None:
        self.closed = True
        self._wake()

    async def _empty(self) -> None:
        self.behind = sum(reader.position < len(self.messages) for reader in self.readers)
        if self.behind:
            self._wake()
            self.emptied = self.loop.create_future()
            await self.emptied
        self.messages.clear()
        for reader in self.readers:
            reader.position = 0

    def _wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for reader in waiting:
            reader.set_result(None)


class _FloorReader:
    __slots__ = ("floor", "position")

    def __init__(self, floor: _Floor) -> None:
        self.floor = floor
        self.position = 0  # how much of the list it has read

    async def next_slice(self) -> list[bytes]:
        """Return all that it has not read; nothing, at the end."""
        floor = self.floor
        while not (batch := floor.messages[self.position :]):
            if floor.closed:
                return batch
            woken = floor.loop.create_future()
            floor.waiting.append(woken)
            await woken
        self.position += len(batch)
        if floor.behind:
            floor.behind -= 1
            if not floor.behind:
                floor.emptied.set_result(None)
        return batch


@asynccontextmanager
async def _open_floor(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    floor = _Floor(subscribers, bound)
    yield Channel(floor.readers, floor.publish, floor.close)


async def _count_slices(source: Any) -> Count:
    count, last = 0, None
    while batch := await source.next_slice():
        count += len(batch)
        last = batch[-1]
    return count, last


async def _hand_over_slices(source: Any, receiver: Receiver) -> None:
    while batch := await source.next_slice():
        receiver.many(batch)


FLOOR = System(
    "floor, slices", Kind.BY_HAND, _open_floor, Reading(_count_slices, _hand_over_slices)
)

BY_HAND: tuple[System, ...] = (AWAIT_PUT, PUT_NOWAIT, FLOOR)


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
