"""How a broker ends: in a bounded time, with nothing lost that somebody still wants to read."""

import asyncio
import gc
import inspect
import warnings

import pytest

from pubsub_lib import AsyncPubSub, Delivery, Inbox, PubSubClosed, RingPubSub, ShutdownReport
from pubsub_lib.lab.clock.virtual_time import Deadlock, run_virtual
from tests.stepping import (
    free_what_others_left,
    handle_all,
    in_virtual_time,
    let_all_run,
    now,
    start,
    unread,
)

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


async def with_one_unread(broker_class, **options):
    broker = broker_class(**options)
    subscription = broker.subscribe()
    await broker.publish(0)
    return broker, subscription


# What it waits for.


def test_the_default_is_the_usual_grace():
    timeout = inspect.signature(AsyncPubSub.shutdown).parameters["timeout"]
    assert timeout.default == 10.0
    assert timeout.kind is inspect.Parameter.KEYWORD_ONLY


@in_virtual_time
async def test_it_waits_until_everything_is_handled():
    broker = AsyncPubSub[int]()
    reader = start(handle_all(broker.subscribe(), seconds=0.5))
    for number in range(4):
        await broker.publish(number)
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 2.0
    assert await reader == [0, 1, 2, 3]


@in_virtual_time
async def test_without_work_it_takes_no_time():
    broker = AsyncPubSub[int]()
    idle = broker.subscribe()
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert now() == 0.0
    assert idle.closed


@in_virtual_time
async def test_it_reports_what_was_left():
    broker = AsyncPubSub[int]()
    dead, busy = broker.subscribe(), broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    busy.get_nowait()
    assert await broker.shutdown() == ShutdownReport(unread=5, unfinished=1)
    assert now() == 10.0
    assert unread(dead) == [0, 1, 2]


@pytest.mark.parametrize("timeout", [0, 0.25, 60])
@in_virtual_time
async def test_it_ends_at_exactly_its_timeout_if_nobody_reads(timeout):
    broker, dead = await with_one_unread(AsyncPubSub, maxsize=1)
    assert await broker.shutdown(timeout=timeout) == ShutdownReport(unread=1, unfinished=0)
    assert now() == timeout
    assert unread(dead) == [0]


@in_virtual_time
async def test_timeout_zero_lets_readers_that_wait_run():
    broker = AsyncPubSub[int]()
    reader = start(handle_all(broker.subscribe()))
    await let_all_run()
    await broker.publish(0)
    await broker.shutdown(timeout=0)
    assert await reader == [0]
    assert now() == 0.0


def test_without_a_timeout_it_waits_for_ever_for_a_dead_subscriber():
    async def main() -> None:
        broker, dead = await with_one_unread(AsyncPubSub)
        await broker.shutdown(timeout=None)
        assert dead.empty(), "it never comes to this"

    with pytest.raises(Deadlock, match=r"waits for a subscriber to\s+handle its messages"):
        run_virtual(main())


@in_virtual_time
async def test_without_a_timeout_it_waits_as_long_as_it_takes():
    broker, dead = await with_one_unread(AsyncPubSub)
    asyncio.get_running_loop().call_later(3600, dead.close)
    assert await broker.shutdown(timeout=None) == ShutdownReport(0, 0)
    assert now() == 3600.0


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
@in_virtual_time
async def test_a_reader_that_marks_nothing_as_done_does_not_hold_it_up(read, seconds):
    broker = AsyncPubSub[int]()
    reader = start(read(broker.subscribe()))
    await let_all_run()
    await broker.publish(1)
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == seconds
    assert await reader == [1]


@in_virtual_time
async def test_an_inbox_that_leaves_meanwhile_is_not_waited_for():
    broker, inbox = await with_one_unread(AsyncPubSub)
    asyncio.get_running_loop().call_later(2, inbox.close)
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert now() == 2.0


