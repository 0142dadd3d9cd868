"""A subscription that is closed, whenever that is: what it had is given back, and nobody waits."""

import asyncio

import pytest

from pubsub_lib.nats import ConnectionLost, JetStreamPubSub
from pubsub_lib.nats.jetstream import consumer as consumer_module
from pubsub_lib.nats.jetstream.subscription import JetStreamSubscription
from tests.nats.observing import (
    administrator,
    eventually,
    ignored,
    needs_signals,
    soon,
    stopped,
    take,
)

NAME = "billing"


@pytest.fixture
def rare_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody look at what the server has, which would wake who waits."""
    monkeypatch.setattr("pubsub_lib.nats.jetstream.recovery.LOOK_EVERY_S", 600)


async def test_one_that_is_closed_while_it_joins_leaves_the_server_when_it_has_joined(
    broker, server
):
    await broker.publish(0)  # so that there is a connection
    inbox = broker.subscribe(name=NAME)
    await asyncio.sleep(0)
    inbox.close()
    await soon(inbox._state.supply.ended())
    await server.until_unread(broker.subject, NAME)


async def test_one_that_is_closed_without_a_connection_does_not_come_back_with_the_next(
    own_server, subject, errors
):
    async with JetStreamPubSub[int](subject, url=own_server.url, on_error=errors) as broker:
        inbox = await broker.subscribe(name=NAME)
        own_server.restart()
        await errors.until(ConnectionLost)
        inbox.close()
        await soon(inbox._state.supply.ended())
        await broker.publish(1)
        async with administrator(own_server.url) as server:
            await server.until_unread(subject, NAME)
            await server.until_acknowledged(subject, NAME, left=1)


@needs_signals
async def test_what_one_had_that_was_leaving_when_the_connection_was_lost_is_given_back(
    own_server, subject
):
    async with JetStreamPubSub[int](
        subject, url=own_server.url, ack_wait=600, on_error=ignored
    ) as broker:
        inbox = await broker.subscribe(name=NAME)
        await broker.publish(7)
        assert await soon(inbox.get()) == 7
        with stopped(own_server):
            inbox.close()
            await eventually(lambda: broker._transport.connection.requests._waiting)
            own_server.kill()
        own_server.start()
        await eventually(lambda: broker.network.reconnects)
        async with broker.subscribe(name=NAME) as inbox:
            assert await take(inbox, 1) == [7]


@needs_signals
async def test_a_reader_that_leaves_waits_only_for_a_moment_for_a_server_that_does_nothing(
    own_server, subject, monkeypatch
):
    monkeypatch.setattr(consumer_module, "LEAVING_TAKES_S", 0.05)
    async with JetStreamPubSub[int](subject, url=own_server.url) as broker:
        inbox = await broker.subscribe(name=NAME)
        with stopped(own_server):
            await soon(inbox.__aexit__())
            assert not broker._consumers[0]._ending.ended


@pytest.mark.usefixtures("rare_looks")
async def test_a_flush_does_not_wait_for_a_reader_that_leaves(broker, monkeypatch):
    asked = asyncio.Event()

    async def say_that_more_was_stored(pattern: str) -> int:
        asked.set()
        return 1

    async with broker.subscribe() as inbox:
        monkeypatch.setattr(broker._stream, "last_sequence", say_that_more_was_stored)
        flushing = asyncio.create_task(broker.flush())
        await soon(asked.wait())
        await asyncio.sleep(0.05)
        assert not flushing.done()
        inbox.close()
        await soon(flushing)


@pytest.mark.usefixtures("rare_looks")
async def test_a_flush_does_not_wait_for_what_a_deleted_consumer_had(broker, another, server):
    async with broker.subscribe() as inbox, another.subscribe():
        (consumer,) = broker._consumers
        await server.jetstream.delete_consumer(broker.subject, consumer.name)
        await another.publish(0)
        flushing = asyncio.create_task(broker.flush())
        await asyncio.wait([flushing], timeout=0.05)
        assert not flushing.done()
        await broker._recovery.recover()
        await soon(flushing)
        assert inbox.qsize() + inbox.stats.dropped == 1


async def test_one_whose_reader_is_still_at_work_is_known_until_that_is_done(broker):
    async def known() -> int:
        async with broker.subscribe():
            return len(broker._consumers) - 1

    inbox = await broker.subscribe(name=NAME)
    await broker.publish(7)
    async for _ in inbox:
        inbox.shutdown()
        await soon(inbox._state.supply.ended())
        assert await known() == 1
    assert await known() == 0


async def test_who_leaves_over_a_connection_that_has_ended_for_good_is_told_of_no_error(broker):
    async with broker.subscribe(name=NAME):
        (consumer,) = broker._consumers
        await broker._stream.connection.client.close()
        await soon(consumer.stop())


def test_one_that_is_closed_when_its_event_loop_has_ended_is_closed(url, subject):
    broker = JetStreamPubSub[int](subject, url=url)

    async def main() -> JetStreamSubscription[int]:
        inbox = await broker.subscribe(name=NAME)
        await broker.shutdown()
        return inbox

    inbox = asyncio.run(main())
    inbox.close()
    assert inbox.closed


async def test_one_that_has_left_is_not_missed(broker, monkeypatch):
    async with broker.subscribe():
        (consumer,) = broker._consumers
        consumer._intake.quiet = True

        async def forgotten_meanwhile() -> bool:
            consumer.end()
            return True

        monkeypatch.setattr(consumer._on_server, "is_lost", forgotten_meanwhile)
        for _ in range(2):
            assert await consumer.is_lost() is False


async def test_a_flush_does_not_wait_for_what_has_no_room_beside_what_is_being_handled(broker):
    async with broker.subscribe(maxsize=2) as inbox:
        await broker.publish_many(range(3))
        assert await soon(inbox.get()) == 0
        await eventually(lambda: inbox.qsize() == 1)
        await soon(broker.flush())
        inbox.task_done()
        assert await take(inbox, 2) == [1, 2]
