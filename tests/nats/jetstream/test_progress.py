"""Who takes longer than the server waits is not given the same message again."""

import asyncio

from pubsub_lib import HandlerGroup
from pubsub_lib.nats import JetStreamPubSub
from tests.nats.observing import administrator, eventually, ignored, soon, take

NAME = "billing"
# Long enough for a busy machine to say three times in it that somebody is at work.
ACK_WAIT_S = 0.5


async def test_what_takes_longer_than_ack_wait_is_handled_once_by_all_who_share_the_name(
    url, subject
):
    handled: list[int] = []

    async def handle(number: int) -> None:
        await asyncio.sleep(1.5 * ACK_WAIT_S)  # how long it takes is what this is about
        handled.append(number)

    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=ACK_WAIT_S) as one,
        JetStreamPubSub[int](subject, url=url, ack_wait=ACK_WAIT_S) as another,
        HandlerGroup(one) as handlers,
        HandlerGroup(another) as other_handlers,
    ):
        both = [group.add(handle, name=NAME) for group in (handlers, other_handlers)]
        for handler in both:
            await handler.subscription
        for number in range(4):
            await one.publish(number)
        await eventually(lambda: len(handled) == 4)
        for handler in both:
            handler.subscription.close()
        assert one.network.redelivered == another.network.redelivered == 0
    assert sorted(handled) == [0, 1, 2, 3]


async def test_a_list_that_takes_longer_than_ack_wait_is_handled_once(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=ACK_WAIT_S) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        for number in range(3):
            await broker.publish(number)
        await eventually(lambda: inbox.qsize() == 3)
        async for batch in inbox.batches():
            assert batch == [0, 1, 2]
            await asyncio.sleep(2 * ACK_WAIT_S)
            break
        assert broker.network.redelivered == 0


async def test_an_async_for_that_was_left_says_nothing_any_more(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1, backoff=(0.01,)) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(7)
        async for _ in inbox:
            break
        for _ in range(3):  # given back, and then not acknowledged in time
            assert await soon(inbox.get()) == 7
        assert broker.network.redelivered >= 3


async def test_a_copy_that_waits_is_dropped_when_the_original_is_acknowledged(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        for number in range(2):
            await broker.publish(number)
        assert [await soon(inbox.get()) for _ in range(2)] == [0, 1]
        await eventually(lambda: inbox.qsize() == 2)  # both were delivered again
        inbox.task_done()
        assert inbox.qsize() == 1
        inbox.task_done()
        assert inbox.empty()
        await broker.publish(2)
        assert await take(inbox, 1) == [2]


async def test_a_copy_that_comes_after_its_acknowledgement_is_dropped(url, subject, monkeypatch):
    async with (
        administrator(url) as server,
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        with monkeypatch.context() as patch:  # it is lost on its way
            patch.setattr(broker._stream.replies, "send", lambda envelopes, reply: None)
            inbox.task_done()
        await server.until_acknowledged(broker.subject, NAME)  # of the copy
        assert broker.network.redelivered >= 1
        assert inbox.stats.received == 1


async def test_no_more_are_remembered_as_acknowledged_than_may_be_on_their_way(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name=NAME, maxsize=2) as inbox,
    ):
        await broker.publish_many(range(3))
        await take(inbox, 3)
        envelopes = inbox._state.envelopes
        assert [envelopes.was_acknowledged(number) for number in (1, 2, 3)] == [False, True, True]


async def test_in_another_stream_the_same_number_is_another_message(url, subject, monkeypatch):
    async with (
        administrator(url) as server,
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1, on_error=ignored) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(0)
        assert await take(inbox, 1) == [0]
        await server.jetstream.delete_stream(broker.subject)
        await broker.publish(1)
        assert await soon(inbox.get()) == 1  # the first of its stream, as the other was
        await eventually(lambda: inbox.qsize() == 1)  # it is delivered again, and not dropped
