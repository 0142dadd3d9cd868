"""The subscriber's end of a subscription: everything that a reader can do, whatever the broker.

It closes well. When the broker is shut down the reader gets what is left and then `None`, as often
as it asks; `async for` just ends. `None` is never stored, so it takes no room and `join()` counts
true.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> None:
...     async with AsyncPubSub[int]() as broker:
...         inbox = await broker.subscribe()
...         for number in range(4):
...             await broker.publish(number)
...         print(await inbox.get())
...         inbox.task_done()
...         async for batch in inbox.batches():
...             print(batch)
...             inbox.close()
...         print(await inbox.get())
>>> asyncio.run(main())
0
[1, 2, 3]
None
"""

import asyncio
import weakref
from collections.abc import Generator
from functools import partial
from types import TracebackType
from typing import Self

from pubsub_lib.backlog import Backlog
from pubsub_lib.reports import SubscriptionStats


class ReadingEnd[T]:
    """A subscriber's own end of a broker. Made by a broker's `subscribe()`.

    It can be awaited (`queue = await broker.subscribe()`), used in `async with`, which leaves the
    broker at the end, and read by `async for`, which ends when the broker is shut down. If nobody
    holds it any more, and no reader waits in it, it leaves the broker by itself.

    The ends that a `Delivery` names are equal to the subscribers' own and do the same, but to hold
    one of them does not keep the subscription: else a publisher that looks at its last delivery
    would keep for ever whom nobody reads any more.

    Args:
        backlog: what the broker holds of this subscription.
        name: what to call it, in reports.
        own: whether it is the subscriber's own end, and not one for a report.
    """

    def __init__(self, backlog: Backlog[T], name: str = "", *, own: bool = True) -> None:
        self._backlog = backlog
        self._own = own
        self.name = name
        if own:
            backlog.subscription = weakref.ref(self)
            backlog.another_end = partial(type(self), name=name, own=False)

    def __del__(self) -> None:
        if self._own and not self._backlog.left:
            self._backlog.home.call_soon(self._backlog.close)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReadingEnd) and self._backlog is other._backlog

    def __hash__(self) -> int:
        return hash(self._backlog)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        state = " closed" if self.closed else ""
        return f"<{type(self).__name__}{name} {self.qsize()} of {self.maxsize}{state}>"

    async def get(self) -> T | None:
        """Wait for the next message and take it; `None` once the subscription is closed and empty.

        Cancelling it loses no message.

        Raises:
            RuntimeError: if it has to wait on another event loop than the broker's.
            Lagged: on a ring, once, if messages were missed.
        """
        backlog = self._backlog
        while not backlog.ready():
            if backlog.closed:
                backlog.tell_reader_the_end()
                return None
            await backlog.wait_for_message()
        message = backlog.take()
        backlog.unfinished += 1
        return message

    def get_nowait(self) -> T | None:
        """Take the next message; `None` once the subscription is closed and empty.

        Raises:
            asyncio.QueueEmpty: if no message is waiting and more may come.
            Lagged: on a ring, once, if messages were missed.
        """
        backlog = self._backlog
        if backlog.ready():
            message = backlog.take()
            backlog.unfinished += 1
            return message
        if not backlog.closed:
            raise asyncio.QueueEmpty
        backlog.tell_reader_the_end()
        return None

    def __aiter__(self) -> "Messages[T]":
        return Messages(self)

    def batches(self) -> "Batches[T]":
        """Read in lists, with `async for`: each holds all that waits, and at least one message.

        Asking for the next list says that every message of the last one has been handled. Each
        switch between tasks then serves a whole list, so this is the fastest way to read.
        """
        return Batches(self)

    def task_done(self) -> None:
        """Say that one message taken with `get()` has been handled. `async for` does it by itself.

        Raises:
            ValueError: if it is called more often than messages were taken.
        """
        backlog = self._backlog
        backlog.marked = True
        if backlog.unfinished and not backlog.watchers:
            backlog.unfinished -= 1
        else:
            backlog.task_done()

    async def join(self) -> None:
        """Wait until every message received has been handled (see `task_done`)."""
        await self._backlog.join()

    def close(self) -> None:
        """Leave the broker: discard what is unread and release the publishers that wait.

        Calling it twice does no harm.
        """
        self._backlog.close()

    def shutdown(self, immediate: bool = False) -> None:
        """Leave the broker; the reader gets what is left, and then `None`.

        The publishers that wait for room here are released, and go without this subscriber.

        Args:
            immediate: discard what is left.
        """
        self._backlog.leave()
        self._backlog.finish()
        if immediate:
            self._backlog.close()

    @property
    def closed(self) -> bool:
        """Whether no more messages will come in."""
        return self._backlog.closed

    @property
    def stats(self) -> SubscriptionStats:
        """What this subscription has seen so far."""
        return self._backlog.stats

    @property
    def unfinished(self) -> int:
        """How many messages were taken and not marked as done, while more may come."""
        return self._backlog.unhandled

    @property
    def maxsize(self) -> int:
        """The bound, in messages."""
        return self._backlog.maxsize

    def qsize(self) -> int:
        """Return how many messages wait to be read."""
        return self._backlog.depth

    def empty(self) -> bool:
        """Return whether no message waits to be read."""
        return not self._backlog.depth

    def full(self) -> bool:
        """Return whether there is no room for another message."""
        return self._backlog.depth >= self._backlog.maxsize

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


class Messages[T]:
    """Reads one by one in `async for`; asking for a message says that the last one was handled."""

    __slots__ = ("_backlog", "_end", "_handling")

    def __init__(self, end: ReadingEnd[T]) -> None:
        self._end = end  # or it would leave the broker when nobody else holds it
        self._backlog = end._backlog
        self._handling = False

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        if self._handling:
            self._backlog.home.call_soon(partial(self._backlog.let_go, 1))

    async def __anext__(self) -> T:
        backlog = self._backlog
        if self._handling:
            for message in backlog.in_hand:  # the quickest way to take one, if there is one
                return message
        while not backlog.ready():
            self._mark_as_done()
            if backlog.closed:
                backlog.tell_reader_the_end()
                raise StopAsyncIteration
            await backlog.wait_for_message()
        try:
            message = backlog.take()
        except BaseException:
            self._mark_as_done()
            raise
        backlog.take_in_hand()
        # One message is done and another is taken: the number being handled stays the same.
        if not self._handling:
            self._handling = True
            backlog.hand_out(1)
        return message

    def _mark_as_done(self) -> None:
        if self._handling:
            self._handling = False
            self._backlog.handled(1)


class Batches[T]:
    """Reads lists in `async for`; asking for a list says that the last one was handled."""

    __slots__ = ("_backlog", "_end", "_handling")

    def __init__(self, end: ReadingEnd[T]) -> None:
        self._end = end
        self._backlog = end._backlog
        self._handling = 0

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        if self._handling:
            self._backlog.home.call_soon(partial(self._backlog.let_go, self._handling))

    async def __anext__(self) -> list[T]:
        backlog = self._backlog
        if self._handling:
            handled, self._handling = self._handling, 0
            backlog.handled(handled)
        while not backlog.ready():
            if backlog.closed:
                backlog.tell_reader_the_end()
                raise StopAsyncIteration
            await backlog.wait_for_message()
        batch = backlog.take_all()
        self._handling = len(batch)
        backlog.hand_out(self._handling)
        return batch
