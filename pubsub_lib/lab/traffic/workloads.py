"""Traffic for a broker: a publisher with a schedule, and readers with a pace.

A workload uses nothing but the `Broker` interface and measures from both ends, so every broker can
be put under it, in virtual time or for real, and no broker needs to measure itself.

Open loop means that messages are sent on schedule, whether or not the last one got through, as the
world outside does. Closed loop means that the next message waits for the last one. Each message
carries the time it was meant to be sent: measured from there, a publisher that is held up cannot
hide the delay (the mistake of measuring from the actual sending is called coordinated omission; Gil
Tene, "How NOT to Measure Latency", 2013).

>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> recording = run_virtual(
...     run_workload(
...         AsyncPubSub[Sample](maxsize=10),
...         open_loop(messages=100, rate_hz=1000),
...         [fast_reader(), slow_reader(service_time_s=0.002)],
...     )
... )
>>> print(recording.drops())
  subscriber  received  unread  dropped
0       fast       100       0        0
1       slow       100       0        0
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from pubsub_lib.errors import Lagged, PubSubFull
from pubsub_lib.first_attempts.naive import NaivePubSub
from pubsub_lib.interfaces import Broker, Subscription
from pubsub_lib.lab.traffic.recordings import Pace, Reader, Recording


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of a workload.

    Attributes:
        number: 0 for the first message of the workload, 1 for the next.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Load:
    """When messages are meant to be sent. Made by `open_loop`, `closed_loop` or `bursts`.

    Attributes:
        intended_s: for each message, the seconds after the start; empty for closed loop.
        messages: how many messages are sent.
    """

    messages: int
    intended_s: Sequence[float] = ()


def open_loop(*, messages: int, rate_hz: float) -> Load:
    """Send at a steady rate, in messages per second, whatever becomes of the messages before."""
    _require_whole(messages=messages)
    _require_positive(rate_hz=rate_hz)
    return Load(messages, [number / rate_hz for number in range(messages)])


def closed_loop(*, messages: int) -> Load:
    """Send the next message as soon as the last one has been published."""
    _require_whole(messages=messages)
    return Load(messages)


def bursts(*, messages: int, size: int, every_s: float) -> Load:
    """Send `size` messages at once, and the next ones `every_s` seconds later."""
    _require_whole(messages=messages, size=size)
    _require_positive(every_s=every_s)
    return Load(messages, [number // size * every_s for number in range(messages)])


def fast_reader(name: str = "fast") -> Reader:
    """Return a reader that handles a message in no time."""
    return Reader(name, Pace.FAST, 0.0)


def slow_reader(name: str = "slow", *, service_time_s: float) -> Reader:
    """Return a reader that takes `service_time_s` seconds for each message."""
    _require_positive(service_time_s=service_time_s)
    return Reader(name, Pace.SLOW, service_time_s)


def dead_reader(name: str = "dead") -> Reader:
    """Return a reader that subscribes and never reads."""
    return Reader(name, Pace.DEAD, math.inf)


async def run_workload(
    broker: Broker[Sample],
    load: Load,
    readers: Iterable[Reader],
    *,
    progress: Callable[[], object] | None = None,
    until_s: float | None = None,
) -> Recording:
    """Publish the load to the readers, shut the broker down, and return what happened.

    A dead reader stays dead while messages are published; then its inbox is emptied for it, since
    some brokers cannot shut down otherwise.

    Args:
        broker: a new broker, without subscribers.
        load: what to send and when.
        readers: who reads; each name once.
        progress: called after each publish.
        until_s: stop after so many seconds, in the middle of whatever goes on: nothing more is sent
            then, and what waits in an inbox, or for room in it, is left unread. `None` goes on
            until everything was sent, and read by all but the dead.

    Raises:
        ValueError: if there are no readers, two have the same name, or `until_s` is not positive.
        TypeError: if an argument is of the wrong type.
    """
    if not isinstance(broker, Broker):
        raise TypeError(
            f"a workload needs a broker that can be shut down, not {broker!r}; "
            "for NaivePubSub there is run_callbacks()"
        )
    _require_load(load)
    if until_s is not None:
        _require_positive(until_s=until_s)
    readers = _checked(readers)
    recording = Recording(readers, bound=getattr(broker, "maxsize", 0))
    clock = _Stopwatch()
    published = asyncio.Event()
    waiting: dict[str, int] = {}
    subscriptions = {reader.name: await broker.subscribe() for reader in readers}
    async with asyncio.TaskGroup() as group:
        reading = [
            group.create_task(
                _read(subscriptions[reader.name], reader, recording, clock, published, waiting),
                name=reader.name,
            )
            for reader in readers
        ]
        if until_s is not None:
            stopping = group.create_task(
                _stop(until_s, reading, subscriptions, recording, group), name="stop"
            )
        for number in range(load.messages):
            intended_s = load.intended_s[number] if load.intended_s else clock.elapsed_s()
            if until_s is not None and max(intended_s, clock.elapsed_s()) >= until_s:
                break
            if (wait_s := intended_s - clock.elapsed_s()) > 0:
                await asyncio.sleep(wait_s)
            started_s = clock.elapsed_s()
            recording.sent(number, intended_s, started_s)
            try:
                await broker.publish(Sample(number))
            except PubSubFull:
                recording.refused(number)
            finished_s = clock.elapsed_s()
            recording.published(number, finished_s)
            if until_s is not None and finished_s >= until_s:
                break  # the inboxes are being emptied
            for name, subscription in subscriptions.items():
                recording.depth(finished_s, name, subscription.qsize())
                if getattr(subscription, "closed", False):
                    recording.disconnected(name, finished_s)
            if progress is not None:
                progress()
        if until_s is not None:
            await stopping
        for reader in readers:  # before the shutdown, which may put a sentinel in the inbox
            waiting[reader.name] = subscriptions[reader.name].qsize()
            if reader.pace is Pace.DEAD and until_s is None:
                recording.left_unread(reader.name, waiting[reader.name])
        published.set()
        await broker.shutdown()
    return recording


def run_callbacks(load: Load, readers: Iterable[Reader]) -> Recording:
    """Publish the load with `NaivePubSub`, whose readers' callbacks block for their service time.

    Runs in real time, in the calling thread, which is the point of it.

    Raises:
        ValueError: if there are no readers, two have the same name, or one is dead: its callback
            would never return.
        TypeError: if an argument is of the wrong type.
    """
    _require_load(load)
    readers = _checked(readers)
    recording = Recording(readers, bound=0)
    publisher = NaivePubSub()
    start = time.perf_counter()

    def callback_of(reader: Reader) -> Callable[[str], None]:
        def callback(message: str) -> None:
            recording.received(int(message), reader.name, time.perf_counter() - start)
            if reader.service_time_s:
                time.sleep(reader.service_time_s)

        return callback

    for reader in readers:
        if reader.pace is Pace.DEAD:
            raise ValueError("a callback that never returns would stop the publisher for ever")
        publisher.subscribe(callback_of(reader))
    for number in range(load.messages):
        elapsed_s = time.perf_counter() - start
        intended_s = load.intended_s[number] if load.intended_s else elapsed_s
        if intended_s > elapsed_s:
            time.sleep(intended_s - elapsed_s)
        recording.sent(number, intended_s, time.perf_counter() - start)
        publisher.publish(str(number))
        recording.published(number, time.perf_counter() - start)
    return recording


class _Stopwatch:
    """The event loop's clock, virtual or real, from 0."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._start = self._now()

    def elapsed_s(self) -> float:
        return self._now() - self._start


