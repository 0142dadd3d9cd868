"""The ring: one store per publish, one order for everyone, and what becomes of the slowest."""

import asyncio
import gc
import re
import weakref

import pytest

from pubsub_lib import (
    BrokerStats,
    Delivery,
    Lagged,
    PubSubFull,
    RingPubSub,
    RingSubscription,
    ShutdownReport,
    SubscriptionStats,
)
from pubsub_lib.lab.clock.virtual_time import Deadlock, run_virtual
from tests.stepping import in_virtual_time, let_all_run, now, read_all, start, unread


class Payload:
    """A message that can be watched."""


def stored(ring: RingPubSub) -> list:
    """Return what the ring holds, which no user can see."""
    return ring._ring.log


async def fill(ring: RingPubSub, numbers) -> None:
    for number in numbers:
        await ring.publish(number)


# One store for all of them.


@pytest.mark.parametrize("subscribers", [0, 1, 1000])
@in_virtual_time
async def test_a_publish_is_one_store_however_many_subscribers_there_are(subscribers):
    ring = RingPubSub[str]()
    subscriptions = [ring.subscribe() for _ in range(subscribers)]
    assert await ring.publish("once") == Delivery(subscribers)
    assert stored(ring) == ["once"]
    assert [subscription.qsize() for subscription in subscriptions] == [1] * subscribers


@in_virtual_time
async def test_a_publish_with_room_takes_no_turn():
    ring = RingPubSub[int]()
    ring.subscribe()
    publishing = ring.publish(1)
    with pytest.raises(StopIteration):
        publishing.send(None)


@in_virtual_time
async def test_the_ring_never_holds_more_than_twice_its_bound():
    ring = RingPubSub[int](maxsize=3, timeout=0)
    ring.subscribe(name="dead")
    lengths = set()
    for number in range(50):
        await ring.publish(number)
        lengths.add(len(stored(ring)))
    assert max(lengths) == 6


@in_virtual_time
async def test_the_ring_stays_bounded_without_subscribers():
    ring = RingPubSub[int](maxsize=3)
    await fill(ring, range(50))
    assert len(stored(ring)) <= 6
    assert ring.stats == BrokerStats(subscribers=0, published=50, delivered=0, dropped=0)


@in_virtual_time
async def test_messages_that_were_read_and_fell_off_the_end_are_freed():
    ring = RingPubSub[Payload](maxsize=2)
    subscription = ring.subscribe()
    first = Payload()
    reference = weakref.ref(first)
    await ring.publish(first)
    del first
    for _ in range(5):
        subscription.get_nowait()
        await ring.publish(Payload())
    assert reference() is None


# One order for everyone.


@in_virtual_time
async def test_everybody_sees_three_publishers_in_one_and_the_same_order():
    async def publish(ring: RingPubSub, name: str, pause: float) -> None:
        for number in range(40):
            await ring.publish((name, number))
            if number % 5 == 0:
                await asyncio.sleep(pause)

    async def read(subscription: RingSubscription, pause: float) -> list:
        messages = []
        async for message in subscription:
            messages.append(message)
            await asyncio.sleep(pause)
        return messages

    ring = RingPubSub[tuple[str, int]](maxsize=2, timeout=None)
    readers = [start(read(ring.subscribe(), pause)) for pause in (0, 0.001, 0.003)]
    async with asyncio.TaskGroup() as publishers:
        for name, pause in [("a", 0), ("b", 0.002), ("c", 0.005)]:
            publishers.create_task(publish(ring, name, pause))
    await ring.shutdown()
    first, *others = await asyncio.gather(*readers)
    assert len(first) == 120
    assert all(other == first for other in others)
    for name in "abc":
        assert [number for who, number in first if who == name] == list(range(40))


@in_virtual_time
async def test_publishers_that_wait_are_served_first_come_first_served():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    subscription = ring.subscribe()
    await ring.publish(0)
    publishers = [start(ring.publish(number)) for number in range(1, 5)]
    await let_all_run()
    assert [await subscription.get() for _ in range(5)] == [0, 1, 2, 3, 4]
    await asyncio.gather(*publishers)


@in_virtual_time
async def test_nobody_slips_in_before_a_publisher_that_waits():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    subscription = ring.subscribe()
    await ring.publish(0)
    waiting = start(ring.publish(1))
    await let_all_run()
    assert subscription.get_nowait() == 0
    later = start(ring.publish(2))
    await let_all_run()
    assert waiting.done()
    assert not later.done()
    assert [await subscription.get(), await subscription.get()] == [1, 2]


# The slowest gates the publisher.


@in_virtual_time
async def test_the_slowest_gates_the_publisher_and_the_moment_it_reads_there_is_room():
    ring = RingPubSub[int](maxsize=2)
    quick, slow = ring.subscribe(), ring.subscribe()
    await fill(ring, [1, 2])
    unread(quick)
    asyncio.get_running_loop().call_later(0.25, slow.get_nowait)
    assert await ring.publish(3) == Delivery(delivered=2)
    assert now() == 0.25
    assert (unread(quick), unread(slow)) == ([3], [2, 3])


@in_virtual_time
async def test_there_is_room_only_when_the_last_of_the_slowest_has_read():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    subscriptions = [ring.subscribe() for _ in range(3)]
    await ring.publish(1)
    publishing = start(ring.publish(2))
    for subscription in subscriptions:
        await let_all_run()
        assert not publishing.done()
        subscription.get_nowait()
    assert await publishing == Delivery(delivered=3)


