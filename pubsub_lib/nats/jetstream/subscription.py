"""A subscription whose messages the server keeps until they are handled (see `jetstream`).

A reader says as always that it has handled a message: by asking for the next one in an `async for`,
or with `task_done()`. What is new is that the server hears of it. So a message has to be known by
whoever has taken it: the iterator, or for `get()` the task. A reader that fails says so with
`task_failed()`, or goes away without a word; the server then delivers again what it had, later each
time.

>>> from pubsub_lib.nats.jetstream.subscription import JetStreamSubscription
>>> JetStreamSubscription.task_done.__doc__.partition(".")[0]
'Acknowledge the first of the messages that this task has taken with `get()`'
"""

from collections.abc import Callable, Generator
from typing import Any, Self, override

from nats.aio.msg import Msg

from pubsub_lib.arguments import truth_of
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.inbox import InboxState
from pubsub_lib.in_process.subscriber import Phase
from pubsub_lib.in_process.subscribers import Subscribers
from pubsub_lib.in_process.subscription import BaseSubscription
from pubsub_lib.nats.headers import given_headers
from pubsub_lib.nats.jetstream.envelopes import Envelopes, this_task
from pubsub_lib.nats.jetstream.iterators import (
    AcknowledgingBatchIterator,
    AcknowledgingMessageIterator,
)
from pubsub_lib.nats.jetstream.outcomes import Outcomes
from pubsub_lib.nats.jetstream.position import numbers_of
from pubsub_lib.nats.jetstream.supply import Supply
from pubsub_lib.overflow import Overflow

LEFT_BY_ITS_READER = "its reader left it without a word"


class JetStreamInboxState[T](InboxState[T]):
    """What waits for one subscriber, while the server keeps it until it is acknowledged.

    Attributes:
        supply: where the messages come from.
        outcomes: tells the server what became of them.
        envelopes: what the server has to be told of, when it was handled.
    """

    __slots__ = ("envelopes", "outcomes", "supply")

    def __init__(
        self,
        subscribers: Subscribers["JetStreamInboxState[T]"],
        home: HomeLoop,
        supply: Supply,
        outcomes: Outcomes,
        envelopes: Envelopes,
        *,
        name: str,
        where: Callable[[T], object] | None,
        maxsize: int,
    ) -> None:
        super().__init__(
            subscribers,  # type: ignore[arg-type]  # it takes and gives up states of this kind
            home,
            name=name,
            where=where,
            maxsize=maxsize,
            timeout=None,
            overflow=Overflow.DROP_NEWEST,
        )
        self.supply = supply
        self.outcomes = outcomes
        self.envelopes = envelopes

    @override
    def end(self, *, own: bool) -> "JetStreamSubscription[T]":
        return JetStreamSubscription(self, own=own)

    def is_wanted(self, message: T) -> bool:
        """Whether the subscriber asked for such a message.

        Raises:
            BaseException: what its filter raises.
        """
        return self.where is None or truth_of(self.where(message))

    def accept(self, message: T, envelope: Msg, sequence: int, *, is_copy: bool) -> None:
        """Put in a message.

        It is the server that bounds how many there are. It may send more than `maxsize` where
        another reader of the name has allowed more, or what waits here is of a stream that it no
        longer has. Without an answer they would all come again, and only after `ack_wait`.
        """
        # First, since a reader may be woken.
        self.envelopes.put(envelope, sequence, is_copy=is_copy)
        if not self.offer(message):
            self._put_in([message], 0, 1)

    @override
    def take(self) -> T | None:
        message = super().take()
        if message is not None:
            self.envelopes.take()
        return message

    @override
    def take_all(self) -> list[T]:
        batch = super().take_all()
        if batch:
            self.envelopes.take_all()
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
    def discard(self) -> object:
        discarded = super().discard()
        # What an iterator has it acknowledges, or gives back, by itself.
        self.retry(self.envelopes.taken_by_tasks(), LEFT_BY_ITS_READER)
        self.outcomes.give_back(self.envelopes.give_up_waiting())
        return discarded

    def lose(self, count: int) -> None:
        """Count messages as dropped that will not come, and report them."""
        if count:
            self.dropped += count
            self.outcomes.report_lost(count)

    def orphan(self) -> None:
        """Note that the server no longer has what waits here or is being handled.

        So it cannot deliver it again; and if it has another message of the same number, that is not
        to be answered in its place.
        """
        self.envelopes.orphan()

    def give_back(self) -> None:
        """Let the server deliver to somebody else all that is not acknowledged.

        It can still be read and handled here.
        """
        self.outcomes.give_back(self.envelopes.all())

    def acknowledge(self, envelopes: list[Msg]) -> None:
        """Tell the server that these were handled."""
        known = [each for each in envelopes if not self.envelopes.is_orphan(each)]
        self.envelopes.forget(envelopes)
        self.envelopes.note_acknowledged(known)
        for place in self.envelopes.copies_of(known):  # nobody has to handle these as well
            self.envelopes.drop(place)
            del self.messages[place]
        self.outcomes.acknowledge(known)

    def acknowledge_one(self) -> None:
        """Acknowledge the first of what this task has taken; else the first of what any has."""
        envelope = self.envelopes.to_acknowledge(this_task())
        if envelope is not None:
            self.acknowledge([envelope])

    def retry(self, envelopes: list[Msg], reason: str) -> None:
        """Let the server deliver again what could not be handled."""
        self.outcomes.retry(envelopes, reason)
        self.envelopes.forget(envelopes)

    def take_back(self, envelopes: list[Msg]) -> None:
        """Take back what an iterator was left with, and let the server deliver it again."""
        if self.phase is not Phase.CLOSED:
            self.unfinished -= len(envelopes)
            self.notify_watchers()
        self.retry(self.envelopes.held(envelopes), LEFT_BY_ITS_READER)


