"""Subscriptions with a name last on the server; those without one end with their reader."""

import asyncio

import pytest

from pubsub_lib import Delivery, ShutdownReport
from pubsub_lib.nats import (
    JetStreamPubSub,
    NatsError,
    UndecodablePayload,
)
from tests.nats.observing import (
    eventually,
    soon,
    take,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def test_a_name_goes_on_in_another_broker_where_its_last_reader_stopped(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        for number in range(5):
            await broker.publish(number)
        assert await take(inbox, 2) == [0, 1]
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await broker.publish(5)
        async with broker.subscribe(name="billing") as inbox:
            assert sorted(await take(inbox, 4)) == [2, 3, 4, 5]
    await server.until_acknowledged(subject, "billing")


async def test_readers_of_one_name_share_its_messages(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url) as another,
        one.subscribe(name="workers") as here,
        another.subscribe(name="workers") as there,
    ):
        for number in range(50):
            await one.publish(number)
        await eventually(lambda: here.qsize() + there.qsize() == 50)
        assert here.qsize()
        assert there.qsize()
        taken = await take(here, here.qsize()) + await take(there, there.qsize())
        assert sorted(taken) == list(range(50))


async def test_different_names_get_everything_each(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="one") as one,
        broker.subscribe(name="two") as two,
        broker.subscribe() as nameless,
    ):
        for number in range(5):
            await broker.publish(number)
        for inbox in (one, two, nameless):
            assert await take(inbox, 5) == [0, 1, 2, 3, 4]


async def test_a_name_can_come_back_with_another_bound(url, subject, server):
    for maxsize in (5, 7):
        async with (
            JetStreamPubSub[int](subject, url=url) as broker,
            broker.subscribe(name="billing", maxsize=maxsize, ack_wait=maxsize),
        ):
            config = (await server.consumer(subject, "billing")).config
            assert (config.max_ack_pending, config.ack_wait) == (maxsize, maxsize)
            assert (config.durable_name, config.deliver_group) == ("billing", "billing")


async def test_what_another_reader_of_the_name_has_allowed_is_taken_in_at_once(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=600) as one,
        one.subscribe(name="billing", maxsize=1) as small,
        one.subscribe(name="billing", maxsize=4) as large,
    ):
        await one.publish_many(range(4))
        await eventually(lambda: small.qsize() + large.qsize() == 4)
        assert sorted(await take(small, small.qsize()) + await take(large, large.qsize())) == [
            *range(4)
        ]
        assert one.network.redelivered == 0


async def test_a_stalled_subscriber_gets_no_more_than_its_bound_and_others_go_on(
    url, subject, server
):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="stalled", maxsize=3) as stalled_inbox,
        broker.subscribe(name="quick", maxsize=3) as quick,
    ):
        for number in range(20):
            await broker.publish(number)
            assert await take(quick, 1) == [number]
        information = await server.consumer(subject, "stalled")
        assert (information.num_ack_pending, information.num_pending) == (3, 17)
        assert stalled_inbox.stats.high_water_mark <= 3
        assert await take(stalled_inbox, 20) == list(range(20))


async def test_what_is_not_wanted_is_acknowledged_for_the_reader(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="even", where=lambda number: number % 2 == 0) as inbox,
    ):
        for number in range(6):
            await broker.publish(number)
        assert await take(inbox, 3) == [0, 2, 4]
        await server.until_acknowledged(subject, "even")


async def test_what_does_not_decode_is_set_aside_counted_reported_and_not_delivered_again(
    url, subject, server
):
    errors: list[NatsError] = []
    async with (
        JetStreamPubSub[int](subject, url=url, on_error=errors.append) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        for data in (b"\xff", b"null"):
            await server.jetstream.publish(subject, data)
        await broker.publish(7)
        assert await take(inbox, 1) == [7]
        await server.until_acknowledged(subject, "billing")
        assert broker.network.undecodable == 2
        assert [error.data for error in broker.set_aside] == [b"\xff", b"null"]
        assert errors == broker.set_aside
        assert {type(error) for error in errors} == {UndecodablePayload}
        assert await server.kept(subject) == 0


async def test_an_on_error_that_raises_stops_nothing(url, subject, server):
    def on_error(error: NatsError) -> None:
        raise LookupError

    async with (
        JetStreamPubSub[int](subject, url=url, on_error=on_error) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        await server.jetstream.publish(subject, b"?")
        await broker.publish(7)
        assert await take(inbox, 1) == [7]
        await server.until_acknowledged(subject, "billing")


@pytest.mark.parametrize(
    "wrong", [{"name": "a.b"}, {"name": "größe"}, {"maxsize": 0}, {"ack_wait": 0}]
)
async def test_wrong_arguments_of_subscribe_are_refused_at_once(url, subject, wrong):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        with pytest.raises(ValueError, match=next(iter(wrong)) + "|more than 0"):
            broker.subscribe(**wrong)
        assert broker.stats.subscribers == 0


# Without a name.


async def test_the_server_forgets_a_nameless_reader_that_has_left(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url, max_messages=1) as broker:
        async with broker.subscribe() as inbox:
            (name,) = await server.consumers(subject)
            await broker.publish(0)
            await eventually(inbox.qsize)
        await server.until_forgotten(subject, name)
        assert await broker.publish(1) == Delivery(1)  # it holds up nobody


async def test_the_server_forgets_nameless_readers_at_shutdown(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        inboxes = [await broker.subscribe() for _ in range(3)]
        assert len(await server.consumers(subject)) == len(inboxes)
    assert await server.consumers(subject) == []


async def test_a_nameless_reader_gets_all_that_was_published_before_the_shutdown(url, subject):
    async with JetStreamPubSub[int](subject, url=url, maxsize=3) as broker:
        inbox = await broker.subscribe()
        for number in range(50):
            await broker.publish(number)

        async def read() -> list[int]:
            return [number async for number in inbox]

        reading = asyncio.create_task(read())
        assert await soon(broker.shutdown()) == ShutdownReport(0, 0)
        assert await reading == list(range(50))


async def test_what_does_not_come_in_before_the_end_is_dropped_and_counted(url, subject):
    broker = JetStreamPubSub[int](subject, url=url, maxsize=3)
    inbox = await broker.subscribe()
    for number in range(10):
        await broker.publish(number)
    await eventually(inbox.full)
    assert await soon(broker.shutdown(timeout=0)) == ShutdownReport(unread=3, unfinished=0)
    assert (inbox.stats.received, inbox.stats.dropped) == (3, 7)
    assert (broker.stats.delivered, broker.stats.dropped) == (3, 7)


async def test_flush_waits_until_a_nameless_reader_has_what_was_published_elsewhere(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url, maxsize=3) as another,
        one.subscribe() as roomy,
        one.subscribe(maxsize=2) as full,
    ):
        for number in range(20):
            await another.publish(number)
        await soon(one.flush())
        assert (roomy.qsize(), full.qsize()) == (20, 2)