@in_virtual_time
async def test_a_reader_that_had_messages_in_hand_when_the_ring_filled_still_makes_room():
    ring = RingPubSub[int](maxsize=4, timeout=None)
    messages = aiter(ring.subscribe())
    await fill(ring, range(4))
    assert [await anext(messages), await anext(messages)] == [0, 1]  # 2 and 3 are in hand
    await fill(ring, [4, 5])
    publishing = start(ring.publish(6))
    await let_all_run()
    assert not publishing.done()
    assert await anext(messages) == 2
    assert await publishing == Delivery(delivered=1)
    assert [await anext(messages) for _ in range(4)] == [3, 4, 5, 6]


@in_virtual_time
async def test_a_batch_makes_room_for_as_many_publishers_as_it_had_messages():
    ring = RingPubSub[int](maxsize=3, timeout=None)
    batches = ring.subscribe().batches()
    await fill(ring, range(3))
    publishers = [start(ring.publish(number)) for number in range(3, 8)]
    await let_all_run()
    assert await anext(batches) == [0, 1, 2]
    await let_all_run()
    assert [publisher.done() for publisher in publishers] == [True] * 3 + [False] * 2
    assert await anext(batches) == [3, 4, 5]
    assert await anext(batches) == [6, 7]


@in_virtual_time
async def test_as_many_readers_wake_as_there_were_messages_let_in():
    ring = RingPubSub[int](maxsize=2, timeout=None)
    slow, quick = ring.subscribe(), ring.subscribe()
    await fill(ring, [1, 2])
    unread(quick)
    readers = [start(quick.get()) for _ in range(3)]
    publishers = [start(ring.publish(number)) for number in (3, 4)]
    await let_all_run()
    await anext(slow.batches())  # makes room for both at once
    await let_all_run()
    assert [reader.done() for reader in readers] == [True, True, False]
    assert [reader.result() for reader in readers[:2]] == [3, 4]
    assert all(publisher.done() for publisher in publishers)


def test_timeout_none_waits_for_ever_for_a_dead_subscriber():
    async def main() -> None:
        ring = RingPubSub[int](maxsize=1, timeout=None)
        ring.subscribe(name="dead")
        kept = ring.subscribe()
        await fill(ring, [1, 2])
        raise AssertionError(kept)

    with pytest.raises(Deadlock):
        run_virtual(main())


@in_virtual_time
async def test_timeout_zero_lets_a_reader_run_before_it_is_overtaken():
    ring = RingPubSub[int](maxsize=1, timeout=0)
    subscription = ring.subscribe()
    read = []

    async def read_all() -> None:
        async for number in subscription:
            read.append(number)

    reader = start(read_all())
    await asyncio.sleep(0)
    await fill(ring, range(10))
    await ring.shutdown()
    await reader
    assert read == list(range(10))
    assert now() == 0


@pytest.mark.parametrize("leave", [RingSubscription.close, RingSubscription.shutdown])
@in_virtual_time
async def test_leaving_releases_the_publishers_that_wait_and_is_no_drop(leave):
    ring = RingPubSub[int](maxsize=2, timeout=None)
    slow, quick = ring.subscribe(), ring.subscribe()
    await fill(ring, [1, 2])
    unread(quick)
    publishers = [start(ring.publish(number)) for number in (3, 4, 5)]
    await let_all_run()
    leave(slow)
    await let_all_run()
    assert [publisher.done() for publisher in publishers] == [True, True, False]
    assert publishers[0].result() == Delivery(delivered=1)
    assert await anext(quick.batches()) == [3, 4]
    assert await publishers[2] == Delivery(delivered=1)
    assert ring.stats.dropped == 0


@in_virtual_time
async def test_a_newcomer_does_not_hold_up_the_publishers_that_wait():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    slow = ring.subscribe()
    await ring.publish(1)
    publishing = start(ring.publish(2))
    await let_all_run()
    newcomer = ring.subscribe()
    slow.get_nowait()
    assert await publishing == Delivery(delivered=2)
    assert unread(newcomer) == [2]


@in_virtual_time
async def test_a_cancelled_publish_is_withdrawn_and_nobody_gets_it():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    subscription = ring.subscribe()
    await ring.publish(1)
    first, second = start(ring.publish(2)), start(ring.publish(3))
    await let_all_run()
    first.cancel()
    await let_all_run()
    assert [await subscription.get(), await subscription.get()] == [1, 3]
    assert await second == Delivery(delivered=1)
    assert ring.stats == BrokerStats(subscribers=1, published=2, delivered=2, dropped=0)


@pytest.mark.parametrize("end", ["read", "overtake", "release"])
@in_virtual_time
async def test_a_publish_that_was_cancelled_a_moment_ago_is_withdrawn_too(end):
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    subscription = ring.subscribe()
    await ring.publish(1)
    publishing = start(ring.publish(2))
    await let_all_run()
    publishing.cancel()  # its task has not run since
    if end == "read":
        assert subscription.get_nowait() == 1
        assert subscription.empty()
    elif end == "overtake":
        assert ring.publish_nowait(3) == Delivery(1, (subscription,))
    else:
        assert await ring.shutdown(timeout=0) == ShutdownReport(unread=1, unfinished=0)
    await asyncio.wait([publishing])
    assert publishing.cancelled()
    assert ring.stats.published == (2 if end == "overtake" else 1)
    assert ring.stats.dropped == (1 if end == "overtake" else 0)


