"""Operations in a race, on every managed broker, and what must hold whatever comes of them.

Each operation starts a few turns of the event loop after the last, or none at all, so they meet in
mid-flight: a reader is cancelled as its message arrives, a subscriber leaves as a publisher is let
in, the broker is shut down in the middle. No model knows the outcome, but nothing is lost, doubled,
miscounted or forgotten.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pubsub_lib import (
    AsyncPubSub,
    Disconnected,
    Lagged,
    Overflow,
    PubSubClosed,
    PubSubFull,
    RingPubSub,
    ShutdownReport,
)
from tests.in_process.modelling import (
    BROKEN,
    CUT_OFF,
    END,
    FilterError,
    described,
    examples,
    filters,
    get,
    get_batch,
    get_next,
    is_even_or_breaks,
    operations,
    outcome,
    pick,
    publish,
    shutdown_timeouts,
)
from tests.stepping import in_virtual_time, let_all_run

PER_PUBLISHER = 1000  # message 3007 is the seventh of publisher 3


@dataclass(eq=False)
class Subscriber:
    """One subscription, and everything that its readers got."""

    subscription: object  # None once it is abandoned
    expected_from: int
    where: Callable[[int], bool] | None
    read: list[int] = field(default_factory=list)
    missed: int = 0
    readers: list[asyncio.Task] = field(default_factory=list)
    joins: list[asyncio.Task] = field(default_factory=list)
    may_have_left: bool = False
    joined_during: set[asyncio.Task] = field(default_factory=set)  # which batches

    def note(self, result: object) -> None:
        match result:
            case int():
                self.read.append(result)
            case list():
                for each in result:
                    self.note(each)
            case (kind, missed):
                assert kind is Lagged
                self.missed += missed
            case _:
                assert result in (END, BROKEN, CUT_OFF)
                self.may_have_left |= result in (BROKEN, CUT_OFF)


class Race:
    def __init__(self, broker, subscribe) -> None:
        self.broker = broker
        self.make_subscription = subscribe
        self.subscribers: list[Subscriber] = []
        self.publishers: list[asyncio.Task] = []
        self.publisher_count = 0
        self.results: list[object] = []
        self.shutdowns: list[asyncio.Task] = []
        self.batches: set[asyncio.Task] = set()
        self.cut_short: set[asyncio.Task] = set()  # batches of which not all was published

    # The operations.

    def subscribe(self, options: dict) -> None:
        published = self.broker.stats.published
        replay = min(options.get("replay", 0), self.broker.maxsize)
        try:
            subscription = self.make_subscription(self.broker, **options)
        except PubSubClosed:
            assert self.broker.closed
            return
        subscriber = Subscriber(
            subscription,
            published - min(replay, published),
            options.get("where"),
            joined_during=set(self.batches),
        )
        self.subscribers.append(subscriber)

    def publish(self, count: int) -> None:
        async def publish_in_order(publisher: int) -> None:
            for number in range(count):
                message = publisher * PER_PUBLISHER + number
                self.results.append(result := await publish(self.broker.publish(message)))
                if isinstance(result, tuple) and result[0] is asyncio.CancelledError:
                    return

        self.publishers.append(asyncio.create_task(publish_in_order(self.publisher_count)))
        self.publisher_count += 1

    def publish_many(self, count: int) -> None:
        first = self.publisher_count * PER_PUBLISHER

        async def publish_all() -> None:
            result = await publish(self.broker.publish_many(range(first, first + count)))
            self.results.append(result)
            if isinstance(result, tuple) and result[0] is asyncio.CancelledError:
                self.cut_short.add(task)

        task = asyncio.create_task(publish_all())
        self.publishers.append(task)
        self.batches.add(task)
        self.publisher_count += 1

    def publish_nowait(self) -> None:
        try:
            message = self.publisher_count * PER_PUBLISHER
            self.results.append(described(self.broker.publish_nowait(message)))
        except PubSubFull as full:
            self.results.append(described(full.delivery, PubSubFull))
        except PubSubClosed:
            assert self.broker.closed
        self.publisher_count += 1

    def cancel_publish(self, index: int) -> None:
        for task in pick(self.publishers, index):
            task.cancel()

    def read(self, index: int, kind: str, count: int) -> None:
        async def read(subscriber: Subscriber, subscription) -> None:
            if kind != "iterate":
                subscriber.note(await (get if kind == "get" else get_batch)(subscription))
                return
            messages = aiter(subscription)
            for _ in range(count):
                subscriber.note(result := await get_next(messages))
                if not isinstance(result, int):
                    return
            subscription.task_done()

        there = [each for each in self.subscribers if each.subscription is not None]
        for subscriber in pick(there, index):
            for _ in range(1 if kind == "iterate" else count):
                task = asyncio.create_task(read(subscriber, subscriber.subscription))
                subscriber.readers.append(task)

    def cancel_read(self, index: int) -> None:
        for task in pick([task for each in self.subscribers for task in each.readers], index):
            task.cancel()

    def join(self, index: int) -> None:
        there = [each for each in self.subscribers if each.subscription is not None]
        for subscriber in pick(there, index):
            subscriber.joins.append(asyncio.create_task(subscriber.subscription.join()))

    def leave(self, index: int, how: str) -> None:
        there = [each for each in self.subscribers if each.subscription is not None]
        for subscriber in pick(there, index):
            subscriber.may_have_left = True
            if how == "abandon":
                subscriber.subscription = None
            elif how == "close":
                subscriber.subscription.close()
            else:
                subscriber.subscription.shutdown()

    def shut_down(self, timeout: float) -> None:
        self.shutdowns.append(asyncio.create_task(self.broker.shutdown(timeout=timeout)))

    # What must hold.

    def check_bounds(self) -> None:
        # What has ended is not kept: a task that was cancelled holds what it worked with.
        self.publishers = [task for task in self.publishers if not has_ended(task)]
        for subscriber in self.subscribers:
            subscriber.readers = [task for task in subscriber.readers if not has_ended(task)]
            subscriber.joins = [task for task in subscriber.joins if not has_ended(task)]
            if (subscription := subscriber.subscription) is not None:
                assert 0 <= subscription.qsize() <= subscription.maxsize
                assert subscription.stats.high_water_mark <= subscription.maxsize

    async def check_that_nobody_sleeps_on(self) -> None:
        for _ in range(2):  # then a subscription that only a reader held has left
            await let_all_run()
            self.check_bounds()
        held = [each for each in self.subscribers if each.readers or each.joins]
        if self.publishers and all(each.subscription for each in held):
            assert any(each.subscription and each.subscription.full() for each in self.subscribers)
        for subscriber in held:
            if (subscription := subscriber.subscription) is not None:
                if subscriber.readers:
                    assert subscription.empty()
                    assert not subscription.closed
                if subscriber.joins:
                    assert not subscription.empty() or subscription.unfinished

    async def end(self) -> None:
        """Let everybody read what is left, and shut down."""
        for subscriber in self.subscribers:
            while subscriber.readers:
                subscriber.readers.pop().cancel()
            while subscriber.joins and subscriber.subscription is None:
                subscriber.joins.pop().cancel()
        await self.check_that_nobody_sleeps_on()
        while any(self.read_what_is_left([each for each in self.subscribers if each.subscription])):
            await self.check_that_nobody_sleeps_on()
        assert not self.publishers
        assert await self.broker.shutdown() == ShutdownReport(0, 0)
        await self.check_that_nobody_sleeps_on()
        for shutdown in self.shutdowns:
            assert isinstance(outcome(shutdown), ShutdownReport)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    @staticmethod
    def read_what_is_left(subscribers: list[Subscriber]):
        for subscriber in subscribers:
            waiting = subscriber.subscription.qsize()
            try:
                message = subscriber.subscription.get_nowait()
            except asyncio.QueueEmpty:
                if not waiting:  # nor anything that is not wanted
                    continue
            except FilterError:
                subscriber.note(BROKEN)
            except Disconnected:
                subscriber.note(CUT_OFF)
            except Lagged as lagged:
                subscriber.note((Lagged, lagged.missed))
            else:
                if message is None:
                    continue
                subscriber.note(message)
                subscriber.subscription.task_done()
            yield True

    def check_one_order(self) -> None:
        """Check that no two subscribers saw any two messages in different orders."""
        for one in self.subscribers:
            for other in self.subscribers:
                common = set(one.read) & set(other.read)
                in_one = [message for message in one.read if message in common]
                in_other = [message for message in other.read if message in common]
                assert in_one == in_other

    def check_counts(self) -> None:
        stats = self.broker.stats
        for subscriber in self.subscribers:
            assert len(set(subscriber.read)) == len(subscriber.read), "nothing is doubled"
            by_publisher = defaultdict(list)
            for message in subscriber.read:
                by_publisher[message // PER_PUBLISHER].append(message)
                assert subscriber.where is None or subscriber.where(message)
            for messages in by_publisher.values():
                assert messages == sorted(messages), "a publisher's messages arrive in its order"
            if subscriber.may_have_left or subscriber.subscription is None:
                continue
            seen = subscriber.subscription.stats
            assert seen.received == len(subscriber.read), "nothing is lost"
            expected = stats.published - subscriber.expected_from
            if subscriber.joined_during & self.cut_short:
                continue  # some of what was published when it joined is not any more
            if subscriber.where is None and not subscriber.subscription.closed:
                assert seen.received + seen.dropped == expected, "every drop is counted"
            assert seen.received + seen.dropped <= expected
        # A ring that refuses a message does not count it: nobody is ahead of the others.
        refused = PubSubFull if isinstance(self.broker, RingPubSub) else None
        reported = sum(
            len(result[-1])
            for result in self.results
            if isinstance(result, tuple) and result[0] is not refused
        )
        assert reported == stats.dropped, "every drop is reported to somebody"


def has_ended(task: asyncio.Task) -> bool:
    """Return whether a task has ended; raise what it should not have raised."""
    return task.done() and (task.cancelled() or task.result() is None)


def check_lags(race: Race) -> None:
    """Check that readers of a ring were told of every message that they missed."""
    for subscriber in race.subscribers:
        if subscriber.subscription and not subscriber.may_have_left:
            dropped = subscriber.subscription.stats.dropped
            # What a shutdown drops comes after all that they read.
            assert subscriber.missed <= dropped if race.shutdowns else subscriber.missed == dropped


timeouts = st.sampled_from([None, 0, 0.75, 1.0])


@st.composite
def races(draw, subscription_options: dict):
    """Return operations, each with how many turns the loop takes after it."""
    options = st.fixed_dictionaries({}, optional={"where": filters, **subscription_options})
    operations_of_part = operations(subscription_options, ("look",))
    steps = [("subscribe", draw(options)) for _ in range(draw(st.integers(1, 3)))]
    steps += draw(operations_of_part)
    if draw(st.booleans()):
        steps += [("shut_down", draw(shutdown_timeouts)), *draw(operations_of_part)]
    turns = draw(st.lists(st.integers(0, 2), min_size=len(steps), max_size=len(steps)))
    return list(zip(steps, turns, strict=True))


async def run(race: Race, steps) -> None:
    for (name, *arguments), turns in steps:
        if name == "advance":
            await asyncio.sleep(*arguments)
        elif name == "look":
            await race.check_that_nobody_sleeps_on()
        else:
            getattr(race, name)(*arguments)
        for _ in range(turns):
            await asyncio.sleep(0)
        race.check_bounds()
    await race.end()
    race.check_one_order()
    race.check_counts()


@examples
@given(
    maxsize=st.integers(1, 3),
    timeout=timeouts,
    overflow=st.sampled_from(Overflow),
    steps=races(
        {
            "maxsize": st.integers(1, 4),
            "timeout": timeouts,
            "overflow": st.sampled_from(Overflow),
        }
    ),
)
@in_virtual_time
async def test_no_race_makes_inboxes_lose_double_or_miscount_a_message(
    maxsize, timeout, overflow, steps
):
    broker = AsyncPubSub[int](maxsize, timeout=timeout, overflow=overflow)
    await run(Race(broker, AsyncPubSub.subscribe), steps)


# A reader got what its filter raises on: it was let in after the filter had been asked.
LET_IN_UNASKED = [
    (("subscribe", {}), 0),
    (("subscribe", {}), 0),
    (("publish", 1), 0),
    (("publish", 2), 0),
    (("publish", 2), 0),
    (("publish_many", 0), 0),
    (("subscribe", {}), 0),
    (("advance", 0.25), 0),
    (("publish_nowait",), 0),
    (("publish_nowait",), 0),
    (("publish_nowait",), 0),
    (("publish", 1), 0),
    (("publish", 1), 0),
    (("publish", 1), 0),
    (("publish_many", 4), 0),
    (("cancel_publish", 0), 0),
    (("cancel_publish", 3), 0),
    (("advance", 0.25), 0),
    (("read", 0, "get", 3), 0),
    (("subscribe", {"where": is_even_or_breaks, "replay": 0}), 0),
    (("cancel_publish", 0), 1),
    (("cancel_publish", 0), 1),
    (("read", 5, "get", 4), 0),
    (("shut_down", 5.1), 0),
    (("read", 0, "get", 1), 0),
    (("read", 2, "batch", 2), 1),
    (("read", 3, "batch", 1), 0),
    (("publish", 1), 1),
]


def subscribe_to_ring(ring: RingPubSub, *, replay: int = 0, where=None):
    return ring.subscribe(where=where, replay=min(replay, ring.maxsize))


@examples
@example(maxsize=2, timeout=None, steps=LET_IN_UNASKED)
@given(
    maxsize=st.integers(1, 4),
    timeout=timeouts,
    steps=races({"replay": st.integers(0, 4)}),
)
@in_virtual_time
async def test_no_race_makes_a_ring_lose_double_or_miscount_a_message(maxsize, timeout, steps):
    race = Race(RingPubSub[int](maxsize, timeout=timeout), subscribe_to_ring)
    await run(race, steps)
    check_lags(race)


@in_virtual_time
async def test_a_check_that_cannot_fail_would_be_no_check():
    race = Race(RingPubSub[int](), subscribe_to_ring)
    race.subscribe({})
    race.subscribers[0].read = [1, 1]
    with pytest.raises(AssertionError, match="doubled"):
        race.check_counts()
