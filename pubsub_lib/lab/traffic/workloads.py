"""Puts a broker under load: a publisher with a schedule, readers with a pace, and a recording.

A workload uses nothing but the `Broker` interface and measures from both ends, so every broker can
be put under it, in virtual time or for real, and no broker needs to measure itself.

The latency of a message is counted from the time at which it was meant to be sent: so a publisher
that is held up cannot hide the delay (the mistake of measuring from the actual sending is called
coordinated omission; Gil Tene, "How NOT to Measure Latency", 2013).

>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> from pubsub_lib.lab.traffic.loads import open_loop
>>> from pubsub_lib.lab.traffic.readers import fast_reader, slow_reader
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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from pubsub_lib.arguments import checked_positive
from pubsub_lib.errors import Disconnected, Lagged, PubSubFull
from pubsub_lib.interfaces import Broker, Subscription
from pubsub_lib.lab.clock.stopwatch import Stopwatch
from pubsub_lib.lab.traffic.loads import Load, require_load
from pubsub_lib.lab.traffic.readers import Pace, Reader, require_readers
from pubsub_lib.lab.traffic.recordings import Recording


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of a workload.

    Attributes:
        number: 0 for the first message of the workload, 1 for the next.
    """

    number: int


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
    require_load(load)
    if until_s is not None:
        checked_positive("until_s", until_s, unit="seconds")
    readers = require_readers(readers)
    recording = Recording(readers, bound=getattr(broker, "maxsize", 0))
    clock = Stopwatch()
    at_work = [
        _ReaderAtWork(reader, await broker.subscribe(), recording, clock) for reader in readers
    ]
    publisher = _Publisher(broker, load, recording, clock, at_work, progress)
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(one.read(), name=one.reader.name) for one in at_work]
        if until_s is None:
            await publisher.publish(until_s=math.inf)
            for one in at_work:
                one.no_more_is_published()
        else:
            stopping = group.create_task(_stop(until_s, at_work, reading, group), name="stop")
            await publisher.publish(until_s=until_s)
            await stopping
        await broker.shutdown()
    return recording


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Sends a load on schedule, and looks at every inbox after each message."""

    broker: Broker[Sample]
    load: Load
    recording: Recording
    clock: Stopwatch
    readers: Sequence["_ReaderAtWork"]
    progress: Callable[[], object] | None

    async def publish(self, *, until_s: float) -> None:
        """Publish message after message, until so many seconds have passed."""
        for number in range(self.load.messages):
            now_s = self.clock.elapsed_s()
            intended_s = self.load.due_s(number, now_s=now_s)
            if max(intended_s, now_s) >= until_s:
                return
            await self.clock.wait_until(intended_s)
            self.recording.sent(number, intended_s, self.clock.elapsed_s())
            try:
                await self.broker.publish(Sample(number))
            except PubSubFull:
                self.recording.refused(number)
            finished_s = self.clock.elapsed_s()
            self.recording.published(number, finished_s)
            if finished_s >= until_s:
                return  # the inboxes are being emptied
            for reader in self.readers:
                reader.look_at_the_inbox(finished_s)
            if self.progress is not None:
                self.progress()


class _ReaderAtWork:
    """One reader and its subscription.

    When all is published, the broker's shutdown may put a sentinel behind the messages, which is no
    message: from then on what still waits is counted down, not asked for.
    """

    def __init__(
        self,
        reader: Reader,
        subscription: Subscription[Sample],
        recording: Recording,
        clock: Stopwatch,
    ) -> None:
        self.reader = reader
        self._subscription = subscription
        self._recording = recording
        self._clock = clock
        self._all_is_published = asyncio.Event()
        self._left: int | None = None

    async def read(self) -> None:
        """Read at the reader's pace to the end; for the dead, empty the inbox in the end."""
        match self.reader.pace:
            case Pace.DEAD:
                await self._all_is_published.wait()
                await self.leave_the_rest_unread()
            case Pace.FAST | Pace.SLOW:
                await self._read_everything()
            case _:
                assert_never(self.reader.pace)

    def look_at_the_inbox(self, now_s: float) -> None:
        """Note how many messages wait, and whether the broker has disconnected the reader."""
        self._recording.depth(now_s, self.reader.name, self._subscription.qsize())
        if getattr(self._subscription, "closed", False):
            self._recording.disconnected(self.reader.name, now_s)

    def no_more_is_published(self) -> None:
        """Say, before the broker's shutdown, that the inbox holds all there will ever be."""
        self._left = self._subscription.qsize()
        self._all_is_published.set()

    async def leave_the_rest_unread(self) -> None:
        """Empty the inbox for a reader that reads no more, so that the broker can shut down."""
        unread = 0
        while await self._next() is not None:
            self._subscription.task_done()
            unread += 1
            self._recording.left_unread(self.reader.name, unread)

    async def _read_everything(self) -> None:
        while (sample := await self._next()) is not None:
            received_s = self._clock.elapsed_s()
            self._recording.received(sample.number, self.reader.name, received_s)
            if self._left is not None:
                self._left -= 1
            waiting = self._subscription.qsize() if self._left is None else self._left
            self._recording.depth(received_s, self.reader.name, waiting)
            if self.reader.service_time_s:
                await asyncio.sleep(self.reader.service_time_s)
            self._subscription.task_done()

    async def _next(self) -> Sample | None:
        """Take the next message. A reader of a ring that was overtaken goes on with the oldest
        there is, and one that was cut off ends; what it missed is in the recording, as every drop
        is: sent, and not received.
        """
        while True:
            try:
                return await self._subscription.get()
            except Lagged:
                continue
            except Disconnected:
                return None


async def _stop(
    until_s: float,
    readers: Sequence[_ReaderAtWork],
    reading: Sequence[asyncio.Task[None]],
    group: asyncio.TaskGroup,
) -> None:
    """End the readers after so many seconds, and take what they leave, so that all can end."""
    await asyncio.sleep(until_s)
    for task in reading:
        task.cancel()
    for reader in readers:
        reader.look_at_the_inbox(until_s)
        group.create_task(reader.leave_the_rest_unread(), name=f"rest of {reader.reader.name}")
