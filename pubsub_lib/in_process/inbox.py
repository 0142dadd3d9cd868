"""An inbox for each subscriber: a bounded queue, and the line of those who wait for room in it.

An `Inbox` is an `asyncio.Queue` to whoever reads it, so everything written for a queue works on it.

A message that finds the inbox full does not wake up later and try again. It lines up, and whoever
makes room puts it in: nobody can slip in between, and a cancelled publisher just leaves the line.
Many messages of one publish get in together, at the next turn of the event loop or as soon as
anybody looks, as far as there is room by then.

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
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from operator import length_hint
from typing import assert_never, override

from pubsub_lib.arguments import truth_of
from pubsub_lib.errors import Disconnected, PubSubClosed
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.inbox_line import Place, WaitingPublish
from pubsub_lib.in_process.subscriber import (
    FILTER_ERRORS,
    NOTHING,
    Phase,
    SubscriberState,
)
from pubsub_lib.in_process.subscribers import Subscribers
from pubsub_lib.in_process.subscription import BaseSubscription
from pubsub_lib.overflow import Overflow

logger = logging.getLogger(__name__)


class InboxState[T](SubscriberState[T]):
    """The broker's side of an inbox: messages up to a bound, and the line before it.

    Attributes:
        messages: what waits to be read, and is not in hand.
        timeout: how long a publish may wait for room, in seconds; `None` for ever.
        overflow: what to do then.
        taken: how many messages were taken, or are in hand.
        given_up: whether a publish has waited for it in vain, and no reader has come since: then
            the next one does not wait again.
    """

    __slots__ = (
        "_limit",
        "_line",
        "_line_moves_soon",
        "_maxsize",
        "_subscribers",
        "given_up",
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
        self.given_up = False
        self._subscribers = subscribers
        self._maxsize = maxsize
        # How many may lie in `messages` before a look at everything: while some are in hand, so few
        # that no more wait than ever before; and none while there is a line, or once the subscriber
        # has left.
        self._limit = maxsize
        self._line: list[Place[T]] = []  # no deque, which takes ten times the memory when empty
        self._line_moves_soon = False  # whether the event loop will see to it

    def wants(self, message: T) -> bool:
        """Whether the subscriber asked for such a message. If its filter raises, it is closed."""
        try:
            answer = self.where is None or self.where(message)
            return answer if answer is True or answer is False else truth_of(answer)
        except FILTER_ERRORS as error:
            self.fail(error)
            return False

    def wanted_of(self, messages: Sequence[T]) -> tuple[Sequence[int], BaseException | None]:
        """Return which of these the subscriber asked for, and what its filter raised on the next.

        It is for the caller to close it then, once those before it are in.
        """
        if self.where is None:
            return range(len(messages)), None
        wanted: list[int] = []
        for number, message in enumerate(messages):
            try:
                if truth_of(self.where(message)):
                    wanted.append(number)
            except FILTER_ERRORS as error:
                return wanted, error
        return wanted, None

    def offer(self, message: T) -> bool:
        """Put the message in if there is room, and return whether there was."""
        messages = self.messages
        if len(messages) >= self._limit:
            self.home.free_later(self.put_back())
            messages = self.messages
            if len(messages) >= self._limit:
                return False
        messages.append(message)
        if self.readers:
            self.wake_reader()
        return True

    def offer_some(self, messages: Sequence[T]) -> int:
        """Put in as many as there is room for, and return how many those were."""
        count = len(messages)
        if self._limit - len(self.messages) < count:
            self.home.free_later(self.put_back())
            count = max(min(count, self._limit - len(self.messages)), 0)
        if count:
            self._put_in(messages, 0, count)
        return count

    def _put_in(self, messages: Sequence[T], start: int, count: int) -> None:
        all_of_them = count == len(messages)
        self.messages.extend(messages if all_of_them else messages[start : start + count])
        for _ in range(min(count, len(self.readers))):
            self.wake_reader()

    def replay(self, messages: Sequence[T]) -> None:
        """Put in earlier messages, those that are wanted, before what has come since it joined."""
        numbers, failure = self.wanted_of(messages)
        wanted = [messages[number] for number in numbers]
        if self.in_use:  # unless the filter has closed it
            excess = max(len(wanted) + len(self.messages) - self._maxsize, 0)
            self._drop(excess)
            self.messages.extendleft(reversed(wanted[excess:]))
        if failure is not None:
            self.fail(failure)

    @override
    def end(self, *, own: bool) -> BaseSubscription[T]:
        return Inbox(self, own=own)

    @property
    @override
    def depth(self) -> int:
        self.let_line_move()
        return len(self.messages) + length_hint(self.in_hand)

    @property
    @override
    def received(self) -> int:
        self.let_line_move()
        return self.taken + len(self.messages)

    @property
    @override
    def maxsize(self) -> int:
        return self._maxsize

    @override
    def ready(self) -> bool:
        return bool(self.messages) or length_hint(self.in_hand) > 0

    @override
    def take(self) -> T | None:
        _freed_at_the_end = self.put_back() if self.hand is not None else None
        messages = self.messages
        if not messages:
            return None
        if len(messages) > self.high_water_mark:
            self.high_water_mark = len(messages)
        message = messages.popleft()
        self.taken += 1
        self.given_up = False
        if self._line and not (self._line_moves_soon and messages):
            self._make_room()
        return message

    @override
    def take_in_hand(self) -> None:
        if self.messages and (not self._line or self._line_moves_soon):
            self.hand = list(self.messages)
            self.in_hand = iter(self.hand)
            self.taken += len(self.messages)
            self._limit = min(self._limit, self.high_water_mark) - len(self.messages)
            self.messages.clear()

    @override
    def put_back(self) -> object:
        """Have nothing in hand, and let in what there is room for since messages were taken."""
        hand = self.hand
        if hand is not None:
            rest = deque(self.in_hand)
            self.in_hand, self.hand = NOTHING, None
            self.taken -= len(rest)
            rest.extend(self.messages)
            self.messages = rest
            self.high_water_mark = max(self.high_water_mark, len(rest))
        self._admit()
        return hand

    @override
    def take_all(self) -> list[T]:
        _freed_at_the_end = self.put_back() if self.hand is not None or self._line else None
        if not self.messages:
            return []
        batch = list(self.messages)
        self.messages.clear()
        if len(batch) > self.high_water_mark:
            self.high_water_mark = len(batch)
        self.taken += len(batch)
        self.given_up = False
        if self._line:
            self._admit()
        return batch

    @override
    def leave(self) -> None:
        self.let_line_move()
        self.advance(Phase.LEFT)
        self._limit = 0
        self._subscribers.leave(self)
        while self._line:
            self._line.pop(0).passed_over()

    @override
    def discard(self) -> object:
        read = self.put_back()
        self.high_water_mark = max(self.high_water_mark, len(self.messages))
        self.taken += len(self.messages)
        discarded, self.messages = self.messages, deque()
        return discarded, read

    def withdraw(self, message: T) -> bool:
        """Take out a message that nobody has read yet, and return whether it was there.

        It counts as dropped, as if it had never got in.
        """
        self.home.free_later(self.put_back())
        for index in reversed(range(len(self.messages))):
            if self.messages[index] is message:
                del self.messages[index]
                self._drop(1)
                if not self.in_use:
                    self._subscribers.received_by_leavers -= 1
                    self._subscribers.dropped_by_leavers += 1
                self._admit()
                return True
        return False

    # The line of those that wait for room.

    def line_up(self, place: Place[T]) -> None:
        """Let messages wait for room, behind those that wait already."""
        self._line.append(place)
        self._limit = 0

    def let_line_move(self) -> None:
        """Put in what waits for room, as far as there is any."""
        if self._line:
            self.home.free_later(self.put_back())

    def give_up(self, place: Place[T]) -> None:
        """Count what waits at this place of the line as dropped."""
        self._line.remove(place)
        self._drop(len(place.messages) - place.next)
        place.missed()

    def release_line(self) -> None:
        """Drop every message that waits for room."""
        self.let_line_move()
        for place in list(self._line):
            self.give_up(place)

    def overflowed(self, place: Place[T]) -> None:
        """Apply the overflow policy, for a place in the line that has waited long enough."""
        match self.overflow:
            case Overflow.DROP_NEWEST | Overflow.RAISE:
                self.give_up(place)
            case Overflow.DROP_OLDEST:
                self._displace_for(place)
            case Overflow.DISCONNECT:
                self.home.at_next_turn(  # since whatever handles a log may raise, or publish
                    logger.warning, "%r is too slow and was disconnected", self.end(own=False)
                )
                self.release_line()
                self.fail(Disconnected(self.dropped))
            case _:
                assert_never(self.overflow)

    def _displace_for(self, place: Place[T]) -> None:
        """Put the line in, up to this place, in the place of the oldest messages."""
        head = None
        while head is not place:
            head = self._line.pop(0)
            for message in head.waiting:
                head.publish.displaced.append(self.messages.popleft())
                self.messages.append(message)
            self._drop(len(head.waiting))
            head.displaced()

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._subscribers.losses.add(count, self.home)

    def _make_room(self) -> None:
        """Let the line move, as a message was taken: later, if then there is room for more."""
        head = self._line[0]
        if not self.messages or head.next + 1 == len(head.messages):
            self._admit()
            return
        self._line_moves_soon = self.home.at_next_turn(self._move_line)
        if not self._line_moves_soon:
            self._admit()

    def _move_line(self) -> None:
        self._line_moves_soon = False
        self.put_back()

    def _admit(self) -> None:
        """Put in what waits for room, as far as there is any; nothing may be in hand."""
        self._limit = self._maxsize if self.in_use else 0
        while self._line and (room := self._limit - len(self.messages)) > 0:
            place = self._line[0]
            count = min(room, len(place.messages) - place.next)
            self._put_in(place.messages, place.next, count)
            if place.next + count == len(place.messages):
                self._line.pop(0)
            place.admitted(count)
        if self._line:
            self._limit = 0


class Inbox[T](BaseSubscription[T], asyncio.Queue[T | None]):
    """A subscriber's own bounded queue of messages. Made by `AsyncPubSub.subscribe()`."""

    # asyncio.Queue is inherited for its type alone: every public method is replaced.
    _state: InboxState[T]

    __str__ = BaseSubscription.__repr__  # the queue's own shows private parts that an inbox has not

    async def put(self, message: T | None) -> None:
        """Put a message in this inbox alone, waiting for room as long as it takes.

        One that is cancelled is not there, so whoever tries again doubles nothing: if a reader has
        taken it just before, the put returns, and the task is cancelled at its next `await`.

        Raises:
            TypeError: if the message is `None`, which would end the reader.
            PubSubClosed: if the inbox takes no more messages, or is closed meanwhile.
        """
        state = self._state
        message = self._checked(message)
        if not state.offer(message):
            loop = state.home.check()
            waiting = WaitingPublish.of_one(message, [state])
            await waiting.settle(loop, patient=True, take_back=partial(state.withdraw, message))
            if not waiting.delivered:
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