@in_virtual_time
async def test_a_publish_that_was_cancelled_as_its_time_was_up_overtakes_nobody():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    subscription = ring.subscribe()
    await ring.publish(0)
    asyncio.get_running_loop().call_at(1.0, lambda: publishing.cancel())
    publishing = start(ring.publish(1))
    await asyncio.wait([publishing])
    assert publishing.cancelled()
    waiting = start(ring.publish(2))
    await asyncio.sleep(0.5)
    assert not waiting.done(), "the subscriber has its second, as if nothing had been"
    assert unread(subscription) == [0]
    await waiting


# After the time-out the slowest is overtaken.


@in_virtual_time
async def test_the_slowest_is_overtaken_after_the_timeout_and_named():
    ring = RingPubSub[int](maxsize=2, timeout=0.5)
    slow, quick = ring.subscribe(), ring.subscribe()
    await fill(ring, [1, 2])
    unread(quick)
    assert await ring.publish(3) == Delivery(delivered=2, missed_by=(slow,))
    assert now() == 0.5
    assert slow.stats == SubscriptionStats(received=2, dropped=1, depth=2, high_water_mark=2)
    assert ring.stats == BrokerStats(subscribers=2, published=3, delivered=5, dropped=1)


@in_virtual_time
async def test_one_that_was_overtaken_learns_how_many_it_missed_once_and_goes_on_with_the_oldest():
    ring = RingPubSub[int](maxsize=2, timeout=0)
    subscription = ring.subscribe()
    await fill(ring, range(7))
    with pytest.raises(Lagged, match="missed 5 messages; read on") as lagged:
        await subscription.get()
    assert lagged.value.missed == 5
    assert [await subscription.get(), await subscription.get()] == [5, 6]
    assert subscription.empty()


@pytest.mark.parametrize(
    "read",
    [
        RingSubscription.get,
        lambda subscription: anext(aiter(subscription)),
        lambda subscription: anext(subscription.batches()),
    ],
    ids=["get", "async for", "batches"],
)
@in_virtual_time
async def test_every_way_of_reading_tells_of_the_lag(read):
    ring = RingPubSub[int](maxsize=1, timeout=0)
    subscription = ring.subscribe()
    await fill(ring, range(3))
    with pytest.raises(Lagged) as lagged:
        await read(subscription)
    assert lagged.value.missed == 2
    assert await read(subscription) in (2, [2])


@in_virtual_time
async def test_one_that_was_overtaken_is_not_waited_for_again_until_it_reads():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    subscription = ring.subscribe()
    await ring.publish(0)
    await ring.publish(1)
    assert now() == 1.0
    await fill(ring, range(2, 6))
    assert now() == 1.0
    with pytest.raises(Lagged):
        subscription.get_nowait()
    await ring.publish(6)
    assert now() == 2.0


@in_virtual_time
async def test_one_that_left_after_it_was_overtaken_changes_nothing_for_the_others():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    left, dead = ring.subscribe(), ring.subscribe()
    await fill(ring, [0, 1])
    left.shutdown()
    with pytest.raises(Lagged):
        left.get_nowait()
    await fill(ring, [2, 3, 4])
    assert now() == 1.0
    assert dead.stats.dropped == 4


@in_virtual_time
async def test_a_dead_subscriber_that_wants_next_to_nothing_is_not_waited_for_again_either():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    dead = ring.subscribe(where=lambda number: number < 0)
    await fill(ring, range(10))
    assert now() == 1.0
    assert dead.stats.dropped == 0


@in_virtual_time
async def test_one_that_reads_on_is_waited_for_again_though_it_missed_nothing_that_it_wanted():
    ring = RingPubSub[int](maxsize=2, timeout=1.0)
    reader = ring.subscribe(where=lambda number: number != 0)
    await fill(ring, range(3))
    assert now() == 1.0
    assert reader.get_nowait() == 1
    await fill(ring, range(3, 5))
    assert now() == 2.0


@in_virtual_time
async def test_one_that_was_told_how_many_it_missed_is_waited_for_again_from_the_very_first():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    reader = ring.subscribe()
    await fill(ring, range(2))
    with pytest.raises(Lagged):
        reader.get_nowait()
    await ring.publish(2)
    assert now() == 2.0


@in_virtual_time
async def test_one_that_is_slow_for_the_first_time_is_waited_for_beside_one_that_was_overtaken():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    dead = ring.subscribe(name="dead")
    await fill(ring, [0, 1])
    slow = ring.subscribe(name="slow", replay=1)
    asyncio.get_running_loop().call_later(0.75, slow.get_nowait)
    delivery = await ring.publish(2)
    assert now() == 1.75, "and for nobody else"
    assert delivery == Delivery(delivered=2, missed_by=(dead,))
    assert unread(slow) == [2]


@in_virtual_time
async def test_a_burst_costs_nothing_though_healthy_readers_had_no_turn_since_one_was_overtaken():
    ring = RingPubSub[int](maxsize=3, timeout=1.0)
    dead = ring.subscribe(name="dead")
    messages = ring.subscribe(name="healthy")

    async def read() -> list[int]:
        return [message async for message in messages]

    reader = start(read())
    await fill(ring, range(50))
    assert now() == 1.0
    await ring.shutdown(timeout=0)
    assert await reader == list(range(50))
    assert dead.stats.dropped == 47


@in_virtual_time
async def test_when_the_slowest_was_waited_for_long_enough_all_that_wait_for_it_go():
    ring = RingPubSub[int](maxsize=1, timeout=1.0)
    kept = ring.subscribe()
    await ring.publish(0)

    async def publish(number: int) -> float:
        await asyncio.sleep(number / 4)
        await ring.publish(number)
        return now()

    assert await asyncio.gather(publish(1), publish(2)) == [1.25, 1.25]
    assert kept.stats.dropped == 2


