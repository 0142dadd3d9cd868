"""Whoever may publish can publish anything: nobody's reader ends, and the memory stays what it was.

A hostile publisher sends what is forged, broken and large; between that a real one sends messages,
some of which are lost. Each reader goes on, and counts the real losses.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, NatsServer, why_no_server
from pubsub_lib.nats.core.numbering import KNOWN_LINES
from tests.drills import by_form
from tests.nats.observing import soon, take

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = [
    pytest.mark.drill,
    pytest.mark.timeout(by_form(short=300, long=900)),
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
]
MB = 1_000_000
MAY_GROW = 20 * MB
GARBAGE = 120  # payloads of 1 MB
SUBJECT = "prices"
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def forged() -> Iterator[tuple[bytes, str]]:
    """Numbers in the name of everybody, that cannot be, or of whom nobody knows."""
    for digits in ("9" * 18, "9" * 19, "9" * 4_000, "-1", "1e9", "\u0663", ""):
        yield b"1", f"{'0' * 16}.{digits}"
    for invented in range(KNOWN_LINES + 1):
        yield b"1", f"{invented:016x}.{invented}"


def garbage() -> Iterator[tuple[bytes, str]]:
    for number in range(GARBAGE):
        yield bytes([number]) * MB, ""


def nested() -> Iterator[tuple[bytes, str]]:
    for brackets in (b"[", b'{"a":'):
        yield brackets * (MB // len(brackets)), ""
    yield b"[" * (MB // 2) + b"]" * (MB // 2), ""


def no_json() -> Iterator[tuple[bytes, str]]:
    for data in (b"NaN", b"[1e999]", b"-Infinity", b"\xff\xfe", b'"\xed\xa0\x80"', b"", b"null"):
        yield data, ""
    yield b'{"a": ' + b"9" * 5_000 + b"}", ""


EVIL = [forged, garbage, nested, no_json]
type Evil = Callable[[], Iterator[tuple[bytes, str]]]
each_evil = pytest.mark.parametrize("evil", EVIL)


@pytest.fixture
async def stranger() -> AsyncIterator[tuple[Client, str]]:
    with NatsServer() as server:
        client = await nats.connect(server.url)
        try:
            yield client, server.url
        finally:
            await client.close()


def resident_bytes() -> int:
    """Return how much memory this process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def send(
    client: Client, evil: Evil, between: Callable[[], Awaitable[object]] | None = None
) -> None:
    """Let a stranger send all of it, no faster than it is taken.

    After every thousand messages or 10 MB something else happens.
    """
    count, size = 0, 0
    for data, number in evil():
        await client.publish(SUBJECT, data, number)
        count, size = count + 1, size + len(data)
        if client.pending_data_size > MB // 2:
            await client.flush()
        if between is not None and (count == 1_000 or size > 10 * MB):
            await client.flush()
            await between()
            count, size = 0, 0
    await client.flush()


@only_linux
@each_evil
async def test_core_nats_goes_on_and_counts_real_losses(stranger: tuple[Client, str], evil: Evil):
    client, url = stranger
    async with (
        NatsPubSub[int](SUBJECT, url=url, on_error=ignored) as publisher,
        NatsPubSub[int](SUBJECT, url=url, on_error=ignored, receive_buffer=100_000) as broker,
        broker.subscribe(maxsize=100_000) as inbox,
    ):
        await publisher.publish(0)
        assert await soon(inbox.get()) == 0

        async def publish_one() -> None:
            """Publish, and wait for it: the server cuts off who is too far behind."""
            await publisher.publish(7)
            while await soon(inbox.get()) != 7:
                pass

        await send(client, garbage, publish_one)  # Python keeps what this takes for the next time
        before = resident_bytes()
        await send(client, evil, publish_one)
        await publish_one()
        assert resident_bytes() - before < MAY_GROW
        publisher._sender._numbers[SUBJECT] += 3  # these were lost on their way
        dropped = inbox.stats.dropped
        await publisher.publish(8)
        while await soon(inbox.get()) != 8:
            pass
        assert inbox.stats.dropped == dropped + 3
        assert not inbox.closed


def ignored(error: Exception) -> None:
    """The counts say the same."""


@only_linux
@each_evil
async def test_jetstream_goes_on_and_loses_nothing(stranger: tuple[Client, str], evil: Evil):
    client, url = stranger
    # As many as it may have take so much memory: strangers may send the largest messages there are.
    async with (
        JetStreamPubSub[int](SUBJECT, url=url, on_error=ignored, timeout=60, maxsize=5) as broker,
        broker.subscribe(name="reader", where=lambda price: price > 1) as inbox,
        broker.subscribe() as another,
    ):
        await broker.publish(7)
        assert await take(inbox, 1) == await take(another, 1) == [7]
        before = resident_bytes()
        reading = asyncio.create_task(_read_until(another, 8))
        await send(client, evil)
        await broker.publish(8)
        while await soon(inbox.get()) != 8:
            inbox.task_done()
        inbox.task_done()
        await soon(reading)
        assert resident_bytes() - before < MAY_GROW
        assert not inbox.closed
        assert inbox.stats.dropped == another.stats.dropped == 0


async def _read_until(inbox, last: int) -> None:
    async for message in inbox:
        if message == last:
            break
