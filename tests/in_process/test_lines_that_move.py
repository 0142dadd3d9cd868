"""Who waits for room, and who waits for messages, as others come, go and are cancelled."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, Delivery, RingPubSub
from pubsub_lib.in_process.inbox_line import WaitingPublish
from tests.stepping import in_virtual_time, let_all_run, now, start, unread

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


@each_broker
@in_virtual_time
async def test_a_reader_is_woken_after_one_that_waited_before_it_was_cancelled(broker_class):
    broker = broker_class()
    inbox = broker.subscribe()
    first, second = start(inbox.get()), start(inbox.get())
    await let_all_run()
    first.cancel()
    await let_all_run()
    await broker.publish(1)
    assert await asyncio.wait_for(second, 1) == 1


@each_broker
@in_virtual_time
async def test_what_a_reader_has_in_a_list_as_its_filter_closes_is_handled_by_nobody(broker_class):
    broker = broker_class()

    def close_at_two(number: int) -> bool:
        if number == 2:
            inbox.close()
        return True

    inbox = broker.subscribe(where=close_at_two)
    if broker_class is AsyncPubSub:
        await broker.publish(0)
        taken = await anext(inbox.batches())
        await broker.publish(2)
    else:
        await broker.publish_many([0, 2])
        taken = await anext(inbox.batches())
    assert taken == [0]
    assert inbox.closed
    assert inbox.unfinished == 0


@in_virtual_time
async def test_without_time_to_wait_one_reader_at_each_turn_still_misses_nothing():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    inbox = broker.subscribe()
    publishing = start(broker.publish_many(range(8)))
    assert [await inbox.get() for _ in range(8)] == list(range(8))
    assert (await publishing).missed == ()
    assert now() == 0.0


@in_virtual_time
async def test_who_reads_at_each_turn_and_then_stops_is_waited_for_no_longer():
    broker = AsyncPubSub[int](maxsize=1, timeout=0)
    inbox = broker.subscribe()
    publishing = start(broker.publish_many(range(8)))
    for number in range(4):
        assert await inbox.get() == number
        await asyncio.sleep(0)
    assert len((await publishing).missed) == 3  # one more lies in the inbox
    assert now() == 0.0


@in_virtual_time
async def test_who_made_room_in_time_is_waited_for_again_though_another_did_not():
    broker = AsyncPubSub[int](maxsize=1, timeout=5)
    reads, dead = broker.subscribe(), broker.subscribe()
    await broker.publish(0)
    publishing = start(broker.publish(1))
    await let_all_run()
    assert reads.get_nowait() == 0
    assert await publishing == Delivery(1, (dead,))
    assert now() == 5.0
    dead.close()
    assert await broker.publish(2) == Delivery(0, (reads,))
    assert now() == 10.0


@in_virtual_time
async def test_a_publish_that_waits_for_nobody_is_settled_at_once():
    await WaitingPublish[int]().settle(asyncio.get_running_loop())
    assert now() == 0.0


@each_broker
def test_many_messages_are_refused_on_another_event_loop_even_where_there_is_room(broker_class):
    async def join() -> None:
        inboxes.append(broker.subscribe())
        await broker.publish_many([1])

    async def publish() -> None:
        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            await broker.publish_many([2])

    broker, inboxes = broker_class(), []
    asyncio.run(join())
    asyncio.run(publish())
    assert inboxes[0].get_nowait() == 1
    assert inboxes[0].empty()


@each_broker
@in_virtual_time
async def test_a_ring_or_history_is_asked_for_no_more_than_it_holds(broker_class):
    broker = broker_class(maxsize=2) if broker_class is RingPubSub else broker_class(history=2)
    with pytest.raises(ValueError, match="replay"):
        broker.subscribe(replay=3)
    assert broker.stats.subscribers == 0


def test_the_room_that_a_read_makes_in_an_inbox_after_the_event_loop_ended_is_filled_at_once():
    async def begin() -> None:
        publishing.send(None)

    broker = AsyncPubSub[int](maxsize=2, timeout=None)
    inbox = broker.subscribe()
    publishing = broker.publish_many(range(4))
    asyncio.run(begin())
    assert inbox.get_nowait() == 0
    publishing.close()
    assert unread(inbox) == [1, 2]
    assert broker.stats.delivered == 3