@in_virtual_time
async def test_an_inbox_that_is_abandoned_meanwhile_is_not_waited_for():
    broker, inbox = await with_one_unread(AsyncPubSub)
    shutting_down = start(broker.shutdown())
    await asyncio.sleep(2)
    del inbox
    assert await shutting_down == ShutdownReport(0, 0)
    assert now() == 2.0


@in_virtual_time
async def test_it_waits_only_for_the_slowest_and_not_for_one_after_another():
    broker = AsyncPubSub[int]()
    readers = [start(handle_all(broker.subscribe(), seconds)) for seconds in (3, 1, 2)]
    await broker.publish(1)
    await broker.shutdown()
    assert now() == 3.0
    await asyncio.gather(*readers)


# What readers see.


@each_broker
@in_virtual_time
async def test_every_reader_gets_none_each_time_it_asks(broker_class):
    broker = broker_class()
    subscriptions = [broker.subscribe() for _ in range(2)]
    readers = [start(subscription.get()) for subscription in subscriptions for _ in range(2)]
    await let_all_run()
    await broker.shutdown()
    assert await asyncio.gather(*readers) == [None] * 4
    assert [await subscriptions[0].get() for _ in range(3)] == [None] * 3
    assert [subscriptions[1].get_nowait() for _ in range(3)] == [None] * 3
    assert [message async for message in subscriptions[1]] == []


@each_broker
@in_virtual_time
async def test_what_is_unread_can_be_read_after_it_has_given_up_waiting(broker_class):
    broker = broker_class()
    subscription = broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    assert await broker.shutdown(timeout=1) == ShutdownReport(unread=3, unfinished=0)
    assert await handle_all(subscription) == [0, 1, 2]
    await subscription.join()


@each_broker
@in_virtual_time
async def test_join_returns_after_the_end_for_none_is_never_counted(broker_class):
    broker, subscription = await with_one_unread(broker_class)
    shutting_down = start(broker.shutdown())
    assert await subscription.get() == 0
    subscription.task_done()
    assert await subscription.get() is None
    await subscription.join()
    assert await shutting_down == ShutdownReport(0, 0)


# Again, at once, cancelled, wrong.


@each_broker
@in_virtual_time
async def test_twice_waits_again_and_does_no_harm(broker_class):
    broker, subscription = await with_one_unread(broker_class)
    assert await broker.shutdown(timeout=1) == ShutdownReport(unread=1, unfinished=0)
    reader = start(handle_all(subscription))
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert await broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
    assert now() == 1.0
    assert await reader == [0]


@each_broker
@in_virtual_time
async def test_two_at_once_each_end_at_their_own_timeout(broker_class):
    broker, dead = await with_one_unread(broker_class)
    ends = []

    async def shut_down(timeout: float) -> None:
        assert await broker.shutdown(timeout=timeout) == ShutdownReport(1, 0)
        ends.append(now())

    await asyncio.gather(shut_down(2), shut_down(1), shut_down(0))
    assert ends == [0.0, 1.0, 2.0]
    assert unread(dead) == [0]


@each_broker
@in_virtual_time
async def test_two_at_once_both_end_when_everything_is_handled(broker_class):
    broker = broker_class()
    reader = start(handle_all(broker.subscribe(), seconds=2))
    await broker.publish(0)
    reports = await asyncio.gather(*(broker.shutdown() for _ in range(3)))
    assert reports == [ShutdownReport(0, 0)] * 3
    assert now() == 2.0
    assert await reader == [0]


@each_broker
@in_virtual_time
async def test_cancelled_it_leaves_the_broker_closed_and_can_be_repeated(broker_class):
    broker, subscription = await with_one_unread(broker_class)
    shutdown = start(broker.shutdown())
    await asyncio.sleep(1)
    shutdown.cancel()
    with pytest.raises(asyncio.CancelledError):
        await shutdown
    assert broker.closed
    with pytest.raises(PubSubClosed):
        await broker.publish(1)
    reader = start(handle_all(subscription))
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert await reader == [0]


