"""What happens to a message that finds no room: each policy, by each way to publish.

And what one subscriber may have otherwise than the broker: its bound, time-out, policy and name.
"""

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib import (
    AsyncPubSub,
    BrokerStats,
    Delivery,
    Disconnected,
    Inbox,
    Overflow,
    PubSubFull,
    SubscriptionStats,
)
from tests.stepping import (
    handle_all,
    in_virtual_time,
    let_all_run,
    now,
    record_timers,
    start,
    unread,
)

# The three ways in which a message comes to find no room, and when that is known.


async def after_the_timeout(broker: AsyncPubSub, message: object) -> Delivery:
    before = now()
    try:
        return await broker.publish(message)
    finally:
        assert now() == before + broker.timeout


async def at_once(broker: AsyncPubSub, message: object) -> Delivery:
    return broker.publish_nowait(message)


each_way = pytest.mark.parametrize(
    ("publish", "timeout"),
    [(after_the_timeout, 1.0), (after_the_timeout, 0), (at_once, 1.0), (at_once, None)],
    ids=["at the deadline", "with timeout 0", "publish_nowait", "publish_nowait, timeout None"],
)


async def fill(broker: AsyncPubSub, messages: int) -> None:
    for number in range(messages):
        assert not (await broker.publish(number)).missed_by


def test_each_policy_is_said_in_words():
    assert [policy.value for policy in Overflow] == [
        "drop newest",
        "drop oldest",
        "disconnect",
        "raise",
    ]


# Dropping the newest.


@each_way
@in_virtual_time
async def test_drop_newest_keeps_what_waits(publish, timeout):
    broker = AsyncPubSub[int](maxsize=2, timeout=timeout, overflow=Overflow.DROP_NEWEST)
    inbox = broker.subscribe()
    await fill(broker, 2)
    assert await publish(broker, 2) == Delivery(delivered=0, missed_by=(inbox,))
    assert inbox.stats == SubscriptionStats(received=2, dropped=1, depth=2, high_water_mark=2)
    assert unread(inbox) == [0, 1]


@in_virtual_time
async def test_drop_newest_lets_the_next_in_line_wait_on_until_its_own_deadline():
    broker = AsyncPubSub[str](maxsize=1, overflow=Overflow.DROP_NEWEST)
    inbox = broker.subscribe()
    await broker.publish("first")
    dropped = start(broker.publish("dropped at 1.0"))
    await asyncio.sleep(0.5)
    waits = start(broker.publish("waits until 1.5"))
    asyncio.get_running_loop().call_later(0.75, inbox.get_nowait)
    assert await dropped == Delivery(0, (inbox,))
    assert now() == 1.0
    assert await waits == Delivery(1)
    assert now() == 1.25
    assert unread(inbox) == ["waits until 1.5"]


# Dropping the oldest.


@each_way
@in_virtual_time
async def test_drop_oldest_gives_up_the_oldest_for_the_newest(publish, timeout):
    broker = AsyncPubSub[int](maxsize=2, timeout=timeout, overflow=Overflow.DROP_OLDEST)
    inbox = broker.subscribe()
    await fill(broker, 2)
    assert await publish(broker, 2) == Delivery(delivered=1, missed_by=(inbox,))
    assert inbox.stats == SubscriptionStats(received=2, dropped=1, depth=2, high_water_mark=2)
    assert unread(inbox) == [1, 2]


@in_virtual_time
async def test_drop_oldest_without_a_timeout_is_a_feed_of_the_latest():
    broker = AsyncPubSub[int](maxsize=3, timeout=0, overflow=Overflow.DROP_OLDEST)
    inbox = broker.subscribe()
    for number in range(100):
        await broker.publish(number)
    assert unread(inbox) == [97, 98, 99]
    assert inbox.stats == SubscriptionStats(received=3, dropped=97, depth=0, high_water_mark=3)


