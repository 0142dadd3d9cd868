"""Your own broker after notebook 07: subscribers come and go at any moment.

New: `inbox.close()` takes an inbox off the broker, discards what is in it, and releases who waits
for it; `async with broker.subscribe() as inbox` does so at its end, after an error, too.
`subscribe()` gives the inbox at once, so it may be awaited, entered, or neither.

>>> async def main() -> None:
...     broker = MyBroker[int]()
...     async with broker.subscribe():
...         print((await broker.publish(1)).delivered)
...     print((await broker.publish(2)).delivered)
>>> asyncio.run(main())
1
0
"""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import suppress
from typing import Self

from pubsub_lib import Delivery, Overflow, PubSubClosed, PubSubFull, ShutdownReport


class Inbox[T](asyncio.Queue[T | None]):
    """A bounded queue with a line for who waits for room, an end, and a way out."""

    def __init__(self, broker: "MyBroker[T]") -> None:
        super().__init__(broker.maxsize)
        self.broker = broker
        self.line: deque[tuple[T, asyncio.Future[None]]] = deque()
        self.in_hand = 0  # messages that were taken, and are not done
        self.closed = self.left = False  # no more will come; nobody reads any more

    def offer(self, message: T) -> asyncio.Future[None]:
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.line.append((message, ticket))
        self._admit()
        return ticket

    def _admit(self) -> None:
        while self.line and not self.full():
            message, ticket = self.line.popleft()
            if not ticket.done():  # whoever gave up has cancelled it
                self.put_nowait(message)
                ticket.set_result(None)

    def get_nowait(self) -> T | None:
        if (message := super().get_nowait()) is None:
            self._put_end()  # for whoever asks next
        else:
            self.in_hand += 1
            self._admit()
        return message

    def task_done(self) -> None:
        if not self.left:  # by then everything counts as done
            super().task_done()
            self.in_hand -= 1

    def displace_for(self, ticket: asyncio.Future[None]) -> None:
        while not ticket.done():  # whoever is before it in line comes in before it
            self.get_nowait()
            self.task_done()

    def finish(self) -> None:
        if not self.closed:
            self.closed = True  # and never full again, so that the line and the end have room
            self._admit()
            self._put_end()

    def _put_end(self) -> None:
        self.put_nowait(None)
        super().task_done()  # the end is no work

    def full(self) -> bool:
        return not self.closed and super().full()

    def qsize(self) -> int:
        return super().qsize() - self.closed  # the end is no message

    def close(self) -> None:
        self.broker.inboxes = tuple(each for each in self.broker.inboxes if each is not self)
        for _, ticket in self.line:
            ticket.cancel()  # neither delivered nor missed
        for _ in range(self.qsize()):
            self.get_nowait()
        for _ in range(self.in_hand):
            self.task_done()
        self.left = True
        self.finish()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    def __await__(self) -> Generator[object, None, Self]:
        yield from ()  # there is nothing to wait for
        return self


class MyBroker[T]:
    """Gives every message to every subscriber, and no subscriber's trouble to the others."""

    def __init__(
        self,
        maxsize: int = 100,
        *,
        timeout: float | None = 1.0,
        overflow: Overflow = Overflow.DROP_NEWEST,
    ) -> None:
        if overflow is Overflow.DISCONNECT:
            raise ValueError("this broker disconnects nobody; choose another overflow")
        self.maxsize, self.timeout, self.overflow = maxsize, timeout, overflow
        self.closed = False
        self.inboxes: tuple[Inbox[T], ...] = ()  # replaced, never changed: a snapshot

    def subscribe(self) -> Inbox[T]:
        if self.closed:
            raise PubSubClosed("this broker was shut down; subscribe to a new one")
        inbox = Inbox(self)
        self.inboxes += (inbox,)
        return inbox

    async def publish(self, message: T) -> Delivery:
        tickets = self._offer(message)
        waiting = [ticket for ticket in tickets.values() if not ticket.done()]
        try:  # even if nobody is waited for, the readers can run
            await (asyncio.wait(waiting, timeout=self.timeout) if waiting else asyncio.sleep(0))
        except asyncio.CancelledError:
            for ticket in waiting:
                ticket.cancel()  # which does nothing to one that is done
            raise
        return self._settle(tickets)

    def publish_nowait(self, message: T) -> Delivery:
        return self._settle(self._offer(message))

    def _offer(self, message: T) -> dict[Inbox[T], asyncio.Future[None]]:
        if message is None:
            raise TypeError("None cannot be published: it tells a reader that no more will come")
        if self.closed:
            raise PubSubClosed("this broker was shut down; publish to a new one")
        return {inbox: inbox.offer(message) for inbox in self.inboxes}

    def _settle(self, tickets: dict[Inbox[T], asyncio.Future[None]]) -> Delivery:
        missed_by = tuple(inbox for inbox, ticket in tickets.items() if not ticket.done())
        for inbox in missed_by:
            if self.overflow is Overflow.DROP_OLDEST:
                inbox.displace_for(tickets[inbox])
            else:
                tickets[inbox].cancel()
        delivered = sum(not ticket.cancelled() for ticket in tickets.values())
        if missed_by and self.overflow is Overflow.RAISE:
            raise PubSubFull(Delivery(delivered, missed_by))
        return Delivery(delivered, missed_by)

    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        self.closed = True
        inboxes = self.inboxes
        for inbox in inboxes:
            inbox.finish()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                for inbox in inboxes:
                    await inbox.join()
        return ShutdownReport(
            sum(inbox.qsize() for inbox in inboxes), sum(inbox.in_hand for inbox in inboxes)
        )
