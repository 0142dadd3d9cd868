"""What the tests of the brokers share: time, turns of the event loop, and readers."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual


def in_virtual_time[**Given](
    test: Callable[Given, Coroutine[Any, Any, None]],
) -> Callable[Given, None]:
    """Run a coroutine test on the virtual clock; without this, it runs in real time."""

    @functools.wraps(test)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        __tracebackhide__ = True
        run_virtual(test(*args, **kwargs))

    return run


def now() -> float:
    return asyncio.get_running_loop().time()


def start(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task:
    return asyncio.create_task(coroutine)


async def let_all_run() -> None:
    """Let every task go on until it waits, at this instant."""
    for _ in range(20):
        await asyncio.sleep(0)


def unread(subscription) -> list:
    """Take all that waits."""
    return [subscription.get_nowait() for _ in range(subscription.qsize())]


async def read_all(queue: asyncio.Queue, seconds: float = 0.0) -> list:
    """Read until the sentinel, taking so long for each message and marking it as done."""
    messages = []
    while (message := await queue.get()) is not None:
        if seconds:
            await asyncio.sleep(seconds)
        messages.append(message)
        queue.task_done()
    return messages


async def handle_all(subscription, seconds: float = 0.0) -> list:
    """Take as long as that for each message, until no more come."""
    handled = []
    async for message in subscription:
        await asyncio.sleep(seconds)
        handled.append(message)
    return handled


def record_timers() -> list[asyncio.TimerHandle]:
    """Return a list that every timer set from now on is added to."""
    loop = asyncio.get_running_loop()
    timers = []
    set_timer = loop.call_at

    def call_at(*args, **kwargs):
        timers.append(set_timer(*args, **kwargs))
        return timers[-1]

    loop.call_at = call_at
    return timers
