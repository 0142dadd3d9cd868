"""What the tests of the network brokers share: who is told of errors, and what is left behind."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pubsub_lib.nats import NatsServer

TIME_LIMIT_S = 10
gc.freeze()  # what is there before the tests is not looked at again by each of them
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="a process cannot be stopped and continued"
)


class Errors(list):
    """Is told of errors as a broker's `on_error`, and can be waited for."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def __call__(self, error: Exception) -> None:
        self.append(error)
        self.told.set()

    async def until[E: Exception](self, kind: type[E]) -> E:
        """Return the first error of this kind, once there is one."""
        async with asyncio.timeout(TIME_LIMIT_S):
            while not (found := self.of(kind)):
                self.told.clear()
                await self.told.wait()
        return found[0]

    def of[E: Exception](self, kind: type[E]) -> list[E]:
        return [error for error in self if isinstance(error, kind)]


async def eventually(condition: Callable[[], object]) -> None:
    """Return when it is true, where nobody tells us."""
    async with asyncio.timeout(TIME_LIMIT_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def other_tasks() -> set[asyncio.Task]:
    """Return the tasks that are left, after those that end at once; finds sockets that are left."""
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()  # a socket that nobody closed warns, which is an error in these tests
    await asyncio.sleep(0)
    return asyncio.all_tasks() - {asyncio.current_task()}


@contextmanager
def stopped(server: NatsServer) -> Iterator[None]:
    """Let the server do nothing in this block, though its connections stay."""
    process_id = server.process_id
    os.kill(process_id, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + TIME_LIMIT_S
        state = ["ps", "-o", "state=", "-p", str(process_id)]
        while b"T" not in subprocess.check_output(state) and time.monotonic() < deadline:
            time.sleep(0.002)  # it is told, and stops soon
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)