@in_virtual_time
async def test_one_that_lags_while_it_handles_a_message_has_handled_it_when_it_asks_for_the_next():
    ring = RingPubSub[int](maxsize=1, timeout=0)
    subscription = ring.subscribe()
    messages = aiter(subscription)
    await ring.publish(0)
    assert await anext(messages) == 0
    await fill(ring, [1, 2])
    assert subscription.unfinished == 1
    with pytest.raises(Lagged):
        await anext(messages)
    assert subscription.unfinished == 0
    assert subscription.get_nowait() == 2
    subscription.task_done()
    await subscription.join()


@in_virtual_time
async def test_one_that_lagged_before_the_end_is_told_of_both():
    ring = RingPubSub[int](maxsize=1, timeout=0)
    subscription = ring.subscribe()
    await fill(ring, [0, 1])
    shutdown = start(ring.shutdown())
    await let_all_run()
    with pytest.raises(Lagged):
        await subscription.get()
    assert [await subscription.get(), await subscription.get()] == [1, None]
    subscription.task_done()
    assert await shutdown == ShutdownReport(unread=0, unfinished=0)


@in_virtual_time
async def test_one_that_lagged_and_closed_is_told_of_the_end_alone():
    ring = RingPubSub[int](maxsize=1, timeout=0)
    subscription = ring.subscribe()
    await fill(ring, [0, 1])
    subscription.close()
    assert await subscription.get() is None


# Publishing without waiting.


@in_virtual_time
async def test_publish_nowait_overtakes_the_slowest():
    ring = RingPubSub[int](maxsize=1, timeout=5.0)
    slow, quick = ring.subscribe(), ring.subscribe()
    assert ring.publish_nowait(0) == Delivery(delivered=2)
    assert quick.get_nowait() == 0
    assert ring.publish_nowait(1) == Delivery(delivered=2, missed_by=(slow,))
    assert quick.get_nowait() == 1
    assert now() == 0


@in_virtual_time
async def test_publish_nowait_lets_those_in_that_waited_before_it():
    ring = RingPubSub[int](maxsize=2, timeout=5.0)
    slow = ring.subscribe()
    await fill(ring, [0, 1])
    waiting = start(ring.publish(2))
    await let_all_run()
    assert ring.publish_nowait(3) == Delivery(delivered=1, missed_by=(slow,))
    assert await waiting == Delivery(delivered=1, missed_by=(slow,))
    with pytest.raises(Lagged, match="missed 2 "):
        slow.get_nowait()
    assert unread(slow) == [2, 3]


@in_virtual_time
async def test_publish_nowait_raises_where_nobody_is_to_be_overtaken():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    slow, quick = ring.subscribe(), ring.subscribe()
    ring.publish_nowait(0)
    quick.get_nowait()
    with pytest.raises(PubSubFull, match="no room for this message: missed by 1") as full:
        ring.publish_nowait(1)
    assert full.value.delivery == Delivery(delivered=0, missed_by=(slow,))
    assert ring.stats == BrokerStats(subscribers=2, published=1, delivered=2, dropped=0)
    assert unread(slow) == [0]


# Replay.


@pytest.mark.parametrize(
    ("replay", "expected"), [(0, []), (1, [2]), (3, [0, 1, 2]), (4, [0, 1, 2])]
)
@in_virtual_time
async def test_a_replay_begins_with_the_last_messages_as_far_as_there_are_so_many(replay, expected):
    ring = RingPubSub[int](maxsize=4)
    await fill(ring, range(3))
    subscription = ring.subscribe(replay=replay)
    await ring.publish(3)
    assert unread(subscription) == [*expected, 3]
    assert subscription.stats.received == len(expected) + 1


@in_virtual_time
async def test_a_whole_ring_can_be_replayed_whatever_its_state():
    ring = RingPubSub[int](maxsize=3, timeout=0)
    for number in range(20):
        await ring.publish(number)
        subscription = ring.subscribe(replay=3)
        assert unread(subscription) == list(range(max(number - 2, 0), number + 1))
        subscription.close()


@in_virtual_time
async def test_a_replay_in_a_full_ring_gates_those_who_wait():
    ring = RingPubSub[int](maxsize=2, timeout=None)
    slow = ring.subscribe()
    await fill(ring, [0, 1])
    publishing = start(ring.publish(2))
    await let_all_run()
    late = ring.subscribe(replay=2)
    slow.get_nowait()
    await let_all_run()
    assert not publishing.done()
    assert late.get_nowait() == 0
    assert await publishing == Delivery(delivered=2)
    assert unread(late) == unread(slow) == [1, 2]


@in_virtual_time
async def test_a_replay_that_starts_as_far_behind_as_is_allowed_is_waited_for():
    ring = RingPubSub[int](maxsize=2, timeout=1.0)
    await fill(ring, range(3))
    late = ring.subscribe(replay=2)
    assert await ring.publish(3) == Delivery(delivered=1, missed_by=(late,))
    assert now() == 1.0


@pytest.mark.parametrize("replay", [-1, 5])
def test_a_replay_of_more_than_the_ring_holds_is_refused(replay):
    with pytest.raises(
        ValueError, match=rf"^replay must be at (least 0|most 4), not {replay}: the ring"
    ):
        RingPubSub(maxsize=4).subscribe(replay=replay)


@pytest.mark.parametrize("replay", [True, 1.0, "1", None])
def test_a_replay_that_is_no_whole_number_is_refused(replay):
    with pytest.raises(TypeError, match=r"^replay is a whole number of messages, not "):
        RingPubSub().subscribe(replay=replay)


