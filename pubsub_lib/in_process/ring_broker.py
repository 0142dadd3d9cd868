"""The broker on a ring: every message is stored once, for all subscribers (notebook 09).

A publish is one store, however many subscribers there are, and waits only where the slowest is
`maxsize` messages behind. How the ring itself works is in `ring`.

A filter saves nothing here: a message wakes every reader that waits, whether it is wanted or not.
For many subscribers who each want little, as by subject, `AsyncPubSub` is the broker to take: it
wakes those alone who want the message.

>>> import asyncio
>>> from pubsub_lib import RingPubSub
>>> async def main() -> None:
...     async with RingPubSub[int]() as broker, broker.subscribe() as ada, broker.subscribe():
...         await broker.publish(1)
...         print(await ada.get())
>>> asyncio.run(main())
1
"""

import asyncio
from asyncio import get_running_loop
from collections.abc import Callable, Iterable
from typing import override

from pubsub_lib.arguments import checked_whole_number
from pubsub_lib.errors import PubSubFull, carry
from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.in_process.cursor import Cursor, RingSubscription
from pubsub_lib.in_process.event_loop import cancel_at_the_next_await
from pubsub_lib.in_process.filtered_cursor import FilteredCursor
from pubsub_lib.in_process.ring import Ring
from pubsub_lib.in_process.ring_line import WaitingMessages
from pubsub_lib.in_process.subscribers import other_ends
from pubsub_lib.reports import Deliveries, Delivery


