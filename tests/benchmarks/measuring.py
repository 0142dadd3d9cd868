"""One measurement of one system: what a delivery costs, how long it takes, what memory it needs.

Every measurement has an event loop of its own and starts from a collected heap, with the garbage
collector off, as `timeit` has it. It fails if a subscriber did not receive all messages.

>>> from .library import CHAPTER
>>> verify(CHAPTER, subscribers=2, messages=3)
>>> cost_ns(CHAPTER, subscribers=2, messages=3) > 0
True
"""

import asyncio
import gc
import sys
import time
import tracemalloc
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from .reading import Count, Receiver
from .systems import BOUND, Limit, System

# Windows counts processor time in steps of 16 ms, which is as long as a whole measurement.
_processor_time_ns = time.perf_counter_ns if sys.platform == "win32" else time.thread_time_ns
#: How often the event loop has to go around until every reader has a message: once for the readers,
#: and up to twice for what a system does in tasks of its own.
TURNS = 3
TIME_LIMIT_S = 120.0  #: of one measurement; a reader whose end was lost would wait for ever


class Undelivered(AssertionError):
    """A subscriber did not receive all messages, each once and in order."""


class Latency(NamedTuple):
    """How long deliveries took, from just before a publish until a reader had the message, in µs.

    Half of the deliveries took at most `p50`, 99 % of them at most `p99`.
    """

    p50: float
    p99: float


def verify(system: System, *, subscribers: int, messages: int, bound: int = BOUND) -> None:
    """Compare all that every subscriber receives with what was published.

    Raises:
        Undelivered: if anything differs.
    """
    _run(_deliver_stamped(system, subscribers, _numbered(messages), bound, interval_s=None))


def cost_ns(
    system: System | Limit, *, subscribers: int, messages: int, bound: int = BOUND
) -> float:
    """Return the processor time of one delivery, in nanoseconds.

    The clock runs from the first publish until every reader has ended. It is this thread's
    processor time (but on Windows), so time in which another program ran does not count.

    Raises:
        Undelivered: if a subscriber received another number of messages, or another last one.
    """
    published = _numbered(messages)
    if isinstance(system, Limit):
        with _collector_off():
            start_ns = _processor_time_ns()
            counts = system.deliver(subscribers, published)
            spent_ns = _processor_time_ns() - start_ns
    else:
        spent_ns, counts = _run(_deliver_counted(system, subscribers, published, bound))
    _check_counts(system.name, counts, published)
    return spent_ns / (subscribers * messages)


def wake_up_ns(system: System, *, subscribers: int, messages: int) -> float:
    """Return the processor time of one delivery to a reader that waits for it, in nanoseconds.

    It is what unloaded latency is made of, without what other programs add to that.

    Raises:
        Undelivered: if a subscriber received another number of messages, or another last one.
    """
    published = _numbered(messages)
    spent_ns, counts = _run(
        _deliver_counted(system, subscribers, published, BOUND, one_by_one=True)
    )
    _check_counts(system.name, counts, published)
    return spent_ns / (subscribers * messages)


def unloaded_latency(
    system: System, *, subscribers: int, messages: int, interval_s: float = 0.001
) -> Latency:
    """Return how long deliveries take where each message finds nothing else to be done.

    A message is sent `interval_s` seconds after the last one was.

    Raises:
        Undelivered: if a subscriber did not receive exactly what was published.
    """
    published = _numbered(messages)
    return _run(_deliver_stamped(system, subscribers, published, BOUND, interval_s=interval_s))


def saturated_latency(system: System, *, subscribers: int, messages: int) -> Latency:
    """Return how long deliveries take where a message is sent as soon as the last one could be.

    A bound bounds it. Without one, the backlog and with it the latency grow with the number of
    messages.

    Raises:
        Undelivered: if a subscriber did not receive exactly what was published.
    """
    return _run(_deliver_stamped(system, subscribers, _numbered(messages), BOUND, interval_s=None))


def backlog_bytes(system: System, *, subscribers: int) -> int:
    """Return the peak of the memory, by tracemalloc, until `BOUND` messages wait for everyone.

    It is what the system takes for its subscriptions and for what they have not read. Readers are
    not part of it, and neither are the messages, which all systems share.

    Raises:
        Undelivered: if a subscriber could not read them all afterwards.
    """
    published = _numbered(BOUND)
    peak, counts = _run(_pile_up(system, subscribers, published))
    _check_counts(system.name, counts, published)
    return peak