@in_virtual_time
async def test_drop_oldest_keeps_the_order_of_the_line_each_at_its_own_deadline():
    broker = AsyncPubSub[str](maxsize=2, overflow=Overflow.DROP_OLDEST)
    inbox = broker.subscribe()
    await fill(broker, 2)
    publishers = []
    for name in "abc":
        publishers.append(start(broker.publish(name)))
        await asyncio.sleep(0.25)
    seen = []
    for _ in range(4):
        seen.append((now(), list(inbox._state.messages)))
        await asyncio.sleep(0.25)
    assert seen == [(0.75, [0, 1]), (1.0, [1, "a"]), (1.25, ["a", "b"]), (1.5, ["b", "c"])]
    assert await asyncio.gather(*publishers) == [Delivery(1, (inbox,))] * 3
    assert unread(inbox) == ["b", "c"]


@in_virtual_time
async def test_publish_nowait_with_drop_oldest_puts_the_line_before_it_in_first():
    broker = AsyncPubSub[str](maxsize=2, timeout=None, overflow=Overflow.DROP_OLDEST)
    inbox = broker.subscribe()
    await fill(broker, 2)
    waiting = [start(broker.publish(name)) for name in "ab"]
    await let_all_run()
    assert broker.publish_nowait("c") == Delivery(1, (inbox,))
    assert await asyncio.gather(*waiting) == [Delivery(1, (inbox,))] * 2
    assert unread(inbox) == ["b", "c"]
    assert inbox.stats == SubscriptionStats(received=2, dropped=3, depth=0, high_water_mark=2)


@in_virtual_time
async def test_drop_oldest_leaves_alone_the_publishers_behind_the_one_whose_time_is_up():
    broker = AsyncPubSub[str](maxsize=1, overflow=Overflow.DROP_OLDEST)
    inbox = broker.subscribe()
    await broker.publish("oldest")
    first = start(broker.publish("first"))
    await asyncio.sleep(0.5)
    second = start(broker.publish("second"))
    assert await first == Delivery(1, (inbox,))
    assert not second.done()
    assert inbox.get_nowait() == "first"
    assert await second == Delivery(1)
    assert now() == 1.0


@in_virtual_time
async def test_drop_oldest_wakes_nobody_for_nothing_and_a_reader_gets_what_is_left_in_order():
    broker = AsyncPubSub[int](maxsize=3, timeout=0, overflow=Overflow.DROP_OLDEST)
    reader = start(handle_all(broker.subscribe(), seconds=1))
    for number in range(10):
        broker.publish_nowait(number)
    await broker.shutdown()
    assert await reader == [7, 8, 9]


# Disconnecting.


@each_way
@in_virtual_time
async def test_disconnect_closes_the_subscription_and_its_reader_gets_what_it_has_then_the_reason(
    publish, timeout
):
    broker = AsyncPubSub[int](maxsize=2, timeout=timeout, overflow=Overflow.DISCONNECT)
    slow, healthy = broker.subscribe(), broker.subscribe(maxsize=100)
    await fill(broker, 2)
    assert await publish(broker, 2) == Delivery(delivered=1, missed_by=(slow,))
    assert slow.closed
    assert broker.queues == [healthy]
    assert [await slow.get() for _ in range(2)] == [0, 1]
    with pytest.raises(Disconnected, match=r"it missed 1 messages .* subscribe again") as cut_off:
        await slow.get()
    assert cut_off.value.missed == 1
    assert slow.closed_because == f"Disconnected: {cut_off.value}"
    assert [await slow.get() for _ in range(2)] == [None, None]
    assert slow.stats == SubscriptionStats(received=2, dropped=1, depth=0, high_water_mark=2)


@in_virtual_time
async def test_who_is_disconnected_is_named_in_the_log(caplog):
    broker = AsyncPubSub[int](maxsize=1, timeout=0, overflow=Overflow.DISCONNECT)
    sleepy = broker.subscribe(name="sleepy")
    await fill(broker, 1)
    await broker.publish(1)
    assert sleepy.closed
    assert "<Inbox 'sleepy' 1 of 1 closed> is too slow and was disconnected" in caplog.messages


@in_virtual_time
async def test_disconnect_costs_later_publishes_nothing():
    broker = AsyncPubSub[int](maxsize=1, overflow=Overflow.DISCONNECT)
    dead = broker.subscribe()
    await fill(broker, 1)
    await broker.publish(1)
    assert now() == 1.0
    for number in range(10):
        assert await broker.publish(number) == Delivery(0)
    assert now() == 1.0
    assert dead.stats.dropped == 1