async def _read(
    subscription: Subscription[Sample],
    reader: Reader,
    recording: Recording,
    clock: _Stopwatch,
    published: asyncio.Event,
    waiting: dict[str, int],
) -> None:
    if reader.pace is Pace.DEAD:
        await published.wait()
        while await _next(subscription) is not None:
            subscription.task_done()
        return
    while (sample := await _next(subscription)) is not None:
        received_s = clock.elapsed_s()
        recording.received(sample.number, reader.name, received_s)
        if published.is_set():  # the inbox may hold a sentinel now, which is no message
            waiting[reader.name] -= 1
            recording.depth(received_s, reader.name, waiting[reader.name])
        else:
            recording.depth(received_s, reader.name, subscription.qsize())
        if reader.service_time_s:
            await asyncio.sleep(reader.service_time_s)
        subscription.task_done()


async def _stop(
    until_s: float,
    reading: Sequence[asyncio.Task[None]],
    subscriptions: Mapping[str, Subscription[Sample]],
    recording: Recording,
    group: asyncio.TaskGroup,
) -> None:
    """End the readers after so many seconds, and take what they leave, so that all can end."""
    await asyncio.sleep(until_s)
    for task in reading:
        task.cancel()
    for name, subscription in subscriptions.items():
        recording.depth(until_s, name, subscription.qsize())
        group.create_task(_leave_unread(subscription, name, recording), name=f"rest of {name}")


async def _leave_unread(
    subscription: Subscription[Sample], name: str, recording: Recording
) -> None:
    unread = 0
    while await _next(subscription) is not None:
        subscription.task_done()
        unread += 1
        recording.left_unread(name, unread)


async def _next(subscription: Subscription[Sample]) -> Sample | None:
    """Take the next message. A reader of a ring that was overtaken goes on with the oldest there
    is; what it missed is in the recording, as every drop is: sent, and not received.
    """
    while True:
        try:
            return await subscription.get()
        except Lagged:
            continue


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, not {value!r}")
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a positive number, not {value}")


def _require_whole(**values: int) -> None:
    _require_positive(**values)
    for name, value in values.items():
        if not isinstance(value, Integral):
            raise TypeError(f"{name} must be a whole number, not {value}")


def _require_load(load: Load) -> None:
    if not isinstance(load, Load):
        raise TypeError(f"a load is made by open_loop(), closed_loop() or bursts(), not {load!r}")


def _checked(readers: Iterable[Reader]) -> list[Reader]:
    readers = list(readers)
    if not all(isinstance(reader, Reader) for reader in readers):
        raise TypeError("readers are made by fast_reader(), slow_reader() or dead_reader()")
    if not readers or len({reader.name for reader in readers}) < len(readers):
        raise ValueError("a workload needs at least one reader, and each name only once")
    return readers
