"""One subscriber's inbox: an asyncio queue to its reader, which knows how to close.

What it has in common with the subscriptions of other brokers is in test_reading.py.
"""

import asyncio
import gc
import weakref

import pytest

from pubsub_lib import AsyncPubSub, BrokerStats, Inbox, PubSubClosed, SubscriptionStats
from pubsub_lib.in_process.inbox_line import WaitingPublish
from pubsub_lib.lab.clock.virtual_time import Deadlock, run_virtual
from tests.stepping import in_virtual_time, let_all_run, now, start


def inbox_of(*messages: object, maxsize: int = 100) -> Inbox:
    """Return an inbox with these messages; its broker waits for ever for room."""
    inbox = AsyncPubSub(maxsize=maxsize, timeout=None).subscribe()
    for message in messages:
        inbox.put_nowait(message)
    return inbox


# It is an asyncio queue.


def test_it_is_an_asyncio_queue():
    assert isinstance(inbox_of(), asyncio.Queue)


def test_it_inherits_no_public_method_from_the_queue():
    inherited = {
        name
        for name in dir(asyncio.Queue)
        if not name.startswith("_") and getattr(Inbox, name) is getattr(asyncio.Queue, name)
    }
    assert inherited == set()


def test_it_uses_no_private_attribute_of_the_queue():
    inbox = inbox_of(1, 2)
    private = {name for name in vars(asyncio.Queue(5)) if name not in ("_maxsize",)}
    assert private.isdisjoint(vars(inbox))


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_it_shows_how_full_it_is(show):
    inbox = inbox_of(1, 2, maxsize=5)
    assert show(inbox) == "<Inbox 2 of 5>"
    inbox.close()
    assert show(inbox) == "<Inbox 0 of 5 closed>"


def test_it_knows_its_size():
    inbox = inbox_of(maxsize=2)
    assert (inbox.qsize(), inbox.empty(), inbox.full(), inbox.maxsize) == (0, True, False, 2)
    inbox.put_nowait(1)
    assert (inbox.qsize(), inbox.empty(), inbox.full()) == (1, False, False)
    inbox.put_nowait(2)
    assert (inbox.qsize(), inbox.empty(), inbox.full()) == (2, False, True)


@in_virtual_time
async def test_code_written_for_a_queue_works_on_it():
    async def work(queue: asyncio.Queue, done: list) -> None:
        while True:
            message = await queue.get()
            done.append(message)
            queue.task_done()

    done = []
    inbox = inbox_of(maxsize=2)
    workers = [asyncio.create_task(work(inbox, done)) for _ in range(3)]
    for number in range(20):
        await inbox.put(number)
    await inbox.join()
    assert done == list(range(20))
    for worker in workers:
        worker.cancel()


def test_it_can_be_awaited_any_number_of_times_and_takes_no_turn():
    async def main() -> None:
        inbox = inbox_of()
        assert await inbox is inbox
        assert await inbox is inbox

    with pytest.raises(StopIteration) as stop:
        main().send(None)
    assert stop.value.value is None


# Reading.


@in_virtual_time
async def test_messages_come_out_in_the_order_they_went_in():
    inbox = inbox_of(1, 2, 3)
    assert [await inbox.get() for _ in range(3)] == [1, 2, 3]


@in_virtual_time
async def test_falsy_messages_are_messages():
    inbox = inbox_of(0, "", False)
    inbox.shutdown()
    assert [message async for message in inbox] == [0, "", False]


@in_virtual_time
async def test_get_waits_for_a_message():
    inbox = inbox_of()
    asyncio.get_running_loop().call_later(3, inbox.put_nowait, "Hello")
    assert await inbox.get() == "Hello"
    assert now() == 3.0


def test_get_nowait_takes_a_message():
    assert inbox_of("Hello").get_nowait() == "Hello"


def test_get_nowait_on_an_empty_open_inbox_raises():
    with pytest.raises(asyncio.QueueEmpty):
        inbox_of().get_nowait()


def test_get_nowait_on_a_closed_empty_inbox_returns_none_every_time():
    inbox = inbox_of()
    inbox.shutdown()
    assert [inbox.get_nowait() for _ in range(3)] == [None] * 3


