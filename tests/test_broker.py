"""The broker: what it promises, and that it has none of the chapter's faults, D1 to D12."""

import asyncio
import gc
import inspect
import weakref

import pytest

from pubsub_lib import (
    AsyncPubSub,
    BrokerStats,
    Delivery,
    Inbox,
    Message,
    PubSubClosed,
    ShutdownReport,
    subscriber_task,
)
from pubsub_lib.lab.virtual_time import Deadlock, run_virtual


def now() -> float:
    return asyncio.get_running_loop().time()


def unread(inbox: Inbox) -> list:
    return [inbox.get_nowait() for _ in range(inbox.qsize())]


def start(coroutine) -> asyncio.Task:
    return asyncio.create_task(coroutine)


async def let_all_run() -> None:
    """Let every task go on until it waits, at this instant."""
    for _ in range(20):
        await asyncio.sleep(0)


async def handle_all(inbox: Inbox, seconds: float = 0.0) -> list:
    """Take as long as that for each message, until no more come."""
    handled = []
    async for message in inbox:
        await asyncio.sleep(seconds)
        handled.append(message)
    return handled


# Creating one.


def test_the_signatures_are_the_chapters_with_a_timeout_by_name():
    parameters = inspect.signature(AsyncPubSub).parameters
    assert parameters["maxsize"].default == 100
    assert parameters["timeout"].default == 1.0
    assert parameters["timeout"].kind is inspect.Parameter.KEYWORD_ONLY
    assert list(inspect.signature(AsyncPubSub.publish).parameters) == ["self", "message"]


def test_it_has_the_chapters_attributes():
    broker = AsyncPubSub[int](maxsize=7, timeout=2)
    inboxes = [broker.subscribe() for _ in range(3)]
    assert (broker.maxsize, broker.timeout, broker.queues) == (7, 2, inboxes)
    assert all(inbox.maxsize == 7 for inbox in inboxes)


def test_it_needs_no_event_loop_to_be_created_and_subscribed_to():
    assert AsyncPubSub[int]().subscribe().empty()


@pytest.mark.parametrize("maxsize", [0, -1])
def test_an_inbox_without_a_bound_is_refused(maxsize):
    with pytest.raises(ValueError, match=f"^maxsize must be at least 1, not {maxsize}: an inbox"):
        AsyncPubSub(maxsize=maxsize)


@pytest.mark.parametrize("maxsize", [True, "3", 2.0, None])
def test_a_bound_that_is_no_whole_number_is_refused(maxsize):
    with pytest.raises(TypeError, match=r"^maxsize is a whole number of messages, not "):
        AsyncPubSub(maxsize=maxsize)


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan"), float("inf")])
def test_a_timeout_that_is_negative_or_not_finite_is_refused(timeout):
    with pytest.raises(ValueError, match=r"or None to wait for ever, not "):
        AsyncPubSub(timeout=timeout)
    with pytest.raises(ValueError, match=r"or None to wait for ever, not "):
        run_virtual(AsyncPubSub().shutdown(timeout=timeout))


@pytest.mark.parametrize("timeout", ["1", True, object()])
def test_a_timeout_that_is_no_number_is_refused(timeout):
    with pytest.raises(TypeError, match=r"^timeout is a number of seconds or None, not "):
        AsyncPubSub(timeout=timeout)
    with pytest.raises(TypeError, match=r"^timeout is a number of seconds or None, not "):
        run_virtual(AsyncPubSub().shutdown(timeout=timeout))


def test_a_shutdown_with_a_bad_timeout_closes_nothing():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        with pytest.raises(ValueError, match="timeout"):
            await broker.shutdown(timeout=-1)
        assert await broker.publish(1) == Delivery(0, 0)

    run_virtual(main())


def test_it_says_what_it_is():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        broker.subscribe()
        assert repr(broker) == "<AsyncPubSub of 1 subscribers>"
        await broker.shutdown()
        assert repr(broker) == "<AsyncPubSub of 1 subscribers closed>"

    run_virtual(main())


# Publishing where there is room.


