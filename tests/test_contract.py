"""What every broker must do: one suite, run over each of them.

To hold another broker to the contract, add a `Kind` below: it says how to open one, how to run a
test of it, and where it may differ. The first part holds for every broker; the second for those
that count what is lost and come to an end, the managed ones. Faults of the chapter's broker that
these must not have are tested under their numbers, D1 to D13.

Over a network a message takes its time, so a test that looks without waiting lets it arrive first.
What is about a publisher that waits, about the virtual clock, or about one object in two hands, is
for the brokers within a process.
"""

import asyncio
import functools
import gc
import inspect
import itertools
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Broker,
    BrokerStats,
    ChapterPubSub,
    Delivery,
    Lagged,
    ManagedBroker,
    ManagedSubscription,
    Message,
    PubSubClosed,
    RingPubSub,
    ShutdownReport,
    subscriber_task,
)
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, nats_server, why_no_server

TIME_LIMIT_S = 10


def in_process(broker_class):
    """Open a broker that needs nothing but itself."""

    @asynccontextmanager
    async def opened(**options) -> AsyncIterator:
        yield broker_class(**options)

    return opened


SUBJECTS = (f"contract.{number}" for number in itertools.count())


class AnyMessage:
    """A codec of all that these tests send. It trusts them, which nobody should over a network."""

    @staticmethod
    def to_bytes(message) -> bytes:
        return repr(message).encode()

    @staticmethod
    def from_bytes(data: bytes):
        return eval(data, {"Message": Message})


def over_a_network(broker_class):
    """Open a broker on a server of our own, with a subject of its own."""

    @asynccontextmanager
    async def opened(**options) -> AsyncIterator:
        server = await asyncio.to_thread(the_server)
        broker = broker_class(next(SUBJECTS), AnyMessage, url=server.url, **options)
        try:
            yield broker
        finally:
            await broker.shutdown(timeout=0)

    return opened


@functools.cache
def the_server():
    """The server that these tests share. It ends with this process."""
    return nats_server().__enter__()


def run_within_the_limit(main) -> None:
    """Run a test in real time, which must not hang."""

    async def limited() -> None:
        async with asyncio.timeout(TIME_LIMIT_S):
            await main

    asyncio.run(limited())


@dataclass(frozen=True)
class Kind:
    """A kind of broker, and all in which the contract allows it to differ from the others.

    Attributes:
        name: the class, as its errors call it.
        open: opens a broker in an `async with`; takes what its class takes.
        run: runs a test; `asyncio.run` for one that needs sockets or threads. Tests that look at
            the clock are for the virtual one alone.
        shares_fate: whether the subscribers wait for the slowest, since nobody gets a message
            before there is room for everybody; the opposite is an inbox for each.
        overtakes: whether a subscriber that is full loses its oldest message, and its reader gets
            `Lagged`; the opposite is that it loses the newest, and its reader is told nothing.
        counts_the_unwanted: whether a message counts as delivered until a reader has passed it
            over; the opposite is that the publisher asks first who wants it.
        knows_the_readers: whether the publisher is told how many get a message; the opposite is
            that there is a server between them.
    """

    name: str
    open: Callable
    run: Callable = run_virtual
    shares_fate: bool = False
    overtakes: bool = False
    counts_the_unwanted: bool = False
    knows_the_readers: bool = True

    def __str__(self) -> str:
        return self.name


CHAPTER = Kind("ChapterPubSub", in_process(ChapterPubSub))
INBOXES = Kind("AsyncPubSub", in_process(AsyncPubSub))
RING = Kind(
    "RingPubSub",
    in_process(RingPubSub),
    shares_fate=True,
    overtakes=True,
    counts_the_unwanted=True,
)

NATS, JETSTREAM = (
    Kind(
        broker_class.__name__,
        over_a_network(broker_class),
        run=run_within_the_limit,
        knows_the_readers=False,
    )
    for broker_class in (NatsPubSub, JetStreamPubSub)
)

IN_PROCESS = [INBOXES, RING]
LOCAL = [CHAPTER, *IN_PROCESS]
DROPPING = [*IN_PROCESS, NATS]  # a subscriber that is full misses something; JetStream keeps it
MANAGED = [*IN_PROCESS, NATS, JETSTREAM]
BROKERS = [CHAPTER, *MANAGED]


def each_of(kinds: list[Kind], **options):
    """Turn a coroutine function of a broker, opened with these options, into a test of each kind.

    The other arguments of the function are as in every test; `kind` is the kind of the broker.
    """

    def decorate(function):
        parameters = list(inspect.signature(function).parameters.values())[1:]
        wants_kind = any(parameter.name == "kind" for parameter in parameters)

        def test(kind, **arguments) -> None:
            async def main() -> None:
                async with kind.open(**options) as broker:
                    await function(broker, **arguments, **({"kind": kind} if wants_kind else {}))

            kind.run(main())

        test.__name__, test.__doc__ = function.__name__, function.__doc__
        kind = inspect.Parameter("kind", inspect.Parameter.KEYWORD_ONLY)
        others = [parameter for parameter in parameters if parameter.name != "kind"]
        test.__signature__ = inspect.Signature([*others, kind])
        return pytest.mark.parametrize("kind", each(kinds))(test)

    return decorate


