"""A subscription whose messages the server keeps until they are handled (see `jetstream`).

A reader says as always that it has handled a message: by asking for the next one in an `async for`,
or with `task_done()`. What is new is that the server hears of it. So a message has to be known by
whoever has taken it: the iterator, or for `get()` the task. A reader that goes away without a word
gives back what it had, and the server delivers that again.

>>> from pubsub_lib.nats.acknowledging import AcknowledgingSubscription
>>> AcknowledgingSubscription.task_done.__doc__.partition(".")[0]
'Acknowledge the first of the messages that this task has taken with `get()`'
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any, Protocol, Self, override

from nats.aio.msg import Msg

from pubsub_lib.backlog import Roster
from pubsub_lib.event_loop import HomeLoop
from pubsub_lib.inbox import Mailbox
from pubsub_lib.overflow import Overflow
from pubsub_lib.reading import Batches, Messages, ReadingEnd


class Supply(Protocol):
    """What brings the messages of one subscription from the server."""

    def begin(self) -> object:
        """Let messages come in, soon."""

    async def get_ready(self) -> None:
        """Return when messages come in."""

    def acknowledge(self, deliveries: Iterable[Msg]) -> None:
        """Tell the server that these were handled."""

    def give_back(self, deliveries: Iterable[Msg]) -> None:
        """Ask the server to deliver these again, to whoever reads."""

    def end(self) -> None:
        """Let nothing more come in."""


class UnacknowledgedMailbox[T](Mailbox[T]):
    """A mailbox of messages that the server keeps until they are acknowledged.

    Attributes:
        supply: where they come from.
        just_taken: what the reader has just taken, to be claimed by it at once.
    """

    __slots__ = ("_arrived", "_taken_by", "just_taken", "supply")

    supply: Supply

    def __init__(
        self,
        roster: Roster["UnacknowledgedMailbox[T]"],
        home: HomeLoop,
        *,
        maxsize: int,
        where: Callable[[T], object] | None,
    ) -> None:
        super().__init__(
            roster,  # type: ignore[arg-type]  # it takes and gives up mailboxes of this kind
            home,
            maxsize=maxsize,
            timeout=None,
            overflow=Overflow.DROP_NEWEST,
            where=where,
        )
        self.just_taken: list[Msg] = []
        self._arrived: deque[Msg] = deque()
        self._taken_by: dict[asyncio.Task[Any] | None, deque[Msg]] = {}

    def accept(self, message: T, delivery: Msg) -> bool:
        """Put in a message, and return whether there was room."""
        self._arrived.append(delivery)  # first, since a reader may be woken
        if self.offer(message):
            return True
        self._arrived.pop()
        return False

    def is_waiting(self, sequence: int) -> bool:
        """Whether the message of this number in the stream waits here to be read."""
        return any(other.metadata.sequence.stream == sequence for other in self._arrived)

    @override
    def take(self) -> T:
        message = super().take()
        self.just_taken = [self._arrived.popleft()]
        return message

    @override
    def take_all(self) -> list[T]:
        batch = super().take_all()
        self.just_taken = list(self._arrived)
        self._arrived.clear()
        return batch

    @override
    def take_in_hand(self) -> None:
        """Nothing: the server has to know of each message when it was handled."""

    @override
    def announce_reader(self) -> None:
        if not self.closed:
            self.supply.begin()

    @override
    def leave(self) -> None:
        super().leave()
        self.supply.end()

    @override
    def discard(self) -> None:
        super().discard()
        self.supply.give_back(self._arrived)
        self._arrived.clear()

    def give_back_unread(self) -> None:
        """Let the server deliver what waits here to somebody else. It can still be read here."""
        self.supply.give_back(self._arrived)

    def remember(self) -> None:
        """Note that this task has what was just taken, and will say when it was handled."""
        self._taken_by.setdefault(_this_task(), deque()).extend(self.just_taken)

    def acknowledge_one(self) -> None:
        """Acknowledge the first of what this task has taken; else the first of what any has."""
        task = _this_task()
        if task not in self._taken_by:
            if not self._taken_by:
                return  # an iterator has it, and is not asked to say so
            task = next(iter(self._taken_by))
        deliveries = self._taken_by[task]
        self.supply.acknowledge([deliveries.popleft()])
        if not deliveries:
            del self._taken_by[task]

    def take_back(self, deliveries: list[Msg]) -> None:
        """Take back what a reader has left, and let the server deliver it again."""
        self.let_go(len(deliveries))
        if not self.left:
            self.unfinished -= len(deliveries)
            self.notify_watchers()
        self.supply.give_back(deliveries)


class AcknowledgingSubscription[T](ReadingEnd[T]):
    """A subscriber's own end, through which it acknowledges. Made by `JetStreamPubSub.subscribe()`.

    Awaiting or entering it returns when messages come in. Leaving a named one lets the server keep
    what comes for it.
    """

    _backlog: UnacknowledgedMailbox[T]

    @override
    async def get(self) -> T | None:
        """Wait for the next message and take it, as `ReadingEnd.get` does."""
        message = await super().get()
        if message is not None:
            self._backlog.remember()
        return message

    @override
    def get_nowait(self) -> T | None:
        """Take the next message, as `ReadingEnd.get_nowait` does."""
        message = super().get_nowait()
        if message is not None:
            self._backlog.remember()
        return message

    @override
    def task_done(self) -> None:
        """Acknowledge the first of the messages that this task has taken with `get()`.

        If it has taken none, this is for the one that was taken first by any task.

        Raises:
            ValueError: if it is called more often than messages were taken.
        """
        super().task_done()
        if not self._backlog.left:
            self._backlog.acknowledge_one()

    @override
    def __aiter__(self) -> "AcknowledgingMessages[T]":
        return AcknowledgingMessages(self)

    @override
    def batches(self) -> "AcknowledgingBatches[T]":
        """Read in lists, as `ReadingEnd.batches` does; asking for one acknowledges the last."""
        return AcknowledgingBatches(self)

    @override
    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._backlog.supply.get_ready().__await__()
        return self

    @override
    async def __aenter__(self) -> Self:
        return await self


class AcknowledgingMessages[T](Messages[T]):
    """Reads one by one; asking for a message acknowledges the last one."""

    __slots__ = ("_claimed",)

    _backlog: UnacknowledgedMailbox[T]

    def __init__(self, end: AcknowledgingSubscription[T]) -> None:
        super().__init__(end)
        self._claimed: list[Msg] = []

    @override
    def __del__(self) -> None:
        if self._claimed:
            self._backlog.home.call_soon(partial(self._backlog.take_back, self._claimed))

    @override
    async def __anext__(self) -> T:
        claimed, self._claimed = self._claimed, []
        if claimed:
            self._backlog.supply.acknowledge(claimed)
            self._mark_as_done()
        message = await super().__anext__()
        self._claimed = self._backlog.just_taken
        return message


class AcknowledgingBatches[T](Batches[T]):
    """Reads lists; asking for a list acknowledges the last one."""

    __slots__ = ("_claimed",)

    _backlog: UnacknowledgedMailbox[T]

    def __init__(self, end: AcknowledgingSubscription[T]) -> None:
        super().__init__(end)
        self._claimed: list[Msg] = []

    @override
    def __del__(self) -> None:
        if self._claimed:
            self._backlog.home.call_soon(partial(self._backlog.take_back, self._claimed))

    @override
    async def __anext__(self) -> list[T]:
        claimed, self._claimed = self._claimed, []
        if claimed:
            self._backlog.supply.acknowledge(claimed)
        batch = await super().__anext__()
        self._claimed = self._backlog.just_taken
        return batch


def _this_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
