"""The faults of the chapter's broker that the library's own brokers do not have, looked at closely.

Each is shown on the chapter's broker by the test of the same number in test_chapter.py, and every
managed broker is held to its opposite in test_contract.py. Here both of ours are tried with more
time-outs, more subscribers, and at more moments; where what they promise differs, it stands beside
the broker's name.
"""

import asyncio
import gc
import random

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Delivery,
    Message,
    RingPubSub,
    ShutdownReport,
    subscriber_task,
)
from pubsub_lib.lab.clock.background_loop import BackgroundLoop
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.limits import TIME_LIMIT_S
from tests.stepping import (
    handle_all,
    in_virtual_time,
    let_all_run,
    now,
    record_timers,
    start,
    unread,
)

BROKERS = [AsyncPubSub, RingPubSub]

each_broker = pytest.mark.parametrize("broker_class", BROKERS)


# D2: shutdown() returned once the end was queued, and a task that nobody kept was collected.


@each_broker
@in_virtual_time
async def test_d2_a_task_that_nobody_keeps_is_kept_by_the_broker_while_it_waits(
    broker_class, capsys
):
    broker = broker_class()
    start(subscriber_task(await broker.subscribe()))
    await let_all_run()
    gc.collect()
    assert len(asyncio.all_tasks()) == 2
    await broker.publish(Message("Hello"))
    await broker.shutdown()
    assert len(asyncio.all_tasks()) == 1
    assert capsys.readouterr().out == "Received: Hello\n"


# D3: one dead subscriber cost every publish a second, three cost three; a slow one set the pace.


@pytest.mark.parametrize("dead", [1, 3])
@pytest.mark.parametrize(
    ("broker_class", "ends"),
    [
        # Who was waited for in vain is not waited for again until it reads.
        (AsyncPubSub, [1.0, 1.0, 1.0]),
        (RingPubSub, [1.0, 1.0, 1.0]),
    ],
)
@in_virtual_time
async def test_d3_any_number_of_dead_subscribers_cost_a_publish_one_second_at_most(
    broker_class, ends, dead
):
    broker = broker_class(maxsize=1)
    subscriptions = [broker.subscribe() for _ in range(dead)]
    await broker.publish(0)
    assert now() == 0.0
    for number, end in enumerate(ends):
        delivery = await broker.publish(number)
        assert delivery.missed_by == tuple(subscriptions)
        assert now() == end


@each_broker
@pytest.mark.parametrize("dead", [1, 3])
@in_virtual_time
async def test_d3_without_a_timeout_dead_subscribers_cost_no_time(broker_class, dead):
    broker = broker_class(maxsize=1, timeout=0)
    subscriptions = [broker.subscribe() for _ in range(dead)]
    for number in range(10):
        await broker.publish(number)
    assert now() == 0.0
    assert [each.stats.dropped for each in subscriptions] == [9] * dead


