"""What the tests of the brokers share: time, turns of the event loop, and readers."""

import asyncio
from collections.abc import Coroutine
from typing import Any


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


async def handle_all(subscription, seconds: float = 0.0) -> list:
    """Take as long as that for each message, until no more come."""
    handled = []
    async for message in subscription:
        await asyncio.sleep(seconds)
        handled.append(message)
    return handled


def record_timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """Return a list that every timer set from now on is added to."""
    timers = []
    set_timer = loop.call_at

    def call_at(*args, **kwargs):
        timers.append(set_timer(*args, **kwargs))
        return timers[-1]

    loop.call_at = call_at
    return timers
