"""`where`: a subscriber that wants only some of the messages."""

import asyncio
import functools

import pytest

from pubsub_lib import AsyncPubSub, BrokerStats, Delivery, RingPubSub, SubscriptionStats
from tests.stepping import handle_all, in_virtual_time, let_all_run, now, start, unread


def is_even(number: int) -> bool:
    return number % 2 == 0


@in_virtual_time
async def test_only_what_is_wanted_is_received():
    broker = AsyncPubSub[int]()
    even, every = broker.subscribe(where=is_even), broker.subscribe()
    deliveries = [await broker.publish(number) for number in range(4)]
    assert deliveries == [Delivery(2), Delivery(1), Delivery(2), Delivery(1)]
    assert (unread(even), unread(every)) == ([0, 2], [0, 1, 2, 3])


@in_virtual_time
async def test_publish_nowait_asks_the_filter_too():
    broker = AsyncPubSub[int]()
    even = broker.subscribe(where=is_even)
    assert [broker.publish_nowait(number) for number in range(3)] == [
        Delivery(1),
        Delivery(0),
        Delivery(1),
    ]
    assert unread(even) == [0, 2]


@in_virtual_time
async def test_what_is_not_wanted_is_not_counted_and_takes_no_room():
    broker = AsyncPubSub[int](maxsize=2)
    even = broker.subscribe(where=is_even)
    for number in (1, 3, 0, 5, 2, 7):
        assert not (await broker.publish(number)).missed_by
    assert now() == 0.0
    assert even.stats == SubscriptionStats(received=2, dropped=0, depth=2, high_water_mark=2)
    assert broker.stats == BrokerStats(subscribers=1, published=6, delivered=2, dropped=0)


@in_virtual_time
async def test_a_full_inbox_is_waited_for_only_with_what_it_wants():
    broker = AsyncPubSub[int](maxsize=1)
    even = broker.subscribe(where=is_even)
    await broker.publish(0)
    assert await broker.publish(1) == Delivery(0)
    assert now() == 0.0
    assert await broker.publish(2) == Delivery(0, (even,))
    assert now() == 1.0


@in_virtual_time
async def test_any_true_or_false_value_will_do():
    broker = AsyncPubSub[str]()
    inbox = broker.subscribe(where=str.strip)
    for message in ("a", " ", "", "b"):
        await broker.publish(message)
    assert unread(inbox) == ["a", "b"]


@in_virtual_time
async def test_a_broker_without_filters_left_asks_nobody():
    broker = AsyncPubSub[int]()
    asked = []
    picky, other = broker.subscribe(where=asked.append), broker.subscribe()
    await broker.publish(0)
    picky.close()
    assert await broker.publish(1) == Delivery(1)
    assert asked == [0]
    assert unread(other) == [0, 1]


# A filter that raises.


def refuse_three(number: int) -> bool:
    if number == 3:
        raise ValueError("three!")
    return True


@in_virtual_time
async def test_a_filter_that_raises_closes_its_own_subscription_only():
    broker = AsyncPubSub[int]()
    broken, other = broker.subscribe(where=refuse_three), broker.subscribe()
    for number in range(5):
        assert await broker.publish(number) == Delivery(2 if number < 3 else 1)
    assert broken.closed
    assert broker.queues == [other]
    assert unread(other) == [0, 1, 2, 3, 4]
    assert broker.stats == BrokerStats(subscribers=1, published=5, delivered=8, dropped=0)


async def by_get(inbox) -> list:
    messages = []
    try:
        while True:
            messages.append(await inbox.get())
    except ValueError as error:
        messages.append(str(error))
    return [*messages, await inbox.get(), await inbox.get()]


async def by_get_nowait(inbox) -> list:
    await let_all_run()  # it cannot wait for messages
    messages = []
    try:
        while True:
            messages.append(inbox.get_nowait())
    except ValueError as error:
        messages.append(str(error))
    return [*messages, inbox.get_nowait(), inbox.get_nowait()]


async def by_iterating(inbox) -> list:
    messages = []
    try:
        async for message in inbox:
            messages.append(message)
    except ValueError as error:
        messages.append(str(error))
    return messages + [None async for _ in inbox] + [await inbox.get(), await inbox.get()]


