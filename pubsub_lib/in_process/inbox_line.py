"""A publish that waits for room: one place in the line of each inbox that had none.

All full inboxes are waited for together, each up to its own time-out, and the publish is settled
when none is waited for any more. It may be one message, or many: then a place moves on as messages
get in.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> None:
...     broker = AsyncPubSub[int](maxsize=2, timeout=5)
...     async with broker, broker.subscribe() as inbox:
...         publishing = asyncio.create_task(broker.publish_many(range(5)))
...         async for batch in inbox.batches():
...             print(batch)
...             if 4 in batch:
...                 break
...         print(await publishing)
>>> asyncio.run(main())
[0, 1]
[2, 3]
[4]
Deliveries(published=5, delivered=5, missed=())
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Self

from pubsub_lib.in_process.event_loop import cancel_at_the_next_await, wake
from pubsub_lib.overflow import Overflow

if TYPE_CHECKING:
    from pubsub_lib.in_process.inbox import InboxState


class Place[T]:
    """Where one publish stands in the line of one inbox.

    Attributes:
        publish: whose it is.
        state: the inbox.
        messages: what this inbox wants of it.
        numbers: which of all messages of the publish those are.
        next: which of `messages` is the next to get in.
    """

    __slots__ = ("_seen", "messages", "next", "numbers", "publish", "state")

    def __init__(
        self,
        publish: "WaitingPublish[T]",
        state: "InboxState[T]",
        messages: Sequence[T],
        numbers: Sequence[int],
        following: int,
    ) -> None:
        self.publish = publish
        self.state = state
        self.messages = messages
        self.numbers = numbers
        self.next = self._seen = following

    def moved_on(self) -> bool:
        """Whether any message got in since this was last asked."""
        seen, self._seen = self._seen, self.next
        return self.next > seen

    @property
    def waiting(self) -> Sequence[T]:
        """The messages that have not got in."""
        return self.messages[self.next :]

    def admitted(self, count: int) -> None:
        """Note that so many more have got in."""
        self.next += count
        self.publish.delivered += count
        self.publish.furthest = max(self.publish.furthest, self.numbers[self.next - 1] + 1)
        if self.next == len(self.messages):
            self.passed_over()

    def displaced(self) -> None:
        """Note that the rest has got in, each in the place of an older message."""
        self._note_missed()
        self.admitted(len(self.messages) - self.next)

    def missed(self) -> None:
        """Note that the inbox stayed full, and the rest does not get in."""
        self._note_missed()
        self.publish.refused |= self.state.overflow is Overflow.RAISE
        self.passed_over()

    def cut(self, published: int) -> None:
        """Let only those wait that are among the first so many of the publish."""
        end = self.next
        while end < len(self.numbers) and self.numbers[end] < published:
            end += 1
        self.messages, self.numbers = self.messages[:end], self.numbers[:end]

    def passed_over(self) -> None:
        """Note that the inbox is no longer waited for."""
        self.publish.passed_over(self)

    def _note_missed(self) -> None:
        numbers = self.numbers[self.next :]
        if numbers:
            self.publish.missed += [(number, self.state) for number in numbers]
            self.publish.furthest = max(self.publish.furthest, numbers[-1] + 1)


class WaitingPublish[T]:
    """One publish, in line for the inboxes that had no room for all of it.

    Attributes:
        delivered: how many deliveries were made since it waits.
        missed: who lost a message to which one of it: that one or, where the oldest is given up, an
            older one.
        refused: whether one of those that missed it wants that to be an error.
        furthest: how many of its messages, from the first on, anybody has got or missed.
        displaced: the older messages, kept until the publish is over: to free one may run anything.
    """

    __slots__ = (
        "_places",
        "_settled",
        "_timers",
        "delivered",
        "displaced",
        "furthest",
        "missed",
        "refused",
    )

    def __init__(self) -> None:
        self.delivered = 0
        self.missed: list[tuple[int, InboxState[T]]] = []
        self.refused = False
        self.furthest = 0
        self.displaced: list[T] = []
        self._places: dict[InboxState[T], Place[T]] = {}
        self._timers: list[asyncio.Handle] = []
        self._settled: asyncio.Future[None] | None = None

    @classmethod
    def of_one(cls, message: T, states: "Iterable[InboxState[T]]") -> Self:
        """Line up one message for these inboxes, which are full."""
        waiting = cls()
        for state in states:
            waiting.line_up(state, (message,), (0,), 0)
        return waiting

    def line_up(
        self, state: "InboxState[T]", messages: Sequence[T], numbers: Sequence[int], following: int
    ) -> None:
        """Let what is left of the messages wait for room in an inbox."""
        place = self._places[state] = Place(self, state, messages, numbers, following)
        state.line_up(place)

    @property
    def waits(self) -> bool:
        """Whether any inbox is waited for."""
        return bool(self._places)

    async def settle(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        patient: bool = False,
        take_back: Callable[[], bool] = lambda: False,
    ) -> None:
        """Wait until no inbox is waited for any more.

        Cancelling this withdraws what has not got in. If all has been settled just before, and
        cannot be taken back, it returns, and the task is cancelled at its next `await`.

        Args:
            loop: the running event loop.
            patient: whether to wait for as long as it takes. Else each inbox is waited for up to
                its time-out, and not at all if a publish has waited for it in vain and its reader
                has not come since.
            take_back: takes back what has got in, and returns whether it could.
        """
        if not self._places:
            return  # over a network it may begin late, when there was room meanwhile
        self._settled = loop.create_future()
        try:
            if not patient:
                self._start_timers(loop)
            await self._settled
        except asyncio.CancelledError as cancelled:
            self._let_lines_move(list(self._places.values()))
            if self._places or take_back():
                raise
            cancel_at_the_next_await(cancelled)
        finally:
            for timer in self._timers:
                timer.cancel()
            self._settled = None  # nobody waits for it any more; its loop may even be closed
            self._withdraw()

    def _start_timers(self, loop: asyncio.AbstractEventLoop) -> None:
        by_timeout: dict[float | None, list[Place[T]]] = {}
        for place in self._places.values():
            timeout = place.state.timeout
            if place.state.given_up and timeout:
                timeout = 0.0
            by_timeout.setdefault(timeout, []).append(place)
        self._timers = [
            loop.call_later(timeout, self._wait_no_longer, places, loop)
            if timeout
            # The overflow comes after whatever can run now, so that readers have their turn.
            else loop.call_soon(self._wait_no_longer, places, loop)
            for timeout, places in by_timeout.items()
            if timeout is not None
        ]

    def _wait_no_longer(self, places: list[Place[T]], loop: asyncio.AbstractEventLoop) -> None:
        """Apply the overflow policy where nothing got in since the last look.

        Where something did, the reader gets another turn of the event loop: many messages at once
        are not dropped where the same messages, one by one, would not have been.
        """
        self._let_lines_move(places)
        places = [place for place in places if self._places.get(place.state) is place]
        moved_on = [place for place in places if place.moved_on()]
        if moved_on:
            self._timers.append(loop.call_soon(self._wait_no_longer, moved_on, loop))
        for place in places:
            if place not in moved_on:
                place.state.given_up = True
                self._overflow(place)

    def overflow(self) -> None:
        """Apply the overflow policy of every inbox that is still full."""
        for place in list(self._places.values()):
            self._overflow(place)

    def _let_lines_move(self, places: list[Place[T]]) -> None:
        for place in places:
            place.state.let_line_move()

    def _overflow(self, place: Place[T]) -> None:
        place.state.let_line_move()
        if self._places.get(place.state) is place:  # else something that ran meanwhile ended it
            place.state.overflowed(place)

    def _withdraw(self) -> None:
        """Take back what nobody has got; those that miss what others have got are told so."""
        if self._places:
            places = list(self._places.values())
            # The message that is waited for counts as published, as it does where it is alone.
            in_hand = 1 + min(place.numbers[place.next] for place in places)
            self.furthest = max(self.furthest, in_hand)
            for place in places:
                place.cut(self.furthest)
                place.state.give_up(place)

    def passed_over(self, place: Place[T]) -> None:
        """Note that one inbox is no longer waited for."""
        del self._places[place.state]
        if not self._places and self._settled is not None:
            wake(self._settled)
