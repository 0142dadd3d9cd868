"""What waits for one subscriber, and who waits for it: the broker's side of a subscription.

The broker holds a `SubscriberState` for each subscriber; the subscriber holds a `BaseSubscription`,
through which it reads. They are two objects, so that a subscription which nobody holds any more can
be noticed, and its messages freed, at the next turn of the event loop. A reader that waits is held
by the state, so it is not lost.

>>> from pubsub_lib import AsyncPubSub
>>> broker = AsyncPubSub[str]()
>>> len(broker.queues)
0
>>> inbox = broker.subscribe()
>>> len(broker.queues)
1
>>> del inbox
>>> len(broker.queues)
0
"""

import asyncio
import weakref
from abc import ABC, abstractmethod
from asyncio import get_running_loop
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

from pubsub_lib.errors import in_words
from pubsub_lib.in_process.event_loop import HomeLoop, wake
from pubsub_lib.reports import SubscriptionStats

NOTHING: Iterator[Any] = iter(())
SHUT_DOWN = "the broker was shut down"

# What a coroutine cannot raise without ending a loop, or seeming to be cancelled.
_CONTROL_FLOW = (StopIteration, StopAsyncIteration, GeneratorExit, asyncio.CancelledError)
# What a filter can raise that is its own fault.
FILTER_ERRORS = (Exception, *_CONTROL_FLOW)


class Phase(IntEnum):
    """How far a subscription is on its way to its end; it never goes back."""

    OPEN = 0  #: what is published for it comes in
    ENDING = 1  #: the broker was shut down; only what waits for room still comes in
    ENDED = 2  #: nothing comes in any more; what waits can be read
    LEFT = 3  #: the same, and the broker does not know it any more
    CLOSED = 4  #: the subscriber is not interested any more, and what waited was given up