# Filters.


def is_even(number: int) -> bool:
    return number % 2 == 0


@in_virtual_time
async def test_messages_that_are_not_wanted_are_passed_over_and_not_counted():
    ring = RingPubSub[int]()
    subscription = ring.subscribe(where=is_even)
    await fill(ring, range(5))
    assert subscription.qsize() == 5, "nobody has looked at them yet"
    assert [await subscription.get() for _ in range(3)] == [0, 2, 4]
    assert subscription.stats[:3] == (3, 0, 0)
    assert ring.stats == BrokerStats(subscribers=1, published=5, delivered=3, dropped=0)


@in_virtual_time
async def test_a_batch_holds_only_what_is_wanted():
    ring = RingPubSub[int]()
    subscription = ring.subscribe(where=is_even)
    await fill(ring, range(6))
    assert await anext(subscription.batches()) == [0, 2, 4]
    assert subscription.empty()


@in_virtual_time
async def test_a_reader_sleeps_on_when_nothing_that_came_is_wanted():
    ring = RingPubSub[int](maxsize=2, timeout=None)
    reader = start(ring.subscribe(where=is_even).get())
    for number in [1, 3, 5, 7, 9]:
        await let_all_run()
        await ring.publish(number)
    await let_all_run()
    assert not reader.done()
    await ring.publish(10)
    assert await reader == 10


@in_virtual_time
async def test_passing_over_what_is_not_wanted_makes_room():
    ring = RingPubSub[int](maxsize=2, timeout=None)
    subscription = ring.subscribe(where=is_even)
    await fill(ring, [1, 3])
    publishers = [start(ring.publish(number)) for number in (5, 6)]
    await let_all_run()
    assert await subscription.get() == 6
    await let_all_run()
    assert all(publisher.done() for publisher in publishers)


@in_virtual_time
async def test_join_returns_when_only_unwanted_messages_were_left():
    ring = RingPubSub[int]()
    subscription = ring.subscribe(where=is_even)
    await ring.publish(1)
    joining = start(subscription.join())
    await let_all_run()
    with pytest.raises(asyncio.QueueEmpty):
        subscription.get_nowait()
    await joining


@in_virtual_time
async def test_what_is_not_wanted_is_no_loss_when_it_is_overtaken():
    ring = RingPubSub[int](maxsize=2, timeout=0)
    subscription = ring.subscribe(where=is_even)
    deliveries = [await ring.publish(number) for number in range(6)]
    assert [delivery.dropped for delivery in deliveries] == [0, 0, 1, 0, 1, 0]
    with pytest.raises(Lagged, match="missed 2 "):
        subscription.get_nowait()
    assert subscription.get_nowait() == 4
    assert ring.stats[2:] == (2, 2), "5 is still waiting to be passed over"


@in_virtual_time
async def test_a_filter_that_raises_closes_its_subscription_and_the_reader_gets_the_error():
    ring = RingPubSub[int](maxsize=2, timeout=None)
    broken = ring.subscribe(where=lambda number: 6 / number)
    healthy = ring.subscribe()
    await fill(ring, [1, 0])
    unread(healthy)
    publishing = start(ring.publish(2))
    await let_all_run()
    assert await broken.get() == 1
    with pytest.raises(ZeroDivisionError):
        await broken.get()
    assert await broken.get() is None
    assert broken.closed
    assert broken.empty()
    assert await publishing == Delivery(delivered=2)
    assert ring.stats.subscribers == 1
    assert unread(healthy) == [2]


@pytest.mark.parametrize("readers", [1, 3])
@in_virtual_time
async def test_a_filter_that_raises_wakes_every_reader_and_one_of_them_gets_the_error(readers):
    ring = RingPubSub[int]()
    subscription = ring.subscribe(where=lambda number: 6 / number)
    reading = [start(subscription.get()) for _ in range(readers)]
    joining = start(subscription.join())
    await let_all_run()
    await ring.publish(0)
    results = await asyncio.gather(*reading, return_exceptions=True)
    assert isinstance(results[0], ZeroDivisionError)
    assert results[1:] == [None] * (readers - 1)
    await joining


@in_virtual_time
async def test_a_batch_ends_before_the_message_on_which_the_filter_raises():
    ring = RingPubSub[int]()
    batches = ring.subscribe(where=lambda number: 6 / number).batches()
    await fill(ring, [1, 2, 0, 3])
    assert await anext(batches) == [1, 2]
    with pytest.raises(ZeroDivisionError):
        await anext(batches)
    with pytest.raises(StopAsyncIteration):
        await anext(batches)


@in_virtual_time
async def test_a_message_on_which_the_filter_raises_is_lost_when_it_is_overtaken():
    ring = RingPubSub[int](maxsize=1, timeout=0)
    subscription = ring.subscribe(where=lambda number: 6 / number)
    await ring.publish(0)
    assert await ring.publish(1) == Delivery(delivered=1, missed_by=(subscription,))
    with pytest.raises(Lagged, match="missed 1 "):
        await subscription.get()
    assert await subscription.get() == 1


@in_virtual_time
async def test_what_is_passed_over_after_leaving_is_not_counted_either():
    ring = RingPubSub[int]()
    subscription = ring.subscribe(where=is_even)
    await fill(ring, [0, 1, 2, 3])
    subscription.shutdown()
    assert [await subscription.get() for _ in range(3)] == [0, 2, None]
    assert subscription.stats.received == ring.stats.delivered == 2