@in_virtual_time
async def test_disconnect_ends_the_loop_of_a_slow_reader_after_what_it_has():
    broker = AsyncPubSub[int](maxsize=2, timeout=0, overflow=Overflow.DISCONNECT)
    handled = []

    async def handle_slowly() -> None:
        async for number in broker.subscribe():
            await asyncio.sleep(1)
            handled.append(number)

    reader = start(handle_slowly())
    await let_all_run()
    await broker.publish(0)
    await let_all_run()  # the reader is busy with it
    for number in range(1, 5):
        await broker.publish(number)
    with pytest.raises(Disconnected):
        await reader
    assert handled == [0, 1, 2]
    assert now() == 3.0
    assert broker.stats == BrokerStats(subscribers=0, published=5, delivered=3, dropped=1)


@in_virtual_time
async def test_disconnect_tells_the_other_publishers_in_the_line_at_once_that_they_were_missed():
    broker = AsyncPubSub[int](maxsize=1, overflow=Overflow.DISCONNECT)
    inbox = broker.subscribe()
    await fill(broker, 1)
    first = start(broker.publish(1))
    await asyncio.sleep(0.5)
    second = start(broker.publish(2))
    assert await asyncio.gather(first, second) == [Delivery(0, (inbox,))] * 2
    assert now() == 1.0
    assert inbox.stats.dropped == 2


@in_virtual_time
async def test_disconnect_tells_a_put_that_waits_in_the_line():
    broker = AsyncPubSub[int](maxsize=1, overflow=Overflow.DISCONNECT)
    inbox = broker.subscribe()
    await fill(broker, 1)
    put = start(inbox.put(1))
    await let_all_run()
    broker.publish_nowait(2)
    with pytest.raises(RuntimeError, match="closed while a message waited for room"):
        await put


# Raising.


@each_way
@in_virtual_time
async def test_raise_says_who_had_no_room_and_the_healthy_have_got_it(publish, timeout):
    broker = AsyncPubSub[int](maxsize=2, timeout=timeout, overflow=Overflow.RAISE)
    full, healthy = broker.subscribe(), broker.subscribe(maxsize=100)
    await fill(broker, 2)
    with pytest.raises(PubSubFull) as raised:
        await publish(broker, 2)
    assert raised.value.delivery == Delivery(delivered=1, missed_by=(full,))
    assert (unread(full), unread(healthy)) == ([0, 1], [0, 1, 2])
    assert full.stats.dropped == 1
    assert broker.queues == [full, healthy]


@in_virtual_time
async def test_raise_names_the_remedy():
    broker = AsyncPubSub[int](maxsize=1, timeout=0, overflow=Overflow.RAISE)
    inboxes = [broker.subscribe() for _ in range(2)]
    await fill(broker, 1)
    inboxes.append(broker.subscribe())
    with pytest.raises(
        PubSubFull,
        match=r"^no room for this message: missed by 2, delivered to 1; wait longer, raise "
        r"maxsize, or choose an overflow policy that drops$",
    ):
        await broker.publish(1)


@in_virtual_time
async def test_raise_raises_nothing_if_there_is_room_in_time():
    broker = AsyncPubSub[int](maxsize=1, overflow=Overflow.RAISE)
    inbox = broker.subscribe()
    await fill(broker, 1)
    asyncio.get_running_loop().call_later(0.5, inbox.get_nowait)
    assert await broker.publish(1) == Delivery(1)


@in_virtual_time
async def test_raise_raises_in_each_publisher_of_the_line_at_its_own_deadline():
    broker = AsyncPubSub[int](maxsize=1, overflow=Overflow.RAISE)
    inbox = broker.subscribe()
    await fill(broker, 1)
    ends = []

    async def publish(delay: float) -> None:
        await asyncio.sleep(delay)
        with pytest.raises(PubSubFull):
            await broker.publish(1)
        ends.append(now())

    await asyncio.gather(publish(0), publish(0.25), publish(0.5))
    assert ends == [1.0, 1.25, 1.5]
    assert unread(inbox) == [0]


@in_virtual_time
async def test_raise_raises_in_a_publisher_that_shutdown_releases():
    broker = AsyncPubSub[int](maxsize=1, timeout=None, overflow=Overflow.RAISE)
    dead = broker.subscribe()
    await fill(broker, 1)
    publisher = start(broker.publish(1))
    await let_all_run()
    await broker.shutdown(timeout=2)
    with pytest.raises(PubSubFull) as raised:
        await publisher
    assert raised.value.delivery == Delivery(0, (dead,))


