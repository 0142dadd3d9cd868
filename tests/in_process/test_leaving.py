"""Subscribers that go without a word: abandoned, crashed or forgotten, and what they had."""

import asyncio
import gc
import threading
import weakref

import pytest

from pubsub_lib import AsyncPubSub, Delivery, Message, Overflow, PubSubFull, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.limits import TIME_LIMIT_S
from tests.stepping import handle_all, in_virtual_time, let_all_run, now, start

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


class Weighty(Message):
    """A message that can be watched by a weak reference."""


# Closed.


@each_broker
@in_virtual_time
async def test_a_subscription_that_was_closed_and_dropped_is_not_kept(broker_class):
    broker = broker_class()
    async with broker.subscribe() as subscription:
        await broker.publish(1)
    kept = weakref.ref(subscription)
    del subscription
    assert kept() is None
    await broker.shutdown()


@in_virtual_time
async def test_closing_frees_the_messages():
    broker = AsyncPubSub[Weighty]()
    inbox = broker.subscribe()
    kept = []
    for number in range(5):
        message = Weighty(str(number))
        kept.append(weakref.ref(message))
        await broker.publish(message)
    del message
    assert all(message() for message in kept)
    inbox.close()
    assert not any(message() for message in kept)


# Abandoned: nobody holds the subscription any more.


@in_virtual_time
async def test_an_inbox_that_nobody_holds_leaves_by_itself_and_frees_its_messages():
    broker = AsyncPubSub[Weighty]()
    inbox = broker.subscribe()
    message = Weighty("Hello")
    kept = weakref.ref(message)
    await broker.publish(message)
    del message
    assert kept() is not None
    del inbox
    assert broker.queues == []
    await let_all_run()
    assert kept() is None
    assert broker.stats.subscribers == 0
    assert await broker.publish(Weighty("again")) == Delivery(0)


@each_broker
def test_it_leaves_at_once_where_there_is_no_event_loop_yet(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    assert broker.stats.subscribers == 1
    del subscription
    assert broker.stats.subscribers == 0


@each_broker
def test_it_leaves_at_once_where_the_event_loop_has_ended(broker_class):
    broker = broker_class(maxsize=1, timeout=None)
    subscription = broker.subscribe()
    message = Weighty("Hello")
    kept = weakref.ref(message)
    run_virtual(broker.publish(message))
    del message, subscription
    assert broker.stats.subscribers == 0
    if broker_class is AsyncPubSub:  # a ring keeps its last messages for a replay
        assert kept() is None


@each_broker
@in_virtual_time
async def test_abandoning_releases_the_publishers_that_wait(broker_class):
    broker = broker_class(maxsize=1, timeout=None)
    subscription = broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in range(1, 4)]
    await asyncio.sleep(5)
    del subscription
    assert await asyncio.gather(*publishers) == [Delivery(0)] * 3
    assert now() == 5.0
    assert broker.stats.dropped == 0


@in_virtual_time
async def test_abandoning_in_mid_publish_leaves_the_others_waited_for():
    broker = AsyncPubSub[int](maxsize=1)
    abandoned, dead = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    del abandoned
    assert await publisher == Delivery(0, (dead,))
    assert now() == 1.0


@pytest.mark.parametrize("overflow", Overflow)
@in_virtual_time
async def test_a_publisher_that_keeps_its_last_delivery_does_not_keep_who_was_abandoned(overflow):
    broker = AsyncPubSub[int](maxsize=1, overflow=overflow)
    inbox = broker.subscribe(name="abandoned")
    await broker.publish(0)
    try:
        delivery = await broker.publish(1)
    except PubSubFull as full:
        delivery = full.delivery
    assert delivery.missed_by == (inbox,)
    assert now() == 1.0
    kept = weakref.ref(inbox)
    del inbox
    assert kept() is None
    for number in range(3):
        delivery = await broker.publish(number)
        assert delivery == Delivery(0)
    assert now() == 1.0


@in_virtual_time
async def test_a_delivery_counts_and_names_who_was_abandoned_since():
    broker = AsyncPubSub[int](maxsize=1)
    quick, slow = (broker.subscribe(name=str(timeout), timeout=timeout) for timeout in (1, 3))
    await broker.publish(0)
    publisher = start(broker.publish(1))
    await asyncio.sleep(2)
    del quick
    delivery = await publisher
    assert [missed.name for missed in delivery.missed_by] == ["1", "3"]
    assert delivery.missed_by[0].closed
    assert delivery.missed_by[1] == slow
    assert delivery.dropped == broker.stats.dropped == 2


@in_virtual_time
async def test_who_is_abandoned_and_full_in_the_same_turn_is_counted_alike_everywhere():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    inbox = broker.subscribe(name="ada")
    await broker.publish(0)
    del inbox
    delivery = broker.publish_nowait(1)
    assert delivery.dropped == broker.stats.dropped


@each_broker
@in_virtual_time
async def test_a_subscription_in_a_cycle_is_found_by_the_garbage_collector(broker_class):
    broker = broker_class(maxsize=1, timeout=None)
    holder = {"subscription": broker.subscribe()}
    holder["itself"] = holder
    await broker.publish(0)
    publisher = start(broker.publish(1))
    await let_all_run()
    del holder
    await let_all_run()
    assert not publisher.done()
    gc.collect()
    assert await publisher == Delivery(0)


