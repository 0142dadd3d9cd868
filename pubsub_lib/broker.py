"""The broker: an inbox per subscriber, and one deadline per publish (notebooks 03, 05 to 08).

A publish gives the message to every inbox that has room, at once. Only where an inbox is full does
it wait, for all full inboxes together and up to `timeout` seconds in all; inboxes that are still
full then miss the message, which is counted. So a dead subscriber delays the publisher, by a
bounded time, and the other subscribers not at all.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub, Message
>>> async def main() -> None:
...     async with AsyncPubSub[Message](maxsize=1, timeout=0.01) as broker:
...         inbox = await broker.subscribe()
...         print(await broker.publish(Message("hello")))
...         print(await broker.publish(Message("nobody has read the first one")))
...         print(await inbox.get())
...         inbox.task_done()
>>> asyncio.run(main())
Delivery(delivered=1, dropped=0)
Delivery(delivered=0, dropped=1)
Message(content='hello')
"""

import asyncio
import math
from types import TracebackType
from typing import NamedTuple, Self

from pubsub_lib.errors import PubSubClosed
from pubsub_lib.event_loop import LoopBound
from pubsub_lib.inbox import Inbox, Publication


class Delivery(NamedTuple):
    """What became of one published message, in subscribers."""

    delivered: int  #: have it in their inbox
    dropped: int  #: missed it, because their inbox stayed full


class ShutdownReport(NamedTuple):
    """What was left when the broker had been shut down, in messages."""

    unread: int  #: still in an inbox; its reader can go on reading
    unfinished: int  #: taken by a reader, but not marked as done


class BrokerStats(NamedTuple):
    """What a broker has done so far."""

    subscribers: int  #: inboxes that are open now
    published: int  #: messages accepted
    delivered: int  #: messages put in an inbox, over all subscribers that ever were
    dropped: int  #: messages that an inbox missed, over all subscribers that ever were


class AsyncPubSub[T](LoopBound):
    """Gives every message to every subscriber, and no subscriber's trouble to the others.

    Args:
        maxsize: the bound of each inbox, in messages; at least 1.
        timeout: how long one publish may wait for full inboxes in all, in seconds. `None` waits for
            ever, which is backpressure; 0 waits for nobody, but lets the subscribers run once
            before it drops anything.

    Attributes:
        maxsize: as given.
        timeout: as given.
        queues: the open inboxes, in the order in which they were subscribed. The list is replaced,
            never changed, so a loop over it is not disturbed by subscribers that come and go.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if `maxsize` is under 1, or `timeout` is negative or not finite.
    """

    def __init__(self, maxsize: int = 100, *, timeout: float | None = 1.0) -> None:
        if not isinstance(maxsize, int) or isinstance(maxsize, bool):
            raise TypeError(f"maxsize is a whole number of messages, not {maxsize!r}")
        if maxsize < 1:
            raise ValueError(
                f"maxsize must be at least 1, not {maxsize}: an inbox is always bounded"
            )
        self.maxsize = maxsize
        self.timeout = _checked_timeout(timeout)
        self.queues: list[Inbox[T]] = []
        self._closed = False
        self._published = 0
        self._delivered_to_leavers = 0
        self._dropped_by_leavers = 0

    def __repr__(self) -> str:
        state = " closed" if self._closed else ""
        return f"<{type(self).__name__} of {len(self.queues)} subscribers{state}>"

    def subscribe(self) -> Inbox[T]:
        """Return an inbox of the subscriber's own that receives every later message.

        It may be awaited or entered: `queue = await broker.subscribe()`, `async with
        broker.subscribe() as inbox`.

        Raises:
            PubSubClosed: if the broker was shut down.
        """
        if self._closed:
            raise PubSubClosed("this broker was shut down; subscribe to a new one")
        inbox = Inbox(self.maxsize, self._forget)
        self.queues = [*self.queues, inbox]
        return inbox

    async def publish(self, message: T) -> Delivery:
        """Give the message to every subscriber; wait for full inboxes up to `timeout` seconds in
        all.

        Cancelling it withdraws the message from the inboxes that are still full, and counts it as
        dropped there.

        Raises:
            TypeError: if the message is `None`, which would end the readers.
            PubSubClosed: if the broker was shut down.
            RuntimeError: if the broker was first used on another event loop.
        """
        loop = self.bind()
        if message is None:
            raise TypeError(
                "None cannot be published: it tells a reader that nothing more will come"
            )
        if self._closed:
            raise PubSubClosed("this broker was shut down; publish to a new one")
        self._published += 1
        inboxes = self.queues
        full = [inbox for inbox in inboxes if not inbox.offer(message)]
        if not full:
            return Delivery(len(inboxes), 0)
        publication = Publication(message, full, loop)
        if self.timeout is None:
            timer = None
        elif self.timeout == 0:
            timer = loop.call_soon(publication.give_up)
        else:
            timer = loop.call_later(self.timeout, publication.give_up)
        try:
            await publication.settled
        finally:
            if timer is not None:
                timer.cancel()
            publication.give_up()
        return Delivery(len(inboxes) - len(full) + publication.delivered, publication.dropped)

    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Accept nothing more, wait until the subscribers have handled what they have, and report
        what was left.

        Every reader gets what is in its inbox and then `None`. A publish that waits for a full
        inbox goes on waiting, until its own deadline or this one. Calling it again waits again, and
        does no harm.

        Args:
            timeout: how long to wait for the subscribers, in seconds. The default is the usual
                grace of a service that is asked to stop; 0 waits for nobody, `None` for as long as
                it takes, even for a subscriber that never reads.

        Raises:
            TypeError: if `timeout` is not a number.
            ValueError: if `timeout` is negative or not finite.
        """
        timeout = _checked_timeout(timeout)
        self.bind()
        self._closed = True
        inboxes = self.queues
        for inbox in inboxes:
            inbox.finish()
        try:
            async with asyncio.timeout(timeout):
                for inbox in inboxes:
                    await inbox.drained()
        except TimeoutError:
            for inbox in inboxes:
                inbox.release_line()
        return ShutdownReport(
            unread=sum(inbox.qsize() for inbox in inboxes),
            unfinished=sum(inbox.unfinished for inbox in inboxes),
        )

    @property
    def stats(self) -> BrokerStats:
        """What this broker has done so far."""
        stats = [inbox.stats for inbox in self.queues]
        return BrokerStats(
            subscribers=len(self.queues),
            published=self._published,
            delivered=self._delivered_to_leavers + sum(inbox.received for inbox in stats),
            dropped=self._dropped_by_leavers + sum(inbox.dropped for inbox in stats),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await (self.shutdown() if error is None else self.shutdown(timeout=0))

    def _forget(self, inbox: Inbox[T]) -> None:
        if inbox in self.queues:
            self.queues = [other for other in self.queues if other is not inbox]
            self._delivered_to_leavers += inbox.stats.received
            self._dropped_by_leavers += inbox.stats.dropped


def _checked_timeout(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):
        raise TypeError(f"timeout is a number of seconds or None, not {timeout!r}")
    if not 0 <= timeout < math.inf:
        raise ValueError(
            f"timeout must be 0 or more seconds, or None to wait for ever, not {timeout}"
        )
    return timeout