def test_the_chapters_example_prints_what_it_received(capsys):
    async def main() -> None:
        broker = AsyncPubSub[Message](maxsize=100)
        queue = await broker.subscribe()
        task = asyncio.create_task(subscriber_task(queue))
        await broker.publish(Message(content="Hello"))
        await broker.shutdown()
        assert task.done()

    asyncio.run(main())
    assert capsys.readouterr().out == "Received: Hello\n"


def test_every_subscriber_gets_the_same_object():
    async def main() -> None:
        broker = AsyncPubSub[Message]()
        inboxes = [broker.subscribe() for _ in range(3)]
        message = Message("Hello")
        assert await broker.publish(message) == Delivery(delivered=3, dropped=0)
        assert all(inbox.get_nowait() is message for inbox in inboxes)

    run_virtual(main())


def test_a_message_published_to_nobody_is_delivered_to_nobody():
    assert run_virtual(AsyncPubSub[int]().publish(1)) == Delivery(delivered=0, dropped=0)


def test_a_subscriber_receives_only_what_is_published_later():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        await broker.publish(1)
        inbox = broker.subscribe()
        await broker.publish(2)
        assert unread(inbox) == [2]

    run_virtual(main())


def test_a_publish_with_room_everywhere_takes_no_turn():
    broker = AsyncPubSub[int]()
    broker.subscribe()

    async def main() -> None:
        publishing = broker.publish(1)
        with pytest.raises(StopIteration):
            publishing.send(None)

    run_virtual(main())


# Publishing where an inbox is full.


def test_the_bound_is_never_exceeded():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=3, timeout=None)
        inbox = broker.subscribe()
        depths = []

        async def publish() -> None:
            for number in range(10):
                await broker.publish(number)
                depths.append(inbox.qsize())

        publishers = [start(publish()) for _ in range(5)]
        for _ in range(50):
            await inbox.get()
            depths.append(inbox.qsize())
        await asyncio.gather(*publishers)
        assert max(depths) == inbox.stats.high_water_mark == 3

    run_virtual(main())


def test_a_healthy_inbox_gets_the_message_at_once_while_another_is_full():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        full, healthy = broker.subscribe(), broker.subscribe()
        await broker.publish(0)
        assert healthy.get_nowait() == 0
        publisher = start(broker.publish(1))
        assert await healthy.get() == 1
        assert now() == 0.0
        assert await publisher == Delivery(delivered=1, dropped=1)
        assert now() == 1.0
        assert unread(full) == [0]

    run_virtual(main())


def test_a_full_inbox_gets_the_message_the_moment_it_has_room():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        inbox = broker.subscribe()
        await broker.publish(0)
        asyncio.get_running_loop().call_later(0.25, inbox.get_nowait)
        assert await broker.publish(1) == Delivery(delivered=1, dropped=0)
        assert now() == 0.25
        assert unread(inbox) == [1]

    run_virtual(main())


def test_all_full_inboxes_are_waited_on_together():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        inboxes = [broker.subscribe() for _ in range(3)]
        await broker.publish(0)
        loop = asyncio.get_running_loop()
        for inbox, delay in zip(inboxes, (0.75, 0.5, 0.25), strict=True):
            loop.call_later(delay, inbox.get_nowait)
        assert await broker.publish(1) == Delivery(delivered=3, dropped=0)
        assert now() == 0.75

    run_virtual(main())


def test_timeout_zero_lets_a_reader_that_waits_run_before_it_drops():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=2, timeout=0)
        reader = start(handle_all(broker.subscribe()))
        await let_all_run()
        deliveries = [await broker.publish(number) for number in range(100)]
        assert set(deliveries) == {Delivery(delivered=1, dropped=0)}
        await broker.shutdown()
        assert await reader == list(range(100))
        assert now() == 0.0

    run_virtual(main())


def test_timeout_zero_drops_at_once_what_a_dead_subscriber_has_no_room_for():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=0)
        inbox = broker.subscribe()
        assert [await broker.publish(number) for number in range(3)] == [
            Delivery(1, 0),
            Delivery(0, 1),
            Delivery(0, 1),
        ]
        assert now() == 0.0
        assert unread(inbox) == [0]

    run_virtual(main())


