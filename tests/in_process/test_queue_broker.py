"""The broker: what it promises to publishers, and to subscribers that come and go.

What it does where there is no room is in test_overflow.py, how it ends in test_closing.py, and that
it has none of the chapter's faults in test_contract.py and test_faults_mended.py.
"""

import asyncio
import inspect

import pytest

from pubsub_lib import (
    AsyncPubSub,
    BrokerStats,
    Delivery,
    Inbox,
    Message,
    Overflow,
    PubSubClosed,
    subscriber_task,
)
from pubsub_lib.lab.clock.virtual_time import Deadlock, run_virtual
from tests.stepping import handle_all, in_virtual_time, let_all_run, now, start, unread

# Creating one.


def test_the_signatures_are_the_chapters_with_what_is_new_by_name():
    parameters = inspect.signature(AsyncPubSub).parameters
    assert [(name, parameter.default) for name, parameter in parameters.items()] == [
        ("maxsize", 100),
        ("timeout", 1.0),
        ("overflow", Overflow.DROP_NEWEST),
        ("history", 0),
        ("key", None),
    ]
    for name in ("timeout", "overflow", "history", "key"):
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
    for publish in (AsyncPubSub.publish, AsyncPubSub.publish_nowait):
        assert list(inspect.signature(publish).parameters) == ["self", "message"]


def test_it_has_the_chapters_attributes():
    broker = AsyncPubSub[int](maxsize=7, timeout=2, overflow=Overflow.RAISE)
    inboxes = [broker.subscribe() for _ in range(3)]
    assert (broker.maxsize, broker.timeout, broker.overflow) == (7, 2, Overflow.RAISE)
    assert broker.queues == inboxes
    assert all(inbox.maxsize == 7 for inbox in inboxes)


def test_it_needs_no_event_loop_to_be_created_and_subscribed_to():
    assert AsyncPubSub[int]().subscribe().empty()


@pytest.mark.parametrize("maxsize", [0, -1])
def test_an_inbox_without_a_bound_is_refused(maxsize):
    with pytest.raises(ValueError, match=f"^maxsize must be at least 1, not {maxsize}: what waits"):
        AsyncPubSub(maxsize=maxsize)


@pytest.mark.parametrize("maxsize", [True, "3", 2.0, None])
def test_a_bound_that_is_no_whole_number_is_refused(maxsize):
    with pytest.raises(TypeError, match=r"^maxsize is a whole number of messages, not "):
        AsyncPubSub(maxsize=maxsize)


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan"), float("inf")])
def test_a_timeout_that_is_negative_or_not_finite_is_refused(timeout):
    with pytest.raises(ValueError, match=r"or None to wait for ever, not "):
        AsyncPubSub(timeout=timeout)


@pytest.mark.parametrize("timeout", ["1", True, object()])
def test_a_timeout_that_is_no_number_is_refused(timeout):
    with pytest.raises(TypeError, match=r"^timeout is a number of seconds or None, not "):
        AsyncPubSub(timeout=timeout)


@pytest.mark.parametrize("overflow", ["raise", None, Overflow])
def test_an_overflow_policy_that_is_none_is_refused_and_the_choices_are_named(overflow):
    with pytest.raises(TypeError, match=r"^overflow is one of Overflow\.DROP_NEWEST, .*RAISE, not"):
        AsyncPubSub(overflow=overflow)


@in_virtual_time
async def test_it_says_what_it_is():
    broker = AsyncPubSub[int]()
    inbox = broker.subscribe()
    assert repr(broker) == "<AsyncPubSub of 1 subscribers>"
    await broker.shutdown()
    assert repr(broker) == "<AsyncPubSub of 1 subscribers closed>"
    assert broker.queues == [inbox]


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


async def publish_by_waiting(broker: AsyncPubSub, message: object) -> Delivery:
    return await broker.publish(message)


async def publish_at_once(broker: AsyncPubSub, message: object) -> Delivery:
    return broker.publish_nowait(message)


either_way = pytest.mark.parametrize("publish", [publish_by_waiting, publish_at_once])


@either_way
@in_virtual_time
async def test_every_subscriber_gets_the_same_object(publish):
    broker = AsyncPubSub[Message]()
    inboxes = [broker.subscribe() for _ in range(3)]
    message = Message("Hello")
    assert await publish(broker, message) == Delivery(delivered=3)
    assert all(inbox.get_nowait() is message for inbox in inboxes)


@either_way
def test_a_message_published_to_nobody_is_delivered_to_nobody(publish):
    assert run_virtual(publish(AsyncPubSub[int](), 1)) == Delivery(delivered=0)


@either_way
@in_virtual_time
async def test_a_subscriber_receives_only_what_is_published_later(publish):
    broker = AsyncPubSub[int]()
    await publish(broker, 1)
    inbox = broker.subscribe()
    await publish(broker, 2)
    assert unread(inbox) == [2]


