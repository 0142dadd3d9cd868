"""Solutions to the exercises of notebook 05."""

import asyncio
from typing import Any

from pubsub_lib import Overflow


# Exercise 05.1. Prices: with the oldest given up, a bound of 1 holds only ever the newest. Orders:
# a subscriber of 20 ms makes room in time; for one that has stopped, somebody has to be told. Log
# lines: 50 have to fit. View: the time-out is longer than 20 ms and no longer than 0.2 s.
def settings_for(data: str) -> dict[str, Any]:
    return {
        "prices": {"maxsize": 1, "timeout": 0, "overflow": Overflow.DROP_OLDEST},
        "orders": {"maxsize": 30, "timeout": 1.0, "overflow": Overflow.RAISE},
        "log lines": {"maxsize": 50, "timeout": 0, "overflow": Overflow.DROP_NEWEST},
        "live view": {"maxsize": 50, "timeout": 0.1, "overflow": Overflow.DISCONNECT},
    }[data]


# Exercise 05.2: the number goes in first, and takes the last place if there is only one.
class GapLog:
    def __init__(self, queue: asyncio.Queue[str | int]) -> None:
        self.queue = queue
        self.missing = 0

    def write(self, line: str) -> None:
        if self.missing and not self.queue.full():
            self.queue.put_nowait(self.missing)
            self.missing = 0
        if self.queue.full():
            self.missing += 1
        else:
            self.queue.put_nowait(line)


# Exercise 05.3: a key that is given a new value keeps its place in a dictionary.
class Newest[K, V]:
    def __init__(self) -> None:
        self.values: dict[K, V] = {}
        self.something_to_read = asyncio.Event()

    def put(self, key: K, value: V) -> None:
        self.values[key] = value
        self.something_to_read.set()

    async def get(self) -> tuple[K, V]:
        while not self.values:
            self.something_to_read.clear()
            await self.something_to_read.wait()
        key = next(iter(self.values))
        return key, self.values.pop(key)


ANSWERS = {"05.1": settings_for, "05.2": GapLog, "05.3": Newest}