def test_timeout_none_waits_as_long_as_it_takes():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        asyncio.get_running_loop().call_later(3600, inbox.get_nowait)
        assert await broker.publish(1) == Delivery(1, 0)
        assert now() == 3600.0

    run_virtual(main())


def test_timeout_none_waits_for_ever_for_a_dead_subscriber():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=2, timeout=None)
        broker.subscribe()
        asyncio.current_task().set_name("publisher")
        for number in range(3):
            await broker.publish(number)

    with pytest.raises(
        Deadlock, match=r"- publisher: .*AsyncPubSub\.publish waits for room in a full inbox of 2"
    ):
        run_virtual(main())


def test_publishers_that_wait_are_served_first_come_first_served():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        publishers = [start(broker.publish(number)) for number in (1, 2, 3)]
        await let_all_run()
        assert [await inbox.get() for _ in range(4)] == [0, 1, 2, 3]
        await asyncio.gather(*publishers)

    run_virtual(main())


def test_nobody_slips_in_before_a_publisher_that_waits():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=0)
        inbox = broker.subscribe()
        await broker.publish(0)
        waits = start(inbox.put(1))
        await let_all_run()
        inbox.get_nowait()
        assert await broker.publish("slips in") == Delivery(0, 1)
        await waits
        assert unread(inbox) == [1]

    run_virtual(main())


def test_each_publishers_messages_arrive_in_its_order():
    async def main() -> None:
        broker = AsyncPubSub[tuple[str, int]](maxsize=2, timeout=None)
        readers = [start(handle_all(broker.subscribe(), seconds)) for seconds in (0.0, 0.01, 0.007)]

        async def publish(name: str, pause: float) -> None:
            for number in range(20):
                await broker.publish((name, number))
                await asyncio.sleep(pause)

        async with asyncio.TaskGroup() as group:
            for name, pause in (("a", 0.0), ("b", 0.003), ("c", 0.011)):
                group.create_task(publish(name, pause))
        await broker.shutdown()
        for reader in readers:
            for name in "abc":
                mine = [message for message in await reader if message[0] == name]
                assert mine == [(name, number) for number in range(20)]

    run_virtual(main())


def test_the_deadlines_of_two_publishers_are_their_own():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        broker.subscribe()
        await broker.publish(0)
        ends = []

        async def publish(delay: float) -> None:
            await asyncio.sleep(delay)
            await broker.publish(1)
            ends.append(now())

        await asyncio.gather(publish(0.0), publish(0.5))
        assert ends == [1.0, 1.5]

    run_virtual(main())


# Coming and going.


def test_leaving_removes_the_inbox_and_later_messages_pass_it_by():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        leaver, stayer = broker.subscribe(), broker.subscribe()
        leaver.close()
        assert broker.queues == [stayer]
        assert await broker.publish(1) == Delivery(1, 0)
        assert leaver.empty()

    run_virtual(main())


def test_the_list_of_queues_is_replaced_and_never_changed():
    broker = AsyncPubSub[int]()
    first = broker.subscribe()
    before = broker.queues
    second = broker.subscribe()
    first.close()
    assert before == [first]
    assert broker.queues == [second]


@pytest.mark.parametrize("leave", [Inbox.close, Inbox.shutdown])
def test_leaving_releases_the_publisher_that_waits_and_is_no_drop(leave):
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=None)
        full, other = broker.subscribe(), broker.subscribe()
        await broker.publish(0)
        other.get_nowait()
        publisher = start(broker.publish(1))
        await asyncio.sleep(5)
        leave(full)
        assert await publisher == Delivery(delivered=1, dropped=0)
        assert now() == 5.0

    run_virtual(main())


def test_a_publisher_goes_on_waiting_for_the_others_when_one_leaves():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        leaver, dead = broker.subscribe(), broker.subscribe()
        await broker.publish(0)
        asyncio.get_running_loop().call_later(0.5, leaver.close)
        assert await broker.publish(1) == Delivery(delivered=0, dropped=1)
        assert now() == 1.0
        assert unread(dead) == [0]

    run_virtual(main())


def test_a_subscriber_that_left_is_not_kept():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        async with broker.subscribe() as inbox:
            await broker.publish(1)
        kept = weakref.ref(inbox)
        del inbox
        gc.collect()
        assert kept() is None

    run_virtual(main())


