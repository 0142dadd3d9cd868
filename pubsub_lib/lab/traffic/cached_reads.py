"""What is read through a cache: the store behind it, the readers before it, a slow link to it.

>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> async def main():
...     store = Store[int](load_s=0.02)
...     store.write("gold", 1900)
...     cached = (await store.load("gold")).value
...     async def get(key: str) -> int:
...         return cached
...     async with asyncio.TaskGroup() as group:
...         reading = group.create_task(
...             read_on_schedule(get, store, "gold", reads=4, interval_s=0.1)
...         )
...         await asyncio.sleep(0.2)
...         store.write("gold", 1950)
...     return reading.result()
>>> run_virtual(main())
   asked_s  answered_s  answer  stored  stale
0     0.05        0.05    1900    1900  False
1     0.15        0.15    1900    1900  False
2     0.25        0.25    1900    1950   True
3     0.35        0.35    1900    1950   True
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pubsub_lib.caching.replicas import Versioned
from pubsub_lib.errors import Lagged
from pubsub_lib.interfaces import ManagedBroker
from pubsub_lib.lab.clock.stopwatch import Stopwatch
from pubsub_lib.lab.traffic.data_frames import data_frame

if TYPE_CHECKING:
    import pandas as pd


class Store[V]:
    """A database: it numbers the writes of each key, and takes its time to be read.

    Args:
        load_s: how long a load takes, in seconds; halfway through, the value is read.

    Attributes:
        values: the value of each key, and the number of the write that it comes from.
        loads: how many loads have begun.
    """

    def __init__(self, *, load_s: float = 0.0) -> None:
        self.load_s = load_s
        self.values: dict[str, Versioned[V]] = {}
        self.loads = 0

    def write(self, key: str, value: V) -> int:
        """Write the value, and return the version: which write of this key it was, from 1."""
        version = self.values[key].version + 1 if key in self.values else 1
        self.values[key] = Versioned(value, version)
        return version

    async def load(self, key: str) -> Versioned[V]:
        """Read the value and its version.

        Raises:
            KeyError: if the key was never written.
        """
        self.loads += 1
        await asyncio.sleep(self.load_s / 2)
        loaded = self.values[key]
        await asyncio.sleep(self.load_s / 2)
        return loaded


async def read_on_schedule[V](
    get: Callable[[str], Awaitable[V]], store: Store[V], key: str, *, reads: int, interval_s: float
) -> "pd.DataFrame":
    """Read through a cache on schedule, and compare each answer with what the store then holds.

    The load is open: the next read begins when it is due, whether or not the last one has its
    answer. The first is due after half an interval.

    Args:
        get: how the cache is asked.
        store: what it is a cache of.
        key: what to ask for.
        reads: how many times.
        interval_s: from one read to the next, in seconds.

    Returns:
        A row for each read, in the order of asking: `asked_s` and `answered_s`, in seconds since
        the call; `answer`; `stored`, what the store held when the answer came; and whether the
        answer was `stale`, which is to say another one.
    """
    clock = Stopwatch()

    async def read(asked_s: float) -> tuple[float, float, V, V, bool]:
        await clock.wait_until(asked_s)
        answer = await get(key)
        stored = store.values[key].value
        return asked_s, round(clock.elapsed_s(), 9), answer, stored, answer != stored

    async with asyncio.TaskGroup() as group:
        asking = [
            group.create_task(read(round((number + 0.5) * interval_s, 9)))
            for number in range(reads)
        ]
    columns = ["asked_s", "answered_s", "answer", "stored", "stale"]
    return data_frame((one.result() for one in asking), columns=columns)


async def slow_link[T](
    near: ManagedBroker[T],
    far: ManagedBroker[T],
    *,
    service_time_s: float,
    where: Callable[[T], object] | None = None,
) -> None:
    """Carry messages from one broker to another, one by one, until the near one is shut down.

    What is lost on the near side, because the link is too slow, is not heard of on the far side. It
    subscribes when it begins to run, so give it a step (`await asyncio.sleep(0)`) to do so.

    Args:
        near: where the messages come from.
        far: where they go to.
        service_time_s: how long each of them takes, in seconds.
        where: says which messages are carried; all, if it is not given.
    """
    async with near.subscribe(name="slow link", where=where) as subscription:
        while not subscription.closed or subscription.qsize():
            try:
                async for message in subscription:
                    await asyncio.sleep(service_time_s)
                    await far.publish(message)
            except Lagged:
                continue
