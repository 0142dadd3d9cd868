"""The broker on a ring: every message is stored once, for all subscribers (notebook 09).

A publish is one store, however many subscribers there are, and waits only where the slowest is
`maxsize` messages behind. How the ring itself works is in `ring`.

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
from collections.abc import Callable
from typing import override

from pubsub_lib.arguments import checked_whole_number
from pubsub_lib.errors import PubSubFull
from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.in_process.ring import Cursor, Ring, RingSubscription, WaitingMessage
from pubsub_lib.in_process.subscriber import other_ends
from pubsub_lib.reports import Delivery


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
        self._ring = Ring[T](maxsize)
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
        self._check_subscriber(where)
        checked_whole_number(
            "replay",
            replay,
            unit="messages",
            least=0,
            most=self.maxsize,
            because="the ring holds no more",
        )
        cursor = Cursor(self._ring, self._home, name=name, where=where, replay=replay)
        self._ring.join(cursor)
        subscription: RingSubscription[T] = cursor.own_end()
        return subscription

    async def publish(self, message: T) -> Delivery:
        """Store the message for every subscriber; wait up to `timeout` seconds for the slowest.

        Nobody knows yet who of them wants it, so all count as `delivered`. Cancelling it while it
        waits withdraws the message: then nobody gets it.

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
            and asyncio.get_running_loop() is self._home.loop
        ):  # the usual case, which is to be quick
            log.append(message)
            if ring.waiting:
                ring.wake_readers()
            return ring.everybody
        loop = self._check_message(message)
        if ring.has_room():
            ring.store(message)
            return ring.everybody
        waiting_message = WaitingMessage(message)
        ring.line_up(waiting_message)
        timeout = self.timeout
        if timeout and not ring.waits_for_somebody():
            timeout = 0
        timer: asyncio.Handle | None = None
        if timeout == 0:  # after whatever can run now, so that readers have their turn
            timer = loop.call_soon(ring.overtake_for, waiting_message)
        elif timeout is not None:
            timer = loop.call_later(timeout, ring.overtake_for, waiting_message)
        try:
            return await waiting_message.settled(loop)
        finally:
            ring.step_out(waiting_message)
            if timer is not None:
                timer.cancel()

    def publish_nowait(self, message: T) -> Delivery:
        """Store the message for every subscriber; overtake the slowest if there is no room.

        Raises:
            PubSubFull: if there is no room, and `timeout` is `None`, so nobody is to be overtaken.
            TypeError, PubSubClosed, RuntimeError: as `publish`.
        """
        self._check_message(message)
        ring = self._ring
        if ring.has_room():
            ring.store(message)
            return ring.everybody
        if self.timeout is None:
            raise PubSubFull(Delivery(0, other_ends(ring.slowest)))
        waiting_message = WaitingMessage(message)
        ring.line_up(waiting_message)
        ring.overtake_for(waiting_message)
        assert waiting_message.delivery is not None
        return waiting_message.delivery

    @override
    def _release_publishers(self) -> None:
        self._ring.release_line()