@each_broker
@in_virtual_time
async def test_under_a_callers_own_timeout_it_raises_that(broker_class):
    broker, dead = await with_one_unread(broker_class)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker.shutdown(timeout=None), timeout=3)
    assert now() == 3.0
    assert dead.closed


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        (-1, ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        ("1", TypeError),
        (True, TypeError),
    ],
)
@each_broker
@in_virtual_time
async def test_with_a_wrong_timeout_it_closes_nothing(broker_class, timeout, error):
    broker = broker_class()
    with pytest.raises(error, match=r"^timeout "):
        await broker.shutdown(timeout=timeout)
    assert not broker.closed
    assert await broker.publish(1) == Delivery(0)


# Publishers that wait.


@each_broker
@in_virtual_time
async def test_a_publish_that_waits_gets_in_and_is_handled(broker_class):
    broker, subscription = await with_one_unread(broker_class, maxsize=1)
    publisher = start(broker.publish(1))
    await let_all_run()
    reader = start(handle_all(subscription, seconds=0.5))
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert await publisher == Delivery(1)
    assert await reader == [0, 1]


@each_broker
@in_virtual_time
async def test_without_any_timeout_all_publishers_that_wait_get_in_before_it_ends(broker_class):
    broker, subscription = await with_one_unread(broker_class, maxsize=1, timeout=None)
    publishers = [start(broker.publish(number)) for number in (1, 2, 3)]
    await let_all_run()
    reader = start(handle_all(subscription, seconds=60))
    assert await broker.shutdown(timeout=None) == ShutdownReport(0, 0)
    assert now() == 240.0
    assert await asyncio.gather(*publishers) == [Delivery(1)] * 3
    assert await reader == [0, 1, 2, 3]


@each_broker
@in_virtual_time
async def test_a_publish_that_waits_may_give_up_before_it_does(broker_class):
    broker, dead = await with_one_unread(broker_class, maxsize=1)
    publisher = start(broker.publish(1))
    await let_all_run()
    assert await broker.shutdown(timeout=3) == ShutdownReport(unread=1, unfinished=0)
    assert publisher.done()
    assert (await publisher).missed_by == (dead,)
    assert now() == 3.0


@each_broker
@in_virtual_time
async def test_at_its_timeout_it_releases_the_publishers_that_still_wait(broker_class):
    broker, dead = await with_one_unread(broker_class, maxsize=1, timeout=None)
    publishers = [start(broker.publish(number)) for number in (1, 2)]
    await let_all_run()
    await broker.shutdown(timeout=3)
    assert await asyncio.gather(*publishers) == [Delivery(0, (dead,))] * 2
    assert now() == 3.0
    assert dead.stats.dropped == 2
    assert unread(dead) == [0]


@in_virtual_time
async def test_at_its_timeout_it_releases_a_put_that_still_waits():
    broker, dead = await with_one_unread(AsyncPubSub, maxsize=1)
    put = start(dead.put(1))
    await let_all_run()
    await broker.shutdown(timeout=3)
    with pytest.raises(PubSubClosed, match="closed while a message waited for room"):
        await put
    assert now() == 3.0


# `async with`.


@each_broker
@in_virtual_time
async def test_async_with_shuts_down_and_waits(broker_class):
    async with broker_class() as broker:
        reader = start(handle_all(broker.subscribe(), seconds=1))
        await broker.publish(1)
    assert await reader == [1]
    assert now() == 1.0
    with pytest.raises(PubSubClosed):
        broker.subscribe()


@each_broker
@in_virtual_time
async def test_async_with_waits_for_nobody_after_an_error(broker_class):
    async def fail_in(broker) -> None:
        async with broker:
            dead = broker.subscribe()
            await broker.publish(1)
            raise ZeroDivisionError(dead)

    broker = broker_class()
    with pytest.raises(ZeroDivisionError):
        await fail_in(broker)
    assert now() == 0.0
    assert broker.closed


# Never shut down.


@pytest.fixture
def warned():
    free_what_others_left()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield lambda: [str(each.message) for each in caught if each.category is ResourceWarning]