# Cancelling.


def test_a_cancelled_publish_is_withdrawn_from_the_full_inboxes_and_counted():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=None)
        full, other = broker.subscribe(), broker.subscribe()
        await broker.publish(0)
        assert other.get_nowait() == 0
        publisher = start(broker.publish(1))
        await let_all_run()
        publisher.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publisher
        assert (unread(full), unread(other)) == ([0], [1])
        assert (full.stats.dropped, other.stats.dropped) == (1, 0)
        assert broker.stats == BrokerStats(subscribers=2, published=2, delivered=3, dropped=1)

    run_virtual(main())


def test_a_cancelled_publish_lets_the_next_in_line_move_up():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        first, second = start(broker.publish(1)), start(broker.publish(2))
        await let_all_run()
        first.cancel()
        await asyncio.wait([first])
        assert [await inbox.get(), await inbox.get()] == [0, 2]
        assert await second == Delivery(1, 0)

    run_virtual(main())


def test_a_publish_under_a_callers_own_timeout_raises_it_and_counts():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        inbox = broker.subscribe()
        await broker.publish(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(broker.publish(1), timeout=0.5)
        assert now() == 0.5
        assert inbox.stats.dropped == 1

    run_virtual(main())


# Shutting down.


def test_shutdown_waits_until_everything_is_handled():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        reader = start(handle_all(broker.subscribe(), seconds=0.5))
        for number in range(4):
            await broker.publish(number)
        assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
        assert now() == 2.0
        assert await reader == [0, 1, 2, 3]

    run_virtual(main())


def test_shutdown_of_a_broker_without_work_takes_no_time():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        broker.subscribe()
        assert await broker.shutdown() == ShutdownReport(0, 0)
        assert now() == 0.0

    run_virtual(main())


def test_shutdown_reports_what_was_left():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        dead, busy = broker.subscribe(), broker.subscribe()
        for number in range(3):
            await broker.publish(number)
        busy.get_nowait()
        assert await broker.shutdown() == ShutdownReport(unread=5, unfinished=1)
        assert now() == 10.0
        assert unread(dead) == [0, 1, 2]

    run_virtual(main())


@pytest.mark.parametrize("timeout", [0, 0.25, 60])
def test_shutdown_ends_at_exactly_its_timeout_if_nobody_reads(timeout):
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        broker.subscribe()
        await broker.publish(0)
        assert await broker.shutdown(timeout=timeout) == ShutdownReport(unread=1, unfinished=0)
        assert now() == timeout

    run_virtual(main())


def test_shutdown_without_a_timeout_waits_for_ever_for_a_dead_subscriber():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        broker.subscribe()
        await broker.publish(0)
        await broker.shutdown(timeout=None)

    with pytest.raises(Deadlock, match=r"waits for a subscriber to handle its messages"):
        run_virtual(main())


async def read(inbox: Inbox) -> list:
    messages = []
    while (message := await inbox.get()) is not None:
        messages.append(message)
    return messages


async def poll(inbox: Inbox) -> list:
    messages = []
    while True:
        try:
            message = inbox.get_nowait()
        except asyncio.QueueEmpty:
            await asyncio.sleep(0.25)
            continue
        if message is None:
            return messages
        messages.append(message)


@pytest.mark.parametrize(("read", "seconds"), [(read, 0.0), (poll, 0.25)])
def test_a_reader_that_marks_nothing_as_done_does_not_hold_up_shutdown(read, seconds):
    async def main() -> None:
        broker = AsyncPubSub[int]()
        reader = start(read(broker.subscribe()))
        await let_all_run()
        await broker.publish(1)
        assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
        assert now() == seconds
        assert await reader == [1]

    run_virtual(main())


def test_every_reader_gets_none_each_time_it_asks():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        inboxes = [broker.subscribe() for _ in range(2)]
        readers = [start(inbox.get()) for inbox in inboxes for _ in range(2)]
        await let_all_run()
        await broker.shutdown()
        assert await asyncio.gather(*readers) == [None] * 4
        assert [await inboxes[0].get() for _ in range(3)] == [None] * 3

    run_virtual(main())


def test_shutdown_twice_waits_again_and_does_no_harm():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        inbox = broker.subscribe()
        await broker.publish(0)
        assert await broker.shutdown(timeout=1) == ShutdownReport(unread=1, unfinished=0)
        reader = start(handle_all(inbox))
        assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
        assert now() == 1.0
        assert await reader == [0]

    run_virtual(main())


def test_two_shutdowns_at_once_each_end_at_their_own_timeout():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        broker.subscribe()
        await broker.publish(0)
        ends = []

        async def shut_down(timeout: float) -> None:
            await broker.shutdown(timeout=timeout)
            ends.append(now())

        await asyncio.gather(shut_down(2), shut_down(1))
        assert ends == [1.0, 2.0]

    run_virtual(main())


def test_a_cancelled_shutdown_leaves_the_broker_closed_and_can_be_repeated():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        inbox = broker.subscribe()
        await broker.publish(0)
        shutdown = start(broker.shutdown())
        await asyncio.sleep(1)
        shutdown.cancel()
        with pytest.raises(asyncio.CancelledError):
            await shutdown
        with pytest.raises(PubSubClosed):
            await broker.publish(1)
        reader = start(handle_all(inbox))
        assert await broker.shutdown() == ShutdownReport(0, 0)
        assert await reader == [0]

    run_virtual(main())


def test_a_publish_that_waits_gets_in_during_shutdown_and_is_handled():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        inbox = broker.subscribe()
        await broker.publish(0)
        publisher = start(broker.publish(1))
        await let_all_run()
        reader = start(handle_all(inbox, seconds=0.5))
        assert await broker.shutdown() == ShutdownReport(0, 0)
        assert await publisher == Delivery(1, 0)
        assert await reader == [0, 1]

    run_virtual(main())


def test_shutdown_releases_the_publishers_that_still_wait_at_its_timeout():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        publishers = [start(broker.publish(number)) for number in (1, 2)]
        await let_all_run()
        await broker.shutdown(timeout=3)
        assert await asyncio.gather(*publishers) == [Delivery(0, 1)] * 2
        assert now() == 3.0
        assert inbox.stats.dropped == 2

    run_virtual(main())


def test_an_inbox_that_leaves_during_shutdown_is_not_waited_for():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        inbox = broker.subscribe()
        await broker.publish(0)
        asyncio.get_running_loop().call_later(2, inbox.close)
        assert await broker.shutdown() == ShutdownReport(0, 0)
        assert now() == 2.0

    run_virtual(main())


def test_async_with_shuts_down_and_waits():
    async def main() -> None:
        async with AsyncPubSub[int]() as broker:
            reader = start(handle_all(broker.subscribe(), seconds=1))
            await broker.publish(1)
        assert await reader == [1]
        with pytest.raises(PubSubClosed):
            broker.subscribe()

    run_virtual(main())


def test_async_with_waits_for_nobody_after_an_error():
    async def fail_in(broker: AsyncPubSub[int]) -> None:
        async with broker:
            broker.subscribe()
            await broker.publish(1)
            raise ZeroDivisionError

    async def main() -> None:
        broker = AsyncPubSub[int]()
        with pytest.raises(ZeroDivisionError):
            await fail_in(broker)
        assert now() == 0.0
        with pytest.raises(PubSubClosed):
            broker.subscribe()

    run_virtual(main())


# Statistics.


def test_stats_are_exact():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=2, timeout=0)
        assert broker.stats == BrokerStats(0, 0, 0, 0)
        dead, healthy = broker.subscribe(), broker.subscribe()
        for number in range(5):
            await broker.publish(number)
            healthy.get_nowait()
        assert broker.stats == BrokerStats(subscribers=2, published=5, delivered=7, dropped=3)
        dead.close()
        assert broker.stats == BrokerStats(subscribers=1, published=5, delivered=7, dropped=3)

    run_virtual(main())


