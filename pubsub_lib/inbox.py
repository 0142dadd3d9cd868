"""One subscriber's end of the broker: a bounded queue that knows how to close.

An `Inbox` is an `asyncio.Queue` to whoever reads it, so everything written for a queue works on it.
What it adds is closing: when its broker is shut down, the reader gets what is left and then `None`,
as often as it asks. `None` is never stored, so it takes no room and `join()` counts true.

A message that finds the inbox full does not wake up later and try again. It lines up, as a
`Publication`, and whoever makes room puts it in: nobody can slip in between, and a cancelled
publisher just leaves the line.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> list[int]:
...     async with AsyncPubSub[int]() as broker:
...         inbox = await broker.subscribe()
...         for number in range(3):
...             await broker.publish(number)
...         inbox.shutdown()
...         return [number async for number in inbox]
>>> asyncio.run(main())
[0, 1, 2]
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterable
from types import TracebackType
from typing import NamedTuple, Self

from pubsub_lib.errors import PubSubClosed
from pubsub_lib.event_loop import LoopBound


class InboxStats(NamedTuple):
    """What one inbox has seen so far, in messages."""

    received: int  #: put in the inbox
    dropped: int  #: given up because the inbox stayed full
    depth: int  #: waiting to be read now
    high_water_mark: int  #: the most that ever waited at once


class Publication[T]:
    """One message in line for the inboxes that had no room for it.

    Attributes:
        message: what waits.
        delivered: the number of these inboxes that have taken it.
        dropped: the number of these inboxes that stayed full.
        settled: done when no inbox is waited for any more.
    """

    __slots__ = ("_inboxes", "delivered", "dropped", "message", "settled")

    def __init__(
        self, message: T, inboxes: Iterable["Inbox[T]"], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.message = message
        self.delivered = 0
        self.dropped = 0
        self.settled: asyncio.Future[None] = loop.create_future()
        self._inboxes = list(inboxes)
        for inbox in self._inboxes:
            inbox.line_up(self)

    def left(self, inbox: "Inbox[T]", *, delivered: bool) -> None:
        """Note that one inbox is no longer waited for: it took the message, or it was closed."""
        self.delivered += delivered
        self._inboxes.remove(inbox)
        if not self._inboxes and not self.settled.done():
            self.settled.set_result(None)

    def give_up(self) -> None:
        """Leave every line; the inboxes still full count the message as dropped."""
        for inbox in self._inboxes:
            inbox.leave_line(self)
        self.dropped += len(self._inboxes)
        self._inboxes.clear()
        if not self.settled.done():
            self.settled.set_result(None)


class Inbox[T](LoopBound, asyncio.Queue[T | None]):
    """A subscriber's own bounded queue of messages.

    Created by a broker's `subscribe()`. It can be awaited (`queue = await broker.subscribe()`),
    used in `async with`, which leaves the broker at the end, and read by `async for`, which ends
    when the broker is shut down.

    Args:
        maxsize: the bound, in messages; at least 1.
        leave: called with this inbox when it takes no more messages.
    """

    # Inherited for its type alone: every public method is replaced; closing needs nothing private.
    def __init__(self, maxsize: int, leave: Callable[["Inbox[T]"], None]) -> None:
        self._maxsize = maxsize
        self._leave = leave
        self._messages: deque[T] = deque()
        self._line: deque[Publication[T]] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._watchers: list[asyncio.Future[None]] = []
        self._received = 0
        self._dropped = 0
        self._done = 0
        self._high_water_mark = 0
        self._closed = False
        self._left = False
        self._reader_knows = False

    def __repr__(self) -> str:
        state = " closed" if self._closed else ""
        return f"<{type(self).__name__} {len(self._messages)} of {self._maxsize}{state}>"

    __str__ = __repr__  # the inherited one shows the private parts that an inbox does not have

    # What the subscriber does.

    async def get(self) -> T | None:
        """Wait for the next message and take it; `None` once the inbox is closed and empty.

        Cancelling it loses no message.

        Raises:
            RuntimeError: if it has to wait on another event loop than the one it was first used on.
        """
        while not self._messages:
            if self._closed:
                self._reader_knows = True
                self._notify_watchers()
                return None
            reader = self.bind().create_future()
            self._readers.append(reader)
            try:
                await reader
            except BaseException:
                if reader in self._readers:
                    self._readers.remove(reader)
                elif self._messages:
                    self._wake_reader()  # this one was woken for a message that it will not take
                raise
        return self._take()

    def get_nowait(self) -> T | None:
        """Take the next message; `None` once the inbox is closed and empty.

        Raises:
            asyncio.QueueEmpty: if no message is waiting and more may come.
        """
        if self._messages:
            return self._take()
        if not self._closed:
            raise asyncio.QueueEmpty
        self._reader_knows = True
        self._notify_watchers()
        return None

    def task_done(self) -> None:
        """Say that one message taken with `get()` has been handled. `async for` does it by itself.

        Raises:
            ValueError: if it is called more often than messages were received.
        """
        if self._left:
            return
        if self._done >= self._received:
            raise ValueError("task_done() called more often than messages were received")
        self._done += 1
        if self._done == self._received:
            self._notify_watchers()

    async def join(self) -> None:
        """Wait until every message received has been handled (see `task_done`)."""
        await self._watch(lambda: self._done == self._received)

    def close(self) -> None:
        """Leave the broker: discard what is unread and release the publishers that wait.

        Calling it twice does no harm.
        """
        self.shutdown()
        self._left = True
        self._messages.clear()
        self._done = self._received
        self._notify_watchers()

    def shutdown(self, immediate: bool = False) -> None:
        """Take no more messages; the reader gets what is left, and then `None`.

        The publishers that wait for room here are released, and go without this inbox.

        Args:
            immediate: discard what is left.
        """
        self.finish()
        self._leave(self)
        while self._line:
            self._line.popleft().left(self, delivered=False)
        if immediate:
            self.close()

    async def drained(self) -> None:
        """Wait until all is marked as done, or the reader was told that no more will come."""
        await self._watch(
            lambda: not self._messages and (self._done == self._received or self._reader_knows)
        )

    @property
    def stats(self) -> InboxStats:
        """What this inbox has seen so far."""
        return InboxStats(self._received, self._dropped, len(self._messages), self._high_water_mark)

    @property
    def closed(self) -> bool:
        """Whether no more messages will come in."""
        return self._closed

    @property
    def maxsize(self) -> int:
        """The bound, in messages."""
        return self._maxsize

    @property
    def unfinished(self) -> int:
        """How many messages were taken and not marked as done, while more may come."""
        return 0 if self._reader_knows else self._received - self._done - len(self._messages)

    def qsize(self) -> int:
        """Return how many messages wait to be read."""
        return len(self._messages)

    def empty(self) -> bool:
        """Return whether no message waits to be read."""
        return not self._messages

    def full(self) -> bool:
        """Return whether there is no room for another message."""
        return len(self._messages) >= self._maxsize

    def __await__(self) -> Generator[None, None, Self]:
        yield from ()
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> "InboxIterator[T]":
        return InboxIterator(self)

    # What the broker does.

    def offer(self, message: T) -> bool:
        """Put the message in if there is room, and return whether there was."""
        depth = len(self._messages)
        if depth >= self._maxsize:
            return False
        self._messages.append(message)
        self._received += 1
        if depth >= self._high_water_mark:
            self._high_water_mark = depth + 1
        if self._readers:
            self._wake_reader()
        return True

    async def put(self, message: T | None) -> None:
        """Put a message in this inbox alone, waiting for room as long as it takes.

        Raises:
            TypeError: if the message is `None`, which would end the reader.
            PubSubClosed: if the inbox takes no more messages, or is closed meanwhile.
        """
        message = self._checked(message)
        if not self.offer(message):
            publication = Publication(message, [self], self.bind())
            try:
                await publication.settled
            finally:
                publication.give_up()
            if not publication.delivered:
                raise PubSubClosed("the inbox was closed while a message waited for room in it")

    def put_nowait(self, message: T | None) -> None:
        """Put a message in this inbox alone.

        Raises:
            asyncio.QueueFull: if there is no room.
            TypeError: if the message is `None`, which would end the reader.
            PubSubClosed: if the inbox takes no more messages.
        """
        if not self.offer(self._checked(message)):
            raise asyncio.QueueFull

    def finish(self) -> None:
        """Take no more messages, and wake the readers that wait, to let them know."""
        self._closed = True
        while self._readers:
            self._wake_reader()

    def line_up(self, publication: Publication[T]) -> None:
        """Let a message wait for room, behind those that wait already."""
        self._line.append(publication)

    def leave_line(self, publication: Publication[T]) -> None:
        """Count a message as dropped that has waited long enough."""
        self._line.remove(publication)
        self._dropped += 1

    def release_line(self) -> None:
        """Drop every message that waits for room."""
        for publication in list(self._line):
            publication.give_up()

    def _checked(self, message: T | None) -> T:
        if message is None:
            raise TypeError("None cannot be sent: it tells a reader that nothing more will come")
        if self._closed:
            raise PubSubClosed("this inbox takes no more messages; subscribe again")
        return message

    def _take(self) -> T:
        message = self._messages.popleft()
        if self._line:
            publication = self._line.popleft()
            self.offer(publication.message)
            publication.left(self, delivered=True)
        return message

    def _wake_reader(self) -> None:
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():
                reader.set_result(None)
                break

    async def _watch(self, condition: Callable[[], bool]) -> None:
        while not condition():
            watcher = self.bind().create_future()
            self._watchers.append(watcher)
            try:
                await watcher
            finally:
                if watcher in self._watchers:
                    self._watchers.remove(watcher)

    def _notify_watchers(self) -> None:
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)


class InboxIterator[T]:
    """Reads an inbox in `async for`; asking for a message says that the last one was handled."""

    __slots__ = ("_handling", "_inbox")

    def __init__(self, inbox: Inbox[T]) -> None:
        self._inbox = inbox
        self._handling = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        inbox = self._inbox
        if self._handling:
            self._handling = False
            inbox.task_done()
        message = await inbox.get()
        if message is None:
            raise StopAsyncIteration
        self._handling = True
        return message
