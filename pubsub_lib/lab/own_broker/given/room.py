"""Your own broker after notebook 05: one wait for all who are full, and a policy for who stays so.

New: `Inbox`, a queue with a line of messages that wait for room. `publish()` puts its message in
every line at once, and waits for all of them together; `overflow` decides about those in which it
found no room.

>>> async def main() -> None:
...     broker = MyBroker[int](maxsize=1, timeout=0.5, overflow=Overflow.DROP_OLDEST)
...     inbox = await broker.subscribe()
...     print(await broker.publish(1))
...     print((await broker.publish(2)).dropped, inbox.get_nowait())
>>> asyncio.run(main())
Delivery(delivered=1, missed_by=())
1 2
"""

import asyncio
from collections import deque

from pubsub_lib import Delivery, Overflow, PubSubFull


class Inbox[T](asyncio.Queue[T | None]):
    """A bounded queue with a line for who waits for room."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self.line: deque[tuple[T, asyncio.Future[None]]] = deque()

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
        message = super().get_nowait()
        self._admit()
        return message

    def displace_for(self, ticket: asyncio.Future[None]) -> None:
        while not ticket.done():  # whoever is before it in line comes in before it
            self.get_nowait()
            self.task_done()


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
        self.inboxes: list[Inbox[T]] = []

    async def subscribe(self) -> Inbox[T]:
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

    async def shutdown(self) -> None:
        for inbox in self.inboxes:
            await inbox.put(None)