@in_virtual_time
async def test_a_cancelled_get_loses_no_message():
    inbox = inbox_of()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("Hello")  # the reader is woken for it
    reader.cancel()  # and cancelled before it can take it
    await asyncio.wait([reader])
    assert reader.cancelled()
    assert inbox.get_nowait() == "Hello"


@in_virtual_time
async def test_a_cancelled_get_wakes_the_next_reader_for_its_message():
    inbox = inbox_of()
    first, second = asyncio.create_task(inbox.get()), asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("Hello")
    first.cancel()
    assert await second == "Hello"


@pytest.mark.parametrize("wait", [Inbox.get, Inbox.join])
@in_virtual_time
async def test_a_wait_that_timed_out_leaves_nothing_behind(wait):
    inbox = inbox_of(maxsize=1)
    if wait is not Inbox.get:
        inbox.put_nowait("unread")
    loop = asyncio.get_running_loop()
    create_future = loop.create_future
    futures = weakref.WeakSet()

    def recording_create_future() -> asyncio.Future:
        futures.add(future := create_future())
        return future

    loop.create_future = recording_create_future
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait(inbox), timeout=1)
    await asyncio.sleep(0)
    gc.collect()
    assert not [future for future in futures if future.cancelled()]


def test_waiting_on_a_second_event_loop_is_refused_with_the_remedy():
    inbox = inbox_of()

    async def wait() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(inbox.get(), timeout=1)

    run_virtual(wait())
    with pytest.raises(
        RuntimeError, match=r"this AsyncPubSub belongs to another event loop; create one"
    ):
        run_virtual(wait())


# Marking as done.


@in_virtual_time
async def test_join_waits_until_every_message_is_done():
    inbox = inbox_of(1, 2)
    loop = asyncio.get_running_loop()
    for delay in (1, 2):
        inbox.get_nowait()
        loop.call_later(delay, inbox.task_done)
    await inbox.join()
    assert now() == 2.0


def test_join_returns_at_once_when_nothing_was_received():
    run_virtual(inbox_of().join())


def test_join_counts_messages_that_nobody_has_read():
    with pytest.raises(Deadlock, match=r"waits for task_done\(\) for every message"):
        run_virtual(inbox_of(1).join())


@in_virtual_time
async def test_the_end_needs_no_task_done():
    inbox = inbox_of(1)
    inbox.shutdown()
    assert await inbox.get() == 1
    inbox.task_done()
    assert await inbox.get() is None
    await inbox.join()


@in_virtual_time
async def test_several_may_join_and_a_cancelled_one_disturbs_nobody():
    inbox = inbox_of(1)
    joins = [asyncio.create_task(inbox.join()) for _ in range(3)]
    await asyncio.sleep(0)
    joins[0].cancel()
    inbox.get_nowait()
    inbox.task_done()
    await asyncio.gather(*joins[1:])


def test_task_done_more_often_than_messages_were_received_raises():
    inbox = inbox_of(1)
    inbox.get_nowait()
    inbox.task_done()
    with pytest.raises(ValueError, match=r"more often than messages were taken"):
        inbox.task_done()


@in_virtual_time
async def test_async_with_leaves_the_broker_at_the_end():
    broker = AsyncPubSub[int]()
    async with broker.subscribe() as inbox:
        assert broker.queues == [inbox]
    assert broker.queues == []
    assert inbox.closed


# Closing.


@in_virtual_time
async def test_shutdown_lets_the_reader_have_what_is_left_and_then_none_every_time():
    inbox = inbox_of(1, 2)
    inbox.shutdown()
    assert [await inbox.get() for _ in range(4)] == [1, 2, None, None]


@in_virtual_time
async def test_shutdown_immediate_discards_what_is_left():
    inbox = inbox_of(1, 2)
    inbox.shutdown(immediate=True)
    assert await inbox.get() is None
    await inbox.join()


@in_virtual_time
async def test_shutdown_wakes_every_reader_that_waits():
    inbox = inbox_of()
    readers = [asyncio.create_task(inbox.get()) for _ in range(3)]
    await asyncio.sleep(0)
    inbox.shutdown()
    assert await asyncio.gather(*readers) == [None] * 3


def test_none_is_never_stored():
    inbox = inbox_of(maxsize=1)
    inbox.shutdown()
    assert inbox.empty()


@in_virtual_time
async def test_close_discards_what_is_unread_and_releases_join():
    inbox = inbox_of(1, 2)
    joining = asyncio.create_task(inbox.join())
    await asyncio.sleep(0)
    inbox.close()
    await joining
    assert await inbox.get() is None
    assert inbox.empty()


