"""An inbox for each subscriber: a bounded queue, and the line of those who wait for room in it.

An `Inbox` is an `asyncio.Queue` to whoever reads it, so everything written for a queue works on it.

A message that finds the inbox full does not wake up later and try again. It lines up, as a
`WaitingPublish`, and whoever makes room puts it in: nobody can slip in between, and a cancelled
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
from collections.abc import Callable, Iterable
from operator import length_hint
from typing import assert_never, override

from pubsub_lib.errors import PubSubClosed
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import NOTHING, Phase, Subscribers, SubscriberState
from pubsub_lib.in_process.subscription import BaseSubscription
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import Delivery


class InboxState[T](SubscriberState[T]):
    """The broker's side of an inbox: messages up to a bound, and the line before it.

    Attributes:
        messages: what waits to be read, and is not in hand.
        timeout: how long a publish may wait for room, in seconds; `None` for ever.
        overflow: what to do then.
        taken: how many messages were taken, or are in hand.
    """

    __slots__ = (
        "_limit",
        "_line",
        "_maxsize",
        "_subscribers",
        "messages",
        "overflow",
        "taken",
        "timeout",
    )

    def __init__(
        self,
        subscribers: Subscribers["InboxState[T]"],
        home: HomeLoop,
        *,
        name: str,
        where: Callable[[T], object] | None,
        maxsize: int,
        timeout: float | None,
        overflow: Overflow,
    ) -> None:
        super().__init__(home, name=name, where=where)
        self.messages: deque[T] = deque()
        self.timeout = timeout
        self.overflow = overflow
        self.taken = 0
        self._subscribers = subscribers
        self._maxsize = maxsize
        # How many may lie in `messages` before a look at everything: while some are in hand, so few
        # that no more wait than ever before; and 0 once the subscriber has left.
        self._limit = maxsize
        self._line: deque[WaitingPublish[T]] = deque()

    def wants(self, message: T) -> bool:
        """Whether the subscriber asked for such a message. If its filter raises, it is closed."""
        try:
            return self.where is None or bool(self.where(message))
        except Exception as error:
            self.fail(error)
            return False

    def offer(self, message: T) -> bool:
        """Put the message in if there is room, and return whether there was."""
        messages = self.messages
        if len(messages) >= self._limit:
            self.put_back()
            messages = self.messages
            if len(messages) >= self._limit:
                return False
        messages.append(message)
        if self.readers:
            self.wake_reader()
        return True

    @override
    def end(self, *, own: bool) -> BaseSubscription[T]:
        return Inbox(self, own=own)

    @property
    @override
    def depth(self) -> int:
        return len(self.messages) + length_hint(self.in_hand)

    @property
    @override
    def received(self) -> int:
        return self.taken + len(self.messages)

    @property
    @override
    def maxsize(self) -> int:
        return self._maxsize

    @override
    def ready(self) -> bool:
        return bool(self.messages) or length_hint(self.in_hand) > 0

    @override
    def take(self) -> T:
        if self.in_hand is not NOTHING:
            self.put_back()
        messages = self.messages
        if len(messages) > self.high_water_mark:
            self.high_water_mark = len(messages)
        message = messages.popleft()
        self.taken += 1
        if self._line:
            self._admit()
        return message

    @override
    def take_in_hand(self) -> None:
        if self.messages and not self._line:
            self.in_hand = iter(self.messages)
            self.taken += len(self.messages)
            self._limit = min(self._limit, self.high_water_mark) - len(self.messages)
            self.messages = deque()

    @override
    def put_back(self) -> None:
        if self.in_hand is not NOTHING:
            rest = deque(self.in_hand)
            self.in_hand = NOTHING
            self.taken -= len(rest)
            rest.extend(self.messages)
            self.messages = rest
            self._limit = self._maxsize if self.in_use else 0
            self.high_water_mark = max(self.high_water_mark, len(rest))

    @override
    def take_all(self) -> list[T]:
        self.put_back()
        batch = list(self.messages)
        self.messages.clear()
        self.high_water_mark = max(self.high_water_mark, len(batch))
        self.taken += len(batch)
        if self._line:
            self._admit()
        return batch

    @override
    def leave(self) -> None:
        self.advance(Phase.LEFT)
        self._limit = 0
        self._subscribers.leave(self)
        while self._line:
            self._line.popleft().passed_over(self)

    @override
    def discard(self) -> None:
        self.put_back()
        self.high_water_mark = max(self.high_water_mark, len(self.messages))
        self.taken += len(self.messages)
        self.messages.clear()

    # The line of those that wait for room.

    def line_up(self, waiting_publish: "WaitingPublish[T]") -> None:
        """Let a message wait for room, behind those that wait already."""
        self._line.append(waiting_publish)

    def give_up(self, waiting_publish: "WaitingPublish[T]") -> None:
        """Count a message in the line as dropped."""
        self._line.remove(waiting_publish)
        self.dropped += 1
        waiting_publish.missed(self)

    def release_line(self) -> None:
        """Drop every message that waits for room."""
        for waiting_publish in list(self._line):
            self.give_up(waiting_publish)

    def overflowed(self, waiting_publish: "WaitingPublish[T]") -> None:
        """Apply the overflow policy, for a message in the line that has waited long enough."""
        match self.overflow:
            case Overflow.DROP_NEWEST | Overflow.RAISE:
                self.give_up(waiting_publish)
            case Overflow.DROP_OLDEST:
                self._displace_for(waiting_publish)
            case Overflow.DISCONNECT:
                self.release_line()
                self.finish()
                self.leave()
            case _:
                assert_never(self.overflow)

    def _displace_for(self, waiting_publish: "WaitingPublish[T]") -> None:
        """Put the line in, up to this message, in the place of the oldest messages."""
        head = None
        while head is not waiting_publish:
            head = self._line.popleft()
            self.messages.popleft()
            self.dropped += 1
            self.messages.append(head.message)
            head.admitted(self, displacing=True)

    def _admit(self) -> None:
        while self._line and self.offer(self._line[0].message):
            self._line.popleft().admitted(self)


class Inboxes[T](Subscribers[InboxState[T]]):
    """The inboxes of all subscribers, to which a message is given at once."""

    def offer(self, message: T) -> "tuple[Delivery, list[InboxState[T]]]":
        """Put the message where there is room; return to how many it goes, and who is full."""
        self.accepted += 1
        states, wanted_by = self.states, self.everybody
        if self.filtered:
            wanting = [state for state in states if state.wants(message)]
            # Again, because a filter may have closed any of them.
            states = [state for state in wanting if state.in_use]
            wanted_by = Delivery(len(states))
        return wanted_by, [state for state in states if not state.offer(message)]


class WaitingPublish[T]:
    """One message in line for the inboxes that had no room for it.

    Attributes:
        message: what waits.
        delivered: the number of these inboxes that have taken it.
        missed_by: those that lost a message to it: this one, or their oldest.
        refused: whether one of those that missed it wants that to be an error.
    """

    __slots__ = ("_mailboxes", "_settled", "delivered", "message", "missed_by", "refused")

    def __init__(self, message: T, states: Iterable[InboxState[T]]) -> None:
        self.message = message
        self.delivered = 0
        self.missed_by: list[InboxState[T]] = []
        self.refused = False
        self._settled: asyncio.Future[None] | None = None
        self._mailboxes = list(states)
        for state in self._mailboxes:
            state.line_up(self)

    async def settle(self, loop: asyncio.AbstractEventLoop, *, patient: bool = False) -> None:
        """Wait until no inbox is waited for any more, each up to its time-out, if not `patient`.

        Cancelling it withdraws the message from the inboxes that are still full.
        """
        if not self._mailboxes:
            return  # there was room before anybody waited
        timeouts = set() if patient else {state.timeout for state in self._mailboxes}
        timers = [
            # At 0 the overflow comes after whatever can run now, so that readers have their turn.
            loop.call_later(timeout, self.expire, timeout)
            if timeout
            else loop.call_soon(self.expire, timeout)
            for timeout in timeouts - {None}
        ]
        self._settled = loop.create_future()
        try:
            await self._settled
        finally:
            for timer in timers:
                timer.cancel()
            for state in list(self._mailboxes):
                state.give_up(self)

    def expire(self, timeout: float | None) -> None:
        """Apply the overflow policy of the inboxes that were to be waited for so long."""
        self._overflow(state for state in self._mailboxes if state.timeout == timeout)

    def overflow(self) -> None:
        """Apply the overflow policy of every inbox that is still full."""
        self._overflow(self._mailboxes)

    def _overflow(self, states: Iterable[InboxState[T]]) -> None:
        for state in list(states):
            state.overflowed(self)

    def admitted(self, state: InboxState[T], *, displacing: bool = False) -> None:
        """Note that one inbox has taken the message, perhaps in the place of an older one."""
        self.delivered += 1
        if displacing:
            self.missed_by.append(state)
        self.passed_over(state)

    def missed(self, state: InboxState[T]) -> None:
        """Note that one inbox stayed full."""
        self.missed_by.append(state)
        self.refused = self.refused or state.overflow is Overflow.RAISE
        self.passed_over(state)

    def passed_over(self, state: InboxState[T]) -> None:
        """Note that one inbox is no longer waited for."""
        self._mailboxes.remove(state)
        if not self._mailboxes and self._settled is not None and not self._settled.done():
            self._settled.set_result(None)


class Inbox[T](BaseSubscription[T], asyncio.Queue[T | None]):
    """A subscriber's own bounded queue of messages. Made by `AsyncPubSub.subscribe()`."""

    # asyncio.Queue is inherited for its type alone: every public method is replaced.
    _state: InboxState[T]

    __str__ = BaseSubscription.__repr__  # the queue's own shows private parts that an inbox has not

    @override
    async def get(self) -> T | None:
        """Wait for the next message and take it, as `BaseSubscription.get` does."""
        state = self._state
        if not state.messages:
            return await super().get()
        state.unfinished += 1
        return state.take()

    async def put(self, message: T | None) -> None:
        """Put a message in this inbox alone, waiting for room as long as it takes.

        Raises:
            TypeError: if the message is `None`, which would end the reader.
            PubSubClosed: if the inbox takes no more messages, or is closed meanwhile.
        """
        state = self._state
        message = self._checked(message)
        if not state.offer(message):
            loop = state.home.check()
            waiting_publish = WaitingPublish(message, [state])
            await waiting_publish.settle(loop, patient=True)
            if not waiting_publish.delivered:
                raise PubSubClosed("the inbox was closed while a message waited for room in it")

    def put_nowait(self, message: T | None) -> None:
        """Put a message in this inbox alone.

        Raises:
            asyncio.QueueFull: if there is no room.
            TypeError: if the message is `None`, which would end the reader.
            PubSubClosed: if the inbox takes no more messages.
        """
        if not self._state.offer(self._checked(message)):
            raise asyncio.QueueFull

    def _checked(self, message: T | None) -> T:
        if message is None:
            raise TypeError("None cannot be sent: it tells a reader that nothing more will come")
        if self.closed:
            raise PubSubClosed("this inbox takes no more messages; subscribe again")
        return message