def run_bytes(system: System, *, subscribers: int, messages: int) -> int:
    """Return the peak of the memory, by tracemalloc, of a whole run as in `cost_ns`.

    Raises:
        Undelivered: if a subscriber received another number of messages, or another last one.
    """
    published = _numbered(messages)
    with _memory_traced():
        _, counts = _run(_deliver_counted(system, subscribers, published, BOUND))
        _, peak = tracemalloc.get_traced_memory()
    _check_counts(system.name, counts, published)
    return peak


def _numbered(count: int) -> list[bytes]:
    """Return so many messages. They are bytes, because litestar's channels carry nothing else."""
    return [b"%d" % number for number in range(count)]


def _check_counts(name: str, counts: Sequence[Count], published: Sequence[bytes]) -> None:
    expected = (len(published), published[-1])
    for number, count in enumerate(counts):
        if count != expected:
            raise Undelivered(f"{name}: subscriber {number} received {count}, not {expected}")


def _check_messages(name: str, receivers: Sequence[Receiver], published: Sequence[bytes]) -> None:
    for number, receiver in enumerate(receivers):
        if receiver.messages != published:
            raise Undelivered(
                f"{name}: subscriber {number} received {len(receiver.messages)} messages, "
                f"which are not the {len(published)} that were published, in order"
            )


@contextmanager
def heap_left_alone() -> Iterator[None]:
    """Keep the collector away from all that is there now, so that a collection takes no time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _collector_off() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _run[T](measurement: Coroutine[Any, Any, T]) -> T:
    with _collector_off():
        return asyncio.run(_within_the_time_limit(measurement))


async def _within_the_time_limit[T](measurement: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(TIME_LIMIT_S):
        return await measurement


async def _deliver_counted(
    system: System,
    subscribers: int,
    published: Sequence[bytes],
    bound: int,
    *,
    one_by_one: bool = False,
) -> tuple[int, list[Count]]:
    """Return the processor time in nanoseconds, and what each subscriber counted.

    If `one_by_one`, every reader has a message and waits again before the next is published.
    """
    async with system.open(subscribers, bound) as channel, asyncio.TaskGroup() as group:
        readers = [group.create_task(system.reading.count(source)) for source in channel.sources]
        await asyncio.sleep(0)  # every reader waits for its first message
        start_ns = _processor_time_ns()
        if one_by_one:
            for message in published:
                await channel.publish([message])
                for _ in range(TURNS):
                    await asyncio.sleep(0)
        else:
            await channel.publish(published)
        await channel.close()
        counts = [await reader for reader in readers]
        spent_ns = _processor_time_ns() - start_ns
    return spent_ns, counts


async def _deliver_stamped(
    system: System,
    subscribers: int,
    published: Sequence[bytes],
    bound: int,
    *,
    interval_s: float | None,
) -> Latency:
    receivers = [Receiver() for _ in range(subscribers)]
    sent_ns: list[int] = []
    async with system.open(subscribers, bound) as channel, asyncio.TaskGroup() as group:
        for source, receiver in zip(channel.sources, receivers, strict=True):
            group.create_task(system.reading.hand_over(source, receiver))
        await asyncio.sleep(0)
        if interval_s is None:
            await channel.publish(_stamping(published, sent_ns))
        else:
            for message in published:
                await asyncio.sleep(interval_s)
                await channel.publish(_stamping([message], sent_ns))
        await channel.close()
    _check_messages(system.name, receivers, published)
    latencies_ns = np.array([receiver.times_ns for receiver in receivers]) - np.array(sent_ns)
    p50, p99 = np.percentile(latencies_ns / 1e3, [50, 99])
    return Latency(float(p50), float(p99))


def _stamping(messages: Iterable[bytes], sent_ns: list[int]) -> Iterator[bytes]:
    """Note the time at which each message is asked for, which is just before it is published."""
    for message in messages:
        sent_ns.append(time.perf_counter_ns())
        yield message


async def _pile_up(
    system: System, subscribers: int, published: Sequence[bytes]
) -> tuple[int, list[Count]]:
    """Return the peak of the memory in bytes, and what each subscriber counted afterwards."""
    with _memory_traced():
        async with system.open(subscribers, BOUND) as channel, asyncio.TaskGroup() as group:
            await channel.publish(published)
            await asyncio.sleep(0)  # what some systems pass on in a task of their own
            _, peak = tracemalloc.get_traced_memory()
            count = system.reading.count
            readers = [group.create_task(count(source)) for source in channel.sources]
            await channel.close()
            return peak, [await reader for reader in readers]


@contextmanager
def _memory_traced() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