def test_close_twice_does_no_harm():
    inbox = inbox_of(1)
    inbox.close()
    inbox.close()
    assert inbox.stats == SubscriptionStats(received=1, dropped=0, depth=0, high_water_mark=1)


def test_a_message_that_is_being_handled_may_be_marked_as_done_after_close():
    inbox = inbox_of(1)
    inbox.get_nowait()
    inbox.close()
    inbox.task_done()
    assert inbox.unfinished == 0


@pytest.mark.parametrize("close", [Inbox.close, Inbox.shutdown])
@in_virtual_time
async def test_a_put_that_waits_is_told_when_the_inbox_is_closed(close):
    inbox = inbox_of(1, maxsize=1)
    waiting = asyncio.create_task(inbox.put(2))
    await asyncio.sleep(1)
    close(inbox)
    with pytest.raises(PubSubClosed, match=r"closed while a message waited for room"):
        await waiting


# Putting a message in one inbox alone.


@in_virtual_time
async def test_put_waits_for_room_as_long_as_it_takes():
    inbox = inbox_of(1, maxsize=1)
    asyncio.get_running_loop().call_later(3600, inbox.get_nowait)
    await inbox.put(2)
    assert now() == 3600.0
    assert inbox.get_nowait() == 2


def test_put_into_a_full_inbox_that_nobody_reads_waits_for_ever():
    with pytest.raises(Deadlock, match=r"main: Inbox\.put waits for room in a full queue of 1"):
        run_virtual(inbox_of(1, maxsize=1).put(2))


def test_put_nowait_into_a_full_inbox_raises():
    with pytest.raises(asyncio.QueueFull):
        inbox_of(1, maxsize=1).put_nowait(2)


