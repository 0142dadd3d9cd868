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
...     async with RingPubSub[int](maxsize=3, timeout=0) as ring, ring.subscribe() as reader:
...         for number in range(5):
...             await ring.publish(number)
...         try:
...             await reader.get()
...         except Lagged as lagged:
...             print("missed", lagged.missed)
...         print([reader.get_nowait() for _ in range(3)])
...         async with ring.subscribe(replay=2) as late:
...             print([late.get_nowait() for _ in range(2)])
>>> asyncio.run(main())
missed 2
[2, 3, 4]
[3, 4]
"""

import asyncio
from collections.abc import Sequence
from operator import length_hint
from typing import override

from pubsub_lib.in_process.cursor import Cursor
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.ring_line import WaitingMessages
from pubsub_lib.in_process.subscriber import (
    NOTHING,
    SHUT_DOWN,
    Phase,
)
from pubsub_lib.in_process.subscribers import Subscribers


class Ring[T](Subscribers[Cursor[T]]):
    """The shared store, the cursors in it, and the line of those who wait for room.

    Attributes:
        maxsize: how many messages the slowest subscriber may be behind.
        log: the last messages, the oldest first. Those before the last `maxsize` are deleted now
            and then, a whole ring at a time.
        limit: how long the log may grow before anybody has to look at the cursors again.
        waiting: the cursors whose readers wait for a message, in order.
        line: what waits for room, in order. While there is anything, there is none.
        line_may_move: whether all that it waits for have moved, and it has not.
        ending: whether the broker was shut down while something was in line.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__()
        self.maxsize = maxsize
        self.log: list[T] = []
        self.limit = maxsize
        self.waiting: dict[Cursor[T], None] = {}
        self.line: list[WaitingMessages[T]] = []
        self.line_may_move = False
        self.ending = False
        self._watched = 0  # how many cursors have to move before the line does
        self._line_moves_soon = False  # whether the event loop will see to it
        self._deleted = 0
        self._released = 0
        self._freed: list[T] = []

    def store(self, messages: Sequence[T]) -> None:
        """Store messages, for which there must be room, and wake those who wait for them."""
        self.log.extend(messages)
        self._wake_readers_for(len(messages))

    def has_room(self) -> bool:
        """Return whether there is room for a message, after a look at the cursors if need be."""
        if len(self.log) >= self.limit:
            self.let_line_move()
            self._look_for_room()
        return len(self.log) < self.limit

    def room_for(self, messages: int) -> int:
        """Return for how many of so many messages there is room."""
        if len(self.log) + messages > self.limit:
            self.let_line_move()
            self._look_for_room()
        return min(messages, max(self.limit - len(self.log), 0))

    @property
    @override
    def published(self) -> int:
        self.let_line_move()
        return self._deleted + len(self.log) + self._released

    @property
    def slowest(self) -> list[Cursor[T]]:
        """The cursors that are as far behind as is allowed."""
        return [cursor for cursor in self.states if cursor.behind >= self.maxsize]

    @override
    def join(self, state: Cursor[T]) -> None:
        super().join(state)
        self.limit = min(self.limit, state.index + self.maxsize)  # a replay starts behind

    @override
    def leave(self, state: Cursor[T]) -> None:
        super().leave(state)
        self.waiting.pop(state, None)
        if state.watched and self._was_the_last(state):
            self._admit()

    def moved(self, cursor: Cursor[T]) -> None:
        """Note that a cursor which is watched has moved. When all have, the line does: later, if
        then there is room for more of it.
        """
        if self._was_the_last(cursor):
            head = self._head_of_line()
            if head and head.next + 1 < len(head.messages) and cursor.index < len(self.log):
                self._let_line_move_soon(cursor.home)
            else:
                self._admit()

    def _was_the_last(self, cursor: Cursor[T]) -> bool:
        """Watch it no longer; return whether that was the last one."""
        cursor.watched = False
        self._watched -= 1
        return not self._watched

    # The line of those that wait for room.

    def line_up(self, waiting: "WaitingMessages[T]") -> None:
        """Let messages wait for room, behind those that wait already."""
        self.line.append(waiting)
        self._watch_the_slowest()

    def step_out(self, waiting: "WaitingMessages[T]") -> None:
        """Let messages wait no longer, if they still do."""
        if waiting in self.line:
            self.line.remove(waiting)
            self._watch_the_slowest()

    def let_line_move(self) -> bool:
        """Store what waits, if all who were waited for have moved; return whether they had."""
        may_move = self.line_may_move
        if may_move:
            self._admit()
        return may_move

    def _let_line_move_soon(self, home: HomeLoop) -> None:
        self.line_may_move = True
        if not self._line_moves_soon:
            self._line_moves_soon = home.at_next_turn(self._move_line)

    def _move_line(self) -> None:
        self._line_moves_soon = False
        self.let_line_move()

    def waits_for_somebody(self) -> bool:
        """Whether anybody has to move before the line does."""
        return self._watched > 0

    def wait_no_longer(
        self, waiting: "WaitingMessages[T]", loop: asyncio.AbstractEventLoop
    ) -> None:
        """Overtake those who keep messages from being stored, if they do not move any more.

        Who has made room since the last look gets another turn of the event loop: many messages at
        once overtake nobody whom the same messages, one by one, would not have overtaken.
        """
        self.let_line_move()
        if waiting in self.line and not waiting.withdrawn:
            if not waiting.moved_on():
                self.overtake_for(waiting)
            if waiting in self.line:
                waiting.timer = loop.call_soon(self.wait_no_longer, waiting, loop)

    def overtake_for(self, waiting: "WaitingMessages[T]") -> None:
        """Wait no longer for those who keep the next of these messages from being stored."""
        following = waiting.next
        while waiting in self.line and waiting.next == following:
            for cursor in self.slowest:
                cursor.give_up()
            self._admit()

    def release_line(self) -> None:
        """Drop every message that waits; whoever wants it misses it."""
        self.let_line_move()
        while head := self._head_of_line():
            # First whatever can run anything, while all is as it was.
            following = head.next
            wanted = [
                (number, cursor)
                for number in range(following, len(head.messages))
                for cursor in self.states
                if cursor.wants(head.messages[number])
            ]
            if head is not self._head_of_line() or head.next != following:
                continue
            self.line.pop(0)
            self._released += len(head.messages) - head.next  # accepted, and lost by all
            for number, cursor in wanted:
                if cursor.in_use:  # a filter may have closed any of them
                    cursor.lose(1)
                    head.missed.append((number, cursor))
            head.next = len(head.messages)
            head.settle()
        self._watch_the_slowest()

    def _head_of_line(self) -> "WaitingMessages[T] | None":
        while self.line and self.line[0].withdrawn:
            self.line.pop(0)
        return self.line[0] if self.line else None

    def _admit(self) -> None:
        """Store what waits, as far as there is room, or nobody is to be waited for."""
        stored, self.line_may_move = 0, False
        while head := self._head_of_line():
            if self.has_room():
                count = min(self.limit - len(self.log), len(head.messages) - head.next)
                self.log.extend(head.messages[head.next : head.next + count])
                stored += count
                head.stored(count, subscribers=len(self))
                if head.next == len(head.messages):
                    self.line.pop(0)
                    head.settle()
            elif not self._overtake_for(head):
                break
        # Last, so that publishers run before them and they find more than one message.
        self._wake_readers_for(stored)
        self._watch_the_slowest()

    def _overtake_for(self, head: "WaitingMessages[T]") -> bool:
        """Make room for one message if nobody at all is to be waited for; return whether it is
        worth looking again.
        """
        slowest = self.slowest
        if not all(cursor.given_up for cursor in slowest):
            return False
        # First whatever can run anything, while all is as it was; then see whether it still is.
        oldest = [cursor.oldest for cursor in slowest]  # all, since a filter may close any of them
        wanted = [cursor.wants(message) for cursor, message in zip(slowest, oldest, strict=True)]
        if head is self._head_of_line() and slowest == self.slowest:
            for cursor, is_wanted in zip(slowest, wanted, strict=True):
                cursor.skip(wanted=is_wanted)
                if is_wanted:
                    head.missed.append((head.next, cursor))
            self._look_for_room()
        return True

    def _look_for_room(self) -> None:
        log, maxsize, states = self.log, self.maxsize, self.states
        if len(log) >= 2 * maxsize:  # nobody is more than maxsize behind
            self._freed += log[:maxsize]
            for cursor in states:
                cursor.index -= maxsize
                cursor.deleted += maxsize
            self._deleted += maxsize
            del log[:maxsize]
        slowest = len(log)
        for cursor in states:
            position = cursor.index
            if cursor.in_hand is not NOTHING:
                position -= length_hint(cursor.in_hand)
            if position < slowest:
                slowest = position
        self.limit = min(slowest, maxsize) + maxsize

    def free_deleted(self) -> None:
        """Free the messages that were deleted from the log.

        To be called last, since to free a message may run anything, and by every publish that looks
        for room, since nobody else deletes any.
        """
        freed, self._freed = self._freed, []
        del freed

    def _watch_the_slowest(self) -> None:
        """Ask the cursors that the line waits for to say when they move; if it is empty, and the
        ring shut down, nothing more comes.
        """
        if self.line:
            gate = len(self.log) - self.maxsize
            self._watched = 0
            for cursor in self.states:
                cursor.watched = cursor.position <= gate and not cursor.given_up
                if cursor.watched:
                    cursor.home.free_later(cursor.put_back())
                    self._watched += 1
        elif self._watched or self.ending:
            self._watched = 0
            for cursor in self.states:
                cursor.watched = False
                if cursor.phase is Phase.ENDING:
                    cursor.finish(SHUT_DOWN)

    def wake_readers(self) -> None:
        """Wake a reader of each subscriber that waits for a message."""
        waiting, self.waiting = self.waiting, {}
        for cursor in waiting:
            cursor.wake_reader()
            if cursor.readers:
                self.waiting[cursor] = None

    def _wake_readers_for(self, messages: int) -> None:
        while self.waiting and messages:
            self.wake_readers()
            messages -= 1