@pytest.mark.parametrize(
    ("broker_class", "timeout", "arrivals"),
    [
        (AsyncPubSub, 1.0, [0.0, 0.0, 0.0, 1.0, 1.0]),  # each at the moment it was published
        (AsyncPubSub, 0, [0.0, 0.0, 0.0, 0.0, 0.0]),
        (RingPubSub, 1.0, [0.0, 0.0, 1.0, 1.0, 1.0]),  # once, when all wait for the slowest
        (RingPubSub, 0, [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
@in_virtual_time
async def test_d3_what_a_dead_subscriber_delays_the_healthy_ones_after_it(
    broker_class, timeout, arrivals
):
    broker = broker_class(maxsize=2, timeout=timeout)
    dead, healthy = broker.subscribe(), broker.subscribe()
    seen = []

    async def read() -> None:
        async for _ in healthy:
            seen.append(now())

    reader = start(read())
    for number in range(5):
        await broker.publish(number)
    await broker.shutdown(timeout=0)
    await reader
    assert seen == arrivals
    assert dead.stats.dropped == 3


@each_broker
@in_virtual_time
async def test_d3_without_a_timeout_one_slow_subscriber_does_not_set_everybodys_pace(broker_class):
    broker = broker_class(maxsize=1, timeout=0)
    slow, fast = broker.subscribe(), broker.subscribe()
    arrivals = []

    async def read_slowly() -> None:
        while True:
            try:
                if await slow.get() is None:
                    return
            except RuntimeError:  # the ring says that it has lagged
                continue
            await asyncio.sleep(0.02)

    async def read() -> None:
        async for _ in fast:
            arrivals.append(now())

    async with asyncio.TaskGroup() as group:
        group.create_task(read_slowly())
        group.create_task(read())
        for number in range(6):
            await broker.publish(number)
        await broker.shutdown()
    assert arrivals == [0.0] * 6
    assert slow.stats.dropped > 0


# D5: who left during a publish made another miss the message; who joined got an older one.


@pytest.mark.parametrize(
    ("broker_class", "received", "delivered"),
    [
        (AsyncPubSub, [2], 1),
        (RingPubSub, [1, 2], 2),  # a message is as old as its place in the ring, so 1 is younger
    ],
)
@in_virtual_time
async def test_d5_a_newcomer_receives_no_older_message_and_is_counted(
    broker_class, received, delivered
):
    broker = broker_class(maxsize=1)
    full = broker.subscribe()
    await broker.publish(0)
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    newcomer = broker.subscribe()
    reader = start(handle_all(newcomer))
    full.get_nowait()
    assert await publisher == Delivery(delivered)
    full.get_nowait()
    await broker.publish(2)
    await broker.shutdown(timeout=0)
    assert await reader == received


# D6: there was no way to leave, and a crashed subscriber kept its messages and cost time for ever.


@each_broker
@in_virtual_time
async def test_d6_a_subscriber_can_leave(broker_class):
    broker = broker_class(maxsize=1)
    subscription = broker.subscribe()
    await broker.publish(0)
    subscription.close()
    assert subscription.empty()
    assert await broker.publish(1) == Delivery(0)
    assert now() == 0.0


@each_broker
@in_virtual_time
async def test_d6_a_crashed_subscriber_that_leaves_costs_nothing_more(broker_class):
    async def crash(broker) -> None:
        async with broker.subscribe() as subscription:
            await subscription.get()
            raise ValueError("crashed")

    broker = broker_class(maxsize=1)
    task = start(crash(broker))
    await let_all_run()
    await broker.publish(0)
    await asyncio.wait([task])
    assert str(task.exception()) == "crashed"
    for number in range(10):
        assert await broker.publish(number) == Delivery(0)
    assert now() == 0.0


# D8: publishing None ended the subscribers.


@each_broker
@in_virtual_time
async def test_d8_none_cannot_be_published_and_ends_nobody(broker_class):
    broker = broker_class()
    reader = start(handle_all(broker.subscribe()))
    await broker.publish(1)
    with pytest.raises(TypeError, match=r"^None cannot be published: it tells a reader"):
        await broker.publish(None)
    await broker.publish(2)
    await broker.shutdown()
    assert await reader == [1, 2]


# D9: a cancelled publish reached some by chance; a cancelled handler made join() hang.


@each_broker
@in_virtual_time
async def test_d9_join_returns_once_the_cancelled_handlers_subscription_is_closed(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    handler = start(handle_all(subscription, seconds=60))
    await broker.publish(1)
    await asyncio.sleep(1)
    handler.cancel()
    joining = start(subscription.join())
    await let_all_run()
    assert not joining.done()
    subscription.close()
    await joining
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert now() == 1.0


# D10: every put set a timer; ten thousand of them let no other task run.


@each_broker
@pytest.mark.parametrize(("timeout", "count"), [(None, 0), (0, 0), (1.0, 1)])
@in_virtual_time
async def test_d10_a_publish_that_must_wait_sets_at_most_one_timer_and_cancels_it(
    broker_class, timeout, count
):
    broker = broker_class(maxsize=1, timeout=timeout)
    subscriptions = [broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    timers = record_timers()
    publisher = start(broker.publish(1))
    await asyncio.sleep(0)
    for subscription in subscriptions:
        subscription.get_nowait()
    await publisher
    assert len(timers) == count
    assert all(timer.cancelled() for timer in timers)


@each_broker
@pytest.mark.parametrize("timeout", [None, 0, 1.0])
@in_virtual_time
async def test_d10_a_publisher_that_never_pauses_lets_its_subscribers_run_before_anything_is_lost(
    broker_class, timeout
):
    async def handle_all_at_once(subscription) -> int:
        count = 0
        async for batch in subscription.batches():
            count += len(batch)
        return count

    broker = broker_class(maxsize=100, timeout=timeout)
    readers = [start(handle_all_at_once(broker.subscribe())) for _ in range(3)]
    await let_all_run()
    for number in range(10_000):
        assert (await broker.publish(number)).missed_by == ()
    assert now() == 0.0
    await broker.shutdown()
    assert await asyncio.gather(*readers) == [10_000] * 3


# D11: two subscribers saw two publishers in different orders.


@each_broker
@in_virtual_time
async def test_d11_two_subscribers_see_two_publishers_in_the_same_order(broker_class):
    broker = broker_class(maxsize=2)
    a, b = broker.subscribe(), broker.subscribe()
    for _ in range(2):
        await broker.publish(0)
    unread(a)
    first = start(broker.publish(1))
    await asyncio.sleep(0.1)
    b.get_nowait()
    second = start(broker.publish(2))
    await let_all_run()
    b.get_nowait()
    await asyncio.gather(first, second)
    assert (unread(a), unread(b)) == ([1, 2], [1, 2])


@each_broker
@pytest.mark.parametrize("seed", range(10))
@in_virtual_time
async def test_d11_any_number_of_publishers_and_subscribers_see_one_order(broker_class, seed):
    chance = random.Random(seed)

    async def publish(broker, name: int) -> None:
        for number in range(20):
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.03]))
            await broker.publish((name, number))

    async def read(subscription) -> list:
        messages = []
        async for message in subscription:
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.02]))
            messages.append(message)
        return messages

    broker = broker_class(maxsize=2, timeout=None)
    readers = [start(read(broker.subscribe())) for _ in range(4)]
    await asyncio.gather(*(publish(broker, name) for name in range(4)))
    await broker.shutdown()
    first, *others = await asyncio.gather(*readers)
    assert len(set(first)) == len(first) == 80
    assert others == [first] * 3