class SubscriberState[T](ABC):
    """What waits for one subscriber, and who waits for it.

    Attributes:
        home: the event loop that it belongs to.
        name: what reports call the subscriber.
        where: the subscriber's filter; only messages for which it is true are wanted.
        phase: how far it is on its way to its end.
        closed_because: why it came to an end; empty before.
        unfinished: messages taken by a reader and not marked as done.
        handling: how many of these an `async for` has, which marks them by itself.
        marked: whether a reader has ever called `task_done()`.
        dropped: messages that the subscriber missed.
        high_water_mark: the most messages that were seen waiting: by a reader that came for more,
            or by a publisher that looked for room.
        in_hand: messages that a reader can take without looking at anything else, because nobody
            has to know when it does; they still count as waiting. Always of a list, since CPython
            steps through lists with an instruction of their own.
        hand: that list, if there is one. It is kept here because an iterator lets go of it when it
            is empty, and to free what was read may run anything.
        readers: futures of the readers that wait for a message, the first to be served first.
        failure: what closed it, if that was an error, until a reader has seen it.
        reader_knows: whether a reader was told that nothing more will come.
        watchers: futures of those that wait until everything has been handled.
    """

    __slots__ = (
        "_subscription",
        "closed_because",
        "dropped",
        "failure",
        "hand",
        "handling",
        "high_water_mark",
        "home",
        "in_hand",
        "marked",
        "name",
        "phase",
        "reader_knows",
        "readers",
        "unfinished",
        "watchers",
        "where",
    )

    def __init__(self, home: HomeLoop, *, name: str, where: Callable[[T], object] | None) -> None:
        self.home = home
        self.name = name
        self.where = where
        self.phase = Phase.OPEN
        self.closed_because = ""
        self.unfinished = 0
        self.handling = 0
        self.marked = False
        self.dropped = 0
        self.high_water_mark = 0
        self.in_hand: Iterator[T] = NOTHING
        self.hand: list[T] | None = None
        self.readers: list[asyncio.Future[None]] = []
        self.reader_knows = False
        self.failure: BaseException | None = None
        self.watchers: list[asyncio.Future[None]] = []
        self._subscription: weakref.ref[object] | None = None

    # What differs from broker to broker.

    @abstractmethod
    def end(self, *, own: bool) -> Any:
        """Return an end to read from: the subscriber's own, or one for a report."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """How many messages wait to be read."""

    @property
    @abstractmethod
    def received(self) -> int:
        """How many messages were read, wait, or were discarded by closing."""

    @property
    @abstractmethod
    def maxsize(self) -> int:
        """How many messages can wait."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether a message can be taken."""

    @abstractmethod
    def take(self) -> T | None:
        """Take the next message; `None`, which is no message, if none can be taken."""

    @abstractmethod
    def take_in_hand(self) -> None:
        """Let a reader have messages in hand, if there are any and nobody has to know.

        To be called after `take`, when nothing is in hand.
        """

    @abstractmethod
    def put_back(self) -> object:
        """Have nothing in hand, so that each message taken is noticed.

        The iterator is left empty, since the reader holds it, too. What was read of its list is
        returned: to let go of that may run anything.
        """

    @abstractmethod
    def take_all(self) -> list[T]:
        """Take every message that waits; none if there is none."""

    @abstractmethod
    def leave(self) -> None:
        """Leave the broker. What waits can still be read."""

    @abstractmethod
    def discard(self) -> object:
        """Give up what waits, and return it: to free a message may run anything."""

    # What is the same.

    def own_end(self) -> Any:
        """Return the subscriber's own end, to be held by it alone."""
        subscription = self.end(own=True)
        self._subscription = weakref.ref(subscription)
        return subscription

    @property
    def subscription(self) -> Any:
        """The subscriber's own end; `None` if nobody holds it any more."""
        return self._subscription and self._subscription()

    @property
    def closed(self) -> bool:
        """Whether no more messages come in."""
        return self.phase >= Phase.ENDED

    @property
    def in_use(self) -> bool:
        """Whether the broker knows it, so that messages can come in."""
        return self.phase < Phase.LEFT

    def advance(self, phase: Phase) -> None:
        """Note that it is at least so far."""
        if phase > self.phase:
            self.phase = phase

    @property
    def stats(self) -> SubscriptionStats:
        """What this subscription has seen so far."""
        depth = self.depth
        return SubscriptionStats(
            self.received, self.dropped, depth, max(depth, self.high_water_mark)
        )

    @property
    def unhandled(self) -> int:
        """How many messages were taken and not marked as done, while their reader may still do so.

        A reader that was told the end, and has marked nothing, does not mean to; but there may be
        another, in an `async for`, which does.
        """
        if self.phase is Phase.CLOSED:
            return 0
        if self.reader_knows and not self.marked:
            return min(self.handling, self.unfinished)
        return self.unfinished

    # Coming to an end.

    def finish(self, because: str) -> None:
        """Take no more messages, and wake the readers that wait, to let them know.

        Where messages wait for room and still come in, this is done after them.
        """
        self.advance(Phase.ENDED)
        self.closed_because = self.closed_because or because
        while self.readers:
            self.wake_reader()

    def fail(self, error: BaseException) -> None:
        """Close the subscription because of an error, which its reader is to see."""
        because = in_words(error)  # first: an error may be anybody's class, and run anything
        if isinstance(error, _CONTROL_FLOW):
            stopped = RuntimeError(f"the filter of this subscription raised {because}")
            stopped.__cause__ = error
            error = stopped
        self.failure = error
        self.leave()
        self.finish(because)

    def close(self) -> None:
        """Leave the broker, and give up what is unread."""
        self.leave()
        self.finish("it was closed by its reader")
        self.advance(Phase.CLOSED)
        self.unfinished = 0
        self.notify_watchers()
        self.discard()  # last: to free a message may run anything

    def tell_reader_the_end(self) -> None:
        """Note that a reader knows that nothing more comes; raise the failure, if there is one."""
        self.reader_knows = True
        self.notify_watchers()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            try:
                raise failure
            finally:
                del failure  # or its traceback would hold this frame, and this frame would hold it

    # Readers that wait.

    def wait_for_message(self) -> asyncio.Future[None] | None:
        """Return a future to await, after which it is worth trying to take again; `None` at the
        end, which the reader then knows.

        Whoever awaits it calls `stop_waiting` if that raises. No coroutine, since each would cost
        as much as the rest of waking a reader.
        """
        if self.phase >= Phase.ENDED:
            self.tell_reader_the_end()
            return None
        loop = get_running_loop()
        if loop is not self.home.loop:
            self.home.check()
        reader: asyncio.Future[None] = loop.create_future()
        self.readers.append(reader)
        self.announce_reader()
        return reader

    def stop_waiting(self, reader: asyncio.Future[None]) -> None:
        """Note that a reader was cancelled; another has the message that it was woken for."""
        if reader in self.readers:
            self.readers.remove(reader)
            if not self.readers:
                self.no_reader_waits()
        elif not reader.cancelled() and self.ready():
            self.wake_reader()

    def announce_reader(self) -> None:  # noqa: B027
        """Let the broker know that a reader waits, if it wants to know."""

    def no_reader_waits(self) -> None:  # noqa: B027
        """Let the broker know that none waits any more without having been woken."""

    def wake_reader(self) -> None:
        """Wake the reader that has waited longest."""
        readers = self.readers
        while readers and not wake(readers.pop(0)):
            pass  # that one was cancelled

    # What was handled.

    def task_done(self, count: int = 1) -> None:
        """Note that so many messages have been handled.

        Raises:
            ValueError: if fewer are being handled.
        """
        if self.phase is Phase.CLOSED:
            return
        if self.unfinished < count:
            raise ValueError(
                "task_done() called more often than messages were taken; `async for` and batches() "
                "mark messages as done by themselves"
            )
        self.unfinished -= count
        if self.watchers and not self.unhandled:
            self.notify_watchers()

    def hand_out(self, count: int) -> None:
        """Note that an `async for` has taken so many messages, and will say when they are done."""
        self.unfinished += count
        self.handling += count

    def handled(self, count: int) -> None:
        """Note that an `async for` says of so many messages that they are done."""
        self.handling -= count
        if self.unfinished >= count and not self.watchers:  # the usual case, without a call
            self.unfinished -= count
        else:
            self.task_done(count)

    def let_go(self, count: int) -> None:
        """Note that an `async for` was left with so many messages, and will say nothing of them."""
        self.handling -= count
        if not self.unhandled:
            self.notify_watchers()

    async def join(self) -> None:
        """Wait until every message has been handled."""
        await self._watch(
            lambda: self.phase is Phase.CLOSED or (not self.unfinished and not self.depth)
        )

    async def drained(self) -> None:
        """Wait until all has been handled, or the reader was told that no more will come."""
        await self._watch(lambda: not self.depth and not self.unhandled)

    async def _watch(self, condition: Callable[[], bool]) -> None:
        while not condition():
            watcher = self.home.check().create_future()
            self.watchers.append(watcher)
            try:
                await watcher
            finally:
                if watcher in self.watchers:
                    self.watchers.remove(watcher)

    def notify_watchers(self) -> None:
        """Let those look again who wait for an end."""
        watchers, self.watchers = self.watchers, []
        for watcher in watchers:
            wake(watcher)