# Several readers of one subscription.


@in_virtual_time
async def test_ways_of_reading_can_be_mixed_and_each_message_goes_to_one_reader():
    ring = RingPubSub[int](maxsize=200)
    subscription = ring.subscribe()
    await fill(ring, range(100))
    messages, batches = aiter(subscription), subscription.batches()
    assert [await anext(messages) for _ in range(3)] == [0, 1, 2]
    assert subscription.get_nowait() == 3
    assert await anext(messages) == 4
    assert subscription.qsize() == 95
    other = aiter(subscription)
    assert [await anext(other), await anext(messages), await anext(other)] == [5, 6, 7]
    assert await anext(batches) == list(range(8, 100))
    assert subscription.empty()
    assert subscription.stats.received == 100


@in_virtual_time
async def test_more_messages_than_are_taken_in_hand_at_a_time_come_in_order():
    ring = RingPubSub[int](maxsize=1000)
    subscription = ring.subscribe()
    await fill(ring, range(1000))
    messages = aiter(subscription)
    assert [await anext(messages) for _ in range(1000)] == list(range(1000))
    assert subscription.stats == SubscriptionStats(1000, 0, 0, 1000)


@in_virtual_time
async def test_readers_that_wait_are_served_first_come_first_served():
    ring = RingPubSub[int]()
    subscription, other = ring.subscribe(), ring.subscribe()
    readers = [start(subscription.get()) for _ in range(3)]
    await let_all_run()
    other.close()  # which is nothing to them
    await fill(ring, range(3))
    assert await asyncio.gather(*readers) == [0, 1, 2]


# Leaving.


@in_virtual_time
async def test_one_that_left_can_read_what_it_had_and_keeps_its_count():
    ring = RingPubSub[int](maxsize=3, timeout=None)
    left, stays = ring.subscribe(), ring.subscribe()
    messages = aiter(left)
    await fill(ring, range(3))
    await anext(messages)
    left.shutdown()
    unread(stays)
    await fill(ring, range(3, 6))
    unread(stays)
    await fill(ring, range(6, 9))
    assert [message async for message in messages] == [1, 2]
    assert left.stats.received == 3
    assert left.qsize() == 0


@in_virtual_time
async def test_one_that_left_with_messages_in_hand_can_read_them_in_another_way():
    ring = RingPubSub[int]()
    left = ring.subscribe()
    await fill(ring, range(4))
    assert await anext(aiter(left)) == 0
    left.shutdown()
    assert [left.get_nowait(), *await anext(left.batches())] == [1, 2, 3]


@in_virtual_time
async def test_closing_after_leaving_discards_the_rest():
    ring = RingPubSub[int]()
    subscription = ring.subscribe()
    await fill(ring, range(4))
    subscription.shutdown()
    assert subscription.get_nowait() == 0
    subscription.close()
    assert subscription.qsize() == 0
    assert subscription.stats[:3] == (4, 0, 0)
    await subscription.join()


@in_virtual_time
async def test_closing_after_leaving_discards_what_a_reader_has_in_hand_too():
    ring = RingPubSub[int]()
    subscription = ring.subscribe()
    await fill(ring, range(4))
    subscription.shutdown()
    read = []
    async for message in subscription:
        read.append(message)
        subscription.close()
    assert read == [0]
    assert subscription.stats[:3] == (4, 0, 0)


@pytest.mark.parametrize("leave", ["close", "abandon", "crash"])
@in_virtual_time
async def test_a_subscriber_that_is_gone_gates_nobody_and_frees_its_messages(leave):
    async def crash(subscription: RingSubscription) -> None:
        async for _ in subscription:
            raise ValueError("a bug")

    ring = RingPubSub[Payload](maxsize=2)
    subscription = ring.subscribe()
    first = Payload()
    reference = weakref.ref(first)
    await ring.publish(first)
    await ring.publish(Payload())
    del first
    if leave == "close":
        subscription.close()
    if leave == "crash":
        await asyncio.gather(start(crash(subscription)), return_exceptions=True)
    del subscription
    await let_all_run()  # the event loop forgets the task that crashed
    gc.collect()
    await let_all_run()
    assert ring.stats.subscribers == 0
    for _ in range(4):
        await ring.publish(Payload())
    assert now() == 0.0
    assert reference() is None


@in_virtual_time
async def test_a_publisher_goes_on_when_the_one_it_waits_for_is_abandoned():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    subscription = ring.subscribe()
    await ring.publish(1)
    publishing = start(ring.publish(2))
    await let_all_run()
    del subscription
    assert await publishing == Delivery(delivered=0)


@in_virtual_time
async def test_a_subscription_in_the_message_that_falls_off_the_end_disturbs_nothing():
    ring = RingPubSub[object](maxsize=2, timeout=0)
    reader = ring.subscribe()
    for number in range(20):
        await ring.publish(ring.subscribe())  # nobody else holds it
        assert isinstance(reader.get_nowait(), RingSubscription)
        await ring.publish(number)
        assert reader.get_nowait() == number
    assert len(stored(ring)) <= 4
    assert ring.stats.subscribers <= 4


# Shutting down while publishers wait.


@in_virtual_time
async def test_shutdown_lets_those_in_that_wait_and_everybody_reads_them():
    async def read(subscription: RingSubscription, seconds: float) -> list[int]:
        messages = []
        async for message in subscription:
            await asyncio.sleep(seconds)
            messages.append(message)
        return messages

    ring = RingPubSub[int](maxsize=1, timeout=None)
    readers = [start(read(ring.subscribe(), seconds)) for seconds in (0, 0.25, 1.0)]
    await asyncio.sleep(0)
    publishers = [start(ring.publish(number)) for number in range(4)]
    await asyncio.sleep(0)
    assert await ring.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 4.0
    assert [await reader for reader in readers] == [[0, 1, 2, 3]] * 3
    assert all(publisher.done() for publisher in publishers)


