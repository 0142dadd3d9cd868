"""What the tests of the brokers share: time, turns of the event loop, and readers."""

import asyncio
import functools
import gc
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.promises.stepping import (
    let_all_run,
    now,
    read_all,
    record_timers,
    start,
    unread,
)

__all__ = [
    "free_what_others_left",
    "handle_all",
    "in_virtual_time",
    "let_all_run",
    "now",
    "read_all",
    "record_timers",
    "start",
    "unread",
]


def in_virtual_time[**Given](
    test: Callable[Given, Coroutine[Any, Any, None]],
) -> Callable[Given, None]:
    """Run a coroutine test on the virtual clock; without this, it runs in real time."""

    @functools.wraps(test)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        __tracebackhide__ = True
        run_virtual(test(*args, **kwargs))

    return run


async def handle_all(subscription, seconds: float = 0.0) -> list:
    """Take as long as that for each message, until no more come."""
    handled = []
    async for message in subscription:
        await asyncio.sleep(seconds)
        handled.append(message)
    return handled


def free_what_others_left() -> None:
    """Have what earlier tests left in cycles warn now, and not while a test counts warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
