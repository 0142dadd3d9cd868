"""What every broker shares: who is subscribed, publishing from threads, and coming to an end.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> None:
...     broker = AsyncPubSub[str]()
...     inbox = await broker.subscribe()
...     await broker.publish("nobody reads this")
...     print(await broker.shutdown(timeout=0.01))
...     print(await inbox.get(), await inbox.get())
>>> asyncio.run(main())
ShutdownReport(unread=1, unfinished=0)
nobody reads this None
"""

import asyncio
import warnings
from abc import ABC, abstractmethod
from asyncio import get_running_loop
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from itertools import repeat
from operator import is_
from typing import Any, NoReturn, Self

from pubsub_lib.arguments import checked_filter, checked_maxsize, checked_timeout, listed_messages
from pubsub_lib.errors import PubSubClosed
from pubsub_lib.in_process.event_loop import HomeLoop, running_loop
from pubsub_lib.in_process.subscriber import SHUT_DOWN, SubscriberState
from pubsub_lib.in_process.subscribers import Subscribers
from pubsub_lib.in_process.threads import ThreadPublishing
from pubsub_lib.reports import BrokerStats, Deliveries, Delivery, ShutdownReport


class BaseBroker[T, B: SubscriberState[Any]](ABC):
    """The part of a broker that does not depend on how messages reach the subscribers."""

    _closed = True  # where a constructor raises, there is nothing to shut down

    def __init__(self, maxsize: int, timeout: float | None, subscribers: Subscribers[B]) -> None:
        self._subscribers = subscribers
        self.maxsize = checked_maxsize(maxsize)
        self.timeout = checked_timeout(timeout)
        self._home = HomeLoop(type(self).__name__)
        self._threads = ThreadPublishing(self._home)
        self._shutdowns = 0  # that are under way
        self._closed = False

    def __del__(self) -> None:
        if not self._closed and self._in_use():
            warnings.warn(
                f"{self!r} was never shut down; use `async with`, or await its shutdown()",
                ResourceWarning,
                source=self,
                stacklevel=1,
            )

    def _in_use(self) -> bool:
        """Whether there is something that only `shutdown` ends."""
        return len(self._subscribers) > 0

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"this {type(self).__name__} cannot be copied or sent to another process, since its "
            "subscribers are here; hand on this one, or create another"
        )

    def __repr__(self) -> str:
        suffix = " closed" if self._closed else ""
        return f"<{type(self).__name__} of {len(self._subscribers)} subscribers{suffix}>"

    @abstractmethod
    async def publish(self, message: T) -> Delivery:
        """Give the message to every subscriber."""

    @abstractmethod
    def _release_publishers(self) -> None:
        """Drop every message that waits for room."""

    @abstractmethod
    async def publish_many(self, messages: Iterable[T]) -> Deliveries:
        """Give all these messages, in order, to every subscriber."""

    @abstractmethod
    def publish_nowait(self, message: T) -> Delivery:
        """Give the message to every subscriber, and wait for nobody."""

    def publish_threadsafe(self, message: T, *, wait: bool = True) -> "Future[Delivery]":
        """Publish from another thread; the only method that may be called from one.

        Call `result()` on what it returns to wait, in that thread, for what became of the message.
        It has an end even if the event loop is closed first: then it raises `PubSubClosed`, and the
        message may have arrived, or not. While a loop is only stopped, it may go on.

        Args:
            message: what to publish.
            wait: whether to wait for room as `publish` does, or not, as `publish_nowait`.

        Raises:
            PubSubClosed: if the broker was shut down, or its event loop has ended.
            PubSubFull: if 10,000 messages of other threads wait for the event loop already.
            RuntimeError: if the broker has no event loop yet, this is its own thread, or no thread
                can be started to see whether the loop ends; then nothing is published.
        """
        self._require_open()
        return self._threads.start(
            partial(self.publish, message) if wait else partial(self._publish_at_once, message)
        )

    async def _publish_at_once(self, message: T) -> Delivery:
        return self.publish_nowait(message)

    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Accept nothing more, wait until the subscribers have handled what they have, and report
        what was left.

        Every reader gets what waits for it and then `None`. A publish that waits for room goes on
        waiting, until its own deadline or this one. Calling it again waits again, and does no harm.

        Args:
            timeout: how long to wait for the subscribers, in seconds. The default is the usual
                grace of a service that is asked to stop; 0 waits for nobody, `None` for as long as
                it takes, even for a subscriber that never reads.

        Raises:
            TypeError: if `timeout` is not a number.
            ValueError: if `timeout` is negative or not finite.
            RuntimeError: if the broker was first used on another event loop.
        """
        timeout = checked_timeout(timeout)
        self._home.check()
        self._closed = True
        states = self._subscribers.states
        for state in states:
            state.finish(SHUT_DOWN)
        self._shutdowns += 1
        try:
            async with asyncio.timeout(timeout):
                # More than once: what waits for room in a ring comes to those, too, that are done.
                while any(state.depth or state.unhandled for state in states):
                    for state in states:
                        await state.drained()
        except TimeoutError:
            self._release_publishers()
        finally:
            self._shutdowns -= 1
            if not self._shutdowns:  # whoever is cancelled leaves nobody behind that waits for him
                self._release_publishers()
            self._subscribers.losses.report_soon(self._home)
        return ShutdownReport(
            unread=sum(state.depth for state in states),
            unfinished=sum(state.unhandled for state in states),
        )

    @property
    def closed(self) -> bool:
        """Whether the broker was shut down."""
        return self._closed

    @property
    def stats(self) -> BrokerStats:
        """What this broker has done so far."""
        subscribers = self._subscribers
        return BrokerStats(
            subscribers=len(subscribers),
            published=subscribers.published,
            delivered=subscribers.received_by_leavers + sum(b.received for b in subscribers.states),
            dropped=subscribers.dropped_by_leavers + sum(b.dropped for b in subscribers.states),
        )

    async def __aenter__(self) -> Self:
        self._home.check()
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        await (self.shutdown() if error is None else self.shutdown(timeout=0))

    def _check_subscriber(self, where: Callable[[T], object] | None) -> None:
        """Check what every subscribe() has to check, and note the event loop if one is running."""
        if self._closed:
            raise PubSubClosed("this broker was shut down; subscribe to a new one")
        checked_filter(where)
        if running_loop() is not None:
            self._home.check()

    def _check_message(self, message: T) -> asyncio.AbstractEventLoop:
        """Check what every publish has to check, and return the event loop."""
        loop = get_running_loop()
        if loop is not self._home.loop:
            self._home.check()
        if message is None:
            raise TypeError(
                "None cannot be published: it tells a reader that nothing more will come"
            )
        if self._closed:
            self._require_open()
        return loop

    def _checked_messages(self, messages: Iterable[T]) -> list[T]:
        """Check what every publish_many has to check, before any of them is published."""
        listed = listed_messages(messages)
        self._home.check()
        if any(map(is_, listed, repeat(None))):
            raise TypeError(
                "None cannot be published: it tells a reader that nothing more will come; none of "
                f"these {len(listed)} messages was published"
            )
        self._require_open()
        return listed

    def _require_open(self) -> None:
        if self._closed:
            raise PubSubClosed("this broker was shut down; publish to a new one")
