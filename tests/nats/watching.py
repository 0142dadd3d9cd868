"""What the tests of JetStream see of the server, and how they wait, but not for ever."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError

from pubsub_lib.nats import NatsServer
from pubsub_lib.nats.jetstream.subscription import JetStreamSubscription

LIMIT_S = 20.0
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="no process can be stopped and continued"
)


async def soon[R](awaitable: Awaitable[R]) -> R:
    """Wait for what takes a moment, if all is well."""
    return await asyncio.wait_for(awaitable, LIMIT_S)


async def until(condition: Callable[[], Awaitable[object]], *, limit_s: float = LIMIT_S) -> None:
    """Ask the server again and again, since it tells nobody."""
    async with asyncio.timeout(limit_s):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_here(condition: Callable[[], object]) -> None:
    """Wait until something is so in this process that has no event."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def take(inbox: JetStreamSubscription[int], count: int) -> list[int]:
    """Take and acknowledge so many messages."""
    taken = []
    for _ in range(count):
        message = await soon(inbox.get())
        assert message is not None
        taken.append(message)
        inbox.task_done()
    return taken


class Server:
    """The server as its administrator sees it."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        self.jetstream = jetstream

    async def kept(self, stream: str) -> int:
        """How many messages it keeps."""
        return (await self.jetstream.stream_info(stream)).state.messages

    async def consumer(self, stream: str, name: str) -> ConsumerInfo:
        return await self.jetstream.consumer_info(stream, name)

    async def consumers(self, stream: str) -> list[str]:
        return sorted(each.name for each in await self.jetstream.consumers_info(stream))

    async def unacknowledged(self, stream: str, name: str) -> int | None:
        """How many messages wait for a subscription, or are with it."""
        information = await self.consumer(stream, name)
        return (information.num_pending or 0) + (information.num_ack_pending or 0)

    async def until_acknowledged(self, stream: str, name: str, left: int = 0) -> None:
        """Return when all but so many messages are acknowledged."""

        async def acknowledged() -> bool:
            return await self.unacknowledged(stream, name) == left

        await until(acknowledged)

    async def until_unread(self, stream: str, name: str) -> None:
        """Return when the server has noticed that nobody reads this subscription."""

        async def unread() -> bool:
            return not (await self.consumer(stream, name)).push_bound

        await until(unread)

    async def until_forgotten(self, stream: str, name: str) -> None:
        """Return when it has no such subscription any more."""

        async def forgotten() -> bool:
            try:
                await self.consumer(stream, name)
            except NotFoundError:
                return True
            return False

        await until(forgotten)


@contextlib.asynccontextmanager
async def administrator(url: str) -> AsyncIterator[Server]:
    client = await nats.connect(url)
    try:
        yield Server(client.jetstream())
    finally:
        await client.close()


@contextlib.contextmanager
def stalled(server: NatsServer) -> Iterator[None]:
    """Let the server do nothing for a while, with its connections open."""
    os.kill(server.process_id, signal.SIGSTOP)
    while not _has_stopped(server.process_id):
        time.sleep(0.001)
    try:
        yield
    finally:
        if server.running:
            os.kill(server.process_id, signal.SIGCONT)


def _has_stopped(process_id: int) -> bool:
    """Whether every thread of a process stands still, which is some time after the signal."""
    threads = list(Path(f"/proc/{process_id}/task").glob("*/stat"))
    if threads:
        return {each.read_text().rpartition(")")[2].split()[0] for each in threads} == {"T"}
    ps = ["ps", "-o", "state=", "-p", str(process_id)]  # on other systems
    return subprocess.run(ps, capture_output=True, check=True, text=True).stdout.startswith("T")
