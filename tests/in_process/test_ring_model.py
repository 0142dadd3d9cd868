"""The ring against a model of it in plain Python: any operations, one after another.

After each operation everything runs until it waits, so the model knows exactly what must have come
of it: who has read what, who waits, who was overtaken, and every count.
"""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib import PubSubClosed, PubSubFull, RingPubSub
from tests.in_process.modelling import (
    BROKEN,
    FOREVER,
    Comparison,
    FilterError,
    ModelBroker,
    ModelRead,
    ModelSubscription,
    examples,
    is_even,
    lives,
)
from tests.stepping import in_virtual_time


@dataclass(eq=False)
class ModelPublication:
    """One publish, of one message or many."""

    numbers: list[int]
    many: bool = False
    next: int = 0  # which is to be stored next
    seen: int = 0  # which was, when somebody looked
    deadline: float = FOREVER
    delivered: int = 0
    missed: list[tuple[int, str]] = field(default_factory=list)
    outcome: object = None  # None while it waits

    @property
    def stored(self) -> bool:
        return self.next == len(self.numbers)

    def report(self) -> tuple:
        if self.many:
            return self.next, self.delivered, sorted(self.missed)
        return self.delivered, [name for _, name in self.missed]


class ModelRing(ModelBroker):
    """Every message that was ever stored, a position for each subscriber, and a line."""

    def __init__(self, maxsize: int, timeout: float | None) -> None:
        super().__init__()
        self.maxsize = maxsize
        self.timeout = timeout
        self.stored: list[int] = []
        self.released = 0
        self.line: list[ModelPublication] = []
        self.waiting: dict[ModelCursor, None] = {}

    @property
    def published(self) -> int:
        return len(self.stored) + self.released

    def slowest(self) -> list["ModelCursor"]:
        return [cursor for cursor in self.subscriptions if cursor.depth >= self.maxsize]

    def publish(self, publication: ModelPublication) -> None:
        if self.stored_at_once(publication):
            return
        self.line.append(publication)
        publication.seen = publication.next
        if self.timeout == 0 or all(cursor.given_up for cursor in self.slowest()):
            self.turns.append(lambda: self.wait_no_longer(publication))
        elif self.timeout is not None:
            publication.deadline = self.now + self.timeout

    def publish_nowait(self, publication: ModelPublication) -> None:
        if self.stored_at_once(publication):
            return
        if self.timeout is None:
            publication.outcome = (PubSubFull, 0, [cursor.name for cursor in self.slowest()])
        else:
            self.line.append(publication)
            self.overtake_for(publication)

    def stored_at_once(self, publication: ModelPublication) -> bool:
        if self.closed:
            publication.outcome = PubSubClosed
            return True
        stored = 0
        while not publication.stored and not self.line and not self.slowest():
            self.store(publication)
            stored += 1
        self.wake_readers_for(stored)
        self.settle(publication)
        return publication.stored

    def store(self, publication: ModelPublication) -> None:
        self.stored.append(publication.numbers[publication.next])
        publication.next += 1
        publication.delivered += len(self.subscriptions)
        for cursor in self.subscriptions:
            cursor.most = max(cursor.most, cursor.depth)

    @staticmethod
    def settle(publication: ModelPublication) -> None:
        if publication.stored:
            publication.outcome = publication.report()

    def wait_no_longer(self, publication: ModelPublication) -> None:
        if publication in self.line:
            moved_on = publication.next > publication.seen
            publication.seen = publication.next
            if not moved_on:
                self.overtake_for(publication)
            if publication in self.line:
                self.turns.append(lambda: self.wait_no_longer(publication))

    def overtake_for(self, publication: ModelPublication) -> None:
        following = publication.next
        while publication in self.line and publication.next == following:
            for cursor in self.slowest():
                cursor.given_up_at = cursor.position
            self.admit()

    def admit(self) -> None:
        admitted = 0
        while self.line and all(cursor.given_up for cursor in self.slowest()):
            head = self.line[0]
            overtaken = [cursor.name for cursor in self.slowest() if cursor.skip()]
            head.missed += [(head.next, name) for name in overtaken]
            self.store(head)
            admitted += 1
            if head.stored:
                del self.line[0]
                self.settle(head)
        self.wake_readers_for(admitted)
        self.line_changed()

    def withdraw(self, publication: ModelPublication) -> None:
        self.line.remove(publication)
        publication.outcome = (asyncio.CancelledError, *publication.report())
        self.line_changed()

    def deadlines(self) -> list[float]:
        return [publication.deadline for publication in self.line]

    def expire(self) -> None:
        for publication in list(self.line):
            if publication.deadline <= self.now:
                publication.deadline = FOREVER
                self.wait_no_longer(publication)

    def release(self) -> None:
        for publication in self.line:
            for index in range(publication.next, len(publication.numbers)):
                self.released += 1
                for cursor in self.subscriptions:
                    if cursor.wants(publication.numbers[index]):
                        cursor.dropped += 1
                        publication.missed.append((index, cursor.name))
            publication.next = len(publication.numbers)
            self.settle(publication)
        self.line.clear()
        self.turns.append(self.line_changed)  # readers are told after the report was written

    def line_changed(self) -> None:
        if not self.line:
            for cursor in self.subscriptions:
                if cursor.ending:
                    cursor.finish()

    def wake_readers_for(self, messages: int) -> None:
        while self.waiting and messages:
            self.wake_readers()
            messages -= 1

    def wake_readers(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for cursor in waiting:
            cursor.wake_reader()
            if cursor.reads:
                self.waiting[cursor] = None


class ModelCursor(ModelSubscription):
    broker: ModelRing

    def __init__(self, ring: ModelRing, name: str, where, replay: int) -> None:
        super().__init__(ring, name, where)
        self.position = self.begin = len(ring.stored) - min(replay, len(ring.stored))
        self.end: int | None = None  # how far it can read, once it has left
        self.skipped = self.unwanted = 0
        self.given_up_at = -1
        self.ending = False
        self.most = self.depth
        ring.subscriptions.append(self)

    @property
    def depth(self) -> int:
        return (len(self.broker.stored) if self.end is None else self.end) - self.position

    @property
    def received(self) -> int:
        return self.position + self.depth - self.begin - self.skipped - self.unwanted

    @property
    def given_up(self) -> bool:
        return self.position == self.given_up_at

    def wants(self, number: int) -> bool:
        try:
            return self.where is None or self.where(number)
        except FilterError:
            return True

    def skip(self) -> bool:
        number = self.broker.stored[self.position]
        self.position += 1
        self.given_up_at = self.position
        if not self.wants(number):
            self.unwanted += 1
            return False
        self.missed += 1
        self.skipped += 1
        self.dropped += 1
        return True

    def lag(self) -> tuple:
        self.given_up_at = -1
        return super().lag()

    def ready(self) -> bool:
        if self.where is not None and not self.missed:
            try:
                while self.depth and not self.where(self.broker.stored[self.position]):
                    self.unwanted += 1
                    self.move(1)
            except FilterError:
                self.failure = BROKEN
                self.leave()
                self.discard()
        return self.depth > 0 or self.missed > 0

    def take(self) -> int:
        number = self.broker.stored[self.position]
        self.move(1)
        return number

    def take_all(self) -> list[int]:
        if self.where is None:
            batch = self.broker.stored[self.position : self.position + self.depth]
            self.move(len(batch))
            return batch
        batch = []
        while self.ready():
            batch.append(self.take())
        return batch

    def move(self, count: int) -> None:
        gates = self.end is None and self.depth >= self.broker.maxsize and not self.given_up
        self.position += count
        if gates and self.broker.line:
            self.broker.admit()

    def wait(self, read: ModelRead) -> None:
        super().wait(read)
        self.broker.waiting.setdefault(self)

    def finish(self) -> None:
        self.ending = self.end is None and bool(self.broker.line)
        if not self.ending:
            super().finish()

    def leave(self) -> None:
        if self.end is None:
            self.end = len(self.broker.stored)
            self.broker.subscriptions.remove(self)
            self.broker.admit()
        self.finish()

    def discard(self) -> None:
        assert self.end is not None
        self.position = self.end
        self.missed = 0


class RingComparison(Comparison):
    def __init__(self, maxsize: int, timeout: float | None) -> None:
        ring = RingPubSub[int](maxsize, timeout=timeout)
        super().__init__(ring, ModelRing(maxsize, timeout), ModelPublication)

    def make_subscription(self, name: str, options: dict) -> tuple:
        where, replay = options.get("where"), options.get("replay", 0)
        replay = min(replay, self.broker.maxsize)
        subscription = self.broker.subscribe(name=name, where=where, replay=replay)
        return subscription, ModelCursor(self.model, name, where, replay)


@examples
@given(
    maxsize=st.integers(1, 4),
    timeout=st.sampled_from([None, 0, 1.0]),
    operations=lives({"replay": st.integers(0, 3)}),
)
@in_virtual_time
async def test_the_ring_does_what_the_model_does(maxsize, timeout, operations):
    await RingComparison(maxsize, timeout).compare_all(operations)


@in_virtual_time
async def test_a_reader_that_is_told_of_a_lag_wakes_no_other_out_of_turn():
    await RingComparison(maxsize=1, timeout=0).compare_all(
        [
            *(("subscribe", {"where": is_even}), ("subscribe", {})),
            *[("publish", 1)] * 4,
            *(("read", 0, "get", 1), ("read", 0, "batch", 3)),
            *(("publish", 2), ("publish", 1), ("shut_down", 1.0)),
        ]
    )
