"""`AsyncPubSub` against a model of it in plain Python: any operations, one after another.

After each operation everything runs until it waits, so the model knows exactly what must have come
of it: who has read what, who waits, who missed what by which policy, and every count.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, Overflow, PubSubClosed, PubSubFull
from tests.in_process.modelling import (
    BROKEN,
    CUT_OFF,
    Comparison,
    FilterError,
    ModelBroker,
    ModelSubscription,
    examples,
    lives,
)
from tests.stepping import in_virtual_time


@dataclass(eq=False)
class ModelPublication:
    number: int
    began: float = 0.0
    waits_for: list["ModelInbox"] = field(default_factory=list)
    timeouts: dict["ModelInbox", float | None] = field(default_factory=dict)
    delivered: int = 0
    missed_by: list[str] = field(default_factory=list)
    refused: bool = False
    outcome: object = None  # None while it waits

    def passed_over(self, inbox: "ModelInbox") -> None:
        self.waits_for.remove(inbox)
        self.settle()

    def settle(self) -> None:
        if not self.waits_for and self.outcome is None:
            error = [PubSubFull] if self.refused else []
            self.outcome = (*error, self.delivered, sorted(self.missed_by))


class ModelInboxes(ModelBroker):
    """An inbox for each subscriber, and those publishes that wait for one."""

    def __init__(self, maxsize: int, timeout: float | None, overflow: Overflow) -> None:
        super().__init__()
        self.maxsize = maxsize
        self.timeout = timeout
        self.overflow = overflow
        self.accepted = 0
        self.waiting: list[ModelPublication] = []

    @property
    def published(self) -> int:
        return self.accepted

    def publish(self, publication: ModelPublication) -> None:
        self.offer(publication)
        if publication.outcome is None:
            publication.began = self.now
            self.waiting.append(publication)
            publication.timeouts = {
                inbox: 0 if inbox.given_up and inbox.timeout else inbox.timeout
                for inbox in publication.waits_for
            }
            if 0 in publication.timeouts.values():
                self.turns.append(lambda: self.overflow_after(publication, 0))

    def publish_nowait(self, publication: ModelPublication) -> None:
        self.offer(publication)
        for inbox in list(publication.waits_for):
            inbox.overflowed(publication)

    def offer(self, publication: ModelPublication) -> None:
        if self.closed:
            publication.outcome = PubSubClosed
            return
        self.accepted += 1
        there = list(self.subscriptions)  # one whose filter breaks leaves
        for inbox in [inbox for inbox in there if inbox.wants(publication.number)]:
            if len(inbox.messages) < inbox.maxsize:
                inbox.put(publication)
                publication.delivered += 1
            else:
                inbox.line.append(publication)
                publication.waits_for.append(inbox)
        publication.settle()

    def overflow_after(self, publication: ModelPublication, seconds: float) -> None:
        for inbox in list(publication.waits_for):
            if publication.timeouts[inbox] == seconds:
                inbox.given_up = True
                inbox.overflowed(publication)

    def withdraw(self, publication: ModelPublication) -> None:
        publication.outcome = asyncio.CancelledError
        for inbox in list(publication.waits_for):
            inbox.give_up(publication)

    def deadlines(self) -> list[float]:
        return [
            publication.began + publication.timeouts[inbox]
            for publication in self.waiting
            for inbox in publication.waits_for
            if publication.timeouts[inbox] is not None
        ]

    def expire(self) -> None:
        for publication in self.waiting:
            timeouts = {publication.timeouts[inbox] for inbox in publication.waits_for}
            for seconds in timeouts - {None}:
                if publication.began + seconds <= self.now:
                    self.overflow_after(publication, seconds)

    def release(self) -> None:
        for inbox in self.subscriptions:
            inbox.release_line()


class ModelInbox(ModelSubscription):
    broker: ModelInboxes

    def __init__(self, broker: ModelInboxes, name: str, options: dict) -> None:
        super().__init__(broker, name, options.get("where"))
        self.maxsize = options.get("maxsize", broker.maxsize)
        self.timeout = options.get("timeout", broker.timeout)
        self.overflow = options.get("overflow", broker.overflow)
        self.messages: deque[int] = deque()
        self.line: list[ModelPublication] = []
        self.taken = 0
        self.given_up = False
        broker.subscriptions.append(self)

    @property
    def depth(self) -> int:
        return len(self.messages)

    @property
    def received(self) -> int:
        return self.taken + len(self.messages)

    def wants(self, number: int) -> bool:
        try:
            return self.where is None or self.where(number)
        except FilterError:
            self.failure = BROKEN
            self.leave()
            return False

    def put(self, publication: ModelPublication) -> None:
        self.messages.append(publication.number)
        self.most = max(self.most, len(self.messages))
        self.wake_reader()

    def ready(self) -> bool:
        return bool(self.messages)

    def take(self) -> int:
        self.taken += 1
        self.given_up = False
        number = self.messages.popleft()
        self.admit()
        return number

    def take_all(self) -> list[int]:
        batch = list(self.messages)
        self.taken += len(batch)
        self.messages.clear()
        self.given_up = False
        self.admit()
        return batch

    def admit(self) -> None:
        while self.line and len(self.messages) < self.maxsize:
            publication = self.line.pop(0)
            self.put(publication)
            publication.delivered += 1
            publication.passed_over(self)

    def overflowed(self, publication: ModelPublication) -> None:
        match self.overflow:
            case Overflow.DROP_NEWEST | Overflow.RAISE:
                self.give_up(publication)
            case Overflow.DROP_OLDEST:
                while publication in self.line:
                    self.messages.popleft()
                    self.dropped += 1
                    first = self.line.pop(0)
                    self.messages.append(first.number)
                    first.delivered += 1
                    first.missed_by.append(self.name)
                    first.passed_over(self)
            case Overflow.DISCONNECT:
                self.release_line()
                self.failure = CUT_OFF
                self.leave()

    def give_up(self, publication: ModelPublication) -> None:
        self.line.remove(publication)
        self.dropped += 1
        publication.missed_by.append(self.name)
        publication.refused |= self.overflow is Overflow.RAISE
        publication.passed_over(self)

    def release_line(self) -> None:
        for publication in list(self.line):
            self.give_up(publication)

    def leave(self) -> None:
        if self in self.broker.subscriptions:
            self.broker.subscriptions.remove(self)
        while self.line:
            self.line.pop(0).passed_over(self)
        self.finish()

    def discard(self) -> None:
        self.taken += len(self.messages)
        self.messages.clear()


class InboxComparison(Comparison):
    def __init__(self, maxsize: int, timeout: float | None, overflow: Overflow) -> None:
        broker = AsyncPubSub[int](maxsize, timeout=timeout, overflow=overflow)
        super().__init__(broker, ModelInboxes(maxsize, timeout, overflow), ModelPublication)

    def make_subscription(self, name: str, options: dict) -> tuple:
        inbox = self.broker.subscribe(name=name, **options)
        return inbox, ModelInbox(self.model, name, options)

    def compare(self) -> None:
        super().compare()
        open_inboxes = [inbox for inbox, model in self.subscriptions if self.is_open(model)]
        assert self.broker.queues == open_inboxes
        for inbox, model in self.subscriptions:
            assert inbox.stats.high_water_mark == model.most

    def is_open(self, model: ModelInbox) -> bool:
        return model in self.model.subscriptions


timeouts = st.sampled_from([None, 0, 0.75, 1.0])


@examples
@given(
    maxsize=st.integers(1, 3),
    timeout=timeouts,
    overflow=st.sampled_from(Overflow),
    operations=lives(
        {
            "maxsize": st.integers(1, 4),
            "timeout": timeouts,
            "overflow": st.sampled_from(Overflow),
        }
    ),
)
@in_virtual_time
async def test_the_broker_does_what_the_model_does(maxsize, timeout, overflow, operations):
    await InboxComparison(maxsize, timeout, overflow).compare_all(operations)