async def by_batches(inbox) -> list:
    messages = []
    try:
        async for batch in inbox.batches():
            messages.extend(batch)
    except ValueError as error:
        messages.append(str(error))
    return messages + [None async for _ in inbox.batches()] + [await inbox.get(), await inbox.get()]


@pytest.mark.parametrize("read", [by_get, by_get_nowait, by_iterating, by_batches])
@pytest.mark.parametrize("waits", [True, False])
@in_virtual_time
async def test_its_reader_gets_what_came_before_then_the_exception_once_then_the_end(read, waits):
    broker = AsyncPubSub[int]()
    inbox = broker.subscribe(where=refuse_three)
    if waits:
        reader = start(read(inbox))
        await asyncio.sleep(0)
    for number in range(5):
        await broker.publish(number)
    if not waits:
        reader = start(read(inbox))
    assert await reader == [0, 1, 2, "three!", None, None]


@in_virtual_time
async def test_one_of_several_readers_sees_the_exception_and_the_others_the_end():
    broker = AsyncPubSub[int]()
    inbox = broker.subscribe(where=refuse_three)
    readers = [start(inbox.get()) for _ in range(3)]
    await let_all_run()
    await broker.publish(3)
    first, *others = await asyncio.gather(*readers, return_exceptions=True)
    assert repr(first) == "ValueError('three!')"
    assert others == [None, None]


@in_virtual_time
async def test_a_filter_that_raises_releases_the_publishers_that_wait_for_its_inbox():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe(where=refuse_three)
    await broker.publish(0)
    waiting = [start(broker.publish(number)) for number in (1, 2)]
    await let_all_run()
    assert await broker.publish(3) == Delivery(0)
    assert await asyncio.gather(*waiting) == [Delivery(0)] * 2
    assert inbox.stats == SubscriptionStats(received=1, dropped=0, depth=1, high_water_mark=1)


@in_virtual_time
async def test_a_filter_that_raised_is_not_waited_for_by_shutdown():
    broker = AsyncPubSub[int]()
    inbox = broker.subscribe(where=refuse_three)
    for number in range(4):
        await broker.publish(number)
    await broker.shutdown()
    assert now() == 0.0
    assert inbox.qsize() == 3


# A filter that does what it should not.


@in_virtual_time
async def test_a_filter_may_close_its_own_subscription():
    broker = AsyncPubSub[int](timeout=None)

    def close_at_one(number: int) -> bool:
        if number == 1:
            inbox.close()
        return True

    inbox = broker.subscribe(where=close_at_one)
    reader = start(handle_all(inbox))
    await broker.publish(0)
    await let_all_run()
    assert await broker.publish(1) == Delivery(0)
    assert await reader == [0]


@in_virtual_time
async def test_a_filter_may_close_another_subscription():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    before = broker.subscribe()
    closing = broker.subscribe(where=lambda number: [each.close() for each in (before, after)])
    after = broker.subscribe()
    assert await broker.publish(0) == Delivery(1)
    assert broker.queues == [closing]
    assert unread(closing) == [0]


async def coroutine_function(number: int) -> bool:
    return True


class CoroutineCallable:
    async def __call__(self, number: int) -> bool:
        return True


def generator_function(number: int):
    yield number > 3


async def asynchronous_generator_function(number: int):
    yield number > 3


@pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])
@pytest.mark.parametrize(
    "where",
    [
        coroutine_function,
        functools.partial(coroutine_function),
        CoroutineCallable(),
        CoroutineCallable().__call__,
        generator_function,
        asynchronous_generator_function,
        "number > 3",
        3,
    ],
)
def test_what_is_no_function_that_answers_at_once_is_refused(broker_class, where):
    broker = broker_class()
    with pytest.raises(TypeError, match=r"^where is a function that says at once if a message is"):
        broker.subscribe(where=where)
    assert broker.stats.subscribers == 0


@in_virtual_time
async def test_one_without_a_filter_that_leaves_takes_no_filter_along():
    broker = AsyncPubSub[int]()
    picky, other = broker.subscribe(where=is_even), broker.subscribe()
    other.close()
    for number in range(3):
        await broker.publish(number)
    assert unread(picky) == [0, 2]
