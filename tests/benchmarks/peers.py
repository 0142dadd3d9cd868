"""The libraries that others use for the same, each in the fastest way that its documentation gives.

None of them can publish many messages at once, so all publish one by one. None is needed to import
this module: a peer that is not installed is left out, and said to be (see `installed_peers`). A
peer's own tasks are part of what it costs.

>>> installed, missing = installed_peers()
>>> sorted(peer.name for peer in (*installed, *missing)) == sorted(peer.name for peer in PEERS)
True
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .reading import EACH, GETS, Count, Reading, Receiver
from .systems import Channel, Kind, System

CHANNEL = "channel"

# --- aio-broadcast: one linked list, unbounded; publishing never waits. ---


@asynccontextmanager
async def _open_aio_broadcast(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    from aio_broadcast import MultiQueue

    queue = MultiQueue()

    async def publish(messages: Iterable[bytes]) -> None:
        for message in messages:
            queue.put(message)

    async def close() -> None:
        queue.close()

    yield Channel([aiter(queue) for _ in range(subscribers)], publish, close)


# --- asyncio-multisubscriber-queue: an unbounded asyncio.Queue for each subscriber. ---


@asynccontextmanager
async def _open_multisubscriber_queue(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    from asyncio_multisubscriber_queue import MultisubscriberQueue

    everybody: MultisubscriberQueue[bytes | None] = MultisubscriberQueue()
    queues = [everybody.add() for _ in range(subscribers)]

    async def publish(messages: Iterable[bytes | None]) -> None:
        for message in messages:
            await everybody.put(message)

    yield Channel(queues, publish, lambda: publish([None]))


# --- broadcaster, in memory: one unbounded queue, and from there one for each subscriber. ---


@asynccontextmanager
async def _open_broadcaster(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    from broadcaster import Broadcast

    async with Broadcast("memory://") as broadcast, AsyncExitStack() as subscriptions:
        sources = [
            await subscriptions.enter_async_context(broadcast.subscribe(CHANNEL))
            for _ in range(subscribers)
        ]

        async def publish(messages: Iterable[bytes | None]) -> None:
            for message in messages:
                await broadcast.publish(CHANNEL, message)

        yield Channel(sources, publish, lambda: publish([None]))


# Leaving a subscription loses what was published and not yet passed on, so the end is a message.
async def _count_events(source: Any) -> Count:
    count, last = 0, None
    while (message := (await source.get()).message) is not None:
        count += 1
        last = message
    return count, last


async def _hand_over_events(source: Any, receiver: Receiver) -> None:
    while (message := (await source.get()).message) is not None:
        receiver.one(message)


# --- litestar's channels, in memory: as broadcaster. With a bound it would drop, not wait. ---


@asynccontextmanager
async def _open_litestar(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    from litestar.channels import ChannelsPlugin
    from litestar.channels.backends.memory import MemoryChannelsBackend

    async with ChannelsPlugin(MemoryChannelsBackend(), channels=[CHANNEL]) as plugin:
        subscriptions = [await plugin.subscribe(CHANNEL) for _ in range(subscribers)]
        sources = [subscription.iter_events() for subscription in subscriptions]

        async def publish(messages: Iterable[bytes]) -> None:
            for message in messages:
                await plugin.wait_published(message, CHANNEL)

        yield Channel(sources, publish, lambda: publish([b""]))
        for source in sources:
            await source.aclose()


async def _count_until_empty(source: Any) -> Count:
    count, last = 0, None
    async for message in source:
        if not message:
            break
        count += 1
        last = message
    return count, last


async def _hand_over_until_empty(source: Any, receiver: Receiver) -> None:
    async for message in source:
        if not message:
            break
        receiver.one(message)


# --- anyio: a bounded memory object stream for each subscriber. ---


@asynccontextmanager
async def _open_anyio(subscribers: int, bound: int) -> AsyncIterator[Channel]:
    from anyio import WouldBlock, create_memory_object_stream

    async with AsyncExitStack() as streams:
        senders, sources = [], []
        for _ in range(subscribers):
            sender, source = create_memory_object_stream[bytes](bound)
            senders.append(await streams.enter_async_context(sender))
            sources.append(await streams.enter_async_context(source))

        async def publish(messages: Iterable[bytes]) -> None:
            for message in messages:
                for sender in senders:
                    try:
                        sender.send_nowait(message)
                    except WouldBlock:
                        await sender.send(message)

        async def close() -> None:
            for sender in senders:
                sender.close()

        yield Channel(sources, publish, close)


# Its receive() goes around the event loop for every message; receive_nowait() does not.
async def _count_nowait_first(source: Any) -> Count:
    from anyio import EndOfStream, WouldBlock

    count, message = 0, None
    try:
        while True:
            try:
                message = source.receive_nowait()
            except WouldBlock:
                message = await source.receive()
            count += 1
    except EndOfStream:
        return count, message


async def _hand_over_nowait_first(source: Any, receiver: Receiver) -> None:
    from anyio import EndOfStream, WouldBlock

    try:
        while True:
            try:
                receiver.one(source.receive_nowait())
            except WouldBlock:
                receiver.one(await source.receive())
    except EndOfStream:
        pass


AIO_BROADCAST = System(
    "aio-broadcast",
    Kind.PEER,
    _open_aio_broadcast,
    EACH,
    bounded=False,
    distribution="aio-broadcast",
)
PEERS = (
    AIO_BROADCAST,
    System(
        "multisubscriber-queue",
        Kind.PEER,
        _open_multisubscriber_queue,
        GETS,
        bounded=False,
        distribution="asyncio-multisubscriber-queue",
    ),
    System(
        "broadcaster",
        Kind.PEER,
        _open_broadcaster,
        Reading(_count_events, _hand_over_events),
        bounded=False,
        distribution="broadcaster",
    ),
    System(
        "litestar channels",
        Kind.PEER,
        _open_litestar,
        Reading(_count_until_empty, _hand_over_until_empty),
        bounded=False,
        distribution="litestar",
    ),
    System("anyio streams, async for", Kind.PEER, _open_anyio, EACH, distribution="anyio"),
    System(
        "anyio streams, nowait first",
        Kind.PEER,
        _open_anyio,
        Reading(_count_nowait_first, _hand_over_nowait_first),
        distribution="anyio",
    ),
)


def installed_peers() -> tuple[list[System], list[System]]:
    """Return the peers that are installed here, and those that are not."""
    installed = [peer for peer in PEERS if _version_of(peer.distribution)]
    return installed, [peer for peer in PEERS if peer not in installed]


def versions() -> dict[str, str]:
    """Return the version of each peer that is installed, by its distribution's name."""
    names = dict.fromkeys(peer.distribution for peer in PEERS)
    return {name: found for name in names if (found := _version_of(name))}


def _version_of(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
