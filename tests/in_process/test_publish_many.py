"""`publish_many`: as if each were published alone, with one wake-up, and one deadline."""

import asyncio
from contextlib import suppress
from itertools import batched

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Deliveries,
    Delivery,
    Lagged,
    Missed,
    Overflow,
    PubSubClosed,
    PubSubFull,
    RingPubSub,
    ShutdownReport,
    delivered_before,
)
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.counting import counted_steps
from tests.stepping import (
    handle_all,
    in_virtual_time,
    let_all_run,
    now,
    record_timers,
    start,
    unread,
)

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


# What may be given.


@each_broker
@pytest.mark.parametrize("make", [list, tuple, iter, lambda numbers: (each for each in numbers)])
@in_virtual_time
async def test_any_iterable_is_published_in_its_order(broker_class, make):
    broker = broker_class()
    inbox = broker.subscribe()
    assert await broker.publish_many(make(range(5))) == Deliveries(5, 5)
    assert unread(inbox) == [0, 1, 2, 3, 4]


@each_broker
@in_virtual_time
async def test_nothing_at_all_may_be_published(broker_class):
    broker = broker_class(maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    assert await broker.publish_many([]) == Deliveries(0, 0)
    assert (broker.stats.published, inbox.stats.dropped) == (1, 0)


@each_broker
@pytest.mark.parametrize(
    "messages",
    ["two", b"two", bytearray(b"two"), memoryview(b"two"), {"gold": 1900}, 2, None, handle_all],
    ids=lambda messages: type(messages).__name__,
)
@in_virtual_time
async def test_what_is_no_list_of_messages_is_refused_with_the_remedy(broker_class, messages):
    broker = broker_class()
    with pytest.raises(TypeError, match=r"^publish_many takes an iterable of messages, not .*pub"):
        await broker.publish_many(messages)
    assert broker.stats.published == 0


@each_broker
@in_virtual_time
async def test_with_a_none_inside_nothing_is_published(broker_class):
    broker = broker_class()
    inbox = broker.subscribe()
    with pytest.raises(TypeError, match=r"^None cannot be published: .* none of these 3 messages"):
        await broker.publish_many([1, None, 2])
    assert inbox.empty()
    assert broker.stats.published == 0


@each_broker
@in_virtual_time
async def test_an_iterator_that_raises_publishes_nothing(broker_class):
    def two_then_nothing():
        yield from (1, 2)
        raise LookupError("three")

    broker = broker_class()
    inbox = broker.subscribe()
    with pytest.raises(LookupError, match="three"):
        await broker.publish_many(two_then_nothing())
    assert inbox.empty()
    assert broker.stats.published == 0


@each_broker
@in_virtual_time
async def test_an_iterator_that_publishes_by_itself_is_before_what_it_yields(broker_class):
    broker = broker_class()
    inbox = broker.subscribe()

    def publish_meanwhile():
        yield 1
        broker.publish_nowait(10)
        yield 2

    await broker.publish_many(publish_meanwhile())
    assert unread(inbox) == [10, 1, 2]


@each_broker
@in_virtual_time
async def test_after_a_shutdown_even_by_its_own_iterator_nothing_is_published(broker_class):
    broker = broker_class()
    inbox = broker.subscribe()

    def shut_down_meanwhile():
        yield 1
        with pytest.raises(StopIteration):
            broker.shutdown(timeout=0).send(None)

    with pytest.raises(PubSubClosed):
        await broker.publish_many(shut_down_meanwhile())
    with pytest.raises(PubSubClosed):
        await broker.publish_many([])
    assert inbox.empty()


# Waking, waiting.


@each_broker
@in_virtual_time
async def test_each_reader_is_woken_once_for_all(broker_class):
    broker = broker_class()
    inboxes = [broker.subscribe() for _ in range(3)]
    turns = []

    async def read(inbox) -> None:
        async for batch in inbox.batches():
            turns.append(batch)

    readers = [start(read(inbox)) for inbox in inboxes]
    await let_all_run()
    await broker.publish_many(range(50))
    await broker.shutdown()
    await asyncio.gather(*readers)
    assert turns == [list(range(50))] * 3


@each_broker
@in_virtual_time
async def test_several_readers_of_one_subscription_share_them(broker_class):
    broker = broker_class()
    inbox = broker.subscribe()
    readers = [start(inbox.get()) for _ in range(3)]
    await let_all_run()
    await broker.publish_many(range(5))
    assert await asyncio.gather(*readers) == [0, 1, 2]
    assert unread(inbox) == [3, 4]


@each_broker
@pytest.mark.parametrize("timeout", [None, 0, 1.0])
@in_virtual_time
async def test_far_more_than_the_bound_lose_nothing_where_readers_keep_up(broker_class, timeout):
    broker = broker_class(maxsize=7, timeout=timeout)
    readers = [start(handle_all(broker.subscribe())) for _ in range(2)]
    await let_all_run()
    assert await broker.publish_many(range(1000)) == Deliveries(1000, 2000)
    await broker.shutdown()
    assert await asyncio.gather(*readers) == [list(range(1000))] * 2
    assert now() == 0.0


@each_broker
@pytest.mark.parametrize("timeout", [None, 0, 1.0])
@in_virtual_time
async def test_far_more_than_the_bound_wait_for_nobody_where_nobody_reads(broker_class, timeout):
    broker = broker_class(maxsize=4, timeout=timeout)
    assert await broker.publish_many(range(20)) == Deliveries(20, 0)
    assert now() == 0.0
    assert broker.stats.published == 20


@each_broker
@in_virtual_time
async def test_several_publishers_of_many_each_keep_their_order(broker_class):
    broker = broker_class(maxsize=3, timeout=None)
    readers = [start(handle_all(broker.subscribe())) for _ in range(3)]
    batches = [[(name, number) for number in range(20)] for name in "abc"]
    await asyncio.gather(*(broker.publish_many(batch) for batch in batches))
    await broker.shutdown()
    for read in await asyncio.gather(*readers):
        for name, batch in zip("abc", batches, strict=True):
            assert [each for each in read if each[0] == name] == batch


@each_broker
@in_virtual_time
async def test_one_deadline_holds_for_all_and_only_one_timer_is_set(broker_class):
    broker = broker_class(maxsize=2, timeout=1.0)
    dead = broker.subscribe()
    timers = record_timers()
    deliveries = await broker.publish_many(range(50))
    assert now() == 1.0
    assert len(timers) == 1
    assert deliveries.published == 50
    assert deliveries.dropped == dead.stats.dropped == 48


# What is lost, by policy.


@pytest.mark.parametrize(
    ("overflow", "read", "numbers", "delivered"),
    [
        (Overflow.DROP_NEWEST, [0, 1], [2, 3, 4], 2),
        (Overflow.RAISE, [0, 1], [2, 3, 4], 2),
        (Overflow.DROP_OLDEST, [3, 4], [2, 3, 4], 5),
        (Overflow.DISCONNECT, [0, 1], [2, 3, 4], 2),
    ],
)
@in_virtual_time
async def test_each_policy_does_with_each_what_it_does_with_one(overflow, read, numbers, delivered):
    broker = AsyncPubSub[int](maxsize=2, timeout=0, overflow=overflow)
    inbox = broker.subscribe()
    try:
        deliveries = await broker.publish_many(range(5))
    except PubSubFull as full:
        assert overflow is Overflow.RAISE
        deliveries = full.delivery
    assert deliveries == Deliveries(5, delivered, tuple(Missed(each, inbox) for each in numbers))
    assert inbox.stats.dropped == 3
    assert unread(inbox) == read


@in_virtual_time
async def test_a_ring_that_is_overtaken_tells_of_each_loss_which_message_it_was_for():
    ring = RingPubSub[int](maxsize=2, timeout=0)
    reader = ring.subscribe()
    assert await ring.publish_many(range(5)) == Deliveries(
        5, 5, tuple(Missed(each, reader) for each in (2, 3, 4))
    )
    with pytest.raises(Lagged) as lagged:
        await reader.get()
    assert lagged.value.missed == 3
    assert unread(reader) == [3, 4]


@each_broker
@in_virtual_time
async def test_what_a_shutdown_gives_up_is_reported_to_the_publisher(broker_class):
    broker = broker_class(maxsize=2, timeout=None)
    inbox = broker.subscribe()
    publishing = start(broker.publish_many(range(5)))
    await let_all_run()
    assert await broker.shutdown(timeout=0.5) == ShutdownReport(unread=2, unfinished=0)
    assert await publishing == Deliveries(5, 2, tuple(Missed(each, inbox) for each in (2, 3, 4)))
    assert inbox.stats.dropped == 3
    assert broker.stats.published == 5


# Cancelled.


@in_virtual_time
async def test_cancelled_it_tells_how_many_were_published_and_withdraws_the_rest():
    broker = AsyncPubSub[int](maxsize=2, timeout=None)
    full, other = broker.subscribe(), broker.subscribe(maxsize=3)
    publishing = start(broker.publish_many(range(6)))
    await let_all_run()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    assert delivered_before(cancelled.value) == Deliveries(3, 5, (Missed(2, full),))
    assert (unread(full), unread(other)) == ([0, 1], [0, 1, 2])
    assert broker.stats == (2, 3, 5, 1)


@in_virtual_time
async def test_cancelled_on_a_ring_what_is_stored_is_published_and_no_more():
    ring = RingPubSub[int](maxsize=2, timeout=None)
    readers = [ring.subscribe() for _ in range(2)]
    publishing = start(ring.publish_many(range(6)))
    await let_all_run()
    for reader in readers:
        reader.get_nowait()
    await let_all_run()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    assert delivered_before(cancelled.value) == Deliveries(3, 6)
    assert [unread(reader) for reader in readers] == [[1, 2]] * 2
    assert ring.stats == (2, 3, 6, 0)


class Thrown(BaseException):
    """What is thrown into a coroutine."""


@each_broker
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("ended_by", [None, Thrown, ValueError, KeyboardInterrupt])
@in_virtual_time
async def test_a_publish_that_is_closed_as_it_waits_is_withdrawn_and_counted_as_if_cancelled(
    broker_class, many, ended_by
):
    broker = broker_class(maxsize=2, timeout=None)
    inbox = broker.subscribe()
    await broker.publish_many([0, 1])
    publishing = broker.publish_many([2, 3, 4]) if many else broker.publish(2)
    publishing.send(None)
    if ended_by is None:
        publishing.close()
    else:
        with pytest.raises(ended_by):
            publishing.throw(ended_by)
    assert unread(inbox) == [0, 1]
    assert inbox.stats.received + inbox.stats.dropped == broker.stats.published
    assert await broker.publish(5) == Delivery(1)
    assert unread(inbox) == [5]


@in_virtual_time
async def test_what_somebody_has_missed_already_stays_published_when_it_is_cancelled():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    patient, quick = broker.subscribe(), broker.subscribe(timeout=0)
    await broker.publish(0)
    publishing = start(broker.publish_many([1, 2, 3]))
    await let_all_run()
    assert quick.stats.dropped == 3
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    assert delivered_before(cancelled.value).published == 3
    assert broker.stats.published == 4
    for inbox in (patient, quick):
        assert inbox.stats.received + inbox.stats.dropped == 4


@each_broker
@in_virtual_time
async def test_a_cancelled_publish_of_one_tells_who_has_it(broker_class):
    broker = broker_class(maxsize=1, timeout=None)
    full, other = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    other.get_nowait()
    publishing = start(broker.publish(1))
    await let_all_run()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    if broker_class is AsyncPubSub:
        assert delivered_before(cancelled.value) == Delivery(1, (full,))
    else:
        assert delivered_before(cancelled.value) == Delivery(0)
    assert delivered_before(asyncio.CancelledError()) is None


@each_broker
@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_settled_just_before_it_is_cancelled_it_returns_and_the_next_await_is_cancelled(
    broker_class, many
):
    broker = broker_class(maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    done = []

    async def publish() -> None:
        done.append(await (broker.publish_many([1]) if many else broker.publish(1)))
        await asyncio.sleep(60)

    publishing = start(publish())
    await let_all_run()
    inbox.get_nowait()
    publishing.cancel("why")
    with pytest.raises(asyncio.CancelledError, match="why"):
        await publishing
    assert now() == 0.0
    assert done == [Deliveries(1, 1) if many else Delivery(1)]
    assert unread(inbox) == [1]


@each_broker
@in_virtual_time
async def test_a_time_out_that_ends_as_the_message_gets_in_does_not_cancel_what_follows(
    broker_class,
):
    broker = broker_class(maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_at(1.0, inbox.get_nowait)
    async with asyncio.timeout_at(1.0):
        assert await broker.publish(1) == Delivery(1)
    await asyncio.sleep(5)
    assert now() == 6.0
    assert asyncio.current_task().cancelling() == 0


@each_broker
@in_virtual_time
async def test_in_a_task_group_that_fails_as_the_message_gets_in_the_group_still_ends(broker_class):
    broker = broker_class(maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)

    async def fail() -> None:
        inbox.get_nowait()
        raise ValueError

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await broker.publish(1)
            await asyncio.sleep(60)

    with pytest.raises(ExceptionGroup):
        await run()
    assert now() == 0.0
    await asyncio.sleep(1)
    assert asyncio.current_task().cancelling() == 0


# The line of many moves at the next turn of the event loop, or as soon as anybody looks.


async def many_in_line(broker_class, **options) -> tuple:
    """Return a broker with 0 to 3 in its only inbox and 4 to 9 in line, that, and the publish."""
    broker = broker_class(maxsize=4, **{"timeout": None, **options})
    inbox = broker.subscribe()
    publishing = start(broker.publish_many(range(10)))
    await let_all_run()
    return broker, inbox, publishing


async def take_two(inbox) -> None:
    messages = aiter(inbox)
    assert [await anext(messages), await anext(messages)] == [0, 1]


def get_two(inbox) -> None:
    assert [inbox.get_nowait(), inbox.get_nowait()] == [0, 1]


def all_of(inbox) -> list:
    """Take what there is, and what gets in meanwhile."""
    taken = []
    with suppress(asyncio.QueueEmpty):
        while (message := inbox.get_nowait()) is not None:
            taken.append(message)
    return taken


@each_broker
@pytest.mark.parametrize("waits_for_its_turn", [True, False])
@in_virtual_time
async def test_a_reader_that_stops_reading_has_made_room_for_the_line(
    broker_class, waits_for_its_turn
):
    broker, inbox, _publishing = await many_in_line(broker_class)
    await take_two(inbox)
    if waits_for_its_turn:
        await asyncio.sleep(0)
    assert inbox.qsize() == 4
    assert inbox.stats.received == broker.stats.delivered == 6
    assert all_of(inbox) == [2, 3, 4, 5, 6, 7, 8, 9]


@each_broker
@pytest.mark.parametrize("publish", ["publish", "publish_many", "publish_nowait", "put_nowait"])
@in_virtual_time
async def test_nobody_slips_in_before_those_who_wait_as_soon_as_there_is_room(
    broker_class, publish
):
    broker, inbox, _publishing = await many_in_line(broker_class)
    get_two(inbox)
    match publish:
        case "publish":
            start(broker.publish(10))
        case "publish_many":
            start(broker.publish_many([10]))
        case "publish_nowait" if broker_class is RingPubSub:
            with pytest.raises(PubSubFull):
                broker.publish_nowait(10)
        case "publish_nowait":
            assert broker.publish_nowait(10) == Delivery(0, (inbox,))
        case "put_nowait" if broker_class is AsyncPubSub:
            with pytest.raises(asyncio.QueueFull):
                inbox.put_nowait(10)
    assert all_of(inbox) == [2, 3, 4, 5, 6, 7, 8, 9]
    await let_all_run()
    assert unread(inbox) == ([10] if publish in ("publish", "publish_many") else [])


@each_broker
@in_virtual_time
async def test_a_batch_holds_what_there_is_room_for_since_others_have_read(broker_class):
    _broker, inbox, _publishing = await many_in_line(broker_class)
    get_two(inbox)
    assert await anext(inbox.batches()) == [2, 3, 4, 5]


@in_virtual_time
async def test_what_there_is_room_for_is_in_when_a_publish_is_cancelled():
    _broker, inbox, publishing = await many_in_line(AsyncPubSub)
    get_two(inbox)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    assert delivered_before(cancelled.value) == Deliveries(7, 6, (Missed(6, inbox),))
    assert unread(inbox) == [2, 3, 4, 5]


@in_virtual_time
async def test_a_ring_withdraws_all_that_is_not_stored_when_a_publish_is_cancelled():
    ring, reader, publishing = await many_in_line(RingPubSub)
    get_two(reader)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    assert delivered_before(cancelled.value) == Deliveries(4, 4)
    assert unread(reader) == [2, 3]
    assert ring.stats == (1, 4, 4, 0)


@each_broker
@in_virtual_time
async def test_what_there_is_room_for_is_in_when_a_shutdown_waits_for_nobody(broker_class):
    broker, inbox, publishing = await many_in_line(broker_class)
    get_two(inbox)
    assert await broker.shutdown(timeout=0) == ShutdownReport(unread=4, unfinished=2)
    missed = tuple(Missed(each, inbox) for each in (6, 7, 8, 9))
    assert await publishing == Deliveries(10, 6, missed)


@each_broker
@in_virtual_time
async def test_what_there_is_room_for_is_delivered_to_who_leaves_at_once(broker_class):
    broker, inbox, publishing = await many_in_line(broker_class)
    get_two(inbox)
    inbox.shutdown()
    assert (await publishing).delivered == 6
    assert broker.stats.delivered == 6
    assert unread(inbox) == [2, 3, 4, 5]


@each_broker
@in_virtual_time
async def test_what_there_is_room_for_is_in_at_the_deadline(broker_class):
    broker = broker_class(maxsize=4, timeout=1.0)
    inbox = broker.subscribe()
    asyncio.get_running_loop().call_at(1.0, get_two, inbox)  # in the same turn, just before
    report = await broker.publish_many(range(10))
    missed = tuple(Missed(each, inbox) for each in (6, 7, 8, 9))
    assert report == Deliveries(10, 6 if broker_class is AsyncPubSub else 10, missed)
    assert now() == 1.0
    assert inbox.stats.dropped == 4


@in_virtual_time
async def test_who_joins_a_ring_gets_nothing_that_there_was_room_for_before():
    ring, reader, publishing = await many_in_line(RingPubSub)
    get_two(reader)
    newcomer = ring.subscribe()
    assert newcomer.empty()
    assert all_of(reader) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert (await publishing).delivered == 10 + 4
    assert unread(newcomer) == [6, 7, 8, 9]


@each_broker
@in_virtual_time
async def test_a_long_line_that_one_reader_takes_at_a_turn_leaves_no_work_to_the_event_loop(
    broker_class,
):
    broker = broker_class(maxsize=4, timeout=None)
    inbox = broker.subscribe()
    start(broker.publish_many(range(2000)))
    await let_all_run()
    for _ in range(1000):
        await inbox.get()
    assert len(asyncio.get_running_loop()._ready) <= 2


READINGS = {
    "async for": lambda inbox: handle_each(inbox),
    "get": lambda inbox: get_each(inbox),
    "batches": lambda inbox: handle_batches(inbox),
}


async def handle_each(inbox) -> None:
    async for _ in inbox:
        pass


async def get_each(inbox) -> None:
    while await inbox.get() is not None:
        inbox.task_done()


async def handle_batches(inbox) -> None:
    async for _ in inbox.batches():
        pass


@each_broker
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("portion", [50, 500])
def test_full_inboxes_cost_no_more_instructions_than_those_that_are_filled_one_by_one(
    broker_class, reading, portion
):
    def steps_of(portion: int | None) -> int:
        async def run() -> None:
            async with broker_class(maxsize=50, timeout=None) as broker:
                for _ in range(3):
                    start(READINGS[reading](broker.subscribe()))
                for batch in batched(range(500), portion or 500):
                    if portion is None:
                        for message in batch:
                            await broker.publish(message)
                    else:
                        await broker.publish_many(batch)

        with counted_steps() as counted:
            run_virtual(run())
        return counted.steps

    assert steps_of(portion) < steps_of(None)


# Out of the ordinary.


@each_broker
@pytest.mark.parametrize("debug", [False, True])
def test_it_works_with_eager_tasks_and_in_debug_mode(broker_class, debug):
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        async with broker_class(maxsize=3, timeout=None) as broker:
            readers = [asyncio.create_task(handle_all(broker.subscribe())) for _ in range(2)]
            publishers = [
                asyncio.create_task(broker.publish_many([(name, number) for number in range(30)]))
                for name in "ab"
            ]
            assert await asyncio.gather(*publishers) == [Deliveries(30, 60)] * 2
        for read in await asyncio.gather(*readers):
            assert sorted(read) == [(name, number) for name in "ab" for number in range(30)]

    asyncio.run(main(), debug=debug)


@each_broker
@in_virtual_time
async def test_readers_that_time_out_and_leave_leave_nothing_behind(broker_class):
    broker = broker_class()
    for _ in range(500):
        inbox = broker.subscribe()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(inbox.get(), 0.01)
        inbox.close()
    assert broker.stats.subscribers == 0
    subscribers = broker._subscribers
    assert not subscribers.states
    assert not getattr(subscribers, "waiting", ())
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_of_a_cancelled_batch_as_many_are_published_as_the_fastest_reader_has_got():
    broker = AsyncPubSub[int](timeout=None)
    fast, _slow = broker.subscribe(maxsize=4), broker.subscribe(maxsize=1)
    publisher = start(broker.publish_many(range(10)))
    await let_all_run()
    fast.get_nowait()
    await let_all_run()
    publisher.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publisher
    report = delivered_before(cancelled.value)
    assert (report.published, report.delivered) == (5, 6)
    assert unread(fast) == [1, 2, 3, 4]
    assert broker.stats.published == 5


@in_virtual_time
async def test_a_long_line_moves_at_every_turn_at_which_one_was_taken():
    _broker, inbox, publishing = await many_in_line(AsyncPubSub)
    for _ in range(5):
        await let_all_run()
        await inbox.get()
    await let_all_run()
    assert not publishing.done()
    await inbox.get()
    await let_all_run()
    assert publishing.done()  # although it is full again


@in_virtual_time
async def test_who_takes_a_batch_has_made_room_at_once():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    publishing = start(broker.publish_many(range(2)))
    await let_all_run()
    assert await anext(inbox.batches()) == [0]
    await let_all_run()
    assert publishing.done()


@in_virtual_time
async def test_who_reads_in_batches_is_waited_for_again():
    broker = AsyncPubSub[int](maxsize=1, timeout=1)
    inbox = broker.subscribe()
    await broker.publish_many(range(2))
    assert (now(), inbox.stats.dropped) == (1.0, 1)
    await broker.publish(2)
    assert (now(), inbox.stats.dropped) == (1.0, 2)  # it is known not to read
    assert await anext(inbox.batches()) == [0]
    await broker.publish_many(range(3, 5))
    assert (now(), inbox.stats.dropped) == (2.0, 3)


@each_broker
@in_virtual_time
async def test_a_reader_is_woken_for_what_another_has_in_hand_when_those_woken_are_cancelled(
    broker_class,
):
    broker = broker_class()
    subscription = broker.subscribe()
    woken, also_woken, waits = [start(subscription.get()) for _ in range(3)]
    await let_all_run()
    await broker.publish_many([1, 2])
    messages = aiter(subscription)
    assert await anext(messages) == 1  # and has the other one in hand
    woken.cancel()
    also_woken.cancel()
    await let_all_run()
    assert waits.done()
    assert await waits == 2


@in_virtual_time
async def test_the_brokers_statistics_count_what_there_was_room_for():
    broker, inbox, _publishing = await many_in_line(AsyncPubSub)
    get_two(inbox)
    assert broker.stats.delivered == 6
