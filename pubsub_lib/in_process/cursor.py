"""A cursor: how far one subscriber has read in the ring, and the end through which it reads.

The ring asks it where it is, and whether publishers are to wait for it; a reader takes messages
through it. It keeps a copy of what was unread once its subscriber has left.

>>> import asyncio
>>> from pubsub_lib import RingPubSub
>>> async def main() -> None:
...     async with RingPubSub[int](maxsize=4) as broker, broker.subscribe(name="ada") as ada:
...         for number in range(3):
...             await broker.publish(number)
...         print(await ada.get(), ada.qsize())
...         ada.close()
>>> asyncio.run(main())
0 2
"""

from collections import deque
from collections.abc import Callable
from operator import length_hint
from typing import TYPE_CHECKING, override

from pubsub_lib.errors import Lagged
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import NOTHING, Phase, SubscriberState
from pubsub_lib.in_process.subscription import BaseSubscription

if TYPE_CHECKING:
    from pubsub_lib.in_process.ring import Ring

# How many messages a reader takes in hand at a time: enough to make the rest of the work small
# beside them, and few beside those of a ring.
IN_HAND = 64


class Cursor[T](SubscriberState[T]):
    """How far one subscriber has read in the ring.

    Attributes:
        log: the ring's messages; a copy of what was unread, once the subscriber has left.
        index: where in it the messages are, or will be, that are not in hand.
        deleted: how many messages before it were deleted from the log.
        watched: whether publishers wait for this cursor to move.
        missed: how many messages it missed that its reader does not know of yet.
        unwanted: how many messages it has passed over because it did not ask for them.
    """

    __slots__ = (
        "_given_up_at",
        "_ring",
        "_skipped",
        "_start",
        "deleted",
        "index",
        "log",
        "missed",
        "unwanted",
        "watched",
    )

    def __init__(
        self,
        ring: "Ring[T]",
        home: HomeLoop,
        *,
        name: str,
        replay: int,
        where: Callable[[T], object] | None = None,
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
        self.unwanted = 0

    @override
    def end(self, *, own: bool) -> "RingSubscription[T]":
        return RingSubscription(self, own=own)

    @property
    def position(self) -> int:
        """Where in the log the next message is, or will be."""
        return self.index if self.in_hand is NOTHING else self.index - length_hint(self.in_hand)

    @property
    def behind(self) -> int:
        """How many messages it is behind the end of the log."""
        return len(self.log) - self.position

    @property
    @override
    def depth(self) -> int:
        self._ring.let_line_move()
        return self.behind

    @property
    @override
    def received(self) -> int:
        self._ring.let_line_move()
        passed = self.deleted + len(self.log) - self._start
        return passed - self._skipped - self.unwanted

    @property
    def given_up(self) -> bool:
        """Whether publishers have waited for it long enough, and no reader has come since."""
        return self._given_up_at >= 0 and self.deleted + self.position == self._given_up_at

    def give_up(self) -> None:
        """Be waited for no longer."""
        self._given_up_at = self.deleted + self.position

    @override
    def take_in_hand(self) -> None:
        index = self.index
        if index < len(self.log) and not self.watched:
            few = self.log[index : index + IN_HAND]
            self.hand, self.in_hand = few, iter(few)
            self.index = index + len(few)

    @override
    def put_back(self) -> object:
        in_hand, hand = self.in_hand, self.hand
        if hand is None:
            return None
        self.index -= length_hint(in_hand)
        deque(in_hand, maxlen=0)
        self.in_hand, self.hand = NOTHING, None
        return hand

    @property
    @override
    def maxsize(self) -> int:
        return self._ring.maxsize

    @override
    def ready(self) -> bool:
        return length_hint(self.in_hand) > 0 or self._has_more()

    @override
    def take(self) -> T | None:
        _freed_at_the_end = self.put_back() if self.hand is not None else None
        if self.index >= len(self.log) and not self._has_more() and not self.missed:
            return None
        if self.missed:
            self._report_lag()
        message = self.log[self.index]
        self._move(1)
        return message

    @override
    def take_all(self) -> list[T]:
        _freed_at_the_end = self.put_back() if self.hand is not None else None
        if self._ring.line_may_move:
            self._ring.let_line_move()
        if self.missed:
            self._report_lag()
        if self.index >= len(self.log):
            return []
        batch = self.log[self.index :] if self.index else self.log.copy()
        self._move(len(batch))
        return batch

    def _has_more(self) -> bool:
        """Whether there is a message that is not in hand, once the line has moved if it can."""
        while self.index >= len(self.log):
            if not (self._ring.line_may_move and self._ring.let_line_move()):
                return False
        return True

    @property
    def oldest(self) -> T:
        """The message that is lost if this cursor is overtaken."""
        return self.log[self.index]  # nobody has messages in hand who is waited for

    def skip(self, *, wanted: bool) -> None:
        """Lose the oldest message, which the subscriber wants or not."""
        self.high_water_mark = max(self.high_water_mark, self.behind)
        self.index += 1
        self.give_up()
        if wanted:
            self.missed += 1
            self._skipped += 1
            self.lose(1)
        else:
            self.unwanted += 1

    def lose(self, count: int) -> None:
        """Count messages that the subscriber misses."""
        self.dropped += count
        self._ring.losses.add(count, self.home)

    def wants(self, message: T) -> bool:
        """Whether the subscriber asked for such a message."""
        return True

    @override
    def finish(self, because: str) -> None:
        self._ring.let_line_move()
        self.advance(Phase.ENDING)
        if self.in_use and self._ring.line:
            self._ring.ending = True
        else:
            super().finish(because)

    @override
    def announce_reader(self) -> None:
        self._ring.waiting[self] = None

    @override
    def no_reader_waits(self) -> None:
        self._ring.waiting.pop(self, None)

    @override
    def leave(self) -> None:
        self._ring.let_line_move()
        if self.in_use:
            self.advance(Phase.LEFT)
            self.home.free_later(self.put_back())
            self.log = self.log[self.index :]
            self.deleted += self.index
            self.index = 0
            self._ring.leave(self)

    @override
    def discard(self) -> object:
        read = self.put_back()
        self.high_water_mark = max(self.high_water_mark, self.behind)
        self.deleted += len(self.log)
        discarded, self.log = self.log, []
        self.index = 0
        self.missed = 0
        return discarded, read

    def _report_lag(self) -> None:
        missed, self.missed = self.missed, 0
        self._given_up_at = -1
        raise Lagged(missed)

    def _move(self, count: int) -> None:
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
