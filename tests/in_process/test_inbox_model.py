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
    """One publish, of one message or many."""

    numbers: list[int]
    many: bool = False
    began: float = 0.0
    waits_for: dict["ModelInbox", "ModelPlace"] = field(default_factory=dict)
    timeouts: dict["ModelInbox", float | None] = field(default_factory=dict)
    looked_at: set["ModelInbox"] = field(default_factory=set)
    delivered: int = 0
    furthest: int = 0  # how many, from the first on, anybody has got or missed
    missed: list[tuple[int, str]] = field(default_factory=list)
    refused: bool = False
    outcome: object = None  # None while it waits

    def passed_over(self, inbox: "ModelInbox") -> None:
        del self.waits_for[inbox]
        self.settle()

    def settle(self) -> None:
        if not self.waits_for and self.outcome is None:
            error = [PubSubFull] if self.refused else []
            self.outcome = (*error, *self.report(len(self.numbers)))

    def report(self, published: int) -> tuple:
        if self.many:
            return published, self.delivered, sorted(self.missed)
        return self.delivered, sorted(name for _, name in self.missed)


@dataclass(eq=False)
class ModelPlace:
    """Where a publish stands in the line of one inbox."""

    publication: ModelPublication
    left: list[int]  # which of its messages wait, from 0
    moved_on: bool = False  # since somebody looked


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
        for inbox, place in list(publication.waits_for.items()):
            inbox.overflowed(place)

    def offer(self, publication: ModelPublication) -> None:
        if self.closed:
            publication.outcome = PubSubClosed
            return
        self.accepted += len(publication.numbers)
        for inbox in list(self.subscriptions):  # one whose filter breaks leaves
            place = ModelPlace(publication, [])
            broken = False
            for index, number in enumerate(publication.numbers):
                wanted = inbox.wants(number)
                broken = wanted is BROKEN
                if broken:
                    break
                if wanted:
                    place.left.append(index)
            while place.left and len(inbox.messages) < inbox.maxsize:
                inbox.put(place)
            if broken:
                inbox.failure = BROKEN
                inbox.leave()
            elif place.left:
                inbox.line.append(place)
                publication.waits_for[inbox] = place
                place.moved_on = False
        publication.settle()

    def overflow_after(self, publication: ModelPublication, seconds: float) -> None:
        """Look for the first time at those that are waited for so long."""
        self.look(
            publication,
            [
                inbox
                for inbox in publication.waits_for
                if publication.timeouts[inbox] == seconds and inbox not in publication.looked_at
            ],
        )

    def look(self, publication: ModelPublication, inboxes: list["ModelInbox"]) -> None:
        """Apply the policy where nothing got in since the last look, and look again elsewhere."""
        publication.looked_at.update(inboxes)
        there = [inbox for inbox in inboxes if inbox in publication.waits_for]
        again = [inbox for inbox in there if publication.waits_for[inbox].moved_on]
        for inbox in again:
            publication.waits_for[inbox].moved_on = False
        if again:
            self.turns.append(lambda: self.look(publication, again))
        for inbox in there:
            if inbox not in again and inbox in publication.waits_for:
                inbox.given_up = True
                inbox.overflowed(publication.waits_for[inbox])

    def withdraw(self, publication: ModelPublication) -> None:
        places = publication.waits_for
        in_hand = 1 + min(place.left[0] for place in places.values())
        published = publication.furthest = max(publication.furthest, in_hand)
        publication.outcome = ()  # so that nobody settles it
        for inbox, place in list(places.items()):
            place.left = [index for index in place.left if index < published]
            inbox.give_up(place)
        self.accepted -= len(publication.numbers) - published
        publication.outcome = (asyncio.CancelledError, *publication.report(published))

    def deadlines(self) -> list[float]:
        return [
            publication.began + publication.timeouts[inbox]
            for publication in self.waiting
            for inbox in publication.waits_for
            if publication.timeouts[inbox] is not None and inbox not in publication.looked_at
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
        self.line: list[ModelPlace] = []
        self.taken = 0
        self.given_up = False
        broker.subscriptions.append(self)

    @property
    def depth(self) -> int:
        return len(self.messages)

    @property
    def received(self) -> int:
        return self.taken + len(self.messages)

    def wants(self, number: int) -> object:
        try:
            return self.where is None or self.where(number)
        except FilterError:
            return BROKEN

    def put(self, place: ModelPlace) -> None:
        self.append(place)
        self.most = max(self.most, len(self.messages))
        self.wake_reader()

    def append(self, place: ModelPlace) -> None:
        publication = place.publication
        index = place.left.pop(0)
        self.messages.append(publication.numbers[index])
        publication.delivered += 1
        publication.furthest = max(publication.furthest, index + 1)
        place.moved_on = True

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
            place = self.line[0]
            self.put(place)
            if not place.left:
                del self.line[0]
                place.publication.passed_over(self)

    def overflowed(self, place: ModelPlace) -> None:
        match self.overflow:
            case Overflow.DROP_NEWEST | Overflow.RAISE:
                self.give_up(place)
            case Overflow.DROP_OLDEST:
                while place in self.line:
                    first = self.line.pop(0)
                    while first.left:
                        self.messages.popleft()
                        self.dropped += 1
                        first.publication.missed.append((first.left[0], self.name))
                        self.append(first)
                    first.publication.passed_over(self)
            case Overflow.DISCONNECT:
                self.release_line()
                self.failure = CUT_OFF
                self.leave()

    def give_up(self, place: ModelPlace) -> None:
        self.line.remove(place)
        self.dropped += len(place.left)
        place.publication.missed += [(index, self.name) for index in place.left]
        furthest = [place.publication.furthest, *(index + 1 for index in place.left)]
        place.publication.furthest = max(furthest)
        place.publication.refused |= self.overflow is Overflow.RAISE
        place.publication.passed_over(self)

    def release_line(self) -> None:
        for place in list(self.line):
            self.give_up(place)

    def leave(self) -> None:
        if self in self.broker.subscriptions:
            self.broker.subscriptions.remove(self)
        while self.line:
            self.line.pop(0).publication.passed_over(self)
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
