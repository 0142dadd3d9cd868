"""The ring: one shared store and a cursor per subscriber (notebook 09).

A publish stores the message once, however many subscribers there are; each of them remembers how
far it has read. So everybody sees the messages in one and the same order, and another subscriber
costs the publisher next to nothing. The price is that they share a fate: when the slowest is
`maxsize` messages behind there is no room, and the publish waits for it. After `timeout` seconds
the slowest is overtaken: it loses its oldest message, and its next read says so, by `Lagged`.

The idea is the LMAX Disruptor's (Thompson et al., "Disruptor", 2011), whose producers, too, look at
the slowest reader only when the ring seems full; `Lagged` is tokio's.

>>> import asyncio
>>> from pubsub_lib import Lagged, RingPubSub
>>> async def main() -> None:
...     async with RingPubSub[int](maxsize=3, timeout=0) as ring:
...         reader = await ring.subscribe()
...         for number in range(5):
...             await ring.publish(number)
...         try:
...             await reader.get()
...         except Lagged as lagged:
...             print("missed", lagged.missed)
...         print([reader.get_nowait() for _ in range(3)])
...         late = await ring.subscribe(replay=2)
...         print([late.get_nowait() for _ in range(2)])
>>> asyncio.run(main())
missed 2
[2, 3, 4]
[3, 4]
"""

import asyncio
from collections import deque
from collections.abc import Callable
from operator import length_hint
from typing import override

from pubsub_lib.errors import Lagged
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import (
    NOTHING,
    Phase,
    Subscribers,
    SubscriberState,
    other_ends,
)
from pubsub_lib.in_process.subscription import BaseSubscription
from pubsub_lib.reports import Delivery

# How many messages a reader takes in hand at a time: enough to make the rest of the work small
# beside them, and few beside those of a ring.
IN_HAND = 64


