"""The line before the ring: what one publish has waiting there for room.

The ring lets the line move on as its cursors do (see `ring`); here is what a publisher waits for,
and what it is told.

>>> waiting = WaitingMessages(["gold", "silver"])
>>> waiting.stored(1, subscribers=10)
>>> waiting.deliveries()
Deliveries(published=1, delivered=10, missed=())
"""

import asyncio
from collections.abc import Sequence

from pubsub_lib.in_process.cursor import Cursor
from pubsub_lib.in_process.event_loop import wake
from pubsub_lib.in_process.subscribers import other_ends
from pubsub_lib.reports import Deliveries, Delivery, Missed


class WaitingMessages[T]:
    """What one publish has in line for room in the ring: a message, or many.

    Attributes:
        messages: all that was to be published.
        next: which of them is the next to be stored.
        delivered: how many deliveries were made of those that are stored.
        missed: which subscriber lost a message to which one of them.
        timer: what ends the waiting; `None` if nothing does.
    """

    __slots__ = ("_future", "_seen", "_settled", "delivered", "messages", "missed", "next", "timer")

    def __init__(self, messages: Sequence[T], following: int = 0) -> None:
        self.messages = messages
        self.next = following
        self.delivered = 0
        self.missed: list[tuple[int, Cursor[T]]] = []
        self.timer: asyncio.Handle | None = None
        self._seen = following
        self._settled = False
        self._future: asyncio.Future[None] | None = None

    @property
    def withdrawn(self) -> bool:
        """Whether its publisher was cancelled, though it may not have run since."""
        return self._future is not None and self._future.cancelled()

    def moved_on(self) -> bool:
        """Whether any message was stored since this was last asked."""
        seen, self._seen = self._seen, self.next
        return self.next > seen

    def wait(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Return a future to await until it is known what became of all."""
        self._future = loop.create_future()
        return self._future

    @property
    def settled(self) -> bool:
        """Whether it is known what became of all, though its publisher may not have run since."""
        return self._settled

    def stored(self, count: int, *, subscribers: int) -> None:
        """Note that so many more were stored, for so many subscribers."""
        self.next += count
        self.delivered += count * subscribers

    def settle(self) -> None:
        """Note that it is known what became of all, and let the publisher go on."""
        self._settled = True
        if self._future is not None:
            wake(self._future)

    def delivery(self) -> Delivery:
        """What became of the one message that it is."""
        return Delivery(self.delivered, other_ends(cursor for _, cursor in self.missed))

    def deliveries(self) -> Deliveries:
        """What became of the many messages that it is, as far as they are stored."""
        missed = (Missed(number, cursor.end(own=False)) for number, cursor in self.missed)
        return Deliveries(self.next, self.delivered, tuple(missed))
