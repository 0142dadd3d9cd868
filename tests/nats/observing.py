"""What the tests over a network share: how they wait, but not for ever, and what they look at."""

import asyncio
import contextlib
import dataclasses
import gc
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

from pubsub_lib.nats import JetStreamPubSub, NatsServer
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.jetstream.subscription import JetStreamSubscription
from tests.limits import TIME_LIMIT_S

LIMIT_S = TIME_LIMIT_S
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="a process cannot be stopped and continued"
)

# How they wait.


async def soon[R](awaitable: Awaitable[R]) -> R:
    """Wait for what takes a moment, if all is well."""
    return await asyncio.wait_for(awaitable, LIMIT_S)


async def until(condition: Callable[[], Awaitable[object]], *, limit_s: float = LIMIT_S) -> None:
    """Ask the server again and again, since it tells nobody."""
    async with asyncio.timeout(limit_s):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until something is so in this process that has no event."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def allow(connection: Connection, connect_timeout: float) -> None:
    """Give it more time than before to connect, or less, as no user can: success takes a while."""
    connection.settings = dataclasses.replace(connection.settings, connect_timeout=connect_timeout)


class Errors(list):
    """Is told of errors as a broker's `on_error`, and can be waited for."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def __call__(self, error: Exception) -> None:
        self.append(error)
        self.told.set()

    async def until[E: Exception](self, kind: type[E]) -> E:
        """Return the first error of this kind, once there is one."""
        async with asyncio.timeout(LIMIT_S):
            while not (found := self.of(kind)):
                self.told.clear()
                await self.told.wait()
        return found[0]

    def of[E: Exception](self, kind: type[E]) -> list[E]:
        return [error for error in self if isinstance(error, kind)]


def ignored(error: Exception) -> None:
    """Take no notice, as an `on_error`, of what is counted as well."""


async def take(inbox: JetStreamSubscription[int], count: int) -> list[int]:
    """Take and acknowledge so many messages."""
    taken = []
    for _ in range(count):
        message = await soon(inbox.get())
        assert message is not None
        taken.append(message)
        inbox.task_done()
    return taken


async def other_tasks() -> set[asyncio.Task]:
    """Return the tasks that are left, after those that end at once; finds sockets that are left."""
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()  # a socket that nobody closed warns, which is an error in these tests
    await asyncio.sleep(0)
    return asyncio.all_tasks() - {asyncio.current_task()}


# The server.


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
    """Enter the server, or one of several, as its administrator."""
    client = await nats.connect(url.split(","))
    try:
        yield Server(client.jetstream())
    finally:
        await client.close()


class Looks:
    """Counts from now on how often a broker asks the server for a consumer of it."""

    def __init__(self, broker: JetStreamPubSub[int]) -> None:
        self.count = 0
        self._consumer = broker._stream.consumer
        broker._stream.consumer = self._ask  # type: ignore[method-assign]

    async def _ask(self, name: str) -> ConsumerInfo | None:
        self.count += 1
        return await self._consumer(name)

    async def until_more(self, count: int) -> None:
        """Return after so many more."""
        before = self.count
        await eventually(lambda: self.count >= before + count)


@contextlib.contextmanager
def stopped(server: NatsServer) -> Iterator[None]:
    """Let the server do nothing in this block, though its connections stay."""
    process_id = server.process_id
    os.kill(process_id, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + LIMIT_S
        while not _has_stopped(process_id) and time.monotonic() < deadline:
            time.sleep(0.001)  # it is told, and stops soon
        yield
    finally:
        if server.running:
            os.kill(process_id, signal.SIGCONT)


def _has_stopped(process_id: int) -> bool:
    """Whether every thread of a process stands still, which is some time after the signal."""
    threads = list(Path(f"/proc/{process_id}/task").glob("*/stat"))
    if threads:
        return {each.read_text().rpartition(")")[2].split()[0] for each in threads} == {"T"}
    ps = ["ps", "-o", "state=", "-p", str(process_id)]  # on other systems
    return subprocess.run(ps, capture_output=True, check=True, text=True).stdout.startswith("T")