@either_way
@in_virtual_time
async def test_none_is_refused_and_not_counted(publish):
    broker = AsyncPubSub[int | None]()
    with pytest.raises(TypeError, match=r"^None cannot be published: it tells a reader"):
        await publish(broker, None)
    assert broker.stats.published == 0


@either_way
@in_virtual_time
async def test_a_message_after_shutdown_is_refused_and_not_counted(publish):
    broker = AsyncPubSub[int]()
    await broker.shutdown()
    with pytest.raises(PubSubClosed, match=r"was shut down; publish to a new one"):
        await publish(broker, 1)
    assert broker.stats.published == 0


@either_way
def test_a_second_event_loop_is_refused(publish):
    broker = AsyncPubSub[int]()
    run_virtual(publish(broker, 1))
    with pytest.raises(RuntimeError, match=r"this AsyncPubSub belongs to another event loop"):
        run_virtual(publish(broker, 2))


def test_a_publish_with_room_everywhere_takes_no_turn():
    broker = AsyncPubSub[int]()
    inbox = broker.subscribe()

    async def main() -> None:
        publishing = broker.publish(1)
        with pytest.raises(StopIteration):
            publishing.send(None)

    run_virtual(main())
    assert inbox.qsize() == 1


# Publishing where an inbox is full.


@in_virtual_time
async def test_the_bound_is_never_exceeded():
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


@in_virtual_time
async def test_a_healthy_inbox_gets_the_message_at_once_while_another_is_full():
    broker = AsyncPubSub[int](maxsize=1)
    full, healthy = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    assert healthy.get_nowait() == 0
    publisher = start(broker.publish(1))
    assert await healthy.get() == 1
    assert now() == 0.0
    assert await publisher == Delivery(delivered=1, missed_by=(full,))
    assert now() == 1.0
    assert unread(full) == [0]


@in_virtual_time
async def test_a_full_inbox_gets_the_message_the_moment_it_has_room():
    broker = AsyncPubSub[int](maxsize=1)
    inbox = broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_later(0.25, inbox.get_nowait)
    assert await broker.publish(1) == Delivery(delivered=1)
    assert now() == 0.25
    assert unread(inbox) == [1]


@in_virtual_time
async def test_all_full_inboxes_are_waited_on_together():
    broker = AsyncPubSub[int](maxsize=1)
    inboxes = [broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    loop = asyncio.get_running_loop()
    for inbox, delay in zip(inboxes, (0.75, 0.5, 0.25), strict=True):
        loop.call_later(delay, inbox.get_nowait)
    assert await broker.publish(1) == Delivery(delivered=3)
    assert now() == 0.75


@in_virtual_time
async def test_timeout_zero_lets_a_reader_that_waits_run_before_it_drops():
    broker = AsyncPubSub[int](maxsize=2, timeout=0)
    reader = start(handle_all(broker.subscribe()))
    await let_all_run()
    deliveries = [await broker.publish(number) for number in range(100)]
    assert set(deliveries) == {Delivery(delivered=1)}
    await broker.shutdown()
    assert await reader == list(range(100))
    assert now() == 0.0


@in_virtual_time
async def test_timeout_zero_drops_at_once_what_a_dead_subscriber_has_no_room_for():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    inbox = broker.subscribe()
    assert [await broker.publish(number) for number in range(3)] == [
        Delivery(1),
        Delivery(0, (inbox,)),
        Delivery(0, (inbox,)),
    ]
    assert now() == 0.0
    assert unread(inbox) == [0]


@in_virtual_time
async def test_timeout_none_waits_as_long_as_it_takes():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_later(3600, inbox.get_nowait)
    assert await broker.publish(1) == Delivery(1)
    assert now() == 3600.0


def test_timeout_none_waits_for_ever_for_a_dead_subscriber():
    async def main() -> None:
        broker = AsyncPubSub[int](maxsize=2, timeout=None)
        dead = broker.subscribe()
        asyncio.current_task().set_name("publisher")
        for number in range(3):
            await broker.publish(number)
        assert dead.closed, "it never comes to this"

    with pytest.raises(
        Deadlock, match=r"- publisher: .*AsyncPubSub\.publish waits for room in a full inbox of 2"
    ):
        run_virtual(main())


@in_virtual_time
async def test_publishers_that_wait_are_served_first_come_first_served():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in (1, 2, 3)]
    await let_all_run()
    assert [await inbox.get() for _ in range(4)] == [0, 1, 2, 3]
    await asyncio.gather(*publishers)


@in_virtual_time
async def test_nobody_slips_in_before_a_publisher_that_waits():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    inbox = broker.subscribe()
    await broker.publish(0)
    waits = start(inbox.put(1))
    await let_all_run()
    inbox.get_nowait()
    assert await broker.publish("slips in") == Delivery(0, (inbox,))
    await waits
    assert unread(inbox) == [1]