@pytest.mark.real_time
@each_broker
@pytest.mark.parametrize("debug", [False, True])
def test_the_garbage_collector_may_find_it_in_another_thread(broker_class, debug):
    async def main() -> None:
        broker = broker_class(maxsize=1, timeout=None)
        holder = {"subscription": broker.subscribe()}
        holder["itself"] = holder
        await broker.publish(0)
        publisher = start(broker.publish(1))
        await let_all_run()
        gc.disable()
        try:
            del holder
            thread = threading.Thread(target=gc.collect)
            thread.start()
            # The loop sleeps until the other thread wakes it; there is nothing else that could.
            assert await asyncio.wait_for(publisher, TIME_LIMIT_S) == Delivery(0)
            thread.join(TIME_LIMIT_S)
        finally:
            gc.enable()
        await broker.shutdown()

    asyncio.run(main(), debug=debug)


# Not abandoned: a reader waits, whom nobody holds.


@each_broker
@in_virtual_time
async def test_a_reader_task_that_nobody_holds_is_kept_as_long_as_the_broker(broker_class):
    handled = []

    async def read(subscription) -> None:
        async for message in subscription:
            handled.append(message)

    broker = broker_class()
    start(read(broker.subscribe()))
    await let_all_run()
    gc.collect()
    for number in range(3):
        await broker.publish(number)
        await let_all_run()
    await broker.shutdown()
    assert handled == [0, 1, 2]


async def read_one_by_one(broker) -> list:
    return [message async for message in broker.subscribe()]


async def read_in_batches(broker) -> list:
    return [message async for batch in broker.subscribe().batches() for message in batch]


async def read_by_get(broker) -> list:
    return [await broker.subscribe().get()]


@each_broker
@pytest.mark.parametrize(
    ("read", "messages"),
    [(read_one_by_one, [0, 1, 2]), (read_in_batches, [0, 1, 2]), (read_by_get, [0])],
)
@in_virtual_time
async def test_reading_from_a_subscription_made_on_the_spot_works(broker_class, read, messages):
    broker = broker_class()
    reader = start(read(broker))
    await let_all_run()
    gc.collect()
    for number in range(3):
        await broker.publish(number)
        await let_all_run()
    await broker.shutdown()
    assert await reader == messages


# Crashed.


@each_broker
@in_virtual_time
async def test_a_reader_that_crashes_and_is_forgotten_frees_what_it_had(broker_class):
    async def crash(subscription) -> None:
        async for _ in subscription:
            raise ValueError("crashed")

    reports = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reports.append(str(context["exception"]))
    )
    broker = broker_class(maxsize=3)
    start(crash(broker.subscribe()))
    await let_all_run()
    for number in range(10):
        await broker.publish(number)
        await let_all_run()
    assert now() == 0.0
    assert reports == ["crashed"]
    assert broker.stats.subscribers == 0


@each_broker
@in_virtual_time
async def test_a_reader_that_crashes_inside_async_with_leaves_though_its_task_is_held(broker_class):
    async def crash(broker) -> None:
        async with broker.subscribe() as subscription:
            async for _ in subscription:
                raise ValueError("crashed")

    broker = broker_class(maxsize=1)
    task = start(crash(broker))
    await let_all_run()
    for number in range(10):
        await broker.publish(number)
        await let_all_run()
    assert now() == 0.0
    assert str(task.exception()) == "crashed"
    assert broker.stats.subscribers == 0


@each_broker
@in_virtual_time
async def test_a_cancelled_reader_that_is_forgotten_leaves(broker_class):
    broker = broker_class(maxsize=1)
    reader = start(handle_all(broker.subscribe(), seconds=60))
    await let_all_run()
    await broker.publish(0)
    reader.cancel()
    await asyncio.wait([reader])
    del reader
    await let_all_run()
    assert await broker.publish(1) == Delivery(0)
    assert now() == 0.0


def test_a_loop_that_is_closed_in_mid_publish_makes_no_noise_of_the_brokers(capfd):
    reports = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: reports.append(context["message"]))
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()

    async def fill_and_wait(broker) -> None:
        await broker.publish(0)
        start(broker.publish(1))
        await let_all_run()

    loop.run_until_complete(fill_and_wait(broker))
    loop.close()
    del inbox, broker
    gc.collect()
    assert reports == ["Task was destroyed but it is pending!"]
    assert capfd.readouterr() == ("", "")


# The event loop was closed, and everybody was left waiting.


@each_broker
@pytest.mark.parametrize("end", ["read", "close", "shutdown"])
def test_what_is_left_can_be_read_and_closed_though_the_loop_was_closed_under_those_who_wait(
    broker_class, end, caplog
):
    async def main() -> tuple:
        broker = broker_class(maxsize=1, timeout=None)
        full, empty = broker.subscribe(), broker.subscribe(where=lambda message: False)
        await broker.publish(0)
        publishers = [start(broker.publish(1)), start(broker.publish_many([2, 3]))]
        waiting = [start(full.join()), start(empty.get()), start(broker.shutdown(timeout=None))]
        await let_all_run()
        return broker, full, [*publishers, *waiting]

    loop = asyncio.new_event_loop()
    broker, full, tasks = loop.run_until_complete(main())
    loop.close()
    if end == "read":
        assert full.get_nowait() == 0
    elif end == "close":
        full.close()
    else:
        full.shutdown()
        assert full.get_nowait() == 0
    stats = full.stats
    assert stats.received + stats.dropped <= broker.stats.published
    del tasks
    gc.collect()
    reported = [record for record in caplog.records if "destroyed" not in record.getMessage()]
    assert not [record for record in reported if record.name == "asyncio"]
