"""What is at hand when the server loses it: it cannot come again, so no failure may lose it."""

import asyncio

import pytest

from pubsub_lib.nats import MessageSetAside, MessagesLost, StreamLost
from tests.nats.observing import eventually, soon, take

pytestmark = pytest.mark.usefixtures("quick_looks")
NAME = "billing"


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_fails_when_its_stream_was_deleted_is_set_aside(broker, server, errors, name):
    async with broker.subscribe(name=name) as inbox:
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
        inbox.task_failed("no such account")
        reported = await errors.until(MessageSetAside)
        assert reported.reason == (
            "no such account; the server no longer has it, so it is not tried again"
        )
        (letter,) = await broker.dead_letters()
        assert (letter.message, letter.subscription, letter.reason) == (0, name, reported.reason)


async def test_what_fails_when_its_consumer_was_deleted_is_set_aside(broker, server, errors):
    async with broker.subscribe() as inbox:
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        (consumer,) = broker._consumers
        await server.jetstream.delete_consumer(broker.subject, consumer.name)
        await server.until_forgotten(broker.subject, consumer.name)
        await eventually(lambda: inbox._state.envelopes._orphans)
        inbox.task_failed("no such account")
        await errors.until(MessageSetAside)
        assert [letter.message for letter in await broker.dead_letters()] == [0]


async def test_two_that_had_the_same_number_in_two_streams_are_both_set_aside(
    broker, server, errors
):
    async with broker.subscribe(name=NAME, max_tries=1) as inbox:
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
        await broker.publish(1)
        assert await soon(inbox.get()) == 1
        inbox.task_failed("first")
        inbox.task_failed("second")
        await eventually(lambda: broker.network.dead_letters == 2)
        assert sorted(letter.message for letter in await broker.dead_letters()) == [0, 1]


async def test_what_a_stream_had_does_not_stand_for_what_has_its_number_in_the_next(
    broker, server, errors
):
    async with broker.subscribe(name=NAME, ack_wait=0.2) as inbox:
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
        await broker.publish(1)
        inbox.task_done()  # of 0; that must not count for the other
        assert await soon(inbox.get()) == 1
        assert await soon(inbox.get()) == 1  # nobody has said that it was handled
        inbox.task_done()
        await server.until_acknowledged(broker.subject, NAME)


async def test_what_waits_of_a_deleted_stream_does_not_hold_up_its_number_of_the_next(
    broker, server, errors
):
    async with broker.subscribe(name=NAME, maxsize=1) as inbox:
        await broker.publish(0)
        await eventually(inbox.qsize)
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
        await broker.publish(1)  # which has a place beside the one that the server has no more
        await eventually(lambda: inbox.qsize() == 2)
        assert await take(inbox, 2) == [0, 1]
        assert broker.network.copies_dropped == broker.network.redelivered == 0


async def test_what_waits_unread_and_cannot_be_given_back_is_reported(broker, server, errors):
    inbox = await broker.subscribe(name=NAME)
    await broker.publish_many(range(3))
    await eventually(lambda: inbox.qsize() == 3)
    await server.jetstream.delete_stream(broker.subject)
    await errors.until(StreamLost)
    inbox.close()
    assert (await errors.until(MessagesLost)).count == 3


async def test_what_was_read_of_one_that_ends_is_not_reported(broker, server, errors):
    async with broker.subscribe() as inbox:  # it has no name, so nothing is kept of it
        await broker.publish_many(range(3))
        await eventually(lambda: inbox.qsize() == 3)
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
    await asyncio.sleep(0)
    assert errors.of(MessagesLost) == []
    assert broker.network.dead_letters == 0


async def test_what_fails_and_cannot_be_set_aside_either_is_reported_as_lost(
    broker, server, errors, monkeypatch
):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)

        async def refuse(*anything: object) -> bool:
            return False

        monkeypatch.setattr(inbox._state.outcomes, "_set_aside", refuse)
        inbox.task_failed("no such account")
        lost = await errors.until(MessagesLost)
        assert (lost.count, repr(broker.subject) in str(lost)) == (1, True)


async def test_what_waits_unread_and_is_given_back_is_not_reported(broker, server, errors):
    inbox = await broker.subscribe(name=NAME)
    await broker.publish_many(range(3))
    await eventually(lambda: inbox.qsize() == 3)
    inbox.close()
    async with broker.subscribe(name=NAME) as inbox:
        assert await take(inbox, 3) == [0, 1, 2]
    assert errors == []