@each_broker
def test_a_broker_that_was_never_shut_down_is_warned_of(broker_class, warned):
    async def main() -> None:
        broker, dead = await with_one_unread(broker_class)
        del broker
        assert not dead.closed

    run_virtual(main())
    assert warned() == [
        f"<{broker_class.__name__} of 1 subscribers> was never shut down; use `async with`, or "
        "await its shutdown()"
    ]


@each_broker
@in_virtual_time
async def test_a_broker_in_a_cycle_with_a_reader_that_nobody_ends_is_warned_of(
    broker_class, warned
):
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    broker = broker_class()
    reader = start(handle_all(broker.subscribe()))
    await let_all_run()
    del broker, reader
    gc.collect()
    assert len(warned()) == 1


@each_broker
def test_a_broker_that_was_shut_down_is_not_warned_of(broker_class, warned):
    async def main() -> None:
        broker, dead = await with_one_unread(broker_class)
        await broker.shutdown(timeout=0)
        del broker
        assert dead.closed

    run_virtual(main())
    assert warned() == []


@each_broker
def test_a_broker_whose_shutdown_was_cancelled_is_not_warned_of(broker_class, warned):
    async def main() -> None:
        broker, dead = await with_one_unread(broker_class)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(broker.shutdown(), timeout=1)
        del broker
        assert dead.closed

    run_virtual(main())
    assert warned() == []


@each_broker
def test_a_broker_that_nobody_subscribed_to_or_all_have_left_is_not_warned_of(broker_class, warned):
    async def main() -> None:
        await broker_class().publish(0)
        broker, subscription = await with_one_unread(broker_class)
        subscription.close()
        del broker

    run_virtual(main())
    assert warned() == []


@each_broker
def test_a_broker_that_could_not_be_made_says_nothing_when_it_goes(broker_class, warned, capfd):
    with pytest.raises(ValueError, match="maxsize"):
        broker_class(maxsize=0)
    with pytest.raises(ValueError, match="timeout"):
        broker_class(timeout=-1)
    gc.collect()
    assert warned() == []
    assert capfd.readouterr() == ("", "")


@each_broker
def test_the_warning_comes_with_the_broker_to_trace_where_it_was_made(broker_class):
    async def main() -> None:
        broker, dead = await with_one_unread(broker_class)
        del broker
        assert not dead.closed

    free_what_others_left()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        run_virtual(main())
        gc.collect()
    (warned,) = [each for each in caught if each.category is ResourceWarning]
    assert type(warned.source) is broker_class
    assert warned.filename.endswith("base_broker.py")


# Cancelled.


async def with_one_who_waits_for_room(broker_class):
    broker, dead = await with_one_unread(broker_class, maxsize=1, timeout=None)
    publishing = start(broker.publish(1))
    await let_all_run()
    return broker, dead, publishing


@each_broker
@in_virtual_time
async def test_a_shutdown_that_is_cancelled_releases_those_who_publish(broker_class):
    broker, _dead, publishing = await with_one_who_waits_for_room(broker_class)
    shutting_down = start(broker.shutdown(timeout=None))
    await asyncio.sleep(1)
    assert not publishing.done()
    shutting_down.cancel()
    await asyncio.wait([publishing])
    assert now() == 1.0


@each_broker
@in_virtual_time
async def test_the_last_of_several_shutdowns_releases_those_who_publish(broker_class):
    broker, _dead, publishing = await with_one_who_waits_for_room(broker_class)
    first, last = start(broker.shutdown(timeout=None)), start(broker.shutdown(timeout=5))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.wait([publishing])
    assert now() == 5.0
    await last


@each_broker
@in_virtual_time
async def test_what_is_refused_after_a_shutdown_names_the_remedy(broker_class):
    broker = broker_class()
    await broker.shutdown()
    with pytest.raises(PubSubClosed) as refused:
        broker.subscribe()
    assert str(refused.value) == "this broker was shut down; subscribe to a new one"
    with pytest.raises(PubSubClosed) as refused:
        await broker.publish(1)
    assert str(refused.value) == "this broker was shut down; publish to a new one"
