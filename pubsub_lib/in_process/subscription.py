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
from collections.abc import Generator, Iterator
from functools import partial
from typing import NoReturn, Self

from pubsub_lib.arguments import refuse_to_copy
from pubsub_lib.in_process.subscriber import NOTHING, Phase, SubscriberState
from pubsub_lib.reports import SubscriptionStats

A_COPY_WOULD_MARK = (
    "since it would mark as handled what it has not; read with this one, or ask for another"
)


class BaseSubscription[T]:
    """A subscriber's own end of a broker. Made by a broker's `subscribe()`.

    It can be awaited (`queue = await broker.subscribe()`), used in `async with`, which leaves the
    broker at the end, and read by `async for`, which ends when the broker is shut down. If nobody
    holds it any more, and no reader waits in it, it leaves the broker by itself.

    The ends that a `Delivery` names are equal to the subscribers' own and do the same, but to hold
    one of them does not keep the subscription: else a publisher that looks at its last delivery
    would keep for ever whom nobody reads any more.

    Args:
        state: what the broker holds of this subscription.
        own: whether it is the subscriber's own end, and not one for a report.
    """

    def __init__(self, state: SubscriberState[T], *, own: bool) -> None:
        self._state = state
        self._own = own
        self.name = state.name

    def __del__(self) -> None:
        if self._own and self._state.phase is not Phase.CLOSED:
            self._state.home.call_soon(self._state.close)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseSubscription) and self._state is other._state

    def __hash__(self) -> int:
        return hash(self._state)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a subscription cannot be copied or sent to another process, since its messages come "
            "to it alone; hand on this one, or subscribe once more"
        )

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        suffix = " closed" if self.closed else ""
        return f"<{type(self).__name__}{name} {self.qsize()} of {self.maxsize}{suffix}>"

    async def get(self) -> T | None:
        """Wait for the next message and take it; `None` once the subscription is closed and empty.

        Cancelling it loses no message.

        Raises:
            RuntimeError: if it has to wait on another event loop than the broker's.
            Lagged: on a ring, once, if messages were missed.
            Disconnected: once, at the end, if the subscriber was cut off for being too slow.
        """
        state = self._state
        while (message := state.take()) is None:
            if (reader := state.wait_for_message()) is None:
                return None
            try:
                await reader
            except BaseException:
                state.stop_waiting(reader)
                raise
        state.unfinished += 1
        return message

    def get_nowait(self) -> T | None:
        """Take the next message; `None` once the subscription is closed and empty.

        Raises:
            asyncio.QueueEmpty: if no message is waiting and more may come.
            Lagged, Disconnected: as `get`.
        """
        state = self._state
        message = state.take()
        if message is not None:
            state.unfinished += 1
            return message
        if not state.closed:
            raise asyncio.QueueEmpty
        state.tell_reader_the_end()
        return None

    def __aiter__(self) -> "MessageIterator[T]":
        return MessageIterator(self)

    def batches(self) -> "BatchIterator[T]":
        """Read in lists, with `async for`: each holds all that waits, and at least one message.

        Asking for the next list says that every message of the last one has been handled. Each
        switch between tasks then serves a whole list, so this is the fastest way to read.
        """
        return BatchIterator(self)

    def task_done(self) -> None:
        """Say that one message taken with `get()` has been handled. `async for` does it by itself.

        Raises:
            ValueError: if it is called more often than messages were taken.
        """
        state = self._state
        state.marked = True
        if state.unfinished and not state.watchers:
            state.unfinished -= 1
        else:
            state.task_done()

    async def join(self) -> None:
        """Wait until every message received has been handled (see `task_done`)."""
        await self._state.join()

    def close(self) -> None:
        """Leave the broker: discard what is unread and release the publishers that wait.

        Calling it twice does no harm.
        """
        self._state.close()

    def shutdown(self, immediate: bool = False) -> None:
        """Leave the broker; the reader gets what is left, and then `None`.

        The publishers that wait for room here are released, and go without this subscriber.

        Args:
            immediate: discard what is left.
        """
        self._state.leave()
        self._state.finish("its reader has shut it down")
        if immediate:
            self._state.close()

    @property
    def closed(self) -> bool:
        """Whether no more messages will come in."""
        return self._state.closed

    @property
    def closed_because(self) -> str:
        """Why it came to an end, in words; empty while it has not."""
        return self._state.closed_because

    @property
    def stats(self) -> SubscriptionStats:
        """What this subscription has seen so far."""
        return self._state.stats

    @property
    def unfinished(self) -> int:
        """How many messages were taken and not marked as done, while more may come."""
        return self._state.unhandled

    @property
    def maxsize(self) -> int:
        """The bound, in messages."""
        return self._state.maxsize

    def qsize(self) -> int:
        """Return how many messages wait to be read."""
        return self._state.depth

    def empty(self) -> bool:
        """Return whether no message waits to be read."""
        return not self._state.depth

    def full(self) -> bool:
        """Return whether there is no room for another message."""
        return self._state.depth >= self._state.maxsize

    def __await__(self) -> Generator[None, None, Self]:
        yield from ()
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()


class MessageIterator[T]:
    """Reads one by one in `async for`; asking for a message says that the last one was handled."""

    __slots__ = ("_end", "_handling", "_in_hand", "_state")

    def __init__(self, end: BaseSubscription[T]) -> None:
        self._end = end  # or it would leave the broker when nobody else holds it
        self._state = end._state
        self._in_hand: Iterator[T] = NOTHING  # the state's, or one that was put back and is empty
        self._handling = False

    def __aiter__(self) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        refuse_to_copy(type(self), A_COPY_WOULD_MARK)

    def __del__(self) -> None:
        if self._handling:
            self._state.home.call_soon(partial(self._state.let_go, 1))

    async def __anext__(self) -> T:
        for message in self._in_hand:  # the quickest way to take one, if there is one
            return message
        state = self._state
        try:
            while (taken := state.take()) is None:
                self._mark_as_done()
                if (reader := state.wait_for_message()) is None:
                    raise StopAsyncIteration
                self._in_hand = NOTHING  # who waits keeps nothing alive that it has read
                try:
                    await reader
                except BaseException:
                    state.stop_waiting(reader)
                    raise
        except BaseException:
            self._mark_as_done()
            raise
        state.take_in_hand()
        self._in_hand = state.in_hand
        # One message is done and another is taken: the number being handled stays the same.
        if not self._handling:
            self._handling = True
            state.hand_out(1)
        return taken

    def _mark_as_done(self) -> None:
        if self._handling:
            self._handling = False
            self._state.handled(1)


class BatchIterator[T]:
    """Reads lists in `async for`; asking for a list says that the last one was handled."""

    __slots__ = ("_end", "_handling", "_state")

    def __init__(self, end: BaseSubscription[T]) -> None:
        self._end = end
        self._state = end._state
        self._handling = 0

    def __aiter__(self) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        refuse_to_copy(type(self), A_COPY_WOULD_MARK)

    def __del__(self) -> None:
        if self._handling:
            self._state.home.call_soon(partial(self._state.let_go, self._handling))

    async def __anext__(self) -> list[T]:
        state = self._state
        if self._handling:
            handled, self._handling = self._handling, 0
            state.handled(handled)
        while not (batch := state.take_all()):
            if (reader := state.wait_for_message()) is None:
                raise StopAsyncIteration
            try:
                await reader
            except BaseException:
                state.stop_waiting(reader)
                raise
        # Beside what another task has taken by this iterator meanwhile.
        self._handling += len(batch)
        state.hand_out(len(batch))
        return batch