class RingPubSub[T](BaseBroker[T, Cursor[T]]):
    """Stores every message once, for all subscribers to read, each at its own pace.

    Args:
        maxsize: how many messages a subscriber may be behind; at least 1.
        timeout: how long a publish may wait for the slowest subscriber, in seconds, before that is
            overtaken and loses its oldest message. `None` waits for ever, which is backpressure; 0
            waits for nobody, but lets the subscribers run once. One that was overtaken is not
            waited for again until it has read.

    Attributes:
        maxsize, timeout: as given.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if `maxsize` is under 1, or `timeout` is negative or not finite.
    """

    def __init__(self, maxsize: int = 100, *, timeout: float | None = 1.0) -> None:
        self._ring: Ring[T] = Ring(maxsize)
        super().__init__(maxsize, timeout, self._ring)

    def subscribe(
        self, *, name: str = "", where: Callable[[T], object] | None = None, replay: int = 0
    ) -> "RingSubscription[T]":
        """Return a subscription that receives every later message.

        It may be awaited or entered, as that of any broker.

        Args:
            name: what reports call it.
            where: says whether a message is wanted, and does nothing else. Messages that are not
                wanted are passed over by the reader, in whose task it runs; until then they count
                as waiting. If it raises, the subscription is closed, and the reader gets the
                exception.
            replay: how many of the last messages to receive first, as far as there were so many.

        Raises:
            PubSubClosed: if the broker was shut down.
            TypeError: if an argument is of the wrong type.
            ValueError: if `replay` is negative, or more than the ring holds.
        """
        self._ring.let_line_move()  # so that it gets nothing which was published before
        self._check_subscriber(where)
        replay = checked_whole_number(
            "replay",
            replay,
            unit="messages",
            least=0,
            most=self.maxsize,
            because="the ring holds no more",
        )
        cursor = (
            Cursor(self._ring, self._home, name=name, replay=replay)
            if where is None
            else FilteredCursor(self._ring, self._home, name=name, where=where, replay=replay)
        )
        self._ring.join(cursor)
        subscription: RingSubscription[T] = cursor.own_end()
        return subscription

    async def publish(self, message: T) -> Delivery:
        """Store the message for every subscriber; wait up to `timeout` seconds for the slowest.

        Nobody knows yet who of them wants it, so all count as `delivered`. Cancelling it while it
        waits withdraws the message: then nobody gets it, as `delivered_before` tells.

        Raises:
            TypeError: if the message is `None`, which would end the readers.
            PubSubClosed: if the broker was shut down.
            RuntimeError: if the broker was first used on another event loop.
        """
        ring = self._ring
        log = ring.log
        if (
            len(log) < ring.limit
            and message is not None
            and not self._closed
            and get_running_loop() is self._home.loop
        ):  # the usual case, which is to be quick
            log.append(message)
            if ring.waiting:
                ring.wake_readers()
            return ring.everybody
        loop = self._check_message(message)
        try:
            if ring.has_room():
                ring.store((message,))
                return ring.everybody
            waiting = WaitingMessages((message,))
            try:
                await self._wait_for_room(waiting, loop)
            except asyncio.CancelledError as cancelled:
                carry(cancelled, waiting.delivery())
                raise
            return waiting.delivery()
        finally:
            ring.free_deleted()

    @override
    async def publish_many(self, messages: Iterable[T]) -> Deliveries:
        """Store all these messages, in order, for every subscriber, and wake each reader once.

        Each is stored as if it were published alone, but the time-out is that of the whole call,
        however many there are: after it, only those are waited for who read at every turn of the
        event loop. There may be more messages than the ring holds.

        Cancelling it withdraws the messages that are not stored yet; `delivered_before` tells what
        the error knows of the others.

        Args:
            messages: what to publish. It is read to its end first; if that raises, or one of them
                is `None`, nothing is published.

        Raises:
            TypeError: if `messages` is no iterable of messages, or has a `None` in it.
            PubSubClosed, RuntimeError: as `publish`.
        """
        listed = self._checked_messages(messages)
        ring, subscribers = self._ring, len(self._ring)
        try:
            stored = 0
            # Again, since where nobody reads there is room again as soon as the ring is full.
            while room := ring.room_for(len(listed) - stored):
                ring.store(listed[stored : stored + room] if room < len(listed) else listed)
                stored += room
            if stored == len(listed):
                return Deliveries(stored, stored * subscribers)
            waiting = WaitingMessages(listed, stored)
            waiting.delivered = stored * subscribers
            try:
                await self._wait_for_room(waiting, self._home.check())
            except asyncio.CancelledError as cancelled:
                carry(cancelled, waiting.deliveries())
                raise
            return waiting.deliveries()
        finally:
            ring.free_deleted()

    async def _wait_for_room(
        self, waiting: WaitingMessages[T], loop: asyncio.AbstractEventLoop
    ) -> None:
        """Wait until it is known what became of all; withdraw what is not stored if cancelled.

        If all was settled just before, it returns, and the task is cancelled at its next `await`.
        """
        ring = self._ring
        ring.line_up(waiting)
        timeout = self.timeout if ring.waits_for_somebody() or self.timeout is None else 0
        if timeout == 0:  # after whatever can run now, so that readers have their turn
            waiting.timer = loop.call_soon(ring.wait_no_longer, waiting, loop)
        elif timeout is not None:
            waiting.timer = loop.call_later(timeout, ring.wait_no_longer, waiting, loop)
        try:
            await waiting.wait(loop)
        except asyncio.CancelledError as cancelled:
            if not waiting.settled:
                raise
            cancel_at_the_next_await(cancelled)
        finally:
            if not waiting.settled:  # cancelled, or closed as a coroutine that nobody awaits
                ring.step_out(waiting)
            if waiting.timer is not None:
                waiting.timer.cancel()

    @override
    def publish_nowait(self, message: T) -> Delivery:
        """Store the message for every subscriber; overtake the slowest if there is no room.

        Raises:
            PubSubFull: if there is no room, and `timeout` is `None`, so nobody is to be overtaken.
            TypeError, PubSubClosed, RuntimeError: as `publish`.
        """
        self._check_message(message)
        ring = self._ring
        try:
            if ring.has_room():
                ring.store((message,))
                return ring.everybody
            if self.timeout is None:
                raise PubSubFull(Delivery(0, other_ends(ring.slowest)))
            waiting = WaitingMessages((message,))
            ring.line_up(waiting)
            ring.overtake_for(waiting)
            return waiting.delivery()
        finally:
            ring.free_deleted()

    @override
    def _release_publishers(self) -> None:
        self._ring.release_line()