@pytest.mark.parametrize("leave", [Inbox.close, Inbox.shutdown])
def test_the_stats_of_the_broker_and_of_an_inbox_that_left_in_mid_publish_agree(leave):
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        inbox = broker.subscribe()
        await broker.publish(0)
        publisher = start(broker.publish(1))
        await let_all_run()
        leave(inbox)
        unread(inbox)
        await publisher
        stats = inbox.stats
        assert (broker.stats.delivered, broker.stats.dropped) == (stats.received, stats.dropped)
        assert (stats.received, stats.dropped) == (1, 0)

    run_virtual(main())


def test_a_message_that_is_refused_is_not_counted():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        with pytest.raises(TypeError):
            await broker.publish(None)
        await broker.shutdown()
        with pytest.raises(PubSubClosed):
            await broker.publish(1)
        assert broker.stats.published == 0

    run_virtual(main())


# The faults of the chapter's broker that this one does not have (see test_chapter.py).


def test_d1_join_returns_after_the_end():
    async def main() -> None:
        broker = AsyncPubSub[Message]()
        queue = await broker.subscribe()
        task = start(subscriber_task(queue))
        await broker.shutdown()
        await task
        await queue.join()

    run_virtual(main())


def test_d2_shutdown_returns_when_everything_was_handled():
    handled = []

    async def handle(inbox: Inbox) -> None:
        async for message in inbox:
            await asyncio.sleep(0.001)
            handled.append(message)

    async def main() -> None:
        broker = AsyncPubSub[int]()
        task = start(handle(await broker.subscribe()))
        for number in range(50):
            await broker.publish(number)
        await broker.shutdown()
        del task

    run_virtual(main())
    assert handled == list(range(50))