@in_virtual_time
async def test_shutdown_waits_for_one_that_gets_another_message_when_the_slowest_moves():
    async def read(subscription: RingSubscription, *seconds: float) -> None:
        for each in seconds:
            await subscription.get()
            await asyncio.sleep(each)
            subscription.task_done()

    ring = RingPubSub[int](maxsize=1, timeout=None)
    quick_at_first, slow_at_first = ring.subscribe(), ring.subscribe()
    await ring.publish(0)
    publishing = start(ring.publish(1))
    await let_all_run()
    assert quick_at_first.get_nowait() == 0
    quick_at_first.task_done()
    reading = start(read(quick_at_first, 5.0))
    asyncio.get_running_loop().call_later(1.0, slow_at_first.close)
    assert await ring.shutdown(timeout=60) == ShutdownReport(unread=0, unfinished=0)
    assert now() == 6.0
    assert await publishing == Delivery(delivered=1)
    await reading


@pytest.mark.parametrize("how", ["cancelled", "timed out", "left"])
@in_virtual_time
async def test_readers_that_have_read_all_learn_the_end_when_nothing_waits_any_more(how):
    ring = RingPubSub[int](maxsize=1, timeout=None)
    slow, quick = ring.subscribe(), ring.subscribe()
    await ring.publish(0)
    assert quick.get_nowait() == 0
    quick.task_done()
    readers = [start(quick.get()) for _ in range(2)]
    publishing = start(ring.publish(1))
    await let_all_run()
    shutdown = start(ring.shutdown(timeout=3.0))
    await let_all_run()
    assert not any(reader.done() for reader in readers), "there is a message yet to come"
    with pytest.raises(asyncio.QueueEmpty):
        quick.get_nowait()
    if how == "cancelled":
        publishing.cancel()
    if how == "left":
        slow.close()
    assert await asyncio.gather(*readers) == [1 if how == "left" else None, None]
    assert now() == (3.0 if how == "timed out" else 0.0)
    if how == "timed out":
        assert await publishing == Delivery(delivered=0, missed_by=(slow, quick))
        assert await shutdown == ShutdownReport(unread=1, unfinished=0)
    else:
        slow.close()
        if how == "left":
            quick.task_done()
        assert await shutdown == ShutdownReport(unread=0, unfinished=0)
    await asyncio.wait([publishing])


@in_virtual_time
async def test_one_that_ends_when_nothing_waits_any_more_says_that_the_broker_was_shut_down():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    reader = ring.subscribe()
    await ring.publish(0)
    publishing = start(ring.publish(1))
    await let_all_run()
    closing = start(ring.shutdown())
    await let_all_run()
    assert reader.closed_because == ""
    assert await read_all(reader) == [0, 1]
    await asyncio.gather(publishing, closing)
    assert reader.closed_because == "the broker was shut down"


@in_virtual_time
async def test_a_message_dropped_by_shutdown_is_counted_for_those_who_want_it():
    ring = RingPubSub[int](maxsize=1, timeout=None)
    everything, even = ring.subscribe(), ring.subscribe(where=is_even)
    await ring.publish(1)
    publishers = [start(ring.publish(number)) for number in (2, 3)]
    await let_all_run()
    await ring.shutdown(timeout=0)
    assert [await publisher for publisher in publishers] == [
        Delivery(0, (everything, even)),
        Delivery(0, (everything,)),
    ]
    assert (everything.stats.dropped, even.stats.dropped) == (2, 1)
    assert ring.stats.published == 3


# What they say of themselves.


@in_virtual_time
async def test_the_ring_and_a_subscription_say_what_they_are():
    ring = RingPubSub[int](maxsize=3)
    anonymous, ada = ring.subscribe(), ring.subscribe(name="ada")
    await ring.publish(1)
    assert repr(ring) == "<RingPubSub of 2 subscribers>"
    assert repr(anonymous) == "<RingSubscription 1 of 3>"
    ada.close()
    assert repr(ada) == "<RingSubscription 'ada' 0 of 3 closed>"
    await ring.shutdown(timeout=0)
    assert repr(ring) == "<RingPubSub of 1 subscribers closed>"


@in_virtual_time
async def test_a_subscription_knows_its_size():
    ring = RingPubSub[int](maxsize=2)
    subscription = ring.subscribe()
    assert (subscription.maxsize, subscription.empty(), subscription.full()) == (2, True, False)
    await fill(ring, [1, 2])
    assert (subscription.qsize(), subscription.empty(), subscription.full()) == (2, False, True)


@in_virtual_time
async def test_the_high_water_mark_never_exceeds_what_waited():
    ring = RingPubSub[int](maxsize=200)
    subscription = ring.subscribe()
    messages = aiter(subscription)
    await fill(ring, range(3))
    assert subscription.stats.high_water_mark == 3
    await anext(messages)
    await anext(messages)
    await fill(ring, range(3, 10))
    assert subscription.stats.high_water_mark == 8
    for _ in range(8):
        await anext(messages)
    assert 3 <= subscription.stats.high_water_mark <= 8, "the last was in hand meanwhile"