# What one subscriber has otherwise.


@in_virtual_time
async def test_a_subscriber_may_have_a_bound_of_its_own():
    broker = AsyncPubSub[int](maxsize=2, timeout=0)
    small, large = broker.subscribe(maxsize=1), broker.subscribe(maxsize=3)
    usual = broker.subscribe()
    assert [inbox.maxsize for inbox in broker.queues] == [1, 3, 2]
    for number in range(5):
        await broker.publish(number)
    assert [unread(inbox) for inbox in (small, usual, large)] == [[0], [0, 1], [0, 1, 2]]


@in_virtual_time
async def test_a_subscriber_may_have_a_policy_of_its_own():
    broker = AsyncPubSub[int](maxsize=1, timeout=0, overflow=Overflow.DROP_NEWEST)
    refuse = broker.subscribe(overflow=Overflow.RAISE)
    newest, oldest = broker.subscribe(), broker.subscribe(overflow=Overflow.DROP_OLDEST)
    disconnect = broker.subscribe(overflow=Overflow.DISCONNECT)
    healthy = broker.subscribe(maxsize=2)
    await fill(broker, 1)
    with pytest.raises(PubSubFull) as raised:
        await broker.publish(1)
    assert raised.value.delivery == Delivery(2, (refuse, newest, oldest, disconnect))
    contents = [unread(each) for each in (newest, oldest, disconnect, refuse, healthy)]
    assert contents == [[0], [1], [0], [0], [0, 1]]
    assert broker.queues == [refuse, newest, oldest, healthy]


@in_virtual_time
async def test_a_subscriber_may_have_a_name_and_reports_call_it_by_that():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    ada, nameless = broker.subscribe(name="ada"), broker.subscribe()
    assert (ada.name, nameless.name) == ("ada", "")
    await fill(broker, 1)
    delivery = await broker.publish(1)
    assert [inbox.name for inbox in delivery.missed_by] == ["ada", ""]
    assert repr(delivery.missed_by) == "(<Inbox 'ada' 1 of 1>, <Inbox 1 of 1>)"


@in_virtual_time
async def test_each_inbox_has_its_own_deadline_counted_from_the_publish():
    broker = AsyncPubSub[int](maxsize=1, timeout=1.0)
    inboxes = [broker.subscribe(timeout=timeout) for timeout in (2.0, 0, 0.5, None)]
    inboxes.append(broker.subscribe())  # 1.0, as the broker's
    await fill(broker, 1)
    await asyncio.sleep(10)
    publisher = start(broker.publish(1))
    dropped = {}
    for instant in (10.0, 10.49, 10.5, 10.99, 11.0, 11.99, 12.0, 70.0):
        await asyncio.sleep(instant - now())
        await let_all_run()
        dropped[instant] = [inbox.stats.dropped for inbox in inboxes]
    assert dropped == {
        10.0: [0, 1, 0, 0, 0],
        10.49: [0, 1, 0, 0, 0],
        10.5: [0, 1, 1, 0, 0],
        10.99: [0, 1, 1, 0, 0],
        11.0: [0, 1, 1, 0, 1],
        11.99: [0, 1, 1, 0, 1],
        12.0: [1, 1, 1, 0, 1],
        70.0: [1, 1, 1, 0, 1],
    }
    assert not publisher.done()
    assert unread(inboxes[3]) == [0]
    assert await publisher == Delivery(
        delivered=1, missed_by=(inboxes[1], inboxes[2], inboxes[4], inboxes[0])
    )
    assert unread(inboxes[3]) == [1]


@in_virtual_time
async def test_no_timeout_of_its_own_is_not_the_same_as_none():
    broker = AsyncPubSub[int](maxsize=1, timeout=0.5)
    patient = broker.subscribe(timeout=None)
    await fill(broker, 1)
    asyncio.get_running_loop().call_later(60, patient.get_nowait)
    assert await broker.publish(1) == Delivery(1)
    assert now() == 60.0


