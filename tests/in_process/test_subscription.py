"""The subscriber's end, whatever the broker: one by one, in batches, and what counts as done."""

import asyncio
import copy
import gc
import pickle
import weakref

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Delivery,
    Lagged,
    RingPubSub,
    ShutdownReport,
    SubscriptionStats,
)
from tests.stepping import handle_all, in_virtual_time, let_all_run, now, start, unread

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


async def subscription_with(broker, *messages):
    subscription = broker.subscribe()
    for message in messages:
        await broker.publish(message)
    return subscription


# Holding it.


@each_broker
@in_virtual_time
async def test_it_can_be_awaited_and_entered_any_number_of_times(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    assert await subscription is subscription
    assert await subscription is subscription
    async with subscription as entered, subscription as again:
        assert entered is again is subscription
    assert subscription.closed


@each_broker
@in_virtual_time
async def test_async_with_leaves_the_broker_after_an_error_too(broker_class):
    broker = broker_class()
    with pytest.raises(ZeroDivisionError):
        async with broker.subscribe():
            raise ZeroDivisionError
    assert broker.stats.subscribers == 0


@in_virtual_time
async def test_the_end_that_a_delivery_names_is_equal_to_the_subscribers_own_and_does_the_same():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    own, other = broker.subscribe(name="own"), broker.subscribe(maxsize=2)
    await broker.publish(0)
    (named,) = (await broker.publish(1)).missed_by
    assert type(named) is type(own)
    assert (named, hash(named), repr(named)) == (own, hash(own), repr(own))
    assert named != other
    assert named != "own"
    assert {own: "found"}[named] == "found"
    assert named.stats == own.stats
    assert named.get_nowait() == 0
    named.task_done()
    named.close()
    assert own.closed
    assert broker.queues == [other]


# One by one.


@each_broker
@in_virtual_time
async def test_async_for_marks_a_message_as_done_when_it_asks_for_the_next(broker_class):
    broker = broker_class()
    subscription = await subscription_with(broker, 1, 2, 3)
    subscription.shutdown()
    unfinished = [subscription.unfinished async for _ in subscription]
    assert unfinished == [1, 1, 1]
    assert subscription.unfinished == 0
    await subscription.join()


@each_broker
@in_virtual_time
async def test_async_for_left_by_a_break_leaves_its_last_message_undone(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2)
    async for _ in subscription:
        break
    assert (subscription.unfinished, subscription.qsize()) == (1, 1)
    assert broker.stats.subscribers == 1


@each_broker
@in_virtual_time
async def test_async_for_ends_when_the_subscription_is_closed_while_it_waits(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1)
    asyncio.get_running_loop().call_later(5, subscription.close)
    assert [message async for message in subscription] == [1]
    assert now() == 5.0
    assert broker.stats.subscribers == 0


@each_broker
@in_virtual_time
async def test_closing_inside_an_async_for_ends_it(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2, 3)
    seen = []
    async for message in subscription:
        seen.append(message)
        subscription.close()
    assert seen == [1]
    assert broker.stats.subscribers == 0


@each_broker
@in_virtual_time
async def test_marking_by_hand_in_an_async_for_is_an_error_that_names_the_reason(broker_class):
    async def mark_each(subscription) -> None:
        async for _ in subscription:
            subscription.task_done()

    subscription = await subscription_with(broker := broker_class(), 1, 2)
    with pytest.raises(ValueError, match=r"`async for` and batches\(\) mark messages as done"):
        await mark_each(subscription)
    assert subscription.unfinished == 0
    await broker.shutdown(timeout=0)


@in_virtual_time
async def test_a_reader_that_lagged_goes_on_and_leaves_nothing_undone():
    broker = RingPubSub[int](maxsize=2, timeout=0)
    subscription = broker.subscribe()
    missed = []

    async def read() -> list:
        messages = []
        while True:
            try:
                async for message in subscription:
                    messages.append(message)
                    await asyncio.sleep(1)
            except Lagged as lagged:
                missed.append(lagged.missed)
            else:
                return messages

    reader = start(read())
    for number in range(6):
        await broker.publish(number)
    assert await broker.shutdown() == ShutdownReport(0, 0)
    messages = await reader
    assert sum(missed) == subscription.stats.dropped > 0
    assert len(messages) + sum(missed) == 6
    await subscription.join()


# In batches.


@each_broker
@in_virtual_time
async def test_a_batch_is_all_that_waits(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2, 3)
    batches = aiter(subscription.batches())
    assert await anext(batches) == [1, 2, 3]
    await broker.publish(4)
    assert await anext(batches) == [4]
    assert subscription.stats == SubscriptionStats(
        received=4, dropped=0, depth=0, high_water_mark=3
    )


@each_broker
@in_virtual_time
async def test_a_batch_is_waited_for_and_is_never_empty(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    loop = asyncio.get_running_loop()
    loop.call_later(2, broker.publish_nowait, 1)
    loop.call_later(3, subscription.close)
    assert [(now(), batch) async for batch in subscription.batches()] == [(2.0, [1])]
    assert now() == 3.0


@each_broker
@in_virtual_time
async def test_a_batch_is_the_readers_own_list(broker_class):
    broker = broker_class()
    first, second = broker.subscribe(), broker.subscribe()
    await broker.publish(1)
    batch = await anext(first.batches())
    batch.clear()
    await broker.publish(2)
    assert (unread(first), unread(second)) == ([2], [1, 2])


@each_broker
@in_virtual_time
async def test_a_batch_is_done_when_the_next_is_asked_for(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2, 3)
    unfinished = []

    async def read() -> None:
        async for _ in subscription.batches():
            await asyncio.sleep(1)
            unfinished.append(subscription.unfinished)

    reader = start(read())
    joining = start(subscription.join())
    await asyncio.sleep(0.5)
    assert not joining.done()
    await joining
    assert now() == 1.0
    await broker.publish(4)
    await broker.shutdown()
    await reader
    assert unfinished == [3, 1]
    assert subscription.unfinished == 0


@each_broker
@in_virtual_time
async def test_batches_end_with_what_is_left_when_the_broker_is_shut_down(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2)
    shutting_down = start(broker.shutdown())
    await let_all_run()
    assert [batch async for batch in subscription.batches()] == [[1, 2]]
    assert await shutting_down == ShutdownReport(0, 0)
    assert [batch async for batch in subscription.batches()] == []
    assert now() == 0.0


@each_broker
@in_virtual_time
async def test_a_break_out_of_batches_leaves_the_last_one_undone(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2)
    async for batch in subscription.batches():
        assert batch == [1, 2]
        break
    assert subscription.unfinished == 2
    await broker.publish(3)
    assert [await subscription.get()] == [3]


@each_broker
@in_virtual_time
async def test_closing_inside_batches_ends_them(broker_class):
    subscription = await subscription_with(broker := broker_class(), 1, 2)
    seen = []
    async for batch in subscription.batches():
        seen.append(batch)
        await broker.publish(3)
        subscription.close()
    assert seen == [[1, 2]]
    assert subscription.unfinished == 0
    await subscription.join()


@each_broker
@in_virtual_time
async def test_marking_by_hand_in_batches_is_an_error_and_join_does_not_hang(broker_class):
    async def mark_each(subscription) -> None:
        async for batch in subscription.batches():
            for _ in batch:
                subscription.task_done()

    subscription = await subscription_with(broker := broker_class(), 1, 2, 3)
    with pytest.raises(ValueError, match=r"`async for` and batches\(\) mark messages as done"):
        await mark_each(subscription)
    assert subscription.unfinished == 0
    await subscription.join()
    await broker.shutdown(timeout=0)


@each_broker
@in_virtual_time
async def test_a_batch_makes_room_for_the_publishers_that_wait_in_their_order(broker_class):
    broker = broker_class(maxsize=2, timeout=None)
    subscription = await subscription_with(broker, 0, 1)
    publishers = [start(broker.publish(number)) for number in range(2, 7)]
    await let_all_run()
    batches = aiter(subscription.batches())
    assert [await anext(batches) for _ in range(4)] == [[0, 1], [2, 3], [4, 5], [6]]
    assert await asyncio.gather(*publishers) == [Delivery(1)] * 5
    assert subscription.stats.high_water_mark == 2


@each_broker
@in_virtual_time
async def test_a_cancelled_reader_of_batches_loses_nothing(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    reader = start(anext(subscription.batches()))
    await let_all_run()
    await broker.publish(1)  # the reader is woken for it
    reader.cancel()  # and cancelled before it can take it
    await asyncio.wait([reader])
    assert reader.cancelled()
    assert unread(subscription) == [1]


# Several readers of one subscription.


@each_broker
@in_virtual_time
async def test_readers_are_served_first_come_first_served(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    readers = [start(subscription.get()) for _ in range(3)]
    await asyncio.sleep(0)
    for number in range(3):
        await broker.publish(number)
    assert await asyncio.gather(*readers) == [0, 1, 2]


@each_broker
@in_virtual_time
async def test_the_readers_behind_one_that_is_cancelled_keep_their_order(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    cancelled, *readers = [start(subscription.get()) for _ in range(4)]
    await asyncio.sleep(0)
    cancelled.cancel()
    for number in range(3):
        await broker.publish(number)
        await let_all_run()
    assert await asyncio.gather(*readers) == [0, 1, 2]


@each_broker
@in_virtual_time
async def test_shutdown_waits_for_the_reader_that_is_busy_when_another_has_seen_the_end(
    broker_class,
):
    broker = broker_class()
    subscription = broker.subscribe()
    readers = [start(handle_all(subscription, seconds=2)) for _ in range(3)]
    await let_all_run()
    await broker.publish(1)
    await asyncio.sleep(0.5)
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 2.0
    assert sorted(await asyncio.gather(*readers)) == [[], [], [1]]


@each_broker
@in_virtual_time
async def test_shutdown_waits_for_the_reader_that_marks_by_hand_when_another_has_seen_the_end(
    broker_class,
):
    async def work(subscription, seconds: float) -> None:
        while (await subscription.get()) is not None:
            await asyncio.sleep(seconds)
            subscription.task_done()

    broker = broker_class()
    subscription = broker.subscribe()
    readers = [start(work(subscription, seconds)) for seconds in (1, 3)]
    await let_all_run()
    for number in range(2):
        await broker.publish(number)
    await asyncio.sleep(2)
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 3.0
    await asyncio.gather(*readers)


async def read_one_by_get(subscription) -> None:
    assert await subscription.get() == 1


async def leave_an_async_for(subscription) -> None:
    async for message in subscription:
        assert message == 1
        break


async def leave_batches(subscription) -> None:
    async for batch in subscription.batches():
        assert batch == [1]
        break


@each_broker
@pytest.mark.parametrize("begin", [read_one_by_get, leave_an_async_for, leave_batches])
@in_virtual_time
async def test_what_a_reader_left_undone_before_it_read_to_the_end_is_not_waited_for(
    broker_class, begin
):
    subscription = await subscription_with(broker := broker_class(), 1)
    await begin(subscription)
    await broker.publish(2)
    reader = start(handle_all(subscription, seconds=1))
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 1.0
    assert await reader == [2]


async def crash_one_by_one(subscription) -> None:
    async for _ in subscription:
        await asyncio.sleep(2)
        raise ValueError("crashed")


async def crash_in_batches(subscription) -> None:
    async for _ in subscription.batches():
        await asyncio.sleep(2)
        raise ValueError("crashed")


@each_broker
@pytest.mark.parametrize("crash", [crash_one_by_one, crash_in_batches])
@in_virtual_time
async def test_shutdown_waits_no_longer_when_the_last_busy_reader_crashes(broker_class, crash):
    broker = broker_class()
    subscription = broker.subscribe()
    crashing, idle = start(crash(subscription)), start(handle_all(subscription))
    await let_all_run()
    await broker.publish(1)
    await broker.shutdown()
    assert now() == 2.0
    with pytest.raises(ValueError, match="crashed"):
        await crashing
    assert await idle == []


# Statistics.


async def take_by_get(subscription, count: int) -> None:
    for _ in range(count):
        await subscription.get()


async def take_by_iterating(subscription, count: int) -> None:
    messages = aiter(subscription)
    for _ in range(count):
        await anext(messages)


async def take_in_a_batch(subscription, count: int) -> None:
    assert len(await anext(subscription.batches())) == count


@each_broker
@pytest.mark.parametrize("take", [take_by_get, take_by_iterating, take_in_a_batch])
@in_virtual_time
async def test_the_high_water_mark_is_exact_however_messages_are_taken(broker_class, take):
    broker = broker_class(maxsize=10)
    subscription = broker.subscribe()
    received = 0
    for count, high_water_mark in [(1, 1), (4, 4), (2, 4), (7, 7), (3, 7)]:
        received += count
        for number in range(count):
            await broker.publish(number)
        expected = SubscriptionStats(received, 0, count, high_water_mark)
        assert subscription.stats == expected
        await take(subscription, count)
        assert subscription.stats == expected._replace(depth=0)


@each_broker
@pytest.mark.parametrize("leave", ["close", "shutdown"])
@in_virtual_time
async def test_the_statistics_survive_leaving(broker_class, leave):
    broker = broker_class(maxsize=3, timeout=0)
    subscription = await subscription_with(broker, 0, 1, 2, 3)
    before = subscription.stats
    assert (before.received, before.dropped, before.depth) == (3, 1, 3)
    getattr(subscription, leave)()
    depth = 0 if leave == "close" else 3
    assert subscription.stats == before._replace(depth=depth)
    await broker.publish(4)
    assert subscription.stats == before._replace(depth=depth)
    assert broker.stats == (0, 5, 3, 1)


# What a reader keeps.


class Thing:
    """A message that can be looked for when it is gone."""


@each_broker
@in_virtual_time
async def test_a_reader_that_waits_keeps_nothing_alive_that_it_has_read(broker_class):
    broker = broker_class(maxsize=3, timeout=0)
    things = [Thing() for _ in range(3)]
    where = [weakref.ref(thing) for thing in things]

    async def read() -> None:
        async for message in broker.subscribe(where=lambda message: isinstance(message, Thing)):
            del message

    reader = start(read())
    await let_all_run()
    await broker.publish_many(things)
    things.clear()
    await let_all_run()
    for number in range(20):  # so many that a ring has no longer what it was about
        await broker.publish(number)
        await let_all_run()
    assert [each() for each in where] == [None] * 3
    await broker.shutdown()
    await reader


@each_broker
@pytest.mark.parametrize("how", ["get", "iterate", "batches"])
@in_virtual_time
async def test_nothing_is_kept_of_a_subscription_closed_while_its_reader_waits(broker_class, how):
    broker = broker_class()
    subscription = broker.subscribe(where=lambda message: True)

    async def read(subscription) -> None:
        if how == "get":
            await subscription.get()
        else:
            async for _ in subscription if how == "iterate" else subscription.batches():
                pass

    reader = start(read(subscription))
    await let_all_run()
    wanted = weakref.ref(subscription._state.where)
    subscription.close()
    await reader
    del subscription, reader
    gc.collect()
    assert wanted() is None
    assert broker.stats.subscribers == 0


@each_broker
@pytest.mark.parametrize("how", ["iterate", "batches"])
@in_virtual_time
async def test_a_message_goes_to_another_reader_if_the_one_it_woke_is_cancelled(broker_class, how):
    broker = broker_class()
    subscription = broker.subscribe()

    def reader():
        messages = subscription.batches() if how == "batches" else aiter(subscription)
        return start(anext(messages))

    first, second = reader(), reader()
    await let_all_run()
    await broker.publish(1)
    first.cancel()
    await let_all_run()
    assert second.done()
    assert second.result() == ([1] if how == "batches" else 1)


@each_broker
@in_virtual_time
async def test_of_what_was_taken_before_closing_nothing_is_left_to_mark(broker_class):
    broker = broker_class()
    subscription = await subscription_with(broker, 1)
    subscription.get_nowait()
    assert subscription.unfinished == 1
    subscription.close()
    assert subscription.unfinished == 0


@each_broker
@in_virtual_time
async def test_an_error_that_a_reader_has_seen_is_freed_with_it(broker_class):
    class Broken(Exception):
        pass

    def breaks(_: int) -> bool:
        raise Broken

    broker = broker_class()
    subscription = broker.subscribe(where=breaks)
    await broker.publish(1)
    gc.disable()
    try:
        try:
            await subscription.get()
        except Broken as error:
            seen = weakref.ref(error)
        assert seen() is None
    finally:
        gc.enable()


async def test_ends_that_are_different_are_told_apart_in_a_dictionary_by_their_hashes():
    broker = AsyncPubSub[int]()
    ends = [broker.subscribe() for _ in range(10)]
    assert len({hash(end) for end in ends}) > 1


@pytest.mark.parametrize("read", [aiter, lambda subscription: subscription.batches()])
@each_broker
@in_virtual_time
async def test_several_tasks_may_read_by_one_iterator_and_nothing_stays_unfinished(
    broker_class, read
):
    broker = broker_class()
    messages = read(broker.subscribe())

    async def handle() -> None:
        async for _ in messages:
            await asyncio.sleep(1)

    readers = [start(handle()) for _ in range(2)]
    await let_all_run()
    for number in range(4):
        await broker.publish(number)
        await let_all_run()
    assert await broker.shutdown(timeout=None) == ShutdownReport(unread=0, unfinished=0)
    await asyncio.gather(*readers)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
@each_broker
@in_virtual_time
async def test_a_copy_is_refused_and_disturbs_nobody(broker_class, copied):
    broker = broker_class(maxsize=1, timeout=0)
    subscription = broker.subscribe()
    await broker.publish(1)
    delivery = await broker.publish(2)
    for thing in (broker, subscription, delivery.missed_by[0]):
        with pytest.raises(TypeError, match=r"cannot be copied .* hand on this one"):
            copied(thing)
    gc.collect()
    await let_all_run()
    assert not subscription.closed