@pytest.mark.parametrize("overtaken", [False, True])
@in_virtual_time
async def test_the_high_water_mark_is_kept_of_one_that_never_read_and_closed(overtaken):
    ring = RingPubSub[int](maxsize=3, timeout=0)
    subscription = ring.subscribe()
    await fill(ring, range(4 if overtaken else 3))
    subscription.close()
    assert subscription.stats.high_water_mark == 3


@pytest.mark.parametrize("maxsize", [0, -1])
def test_a_ring_without_room_is_refused(maxsize):
    with pytest.raises(ValueError, match=rf"^maxsize must be at least 1, not {maxsize}"):
        RingPubSub(maxsize=maxsize)


@pytest.mark.parametrize("maxsize", [True, "3", 2.0, None])
def test_a_bound_that_is_no_whole_number_is_refused(maxsize):
    with pytest.raises(TypeError, match=r"^maxsize is a whole number of messages, not "):
        RingPubSub(maxsize=maxsize)


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf")])
def test_a_timeout_that_is_negative_or_not_finite_is_refused(timeout):
    with pytest.raises(ValueError, match=r"or None to wait for ever, not "):
        RingPubSub(timeout=timeout)


@pytest.mark.parametrize("where", ["even", 3])
def test_a_filter_that_cannot_be_called_is_refused(where):
    with pytest.raises(TypeError, match=re.escape(repr(where))):
        RingPubSub().subscribe(where=where)


# Many messages that wait in line.


@in_virtual_time
async def test_the_room_that_each_read_makes_is_filled_at_the_next_turn():
    ring = RingPubSub[int](maxsize=4, timeout=None)
    reader = ring.subscribe()
    publisher = start(ring.publish_many(range(12)))
    await let_all_run()
    for number in range(8):
        assert reader.get_nowait() == number
        await asyncio.sleep(0)
        assert len(ring._ring.log) + ring._ring._deleted == 5 + number
    await let_all_run()
    assert publisher.done()
    assert unread(reader) == [8, 9, 10, 11]


@in_virtual_time
async def test_what_was_published_counts_what_a_read_has_let_in_at_once():
    ring = RingPubSub[int](maxsize=4, timeout=None)
    reader = ring.subscribe()
    publisher = start(ring.publish_many(range(12)))
    await let_all_run()
    reader.get_nowait()
    assert ring.stats.published == 5
    publisher.cancel()


@in_virtual_time
async def test_what_a_subscriber_received_counts_what_its_read_has_let_in_at_once():
    ring = RingPubSub[int](maxsize=4, timeout=None)
    reader = ring.subscribe()
    publisher = start(ring.publish_many(range(12)))
    await let_all_run()
    reader.get_nowait()
    assert reader.stats.received == 5
    publisher.cancel()


@in_virtual_time
async def test_many_messages_at_once_stay_behind_those_that_have_waited_longer():
    ring = RingPubSub[int](maxsize=4, timeout=None)
    reader = ring.subscribe()
    first = start(ring.publish_many(range(8)))
    await let_all_run()
    reader.get_nowait()  # there is room, and the next turn has not come
    second = start(ring.publish_many([100]))
    rest = start(read_all(reader))
    await asyncio.wait([first, second])
    await ring.shutdown()
    assert await rest == [*range(1, 8), 100]


@in_virtual_time
async def test_what_a_read_lets_in_just_before_a_shutdown_ends_is_not_lost():
    ring = RingPubSub[int](maxsize=4, timeout=None)
    reader = ring.subscribe()
    publisher = start(ring.publish_many(range(8)))

    async def read_late() -> int:
        await asyncio.sleep(5)
        return reader.get_nowait()

    late = start(read_late())
    await let_all_run()
    assert (await ring.shutdown(timeout=5)).unread == 4
    assert (await publisher).delivered == 5
    assert [await late, *unread(reader)] == [0, 1, 2, 3, 4]


@in_virtual_time
async def test_who_reads_at_every_turn_misses_nothing_though_publishers_give_up_another():
    ring = RingPubSub[int](maxsize=2, timeout=1)
    _dead, live = ring.subscribe(), ring.subscribe()
    reading = start(read_all(live))
    deliveries = await ring.publish_many(range(10))
    assert {missed.number for missed in deliveries.missed} == set(range(2, 10))
    assert live.stats.dropped == 0
    await ring.shutdown(timeout=0)
    assert await reading == list(range(10))


@in_virtual_time
async def test_a_filter_that_withdraws_a_publish_at_the_end_releases_those_behind_it():
    ring = RingPubSub[str](maxsize=1, timeout=None)

    def withdraws(message: str) -> bool:
        if message == "first in line":
            first.cancel()
        return True

    _reader = ring.subscribe(where=withdraws)
    await ring.publish("stored")
    first, second = (start(ring.publish(f"{each} in line")) for each in ("first", "second"))
    await let_all_run()
    await ring.shutdown(timeout=0)
    await let_all_run()
    assert first.cancelled()
    assert second.done()
    assert second.result().delivered == 0


@in_virtual_time
async def test_of_two_that_are_overtaken_one_that_the_others_filter_closes_misses_nothing():
    ring = RingPubSub[int](maxsize=1, timeout=0)
    closing: list = []

    def closes_the_other(message: int) -> bool:
        for each in closing:
            each.close()
        return True

    one = ring.subscribe(name="one", where=closes_the_other)
    other = ring.subscribe(name="other")
    await ring.publish(1)
    closing.append(other)
    delivery = await ring.publish(2)
    assert [end.name for end in delivery.missed_by] == ["one"]
    assert other.stats.dropped == 0
    with pytest.raises(Lagged):
        one.get_nowait()