@in_virtual_time
async def test_each_publishers_messages_arrive_in_its_order():
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


@in_virtual_time
async def test_the_deadlines_of_two_publishers_are_their_own():
    broker = AsyncPubSub[int](maxsize=1)
    dead = broker.subscribe()
    await broker.publish(0)
    ends = []

    async def publish(delay: float) -> None:
        await asyncio.sleep(delay)
        await broker.publish(1)
        ends.append(now())

    await asyncio.gather(publish(0.0), publish(0.5))
    assert ends == [1.0, 1.5]
    assert dead.stats.dropped == 2


# Coming and going.


@in_virtual_time
async def test_leaving_removes_the_inbox_and_later_messages_pass_it_by():
    broker = AsyncPubSub[int]()
    leaver, stayer = broker.subscribe(), broker.subscribe()
    leaver.close()
    assert broker.queues == [stayer]
    assert await broker.publish(1) == Delivery(1)
    assert leaver.empty()


def test_the_list_of_queues_is_replaced_and_never_changed():
    broker = AsyncPubSub[int]()
    first = broker.subscribe()
    before = broker.queues
    second = broker.subscribe()
    first.close()
    assert before == [first]
    assert broker.queues == [second]


leave = pytest.mark.parametrize("leave", [Inbox.close, Inbox.shutdown])


@leave
@in_virtual_time
async def test_leaving_releases_the_publisher_that_waits_and_is_no_drop(leave):
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    full, other = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    other.get_nowait()
    publisher = start(broker.publish(1))
    await asyncio.sleep(5)
    leave(full)
    assert await publisher == Delivery(delivered=1)
    assert now() == 5.0


@leave
@in_virtual_time
async def test_leaving_releases_every_publisher_in_the_line(leave):
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in range(5)]
    await let_all_run()
    leave(inbox)
    assert await asyncio.gather(*publishers) == [Delivery(0)] * 5
    assert inbox.stats.dropped == 0


@in_virtual_time
async def test_a_publisher_goes_on_waiting_for_the_others_when_one_leaves():
    broker = AsyncPubSub[int](maxsize=1)
    leaver, dead = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_later(0.5, leaver.close)
    assert await broker.publish(1) == Delivery(delivered=0, missed_by=(dead,))
    assert now() == 1.0
    assert unread(dead) == [0]


# Cancelling.


@in_virtual_time
async def test_a_cancelled_publish_is_withdrawn_from_the_full_inboxes_and_counted():
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


@in_virtual_time
async def test_a_cancelled_publish_lets_the_next_in_line_move_up():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    first, second = start(broker.publish(1)), start(broker.publish(2))
    await let_all_run()
    first.cancel()
    await asyncio.wait([first])
    assert [await inbox.get(), await inbox.get()] == [0, 2]
    assert await second == Delivery(1)


@in_virtual_time
async def test_a_publish_cancelled_the_moment_it_got_in_is_delivered_once_and_not_counted_dropped():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    inbox = broker.subscribe()
    await broker.publish(0)
    publisher = start(broker.publish(1))
    await let_all_run()
    inbox.get_nowait()  # the message is put in, and its publisher told so
    publisher.cancel()  # before it could go on
    assert await publisher == Delivery(1)
    assert unread(inbox) == [1]
    assert broker.stats == BrokerStats(subscribers=1, published=2, delivered=2, dropped=0)


@in_virtual_time
async def test_a_publish_under_a_callers_own_timeout_raises_it_and_counts():
    broker = AsyncPubSub[int](maxsize=1)
    inbox = broker.subscribe()
    await broker.publish(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker.publish(1), timeout=0.5)
    assert now() == 0.5
    assert inbox.stats.dropped == 1


# Statistics.


@in_virtual_time
async def test_stats_are_exact_and_survive_that_a_subscriber_leaves():
    broker = AsyncPubSub[int](maxsize=2, timeout=0)
    assert broker.stats == BrokerStats(0, 0, 0, 0)
    dead, healthy = broker.subscribe(), broker.subscribe()
    for number in range(5):
        await broker.publish(number)
        healthy.get_nowait()
    assert broker.stats == BrokerStats(subscribers=2, published=5, delivered=7, dropped=3)
    dead.close()
    assert broker.stats == BrokerStats(subscribers=1, published=5, delivered=7, dropped=3)


@in_virtual_time
async def test_stats_survive_that_a_subscriber_is_abandoned():
    broker = AsyncPubSub[int](maxsize=2, timeout=0)
    inbox = broker.subscribe()
    for number in range(5):
        await broker.publish(number)
    inbox.get_nowait()
    del inbox
    await let_all_run()
    assert broker.stats == BrokerStats(subscribers=0, published=5, delivered=2, dropped=3)


@leave
@in_virtual_time
async def test_the_stats_of_the_broker_and_of_an_inbox_that_left_in_mid_publish_agree(leave):
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