class JetStreamSubscription[T](BaseSubscription[T]):
    """A subscriber's own end, through which it acknowledges. Made by `JetStreamPubSub.subscribe()`.

    Awaiting or entering it returns when messages come in. Leaving a named one lets the server keep
    what comes for it.
    """

    _state: JetStreamInboxState[T]

    @override
    async def get(self) -> T | None:
        """Wait for the next message and take it, as `BaseSubscription.get` does."""
        message = await super().get()
        if message is not None:
            self._state.envelopes.claim(this_task())
        return message

    @override
    def get_nowait(self) -> T | None:
        """Take the next message, as `BaseSubscription.get_nowait` does."""
        message = super().get_nowait()
        if message is not None:
            self._state.envelopes.claim(this_task())
        return message

    @override
    def task_done(self) -> None:
        """Acknowledge the first of the messages that this task has taken with `get()`.

        If it has taken none, this is for the one that was taken first by any task.

        Raises:
            ValueError: if it is called more often than messages were taken.
        """
        super().task_done()
        if self._state.phase is not Phase.CLOSED:
            self._state.acknowledge_one()

    def task_failed(self, error: BaseException | str) -> None:
        """Give back what this task has taken and could not handle: it is delivered again, later.

        In an `async for` this is the message at hand, or the whole list, and asking for the next
        one goes on. With `get()` it takes the place of `task_done()`, and is for the same message.

        Args:
            error: why it failed.

        Raises:
            ValueError: if there is nothing that was taken and not handled.
        """
        state = self._state
        taken = state.envelopes.last_taken(this_task())
        if taken is None:
            if state.phase is Phase.CLOSED:
                return  # what was taken went back when it was closed
            raise ValueError("task_failed() is for a message that was taken and is not handled")
        reason = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        if taken.iterator is not None:
            state.retry(state.envelopes.taken_with(taken.iterator), reason)
            return
        super().task_done()
        envelope = state.envelopes.to_acknowledge(this_task())
        assert envelope is not None
        state.retry([envelope], reason)

    @property
    def tries(self) -> int:
        """How often the server has delivered what this task is handling: 1 at the first try.

        It is that of the message which this task has taken last, or else any task; 0 if all is
        handled.
        """
        taken = self._state.envelopes.last_taken(this_task())
        return 0 if taken is None else numbers_of(taken.envelope)[3]

    @property
    def headers(self) -> dict[str, str]:
        """What its publisher has given with the message that this task is handling.

        It is that of the message which this task has taken last, or else any task; none if all is
        handled.
        """
        taken = self._state.envelopes.last_taken(this_task())
        return {} if taken is None else given_headers(taken.envelope.headers)

    @override
    def __aiter__(self) -> "AcknowledgingMessageIterator[T]":
        return AcknowledgingMessageIterator(self)

    @override
    def batches(self) -> "AcknowledgingBatchIterator[T]":
        """Read in lists, as every subscription does; asking for one acknowledges the last."""
        return AcknowledgingBatchIterator(self)

    @override
    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._state.supply.get_ready().__await__()
        return self

    @override
    async def __aenter__(self) -> Self:
        return await self

    @override
    async def __aexit__(self, *exc_info: object) -> None:
        self.close()
        await self._state.supply.ended()