@pytest.mark.parametrize("dead", [1, 3])
def test_d3_any_number_of_dead_subscribers_costs_a_publish_one_second(dead):
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        for _ in range(dead):
            broker.subscribe()
        await broker.publish(0)
        assert await broker.publish(1) == Delivery(delivered=0, dropped=dead)
        assert now() == 1.0

    run_virtual(main())


def test_d3_a_dead_subscriber_does_not_delay_the_healthy_ones_after_it():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        broker.subscribe()
        healthy = broker.subscribe()
        arrivals = []

        async def read() -> None:
            async for _ in healthy:
                arrivals.append(now())

        reader = start(read())
        for number in range(3):
            await broker.publish(number)
        await broker.shutdown(timeout=0)
        await reader
        assert arrivals == [0.0, 0.0, 1.0]  # each at the moment it was published

    run_virtual(main())


def test_d4_shutdown_does_not_hang_on_a_full_queue_and_everybody_gets_the_end():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        before, full, after = [broker.subscribe() for _ in range(3)]
        await broker.publish(0)
        readers = [start(handle_all(inbox)) for inbox in (before, after)]
        assert await broker.shutdown(timeout=60) == ShutdownReport(unread=1, unfinished=0)
        assert all(reader.done() for reader in readers)
        assert now() == 60.0
        assert [await full.get(), await full.get()] == [0, None]

    run_virtual(main())


def test_d5_leaving_during_a_publish_makes_nobody_miss_the_message():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        a, b, c = [broker.subscribe() for _ in range(3)]
        await broker.publish(0)
        assert (a.get_nowait(), c.get_nowait()) == (0, 0)
        publisher = start(broker.publish(1))
        await asyncio.sleep(0.5)
        a.close()
        assert b.get_nowait() == 0
        assert await publisher == Delivery(delivered=3, dropped=0)
        assert (unread(b), unread(c)) == ([1], [1])

    run_virtual(main())


def test_d5_a_newcomer_does_not_receive_the_older_message():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        full = broker.subscribe()
        await broker.publish(0)
        publisher = start(broker.publish(1))
        await asyncio.sleep(0.5)
        newcomer = broker.subscribe()
        full.get_nowait()
        await publisher
        assert newcomer.empty()

    run_virtual(main())


def test_d6_a_crashed_subscriber_that_leaves_costs_nothing_more():
    async def crash(broker: AsyncPubSub[int]) -> None:
        async with broker.subscribe() as inbox:
            await inbox.get()
            raise ValueError("crashed")

    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        task = start(crash(broker))
        await let_all_run()
        await broker.publish(0)
        await asyncio.wait([task])
        assert str(task.exception()) == "crashed"
        for number in range(10):
            assert await broker.publish(number) == Delivery(0, 0)
        assert now() == 0.0

    run_virtual(main())


