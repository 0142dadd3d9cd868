"""Your own broker after notebook 06: it comes to an end, in a bounded time, and says what was left.

New: an inbox can be finished. The end stands in it behind the last message, has room in a full one,
is no work to be done, and stays there for whoever asks next. `shutdown()` waits until everything is
handled, for as long as `timeout` says. After it, nobody can publish or subscribe.

>>> async def main() -> None:
...     broker = MyBroker[int](maxsize=1)
...     inbox = await broker.subscribe()
...     await broker.publish(1)
...     print(await broker.shutdown(timeout=5))
...     print(await inbox.get(), await inbox.get(), await inbox.get())
>>> from pubsub_lib.lab import run_virtual
>>> run_virtual(main())
ShutdownReport(unread=1, unfinished=0)
1 None None
"""

import asyncio
from collections import deque
from contextlib import suppress

from pubsub_lib import Delivery, Overflow, PubSubClosed, PubSubFull, ShutdownReport


class Inbox[T](asyncio.Queue[T | None]):
    """A bounded queue with a line for who waits for room, and an end."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self.line: deque[tuple[T, asyncio.Future[None]]] = deque()
        self.in_hand = 0  # messages that were taken, and are not done
        self.closed = False

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
        self.inboxes: list[Inbox[T]] = []

    async def subscribe(self) -> Inbox[T]:
        if self.closed:
            raise PubSubClosed("this broker was shut down; subscribe to a new one")
        inbox: Inbox[T] = Inbox(self.maxsize)
        self.inboxes.append(inbox)
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
