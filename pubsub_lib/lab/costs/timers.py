"""Counts the timers that are set on an event loop, since each has its price, needed or not.

>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> async def main() -> int:
...     with count_timers() as timers:
...         async with asyncio.timeout(1):
...             pass
...         await asyncio.sleep(1)
...     return timers.count
>>> run_virtual(main())
2
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Timers:
    """What was counted. Made by `count_timers`.

    Attributes:
        count: the timers that were set, whether or not they were needed in the end.
    """

    count: int = 0


@contextmanager
def count_timers() -> Iterator[Timers]:
    """Count every timer that is set on the running event loop while the block runs.

    Raises:
        RuntimeError: if no event loop is running.
    """
    loop: Any = asyncio.get_running_loop()
    set_timer: Callable[..., asyncio.TimerHandle] = loop.call_at
    counting_already = {"call_at": set_timer} if "call_at" in vars(loop) else {}
    timers = Timers()

    def call_at(*args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.count += 1
        return set_timer(*args, **options)

    loop.call_at = call_at  # through which call_later and every time-out goes, too
    try:
        yield timers
    finally:
        del loop.call_at
        vars(loop).update(counting_already)