def test_d7_publishing_after_shutdown_raises_and_names_the_remedy():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        await broker.shutdown()
        with pytest.raises(PubSubClosed, match=r"was shut down; publish to a new one"):
            await broker.publish(1)

    run_virtual(main())


def test_d7_subscribing_after_shutdown_raises_and_names_the_remedy():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        await broker.shutdown()
        with pytest.raises(PubSubClosed, match=r"was shut down; subscribe to a new one"):
            broker.subscribe()

    run_virtual(main())


def test_d8_none_cannot_be_published():
    async def main() -> None:
        broker = AsyncPubSub[int | None]()
        inbox = broker.subscribe()
        with pytest.raises(TypeError, match=r"^None cannot be published: it tells a reader"):
            await broker.publish(None)
        assert inbox.empty()

    run_virtual(main())


def test_d9_a_cancelled_publish_has_reached_everybody_who_had_room():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1)
        first, full, last = [broker.subscribe() for _ in range(3)]
        await broker.publish(0)
        assert (first.get_nowait(), last.get_nowait()) == (0, 0)
        publisher = start(broker.publish(1))
        await asyncio.sleep(0.5)
        publisher.cancel()
        await asyncio.wait([publisher])
        assert (unread(first), unread(full), unread(last)) == ([1], [0], [1])
        assert broker.stats.dropped == 1

    run_virtual(main())


def test_d9_a_cancelled_handler_is_reported_and_shutdown_does_not_hang():
    async def main() -> None:
        broker = AsyncPubSub[int]()
        handler = start(handle_all(broker.subscribe(), seconds=60))
        await broker.publish(1)
        await asyncio.sleep(1)
        handler.cancel()
        assert await broker.shutdown(timeout=5) == ShutdownReport(unread=0, unfinished=1)
        assert now() == 6.0

    run_virtual(main())


def count_timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """Return a list that every timer set from now on is added to."""
    timers = []
    set_timer = loop.call_at

    def call_at(*args, **kwargs):
        timers.append(set_timer(*args, **kwargs))
        return timers[-1]

    loop.call_at = call_at
    return timers


def test_d10_no_timer_is_set_while_there_is_room():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=10_000)
        broker.subscribe()
        timers = count_timers(asyncio.get_running_loop())
        for number in range(10_000):
            await broker.publish(number)
        assert timers == []

    run_virtual(main())


@pytest.mark.parametrize(("timeout", "count"), [(None, 0), (0, 0), (1.0, 1)])
def test_d10_a_publish_that_must_wait_sets_at_most_one_timer_and_cancels_it(timeout, count):
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=1, timeout=timeout)
        inboxes = [broker.subscribe() for _ in range(3)]
        await broker.publish(0)
        timers = count_timers(asyncio.get_running_loop())
        publisher = start(broker.publish(1))
        await asyncio.sleep(0)
        for inbox in inboxes:
            inbox.get_nowait()
        await publisher
        assert len(timers) == count
        assert all(timer.cancelled() for timer in timers)

    run_virtual(main())


def test_d11_two_subscribers_see_two_publishers_in_the_same_order():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=2)
        a, b = broker.subscribe(), broker.subscribe()
        b.put_nowait(0)
        b.put_nowait(0)
        first = start(broker.publish(1))
        await asyncio.sleep(0.1)
        b.get_nowait()
        second = start(broker.publish(2))
        await let_all_run()
        b.get_nowait()
        await asyncio.gather(first, second)
        assert (unread(a), unread(b)) == ([1, 2], [1, 2])

    run_virtual(main())


def test_d12_a_second_event_loop_is_refused_with_the_remedy():
    broker = AsyncPubSub[int]()
    run_virtual(broker.publish(1))
    remedy = r"this AsyncPubSub belongs to another event loop; create one inside each asyncio\.run"
    with pytest.raises(RuntimeError, match=remedy):
        run_virtual(broker.publish(2))
    with pytest.raises(RuntimeError, match=remedy):
        run_virtual(broker.shutdown())