# D12: used again under a second asyncio.run(), it failed far from the cause.


@each_broker
def test_d12_a_second_event_loop_is_refused_with_the_remedy(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    run_virtual(broker.publish(1))
    assert unread(subscription) == [1]
    for use in (broker.publish(2), broker.shutdown(), subscription.get(), enter(broker)):
        with pytest.raises(
            RuntimeError,
            match=rf"^this {broker_class.__name__} belongs to another event loop; "
            r"create one inside each asyncio\.run\(\)$",
        ):
            run_virtual(use)
    assert broker.stats.published == 1
    assert not broker.closed


async def enter(broker) -> None:
    async with broker:
        pass


# D13: a message from another thread was noticed when the loop next happened to wake.


@pytest.mark.real_time
@each_broker
def test_d13_a_message_from_another_thread_is_noticed_at_once(broker_class):
    broker = broker_class()

    async def read() -> Message:
        async with broker.subscribe() as subscription:
            return await subscription.get()

    async def wake_up_late() -> None:
        await asyncio.sleep(TIME_LIMIT_S)

    with BackgroundLoop() as background:
        reader = background.start(read())
        background.start(wake_up_late())
        background.wait_until_asleep()
        assert broker.publish_threadsafe(Message("Hello")).result(TIME_LIMIT_S) == Delivery(1)
        assert reader.result(TIME_LIMIT_S) == Message("Hello")
        assert background.woken_by == "another thread"