class Ring[T](Subscribers["Cursor[T]"]):
    """The shared store, the cursors in it, and the line of those who wait for room.

    Attributes:
        maxsize: how many messages the slowest subscriber may be behind.
        log: the last messages, the oldest first. Those before the last `maxsize` are deleted now
            and then, a whole ring at a time.
        limit: how long the log may grow before anybody has to look at the cursors again.
        waiting: the cursors whose readers wait for a message, in order.
        line: the messages that wait for room, in order. While there are any, there is none.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__()
        self.maxsize = maxsize
        self.log: list[T] = []
        self.limit = maxsize
        self.waiting: dict[Cursor[T], None] = {}
        self.line: deque[WaitingMessage[T]] = deque()
        self._watched = 0  # how many cursors have to move before the line does
        self._deleted = 0
        self._released = 0

    def store(self, message: T) -> None:
        """Store a message, for which there must be room, and wake those who wait for it."""
        self.log.append(message)
        if self.waiting:
            self.wake_readers()

    def has_room(self) -> bool:
        """Return whether there is room for a message, after a look at the cursors if need be."""
        if len(self.log) >= self.limit:
            self._look_for_room()
        return len(self.log) < self.limit

    @property
    @override
    def published(self) -> int:
        return self._deleted + len(self.log) + self._released

    @property
    def slowest(self) -> "list[Cursor[T]]":
        """The cursors that are as far behind as is allowed."""
        return [cursor for cursor in self.states if cursor.depth >= self.maxsize]

    @override
    def join(self, state: "Cursor[T]") -> None:
        super().join(state)
        self.limit = min(self.limit, state.index + self.maxsize)  # a replay starts behind

    @override
    def leave(self, state: "Cursor[T]") -> None:
        super().leave(state)
        if self.line:
            self._admit()

    def moved(self, cursor: "Cursor[T]") -> None:
        """Note that a cursor which is watched has moved; when all have, the line moves."""
        cursor.watched = False
        self._watched -= 1
        if not self._watched:
            self._admit()

    # The line of those that wait for room.

    def line_up(self, waiting_message: "WaitingMessage[T]") -> None:
        """Let a message wait for room, behind those that wait already."""
        self.line.append(waiting_message)
        self._watch_the_slowest()

    def step_out(self, waiting_message: "WaitingMessage[T]") -> None:
        """Let a message wait no longer, if it still does."""
        if waiting_message in self.line:
            self.line.remove(waiting_message)
            self._watch_the_slowest()

    def waits_for_somebody(self) -> bool:
        """Whether anybody has to move before the line does."""
        return self._watched > 0

    def overtake_for(self, waiting_message: "WaitingMessage[T]") -> None:
        """Wait no longer for those who keep this message from being stored."""
        while waiting_message in self.line and not waiting_message.withdrawn:
            for cursor in self.slowest:
                cursor.give_up()
            self._admit()

    def release_line(self) -> None:
        """Drop every message that waits; whoever wants it misses it."""
        while head := self._head_of_line():
            self.line.popleft()
            self._released += 1
            losers = [cursor for cursor in self.states if cursor.wants(head.message)]
            for cursor in losers:
                cursor.dropped += 1
            head.settle(Delivery(0, other_ends(losers)))
        self._watch_the_slowest()

    def _head_of_line(self) -> "WaitingMessage[T] | None":
        while self.line and self.line[0].withdrawn:
            self.line.popleft()
        return self.line[0] if self.line else None

    def _admit(self) -> None:
        admitted = 0
        while (head := self._head_of_line()) and (self.has_room() or self._overtake_for(head)):
            self.line.popleft()
            self.log.append(head.message)
            admitted += 1
            if head.overtaken:
                head.settle(Delivery(len(self.states), head.overtaken))
            else:
                head.settle(self.everybody)
        # Last, so that publishers run before them and they find more than one message.
        for _ in range(admitted):
            self.wake_readers()
        self._watch_the_slowest()

    def _overtake_for(self, head: "WaitingMessage[T]") -> bool:
        """Put a message in the place of the oldest, if nobody at all is to be waited for."""
        slowest = self.slowest
        if not all(cursor.given_up for cursor in slowest):
            return False
        head.overtaken = other_ends(cursor for cursor in slowest if cursor.skip())
        self._look_for_room()
        return True

    def _look_for_room(self) -> None:
        log, maxsize = self.log, self.maxsize
        if len(log) >= 2 * maxsize:  # nobody is more than maxsize behind
            for cursor in self.states:
                cursor.index -= maxsize
                cursor.deleted += maxsize
            self._deleted += maxsize
            del log[:maxsize]  # last, since to free a message may run anything
        slowest = min((cursor.position for cursor in self.states), default=len(log))
        self.limit = min(slowest, maxsize) + maxsize

    def _watch_the_slowest(self) -> None:
        """Ask the cursors that the line waits for to say when they move; if it is empty, and the
        ring shut down, nothing more comes.
        """
        gate = len(self.log) - self.maxsize
        somebody_waits = bool(self.line)
        self._watched = 0
        for cursor in self.states:
            cursor.watched = somebody_waits and cursor.position <= gate and not cursor.given_up
            if cursor.watched:
                cursor.put_back()
                self._watched += 1
            elif cursor.phase is Phase.ENDING and not somebody_waits:
                cursor.finish()

    def wake_readers(self) -> None:
        """Wake a reader of each subscriber that waits for a message."""
        waiting, self.waiting = self.waiting, {}
        for cursor in waiting:
            cursor.wake_reader()
            if cursor.readers:
                self.waiting[cursor] = None


class WaitingMessage[T]:
    """One message in line for room in the ring.

    Attributes:
        message: what waits.
        overtaken: the subscriptions that lost a message to it.
        delivery: what became of it; `None` while it waits.
    """

    __slots__ = ("_future", "delivery", "message", "overtaken")

    def __init__(self, message: T) -> None:
        self.message = message
        self.overtaken: tuple[object, ...] = ()
        self.delivery: Delivery | None = None
        self._future: asyncio.Future[None] | None = None

    @property
    def withdrawn(self) -> bool:
        """Whether its publisher was cancelled, though it may not have run since."""
        return self._future is not None and self._future.cancelled()

    async def settled(self, loop: asyncio.AbstractEventLoop) -> Delivery:
        """Wait until it is known what became of it."""
        self._future = loop.create_future()
        await self._future
        assert self.delivery is not None
        return self.delivery

    def settle(self, delivery: Delivery) -> None:
        """Note what became of it, and let the publisher go on."""
        self.delivery = delivery
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


class Cursor[T](SubscriberState[T]):
    """How far one subscriber has read in the ring.

    Attributes:
        log: the ring's messages; a copy of what was unread, once the subscriber has left.
        index: where in it the messages are, or will be, that are not in hand.
        deleted: how many messages before it were deleted from the log.
        watched: whether publishers wait for this cursor to move.
        missed: how many messages it missed that its reader does not know of yet.
    """

    __slots__ = (
        "_given_up_at",
        "_ring",
        "_skipped",
        "_start",
        "_unwanted",
        "deleted",
        "index",
        "log",
        "missed",
        "watched",
    )

    def __init__(
        self,
        ring: Ring[T],
        home: HomeLoop,
        *,
        name: str,
        where: Callable[[T], object] | None,
        replay: int,
    ) -> None:
        super().__init__(home, name=name, where=where)
        self.log = ring.log
        self.index = len(ring.log) - min(replay, len(ring.log))
        self.deleted = 0
        self.watched = False
        self.missed = 0
        self._ring = ring
        self._start = self.index
        self._skipped = 0
        self._given_up_at = -1
        self._unwanted = 0

    @override
    def end(self, *, own: bool) -> "RingSubscription[T]":
        return RingSubscription(self, own=own)

    @property
    def position(self) -> int:
        """Where in the log the next message is, or will be."""
        return self.index if self.in_hand is NOTHING else self.index - length_hint(self.in_hand)

    @property
    @override
    def depth(self) -> int:
        return len(self.log) - self.position

    @property
    @override
    def received(self) -> int:
        passed = self.deleted + len(self.log) - self._start
        return passed - self._skipped - self._unwanted

    @property
    def given_up(self) -> bool:
        """Whether publishers have waited for it long enough, and no reader has come since."""
        return self.deleted + self.position == self._given_up_at

    def give_up(self) -> None:
        """Be waited for no longer."""
        self._given_up_at = self.deleted + self.position

    @override
    def take_in_hand(self) -> None:
        index = self.index
        if index < len(self.log) and not self.watched and not self.missed and self.where is None:
            few = self.log[index : index + IN_HAND]
            self.in_hand = iter(few)
            self.index = index + len(few)

    @override
    def put_back(self) -> None:
        if self.in_hand is not NOTHING:
            self.index -= length_hint(self.in_hand)
            self.in_hand = NOTHING

    @property
    @override
    def maxsize(self) -> int:
        return self._ring.maxsize

    @override
    def ready(self) -> bool:
        if self.where is not None and not self.missed:
            self._pass_over_the_unwanted(self.where)
        return self.index < len(self.log) or self.missed > 0 or length_hint(self.in_hand) > 0

    @override
    def take(self) -> T:
        if self.missed:
            self._report_lag()
        if self.in_hand is not NOTHING:
            self.put_back()
        message = self.log[self.index]
        self._advance(1)
        return message

    @override
    def take_all(self) -> list[T]:
        if self.where is not None:
            batch = [self.take()]
            while self.ready():
                batch.append(self.take())
            return batch
        if self.missed:
            self._report_lag()
        self.put_back()
        batch = self.log[self.index :]
        self._advance(len(batch))
        return batch

    def skip(self) -> bool:
        """Lose the oldest message; return whether it was one that the subscriber wants."""
        self.put_back()
        self.high_water_mark = max(self.high_water_mark, self.depth)
        message = self.log[self.index]
        self.index += 1
        self.give_up()
        if not self.wants(message):
            self._unwanted += 1
            return False
        self.missed += 1
        self.dropped += 1
        self._skipped += 1
        return True

    def wants(self, message: T) -> bool:
        """Whether the subscriber asked for such a message."""
        try:
            return self.where is None or bool(self.where(message))
        except Exception:
            return True  # its loss is reported; an error that lasts is seen by the reader

    @override
    def finish(self) -> None:
        self.advance(Phase.ENDING)
        if not (self.in_use and self._ring.line):
            super().finish()

    @override
    def announce_reader(self) -> None:
        self._ring.waiting[self] = None

    @override
    def leave(self) -> None:
        if self.in_use:
            self.advance(Phase.LEFT)
            self.put_back()
            self.log = self.log[self.index :]
            self.deleted += self.index
            self.index = 0
            self.watched = False
            self._ring.leave(self)

    @override
    def discard(self) -> None:
        self.put_back()
        self.high_water_mark = max(self.high_water_mark, self.depth)
        self.deleted += len(self.log)
        self.log = []
        self.index = 0
        self.missed = 0

    def _pass_over_the_unwanted(self, where: Callable[[T], object]) -> None:
        try:
            while self.index < len(self.log) and not where(self.log[self.index]):
                self._unwanted += 1
                if not self.in_use:
                    self._ring.received_by_leavers -= 1
                self._advance(1)
        except Exception as error:
            self.fail(error)
            self.discard()
        if self.watchers and not self.depth:
            self.notify_watchers()

    def _report_lag(self) -> None:
        missed, self.missed = self.missed, 0
        self._given_up_at = -1
        raise Lagged(missed)

    def _advance(self, count: int) -> None:
        depth = len(self.log) - self.index
        if depth > self.high_water_mark:
            self.high_water_mark = depth
        self.index += count
        if self.watched:
            self._ring.moved(self)


class RingSubscription[T](BaseSubscription[T]):
    """A subscriber's own place in the ring. Made by `RingPubSub.subscribe()`.

    Nobody counts what waits for each subscriber at each publish, which is one store. So the
    `high_water_mark` of its `stats` is the most that readers and publishers saw when they looked;
    for a moment more may have waited, but never more than `maxsize`.
    """