@in_virtual_time
async def test_putters_are_served_first_come_first_served_and_nobody_slips_in():
    inbox = inbox_of(0, maxsize=1)
    putters = [asyncio.create_task(inbox.put(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    assert inbox.get_nowait() == 0
    with pytest.raises(asyncio.QueueFull):
        inbox.put_nowait("slips in")
    assert [inbox.get_nowait() for _ in range(3)] == [1, 2, 3]
    await asyncio.gather(*putters)


@in_virtual_time
async def test_a_cancelled_put_withdraws_its_message():
    inbox = inbox_of(0, maxsize=1)
    first, second = asyncio.create_task(inbox.put(1)), asyncio.create_task(inbox.put(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert [inbox.get_nowait(), inbox.get_nowait()] == [0, 2]
    await second
    assert inbox.stats.dropped == 1


async def full_with_two_that_wait(maxsize: int = 2) -> tuple[Inbox, list[asyncio.Task[None]]]:
    inbox = inbox_of(*range(maxsize), maxsize=maxsize)
    putters = [asyncio.create_task(inbox.put(maxsize + number)) for number in range(2)]
    await asyncio.sleep(0)
    return inbox, putters


@in_virtual_time
async def test_a_put_that_is_cancelled_as_its_message_gets_in_takes_it_out_for_the_next():
    inbox, (first, second) = await full_with_two_that_wait()
    assert inbox.get_nowait() == 0  # so 2 is in
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    await second
    assert [inbox.get_nowait(), inbox.get_nowait()] == [1, 3]
    assert inbox.empty()
    assert inbox.stats == SubscriptionStats(3, 1, 0, 2)


@in_virtual_time
async def test_what_a_put_takes_back_from_one_that_left_adds_to_what_others_that_left_missed():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    first, second = broker.subscribe(), broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    first.close()
    put = start(second.put(3))
    await let_all_run()
    assert second.get_nowait() == 0  # so 3 is in
    second.shutdown()
    put.cancel()
    await asyncio.wait([put])
    assert second.get_nowait() is None
    assert (first.stats.dropped, second.stats.dropped) == (2, 3)
    assert broker.stats == BrokerStats(subscribers=0, published=3, delivered=2, dropped=5)


@in_virtual_time
async def test_a_put_that_is_cancelled_takes_its_message_out_of_what_a_reader_has_in_hand():
    inbox, (first, second) = await full_with_two_that_wait()
    messages = aiter(inbox)
    assert await anext(messages) == 0
    first.cancel()
    await asyncio.wait([first])
    await second
    assert [await anext(messages), await anext(messages)] == [1, 3]


@in_virtual_time
async def test_what_a_cancelled_put_takes_out_of_an_inbox_that_was_left_counts_as_dropped():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    putter = asyncio.create_task(inbox.put(1))
    await asyncio.sleep(0)
    assert inbox.get_nowait() == 0
    inbox.shutdown()
    before = broker.stats
    putter.cancel()
    await asyncio.wait([putter])
    assert putter.cancelled()
    assert (before.delivered, before.dropped) == (2, 0)
    assert (broker.stats.delivered, broker.stats.dropped) == (1, 1)
    assert inbox.stats.dropped == 1


@in_virtual_time
async def test_a_put_whose_message_was_read_returns_and_its_task_is_cancelled_after_that():
    inbox = inbox_of(0, maxsize=1)
    returned = False

    async def put() -> None:
        nonlocal returned
        await inbox.put(1)
        returned = True
        await asyncio.Event().wait()

    putter = asyncio.create_task(put())
    await asyncio.sleep(0)
    assert [inbox.get_nowait(), inbox.get_nowait()] == [0, 1]
    putter.cancel()
    await asyncio.wait([putter])
    assert returned
    assert putter.cancelled()
    assert inbox.stats.dropped == 0


@in_virtual_time
async def test_a_put_that_waits_when_the_inbox_is_closed_is_told_why():
    inbox = inbox_of(0, maxsize=1)
    putter = asyncio.create_task(inbox.put(1))
    await asyncio.sleep(0)
    inbox.close()
    with pytest.raises(PubSubClosed, match=r"^the inbox was closed while a message waited for "):
        await putter


def test_none_cannot_be_put():
    with pytest.raises(TypeError, match=r"^None cannot be sent: it tells a reader"):
        inbox_of().put_nowait(None)
    with pytest.raises(TypeError, match=r"^None cannot be sent: it tells a reader"):
        run_virtual(inbox_of().put(None))


def test_a_closed_inbox_takes_no_more_messages_and_names_the_remedy():
    inbox = inbox_of()
    inbox.shutdown()
    with pytest.raises(PubSubClosed, match=r"^this inbox takes no more messages; subscribe again$"):
        inbox.put_nowait(1)
    with pytest.raises(PubSubClosed, match=r"takes no more messages; subscribe again"):
        run_virtual(inbox.put(1))


# Statistics.


@in_virtual_time
async def test_stats_are_exact():
    broker = AsyncPubSub[int](maxsize=3, timeout=0)
    inbox = broker.subscribe()
    assert inbox.stats == SubscriptionStats(received=0, dropped=0, depth=0, high_water_mark=0)
    for number in range(5):
        await broker.publish(number)
    assert inbox.stats == SubscriptionStats(received=3, dropped=2, depth=3, high_water_mark=3)
    inbox.get_nowait()
    inbox.get_nowait()
    assert inbox.stats == SubscriptionStats(received=3, dropped=2, depth=1, high_water_mark=3)


@in_virtual_time
async def test_the_high_water_mark_is_exact_while_an_async_for_has_messages_in_hand():
    inbox = inbox_of(*range(3))
    messages = aiter(inbox)
    await anext(messages)  # two are left
    for number in range(6):
        inbox.put_nowait(number)
    assert inbox.qsize() == 8
    for _ in range(8):
        await anext(messages)
    assert inbox.stats == SubscriptionStats(received=9, dropped=0, depth=0, high_water_mark=8)


def test_unfinished_counts_what_was_taken_and_not_marked_as_done():
    inbox = inbox_of(1, 2, 3)
    inbox.get_nowait()
    inbox.get_nowait()
    inbox.task_done()
    assert inbox.unfinished == 1


@in_virtual_time
async def test_who_begins_to_wait_for_room_when_the_message_has_got_in_does_not_wait():
    # A broker over a network begins at the loop's next turn.
    async with AsyncPubSub[int](maxsize=1, timeout=None) as broker, broker.subscribe() as inbox:
        await broker.publish(1)
        _, full = broker._subscribers.offer(2)
        waiting = WaitingPublish.of_one(2, full)
        assert inbox.get_nowait() == 1
        async with asyncio.timeout(1):
            await waiting.settle(asyncio.get_running_loop())
        assert inbox.get_nowait() == 2