@in_virtual_time
async def test_there_is_one_timer_for_each_time_out_that_differs_and_none_where_there_is_room():
    broker = AsyncPubSub[int](maxsize=1)
    timeouts = (1.0, 2.0, 1.0, 0, None, 3.0, 2.0)
    inboxes = [broker.subscribe(timeout=timeout) for timeout in timeouts]
    roomy = broker.subscribe(timeout=7.0, maxsize=100)
    timers = record_timers()
    await fill(broker, 1)
    assert timers == []
    publisher = start(broker.publish(1))
    await asyncio.sleep(0)
    assert [timer.when() for timer in timers] == [1.0, 2.0, 3.0]
    for inbox in inboxes:
        inbox.get_nowait()
    await publisher
    assert all(timer.cancelled() for timer in timers)
    assert roomy.qsize() == 2


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"maxsize": 0}, ValueError, "maxsize must be at least 1, not 0"),
        ({"maxsize": True}, TypeError, "maxsize is a whole number of messages, not True"),
        ({"timeout": -1}, ValueError, "or None to wait for ever, not -1"),
        ({"timeout": -1.0}, ValueError, "or None to wait for ever, not -1.0"),
        ({"timeout": float("nan")}, ValueError, "or None to wait for ever, not nan"),
        ({"timeout": "1"}, TypeError, "timeout is a number of seconds or None, not '1'"),
        ({"overflow": "raise"}, TypeError, "overflow is one of"),
        ({"where": "x > 1"}, TypeError, "where is a function that says at once"),
    ],
)
def test_a_subscriber_with_a_wrong_argument_is_refused_and_does_not_join(wrong, error, message):
    broker = AsyncPubSub[int]()
    with pytest.raises(error, match=message):
        broker.subscribe(**wrong)
    assert broker.stats.subscribers == 0


# All together.


options = st.fixed_dictionaries(
    {
        "maxsize": st.integers(1, 3),
        "timeout": st.sampled_from([0, 0.25, 1.0]),
        "overflow": st.sampled_from(Overflow),
    }
)
paces = st.sampled_from([0.0, 0.1, 0.4, None])
subscribers = st.lists(st.tuples(options, paces), min_size=1, max_size=4)
pauses = st.sampled_from([0, 0.05, 0.3])
publishes = st.lists(st.tuples(pauses, st.booleans()), min_size=10, max_size=30)


async def handle_until_cut_off(inbox: Inbox[int], pace: float) -> list[int]:
    handled = []
    with contextlib.suppress(Disconnected):
        async for number in inbox:
            await asyncio.sleep(pace)
            handled.append(number)
    return handled


@settings(derandomize=True, max_examples=100, database=None)
@given(subscribers, publishes)
@in_virtual_time
async def test_the_deliveries_add_up_to_the_statistics_whatever_the_policies(
    subscribers, publishes
):
    broker = AsyncPubSub[int]()
    inboxes: list[Inbox[int]] = []
    readers = []
    for options, pace in subscribers:
        inboxes.append(broker.subscribe(**options))
        if pace is not None:
            readers.append(start(handle_until_cut_off(inboxes[-1], pace)))
    published_for = dict.fromkeys(inboxes, 0)
    deliveries: list[Delivery] = []

    async def publish(number: int, at_once: bool) -> None:
        for inbox in broker.queues:
            published_for[inbox] += 1
        try:
            deliveries.append(
                broker.publish_nowait(number) if at_once else await broker.publish(number)
            )
        except PubSubFull as full:
            deliveries.append(full.delivery)

    async with asyncio.TaskGroup() as group:
        for number, (pause, at_once) in enumerate(publishes):
            group.create_task(publish(number, at_once))
            await asyncio.sleep(pause)
    missed_by = [inbox for delivery in deliveries for inbox in delivery.missed_by]
    assert len(missed_by) == sum(delivery.dropped for delivery in deliveries)
    assert len(missed_by) == broker.stats.dropped
    for inbox in inboxes:
        stats = inbox.stats
        assert missed_by.count(inbox) == stats.dropped
        assert stats.received + stats.dropped == published_for[inbox]
        assert stats.high_water_mark <= inbox.maxsize
    await broker.shutdown(timeout=2)
    for reader in readers:
        messages = await reader
        assert messages == sorted(set(messages)), "the order is kept, and nothing doubled"