def each(kinds: list[Kind]) -> list:
    """Return the kinds as parameters of a test, which is skipped for those without a server."""
    no_server = why_no_server()
    skipped = [pytest.mark.skipif(no_server is not None, reason=no_server or "")]
    return [
        pytest.param(kind, id=str(kind), marks=[] if kind.knows_the_readers else skipped)
        for kind in kinds
    ]


def now() -> float:
    return asyncio.get_running_loop().time()


def start(coroutine) -> asyncio.Task:
    return asyncio.create_task(coroutine)


async def let_all_run() -> None:
    """Let every task go on until it waits, at this instant."""
    for _ in range(20):
        await asyncio.sleep(0)


async def arrival(broker) -> None:
    """Let what was published reach the subscribers, where that takes a while."""
    if isinstance(broker, NatsPubSub | JetStreamPubSub):
        await broker.flush()


async def read_all(queue, seconds: float = 0.0) -> list:
    """Read until the end, taking so long for each message and marking it as done."""
    messages = []
    while (message := await queue.get()) is not None:
        if seconds:
            await asyncio.sleep(seconds)
        messages.append(message)
        queue.task_done()
    return messages


def unread(subscription) -> list:
    return [subscription.get_nowait() for _ in range(subscription.qsize())]


async def publish_all(broker: Broker, messages, readers: int = 1) -> list[list]:
    """Publish to that many readers, shut down, and return what each of them read."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read_all(await broker.subscribe())) for _ in range(readers)]
        for message in messages:
            await broker.publish(message)
        await broker.shutdown()
    return [task.result() for task in tasks]


# Every broker.


@each_of(BROKERS)
async def test_it_is_a_broker(broker):
    assert isinstance(broker, Broker)


@each_of(BROKERS)
async def test_the_bound_is_one_hundred_unless_told_otherwise(broker, kind):
    assert broker.maxsize == 100
    async with kind.open(maxsize=7) as smaller:
        assert smaller.maxsize == 7


@each_of(BROKERS, maxsize=2)
async def test_each_subscriber_reads_at_its_own_pace(broker):
    subscriptions = [await broker.subscribe() for _ in range(3)]
    await broker.publish(1)
    await arrival(broker)
    assert await subscriptions[0].get() == 1
    assert [subscription.qsize() for subscription in subscriptions] == [0, 1, 1]
    await broker.publish(2)
    await arrival(broker)
    assert [subscription.full() for subscription in subscriptions] == [False, True, True]


@each_of(BROKERS)
async def test_every_subscriber_reads_every_message_in_order_and_then_the_end(broker):
    messages = [Message(str(number)) for number in range(20)]
    assert await publish_all(broker, messages, readers=3) == [messages] * 3


@each_of(LOCAL)
async def test_every_subscriber_gets_the_same_object(broker):
    message = Message("Hello")
    first, second = await publish_all(broker, [message], readers=2)
    assert first[0] is second[0] is message


@each_of(BROKERS)
async def test_publishing_to_nobody_is_no_error(broker):
    assert await publish_all(broker, [1, 2, 3], readers=0) == []


@each_of(BROKERS)
async def test_falsy_messages_are_messages(broker):
    assert await publish_all(broker, [0, "", [], False]) == [[0, "", [], False]]


@each_of(BROKERS)
async def test_a_late_subscriber_misses_what_was_published_before(broker):
    await broker.publish(1)
    assert await publish_all(broker, [2]) == [[2]]


@each_of(BROKERS)
async def test_the_chapters_subscriber_reads_and_ends(broker, capsys):
    task = start(subscriber_task(await broker.subscribe()))
    await broker.publish(Message(content="Hello"))
    await broker.shutdown()
    await task
    assert capsys.readouterr().out == "Received: Hello\n"


@each_of(LOCAL, maxsize=3)
async def test_a_full_subscriber_is_waited_for_up_to_one_second_and_then_loses_one_message(
    broker, kind
):
    subscription = await broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    await broker.publish(3)
    assert now() == 1.0
    if kind.overtakes:
        with pytest.raises(Lagged, match="missed 1 "):
            await subscription.get()
    assert unread(subscription) == ([1, 2, 3] if kind.overtakes else [0, 1, 2])


@each_of(LOCAL, maxsize=1)
async def test_a_full_subscriber_that_reads_within_the_second_gets_the_message(broker):
    subscription = await broker.subscribe()
    await broker.publish("first")
    asyncio.get_running_loop().call_later(0.5, subscription.get_nowait)
    await broker.publish("in time")
    assert now() == 0.5
    assert subscription.get_nowait() == "in time"


@each_of(LOCAL, maxsize=1)
async def test_a_slow_subscriber_loses_nothing_while_it_keeps_within_the_second(broker):
    task = start(read_all(await broker.subscribe(), seconds=0.9))
    for number in range(10):
        await broker.publish(number)
    await broker.shutdown()
    assert await task == list(range(10))


@each_of(BROKERS, maxsize=2)
async def test_each_publishers_messages_arrive_in_its_order(broker):
    async def publish(name: str) -> None:
        for number in range(50):
            await broker.publish((name, number))

    readers = [start(read_all(await broker.subscribe(), seconds)) for seconds in (0, 0.01)]
    await asyncio.gather(*(publish(name) for name in "abc"))
    await broker.shutdown()
    for messages in await asyncio.gather(*readers):
        for name in "abc":
            assert [number for who, number in messages if who == name] == list(range(50))


@each_of([*LOCAL, NATS])
async def test_ten_thousand_messages_reach_ten_subscribers_without_loss(broker, capsys):
    queues = [await broker.subscribe() for _ in range(10)]
    tasks = [start(read_all(queue)) for queue in queues]
    for number in range(10_000):
        await broker.publish(number)
    await arrival(broker)
    for queue in queues:
        await queue.join()
    await broker.shutdown()
    assert all(read == list(range(10_000)) for read in await asyncio.gather(*tasks))
    assert capsys.readouterr().out == ""


# The managed brokers: what they are.


@each_of(MANAGED)
async def test_it_is_a_managed_broker_with_managed_subscriptions(broker):
    assert isinstance(broker, ManagedBroker)
    assert isinstance(broker.subscribe(), ManagedSubscription)


@each_of(MANAGED)
async def test_a_subscription_can_be_had_in_three_ways(broker):
    plain = broker.subscribe()
    awaited = await broker.subscribe()
    async with broker.subscribe() as entered:
        await broker.publish(1)
        await arrival(broker)
        assert [each.qsize() for each in (plain, awaited, entered)] == [1, 1, 1]
    assert await plain is plain


@each_of(MANAGED)
async def test_a_subscription_has_the_name_it_was_given(broker):
    ada, anonymous = broker.subscribe(name="ada"), broker.subscribe()
    assert (ada.name, anonymous.name) == ("ada", "")
    assert repr(ada) == f"<{type(ada).__name__} 'ada' 0 of 100>"
    ada.close()
    assert repr(ada) == f"<{type(ada).__name__} 'ada' 0 of 100 closed>"


@each_of(MANAGED)
async def test_a_broker_says_what_it_is(broker, kind):
    subscription = broker.subscribe()
    assert repr(broker) == f"<{kind.name} of 1 subscribers>"
    await broker.shutdown()
    assert repr(broker) == f"<{kind.name} of 1 subscribers closed>"
    assert subscription.closed


@pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])
def test_it_can_be_subscribed_to_before_an_event_loop_runs(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()

    async def main() -> None:
        await broker.publish(1)
        assert subscription.get_nowait() == 1

    run_virtual(main())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"maxsize": 0}, ValueError, "maxsize must be at least 1, not 0"),
        ({"maxsize": -1}, ValueError, "maxsize must be at least 1, not -1"),
        ({"maxsize": 2.0}, TypeError, "maxsize is a whole number of messages, not 2.0"),
        ({"maxsize": True}, TypeError, "maxsize is a whole number of messages, not True"),
        ({"timeout": -1}, ValueError, "timeout must be 0 or more seconds, or None"),
        ({"timeout": float("nan")}, ValueError, "timeout must be 0 or more seconds, or None"),
        ({"timeout": float("inf")}, ValueError, "timeout must be 0 or more seconds, or None"),
        ({"timeout": "1"}, TypeError, "timeout is a number of seconds or None, not '1'"),
    ],
    ids=str,
)
@each_of(MANAGED)
async def test_a_bad_argument_is_refused_with_the_remedy(broker, kind, options, error, message):
    with pytest.raises(error, match=f"^{message}"):
        async with kind.open(**options):
            raise AssertionError("it was accepted")
    if "timeout" in options:
        with pytest.raises(error, match=f"^{message}"):
            await broker.shutdown(**options)
        assert not broker.closed


@pytest.mark.filterwarnings("error")
@each_of(IN_PROCESS)
async def test_one_that_was_never_shut_down_is_reported_when_it_is_forgotten(broker, kind):
    async def forget() -> None:
        async with kind.open() as forgotten:
            subscriptions.append(forgotten.subscribe())

    subscriptions: list = []
    with pytest.warns(ResourceWarning, match=rf"{kind.name} .* was never shut down; use `async"):
        await forget()


# Reading.


@each_of(MANAGED)
async def test_async_for_reads_everything_and_ends_at_shutdown(broker):
    async def read() -> list:
        return [message async for message in subscription]

    subscription = broker.subscribe()
    reader = start(read())
    for number in range(5):
        await broker.publish(number)
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert await reader == list(range(5))


@each_of(MANAGED)
async def test_async_for_says_that_a_message_is_handled_when_it_asks_for_the_next(broker):
    subscription = broker.subscribe()
    messages = aiter(subscription)
    await broker.publish(1)
    assert await anext(messages) == 1
    joining = start(subscription.join())
    await let_all_run()
    assert not joining.done()
    asking = start(anext(messages))
    await joining
    asking.cancel()


@each_of(MANAGED)
async def test_a_batch_is_all_that_waits(broker):
    subscription = broker.subscribe()
    batches = subscription.batches()
    for number in range(3):
        await broker.publish(number)
    await arrival(broker)
    assert await anext(batches) == [0, 1, 2]
    assert (subscription.qsize(), subscription.stats.received) == (0, 3)
    asking = start(anext(batches))
    await let_all_run()
    assert not asking.done(), "a batch is never empty"
    await broker.publish(3)
    assert await asking == [3]


@each_of(MANAGED)
async def test_batches_end_at_shutdown(broker):
    async def read() -> list[list]:
        return [batch async for batch in subscription.batches()]

    subscription = broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)
    await arrival(broker)
    reader = start(read())
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert await reader == [[1, 2]]


@each_of(MANAGED)
async def test_asking_for_the_next_batch_says_that_the_whole_last_one_is_handled(broker):
    subscription = broker.subscribe()
    batches = subscription.batches()
    for number in range(3):
        await broker.publish(number)
    await arrival(broker)
    await anext(batches)
    joining = start(subscription.join())
    await let_all_run()
    assert not joining.done()
    asking = start(anext(batches))
    await joining
    asking.cancel()


@each_of(MANAGED)
async def test_task_done_inside_a_batch_is_once_too_often(broker):
    subscription = broker.subscribe()
    batches = subscription.batches()
    await broker.publish(1)
    await anext(batches)
    subscription.task_done()
    with pytest.raises(ValueError, match="more often than messages were taken"):
        await anext(batches)


@each_of(MANAGED)
async def test_task_done_more_often_than_messages_were_taken_is_an_error(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    with pytest.raises(ValueError, match="more often than messages were taken"):
        subscription.task_done()
    await subscription.get()
    subscription.task_done()
    with pytest.raises(ValueError, match="more often than messages were taken"):
        subscription.task_done()


@each_of(MANAGED)
async def test_get_nowait_tells_an_empty_subscription_from_one_at_its_end(broker):
    subscription = broker.subscribe()
    with pytest.raises(asyncio.QueueEmpty):
        subscription.get_nowait()
    await broker.shutdown()
    assert subscription.get_nowait() is None
    assert subscription.get_nowait() is None


@each_of(MANAGED)
async def test_readers_of_one_subscription_are_served_first_come_first_served(broker):
    subscription = broker.subscribe()
    readers = [start(subscription.get()) for _ in range(3)]
    await let_all_run()
    for number in range(3):
        await broker.publish(number)
    assert await asyncio.gather(*readers) == [0, 1, 2]


@each_of(IN_PROCESS)
async def test_a_cancelled_get_loses_no_message_and_wakes_the_next_reader(broker):
    subscription = broker.subscribe()
    first, second = start(subscription.get()), start(subscription.get())
    await let_all_run()
    await broker.publish("for the second")
    first.cancel()  # it was woken for this message, and has not run since
    assert await second == "for the second"
    assert first.cancelled()


@each_of(MANAGED)
async def test_a_get_that_timed_out_loses_no_message(broker):
    subscription = broker.subscribe()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(subscription.get(), timeout=1)
    await broker.publish(1)
    assert await subscription.get() == 1


# Filters.


@each_of(MANAGED)
async def test_a_filter_lets_only_what_is_wanted_through(broker, kind):
    even = broker.subscribe(where=lambda number: number % 2 == 0)
    everything = broker.subscribe()
    for number in range(5):
        delivery = await broker.publish(number)
        if kind.knows_the_readers:
            assert delivery.delivered == (2 if number % 2 == 0 or kind.counts_the_unwanted else 1)
    await arrival(broker)
    await broker.shutdown(timeout=0)
    assert await read_all(even) == [0, 2, 4]
    assert await read_all(everything) == [0, 1, 2, 3, 4]
    assert (even.stats.received, everything.stats.received) == (3, 5)


@each_of(MANAGED)
async def test_a_filter_that_raises_closes_its_subscription_and_the_reader_sees_the_error(broker):
    broken = broker.subscribe(where=lambda number: 6 / number)
    healthy = broker.subscribe()
    await broker.publish(0)
    await arrival(broker)
    with pytest.raises(ZeroDivisionError):
        await broken.get()
    assert await broken.get() is None
    assert broken.closed
    assert broker.stats.subscribers == 1
    assert unread(healthy) == [0]


@pytest.mark.parametrize("where", ["even", 3, asyncio.sleep])
@each_of(MANAGED)
async def test_a_filter_that_is_no_plain_function_is_refused(broker, where):
    with pytest.raises(TypeError, match=r"^where is a function that says at once if a message is"):
        broker.subscribe(where=where)
    assert broker.stats.subscribers == 0


# Publishing where somebody is full.


@each_of(IN_PROCESS, maxsize=1, timeout=None)
async def test_timeout_none_waits_as_long_as_it_takes(broker):
    subscription = broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_later(3600, subscription.get_nowait)
    assert await broker.publish(1) == Delivery(delivered=1)
    assert now() == 3600


@each_of(IN_PROCESS, maxsize=1, timeout=0)
async def test_timeout_zero_lets_a_reader_run_before_anything_is_dropped(broker):
    reader = start(read_all(broker.subscribe()))
    await asyncio.sleep(0)
    for number in range(100):
        assert await broker.publish(number) == Delivery(delivered=1)
    await broker.shutdown()
    assert await reader == list(range(100))
    assert now() == 0


@each_of(IN_PROCESS, maxsize=1, timeout=0)
async def test_timeout_zero_waits_for_no_dead_subscriber(broker):
    dead = broker.subscribe(name="dead")
    await broker.publish(0)
    delivery = await broker.publish(1)
    assert (delivery.missed_by, delivery.dropped) == ((dead,), 1)
    assert now() == 0


@each_of(DROPPING, maxsize=2, timeout=None)
async def test_the_bound_is_never_exceeded(broker):
    async def publish() -> None:
        for number in range(10):
            await broker.publish(number)
            depths.append(subscription.qsize())

    subscription = broker.subscribe()
    depths: list[int] = []
    publishers = [start(publish()) for _ in range(5)]
    for _ in range(50):
        await subscription.get()
        depths.append(subscription.qsize())
    await asyncio.gather(*publishers)
    assert max(depths) == subscription.stats.high_water_mark == 2


@each_of(DROPPING, maxsize=1, timeout=None)
async def test_publishers_that_wait_are_served_first_come_first_served(broker):
    subscription = broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in range(1, 5)]
    await let_all_run()
    assert [await subscription.get() for _ in range(5)] == [0, 1, 2, 3, 4]
    await asyncio.gather(*publishers)


@each_of(IN_PROCESS, maxsize=1)
async def test_publish_nowait_never_waits(broker):
    subscription = broker.subscribe()
    assert broker.publish_nowait(0) == Delivery(delivered=1)
    assert broker.publish_nowait(1).missed_by == (subscription,)
    assert now() == 0


# Statistics.


@each_of(DROPPING, maxsize=2, timeout=0)
async def test_what_was_received_and_what_was_dropped_is_all_that_was_published(broker, kind):
    dead, reading = broker.subscribe(), broker.subscribe()
    deliveries = []
    for number in range(5):
        deliveries.append(await broker.publish(number))
        await arrival(broker)
        reading.get_nowait()
    assert (dead.stats.received, dead.stats.dropped, dead.stats.depth) == (2, 3, 2)
    assert (reading.stats.received, reading.stats.dropped, reading.stats.depth) == (5, 0, 0)
    if kind.knows_the_readers:
        assert sum(delivery.dropped for delivery in deliveries) == 3
    assert broker.stats == BrokerStats(subscribers=2, published=5, delivered=7, dropped=3)


@each_of(DROPPING, maxsize=2, timeout=0)
async def test_the_counts_of_those_that_left_are_kept(broker):
    leaving = broker.subscribe()
    for number in range(3):
        await broker.publish(number)
        await arrival(broker)
    leaving.close()
    await broker.publish(3)
    assert broker.stats == BrokerStats(subscribers=0, published=4, delivered=2, dropped=1)


# Leaving.


@each_of(MANAGED)
async def test_close_discards_what_is_unread_and_releases_join(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    await arrival(broker)
    joining = start(subscription.join())
    await let_all_run()
    subscription.close()
    await joining
    assert subscription.closed
    assert await subscription.get() is None
    assert broker.stats.subscribers == 0


@each_of(MANAGED)
async def test_close_twice_does_no_harm(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    await arrival(broker)
    subscription.close()
    stats = broker.stats
    subscription.close()
    assert broker.stats == stats


@each_of(MANAGED)
async def test_close_wakes_every_reader(broker):
    subscription = broker.subscribe()
    readers = [start(subscription.get()) for _ in range(3)]
    await let_all_run()
    subscription.close()
    assert await asyncio.gather(*readers) == [None] * 3


@each_of(MANAGED)
async def test_closing_inside_an_async_for_ends_it(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)
    await arrival(broker)
    read = []
    async for message in subscription:
        read.append(message)
        subscription.close()
    assert read == [1]


@each_of(IN_PROCESS, maxsize=1, timeout=None)
async def test_close_releases_the_publisher_that_waits_and_is_no_drop(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    publishing = start(broker.publish(2))
    await let_all_run()
    subscription.close()
    assert await publishing == Delivery(delivered=0)
    assert broker.stats.dropped == 0


@each_of(MANAGED)
async def test_async_with_leaves_at_the_end_and_after_an_error(broker):
    async with broker.subscribe() as first:
        assert broker.stats.subscribers == 1
    with pytest.raises(ValueError, match="a bug"):
        async with broker.subscribe() as second:
            raise ValueError("a bug")
    assert first.closed
    assert second.closed
    assert broker.stats.subscribers == 0


@each_of(MANAGED)
async def test_a_subscription_that_nobody_holds_any_more_leaves(broker):
    subscription = await broker.subscribe()
    await broker.publish(1)
    await arrival(broker)
    assert broker.stats.subscribers == 1
    del subscription
    await let_all_run()
    assert broker.stats.subscribers == 0


@each_of(MANAGED)
async def test_a_subscriber_that_crashed_leaves(broker):
    async def crash() -> None:
        async for _ in broker.subscribe():
            raise ValueError("a bug")

    task = start(crash())
    await let_all_run()
    await broker.publish(1)
    await asyncio.wait([task])
    assert str(task.exception()) == "a bug"
    del task
    await let_all_run()
    gc.collect()
    await let_all_run()
    assert broker.stats.subscribers == 0


@each_of(IN_PROCESS, maxsize=1, timeout=None)
async def test_one_that_nobody_holds_any_more_releases_the_publisher_that_waits(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    publishing = start(broker.publish(2))
    await let_all_run()
    del subscription
    assert await publishing == Delivery(delivered=0)
    assert broker.stats.subscribers == 0


# Shutting down.


@each_of(IN_PROCESS)
async def test_shutdown_of_a_broker_without_work_takes_no_time(broker):
    subscription = broker.subscribe()
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 0.0
    assert broker.closed
    assert subscription.closed


@each_of(MANAGED)
async def test_shutdown_reports_what_was_left(broker):
    reading, unread_by_all = broker.subscribe(), broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    await arrival(broker)
    await reading.get()
    assert await broker.shutdown(timeout=0) == ShutdownReport(unread=5, unfinished=1)
    assert unread(unread_by_all) == [0, 1, 2]


@pytest.mark.parametrize("timeout", [0, 0.25, 60])
@each_of(IN_PROCESS)
async def test_shutdown_ends_at_exactly_its_timeout_if_nobody_reads(broker, timeout):
    subscription = broker.subscribe()
    await broker.publish(1)
    assert await broker.shutdown(timeout=timeout) == ShutdownReport(unread=1, unfinished=0)
    assert now() == timeout
    assert unread(subscription) == [1]


@each_of(MANAGED)
async def test_every_reader_gets_none_each_time_it_asks(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    await arrival(broker)
    await broker.shutdown(timeout=0)
    assert [await subscription.get() for _ in range(3)] == [1, None, None]
    assert [message async for message in subscription] == []
    assert [batch async for batch in subscription.batches()] == []


@each_of(IN_PROCESS)
async def test_two_shutdowns_at_once_each_end_at_their_own_timeout(broker):
    async def shut_down(timeout: float) -> float:
        await broker.shutdown(timeout=timeout)
        return now()

    subscription = broker.subscribe()
    await broker.publish(1)
    assert await asyncio.gather(shut_down(1), shut_down(2)) == [1.0, 2.0]
    assert unread(subscription) == [1]
    subscription.task_done()
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)


@each_of(MANAGED)
async def test_a_cancelled_shutdown_leaves_the_broker_closed_and_can_be_repeated(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    await arrival(broker)
    shutdown = start(broker.shutdown(timeout=None))
    await asyncio.sleep(0.1)
    shutdown.cancel()
    await asyncio.wait([shutdown])
    assert shutdown.cancelled()
    assert broker.closed
    assert await broker.shutdown(timeout=0.1) == ShutdownReport(unread=1, unfinished=0)
    assert unread(subscription) == [1]


@each_of(IN_PROCESS, maxsize=1, timeout=None)
async def test_a_publish_that_waits_gets_in_during_shutdown_and_is_handled(broker):
    reader = start(read_all(broker.subscribe(), seconds=1))
    await asyncio.sleep(0)
    publishers = [start(broker.publish(number)) for number in range(4)]
    await let_all_run()
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert await reader == [0, 1, 2, 3]
    assert [await publisher for publisher in publishers] == [Delivery(delivered=1)] * 4


@each_of(IN_PROCESS, maxsize=1, timeout=None)
async def test_shutdown_releases_the_publishers_that_still_wait_at_its_timeout(broker):
    subscription = broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in (1, 2)]
    await let_all_run()
    assert await broker.shutdown(timeout=3) == ShutdownReport(unread=1, unfinished=0)
    assert now() == 3.0
    dropped = Delivery(delivered=0, missed_by=(subscription,))
    assert await asyncio.gather(*publishers) == [dropped, dropped]
    assert broker.stats == BrokerStats(subscribers=1, published=3, delivered=1, dropped=2)


@each_of(IN_PROCESS)
async def test_one_that_leaves_during_shutdown_is_not_waited_for(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    asyncio.get_running_loop().call_later(2, subscription.close)
    assert await broker.shutdown(timeout=60) == ShutdownReport(unread=0, unfinished=0)
    assert now() == 2.0


@each_of(MANAGED)
async def test_async_with_shuts_down_and_waits(broker):
    async with broker:
        reader = start(read_all(broker.subscribe(), seconds=0.1))
        await broker.publish(1)
    assert broker.closed
    assert reader.done()


@each_of(IN_PROCESS)
async def test_async_with_waits_for_nobody_after_an_error(broker):
    subscription = broker.subscribe()
    await broker.publish(1)
    with pytest.raises(ValueError, match="a bug"):
        async with broker:
            raise ValueError("a bug")
    assert broker.closed
    assert now() == 0.0
    assert unread(subscription) == [1]


# None of the chapter's faults. (D13, and all that needs threads, comes last.)


@each_of(MANAGED)
async def test_d1_join_returns_after_the_end(broker, capsys):
    queue = await broker.subscribe()
    task = start(subscriber_task(queue))
    await broker.publish(Message("Hello"))
    await broker.shutdown()
    await task
    await queue.join()
    assert capsys.readouterr().out == "Received: Hello\n"


@each_of(MANAGED)
async def test_d2_shutdown_returns_when_everything_was_handled(broker):
    async def handle(subscription) -> None:
        async for message in subscription:
            await asyncio.sleep(0.001)
            handled.append(message)

    handled: list[int] = []
    start(handle(broker.subscribe()))  # nobody keeps the task
    gc.collect()
    for number in range(50):
        await broker.publish(number)
    await broker.shutdown()
    assert handled == list(range(50))


@pytest.mark.parametrize("dead", [1, 3])
@each_of(IN_PROCESS, maxsize=1)
async def test_d3_any_number_of_dead_subscribers_costs_a_publish_one_second(broker, dead):
    subscriptions = tuple(broker.subscribe() for _ in range(dead))
    await broker.publish(0)
    assert (await broker.publish(1)).missed_by == subscriptions
    assert now() == 1.0


@each_of(IN_PROCESS, maxsize=1)
async def test_d3_a_dead_subscriber_delays_the_healthy_ones_by_no_more_than_its_second(
    broker, kind
):
    async def read() -> None:
        async for _ in healthy:
            arrivals.append(now())

    dead, healthy = broker.subscribe(), broker.subscribe()
    arrivals: list[float] = []
    reader = start(read())
    for number in range(4):
        await broker.publish(number)
    assert await broker.shutdown(timeout=0) == ShutdownReport(unread=1, unfinished=0)
    await reader
    # With an inbox each, the publisher is held up, and every message arrives when it is published;
    # in a ring all are held up once, until it is known that the dead one does not keep up.
    assert arrivals == ([0.0, 1.0, 1.0, 1.0] if kind.shares_fate else [0.0, 0.0, 1.0, 2.0])
    assert dead.stats.dropped == 3


@each_of(IN_PROCESS, maxsize=1)
async def test_d4_shutdown_does_not_hang_on_one_that_is_full_and_everybody_gets_the_end(broker):
    before, full, after = [broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    readers = [start(read_all(subscription)) for subscription in (before, after)]
    assert await broker.shutdown(timeout=60) == ShutdownReport(unread=1, unfinished=0)
    assert [await reader for reader in readers] == [[0], [0]]
    assert now() == 60.0
    assert [await full.get(), await full.get()] == [0, None]


@each_of(IN_PROCESS, maxsize=1)
async def test_d5_leaving_during_a_publish_makes_nobody_miss_the_message(broker, kind):
    a, b, c = [broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    assert (a.get_nowait(), c.get_nowait()) == (0, 0)
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    a.close()
    assert b.get_nowait() == 0
    assert await publisher == Delivery(delivered=2 if kind.shares_fate else 3)
    assert now() == 0.5
    assert (unread(b), unread(c)) == ([1], [1])


@each_of(IN_PROCESS, maxsize=1)
async def test_d5_a_newcomer_gets_no_message_that_others_have_already(broker, kind):
    full, healthy = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    healthy.get_nowait()
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    assert healthy.empty() is kind.shares_fate
    newcomer = broker.subscribe()
    full.get_nowait()
    await publisher
    assert unread(newcomer) == ([1] if kind.shares_fate else [])


@each_of(IN_PROCESS, maxsize=1)
async def test_d6_a_crashed_subscriber_is_gone_with_its_messages_and_costs_nothing(broker):
    class Payload:
        """A message that can be watched."""

    async def crash() -> None:
        async for _ in broker.subscribe():
            raise ValueError("a bug")

    task = start(crash())
    await let_all_run()
    payload = Payload()
    reference = weakref.ref(payload)
    await broker.publish(payload)
    del payload
    await asyncio.wait([task])
    assert str(task.exception()) == "a bug"
    del task
    await let_all_run()
    gc.collect()
    await let_all_run()
    for number in range(10):
        assert await broker.publish(number) == Delivery(delivered=0)
    assert now() == 0.0
    assert reference() is None


@each_of(MANAGED)
async def test_d7_publishing_after_shutdown_raises_and_names_the_remedy(broker, kind):
    await broker.shutdown()
    with pytest.raises(PubSubClosed, match="was shut down; publish to a new one"):
        await broker.publish(1)
    if kind in IN_PROCESS:
        with pytest.raises(PubSubClosed, match="was shut down; publish to a new one"):
            broker.publish_nowait(1)
    assert broker.stats.published == 0


@each_of(MANAGED)
async def test_d7_subscribing_after_shutdown_raises_and_names_the_remedy(broker):
    await broker.shutdown()
    with pytest.raises(PubSubClosed, match="was shut down; subscribe to a new one"):
        broker.subscribe()


@each_of(MANAGED)
async def test_d8_none_cannot_be_published(broker, kind):
    subscription = broker.subscribe()
    with pytest.raises(TypeError, match=r"^None cannot be published: it tells a reader"):
        await broker.publish(None)
    if kind in IN_PROCESS:
        with pytest.raises(TypeError, match=r"^None cannot be published: it tells a reader"):
            broker.publish_nowait(None)
    assert subscription.empty()
    assert broker.stats.published == 0


@each_of(IN_PROCESS, maxsize=1)
async def test_d9_a_cancelled_publish_has_reached_all_who_had_room_or_nobody(broker, kind):
    first, full, last = [broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    assert (first.get_nowait(), last.get_nowait()) == (0, 0)
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    publisher.cancel()
    await asyncio.wait([publisher])
    reached = [] if kind.shares_fate else [1]
    assert (unread(first), unread(full), unread(last)) == (reached, [0], reached)
    assert broker.stats.dropped == (0 if kind.shares_fate else 1)


@each_of(IN_PROCESS)
async def test_d9_a_cancelled_handler_is_reported_and_shutdown_does_not_hang(broker):
    async def handle() -> None:
        async for _ in subscription:
            await asyncio.sleep(60)

    subscription = broker.subscribe()
    handler = start(handle())
    await broker.publish(1)
    await asyncio.sleep(1)
    handler.cancel()
    assert await broker.shutdown(timeout=5) == ShutdownReport(unread=0, unfinished=1)
    assert now() == 6.0


def watch_timers() -> list[asyncio.TimerHandle]:
    """Return a list that every timer set from now on is added to."""
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    set_timer = loop.call_at

    def call_at(*args, **kwargs):
        timers.append(set_timer(*args, **kwargs))
        return timers[-1]

    loop.call_at = call_at
    return timers


@each_of(IN_PROCESS, maxsize=10_000)
async def test_d10_no_timer_is_set_while_there_is_room(broker):
    subscription = broker.subscribe()
    timers = watch_timers()
    for number in range(10_000):
        await broker.publish(number)
    assert subscription.full()
    assert timers == []


@each_of(IN_PROCESS, maxsize=1)
async def test_d10_a_publish_that_waits_sets_one_timer_and_cancels_it(broker):
    subscriptions = [broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    timers = watch_timers()
    publisher = start(broker.publish(1))
    await let_all_run()
    for subscription in subscriptions:
        subscription.get_nowait()
    await publisher
    assert [timer.cancelled() for timer in timers] == [True]


@each_of(IN_PROCESS, maxsize=1)
async def test_d11_everybody_sees_two_publishers_in_the_same_order(broker):
    quick = start(read_all(broker.subscribe()))
    slow = broker.subscribe()
    await let_all_run()
    await broker.publish(0)
    first = start(broker.publish(1))
    await asyncio.sleep(0.1)
    second = start(broker.publish(2))
    await asyncio.sleep(0.1)
    slow = start(read_all(slow))
    await asyncio.gather(first, second)
    await broker.shutdown()
    assert [await quick, await slow] == [[0, 1, 2]] * 2


@pytest.mark.parametrize("kind", IN_PROCESS, ids=str)
def test_d12_a_second_event_loop_is_refused_with_the_remedy(kind):
    kept = []

    async def first() -> None:
        async with kind.open() as broker:
            kept.append((broker, broker.subscribe()))
            await broker.publish(1)

    async def second() -> None:
        broker, subscription = kept[0]
        remedy = f"this {kind.name} belongs to another event loop; create one inside each asyncio"
        with pytest.raises(RuntimeError, match=remedy):
            await broker.publish(2)
        with pytest.raises(RuntimeError, match=remedy):
            broker.publish_nowait(2)
        with pytest.raises(RuntimeError, match=remedy):
            await broker.shutdown()
        with pytest.raises(RuntimeError, match=remedy):
            broker.subscribe()
        assert await subscription.get() == 1
        with pytest.raises(RuntimeError, match=remedy):
            await subscription.get()

    kind.run(first())
    kind.run(second())


# Threads, in real time.


def in_real_time(test):
    """Turn a coroutine function of a kind of broker into a test of each, in real time."""

    def run(kind) -> None:
        run_within_the_limit(test(kind))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return pytest.mark.parametrize("kind", each(MANAGED))(run)


@in_real_time
async def test_d13_a_message_from_another_thread_wakes_the_loop(kind):
    async with kind.open() as broker:
        reader = start(broker.subscribe().get())  # nothing else would wake the loop
        await let_all_run()
        deliveries = []

        def publish() -> None:
            deliveries.append(broker.publish_threadsafe("Hello").result(TIME_LIMIT_S))

        thread = threading.Thread(target=publish)
        thread.start()
        assert await reader == "Hello"
        await asyncio.to_thread(thread.join, TIME_LIMIT_S)
        assert deliveries == [Delivery(delivered=1)]


@in_real_time
async def test_messages_from_several_threads_all_arrive_each_threads_in_its_order(kind):
    def publish(broker, name: str) -> None:
        for number in range(100):
            broker.publish_threadsafe((name, number)).result(TIME_LIMIT_S)

    async with kind.open(maxsize=3, timeout=None) as broker:
        reader = start(read_all(broker.subscribe()))
        await asyncio.gather(*(asyncio.to_thread(publish, broker, name) for name in "abc"))
        await broker.shutdown()
        messages = await reader
        assert len(messages) == 300
        for name in "abc":
            assert [number for who, number in messages if who == name] == list(range(100))


@in_real_time
async def test_the_broker_s_own_thread_is_refused_because_it_must_not_wait(kind):
    async with kind.open() as broker:
        subscription = broker.subscribe()
        with pytest.raises(RuntimeError, match=r"own thread, .* await publish\(\)"):
            broker.publish_threadsafe(1)
        assert subscription.empty()


@in_real_time
async def test_another_thread_is_told_that_the_broker_was_shut_down(kind):
    async with kind.open() as broker:
        await broker.shutdown()
        with pytest.raises(PubSubClosed, match="publish to a new one"):
            await asyncio.to_thread(broker.publish_threadsafe, 1)


@pytest.mark.parametrize("kind", IN_PROCESS, ids=str)
def test_a_broker_without_a_loop_cannot_be_published_to_from_a_thread(kind):
    kept = []

    async def main() -> None:
        async with kind.open() as broker:
            kept.append(broker)

    asyncio.run(main())
    with pytest.raises(RuntimeError, match="has no event loop yet; subscribe to it, or publish"):
        kept[0].publish_threadsafe(1)


@pytest.mark.parametrize("kind", IN_PROCESS, ids=str)
def test_a_broker_whose_loop_has_ended_says_so(kind):
    kept = []

    async def main() -> None:
        async with kind.open() as broker:
            await broker.publish(1)
            kept.append(broker)

    asyncio.run(main())
    with pytest.raises(PubSubClosed, match="the event loop of this broker has ended"):
        kept[0].publish_threadsafe(2)


@in_real_time
async def test_a_subscription_that_is_freed_in_another_thread_leaves_in_the_broker_s(kind):
    class Cycle:
        """Something that only the garbage collector frees."""

        def __init__(self, subscription) -> None:
            self.itself = self
            self.subscription = subscription

    async with kind.open() as broker:
        gc.collect()
        gc.disable()
        try:
            Cycle(broker.subscribe())
            thread = threading.Thread(target=gc.collect)
            thread.start()
            thread.join(TIME_LIMIT_S)
            # As if in the middle of something: nothing happens before it is over.
            assert broker.stats.subscribers == 1
        finally:
            gc.enable()
        await let_all_run()
        assert broker.stats.subscribers == 0
