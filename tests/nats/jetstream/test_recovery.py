"""What the server loses while it is connected is noticed: made anew and counted, or an error."""

import asyncio

import pytest
from nats.js.errors import NotFoundError

from pubsub_lib.nats import (
    MessagesLost,
    StreamLost,
    SubscriptionForgotten,
)
from pubsub_lib.nats.client import SecureClient
from tests.nats.observing import LIMIT_S, eventually, soon, take

pytestmark = pytest.mark.usefixtures("quick_looks")
NAME = "billing"


async def publish_until_it_arrives(broker, inbox) -> tuple[int, list[int]]:
    """Publish again and again until something comes in; return how many, and what came."""
    received: list[int] = []

    async def read() -> None:
        received.append(await inbox.get())
        inbox.task_done()

    reading = asyncio.create_task(read())
    published = 0
    async with asyncio.timeout(LIMIT_S):
        while not reading.done():
            await broker.publish(published)
            published += 1
            await asyncio.sleep(0.01)
    await reading
    received += await take(inbox, published - 1 - received[0])
    return published, received


async def test_a_reader_without_a_name_whose_consumer_was_deleted_goes_on_and_counts_what_it_missed(
    broker, another, server, errors
):
    async with broker.subscribe() as inbox:
        await another.publish(-1)
        assert await take(inbox, 1) == [-1]
        (name,) = await server.consumers(broker.subject)
        await server.jetstream.delete_consumer(broker.subject, name)
        published, received = await publish_until_it_arrives(another, inbox)
        assert received == list(range(published))[-len(received) :]
        assert published > len(received)
        # It is known once the server has answered, and what comes in may come before that.
        await eventually(lambda: inbox.stats.dropped == published - len(received))
        assert (await errors.until(MessagesLost)).count == inbox.stats.dropped


async def test_what_others_keep_reaches_a_reader_whose_consumer_was_deleted(
    broker, another, server
):
    async with broker.subscribe() as inbox, another.subscribe(name=NAME):
        await another.publish(0)
        assert await take(inbox, 1) == [0]
        (name,) = set(await server.consumers(broker.subject)) - {NAME}
        await server.jetstream.delete_consumer(broker.subject, name)
        for number in range(1, 4):
            await another.publish(number)
        assert await take(inbox, 3) == [1, 2, 3]
        assert inbox.stats.dropped == 0


@pytest.mark.parametrize("by", ["an administrator", "forget() in another process"])
async def test_the_readers_of_a_name_that_is_deleted_end_with_an_error_that_says_so(
    broker, another, server, by
):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(0)
        await eventually(inbox.qsize)
        if by == "an administrator":
            await server.jetstream.delete_consumer(broker.subject, NAME)
        else:
            await another.forget(NAME)
        assert await soon(inbox.get()) == 0  # it was here before
        with pytest.raises(SubscriptionForgotten, match=r"'billing'.*subscribe again") as told:
            await soon(inbox.get())
        assert told.value.name == NAME
        assert inbox.closed
    assert await server.consumers(broker.subject) == []


async def test_forgetting_a_name_here_ends_its_readers_without_an_error(broker):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.forget(NAME)
        assert await soon(inbox.get()) is None


@pytest.mark.parametrize("name", ["", NAME])
async def test_a_stream_deleted_by_another_is_made_anew_and_what_was_missed_is_counted(
    broker, another, server, errors, name
):
    async with broker.subscribe(name=name) as inbox:
        await another.publish(-1)
        assert await take(inbox, 1) == [-1]
        await server.jetstream.delete_stream(broker.subject)
        published, received = await publish_until_it_arrives(another, inbox)
        assert received == list(range(published))[-len(received) :]
        await eventually(lambda: inbox.stats.dropped == published - len(received))
        assert (await errors.until(StreamLost)).stream == broker.subject


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_was_missed_is_counted_if_the_next_message_comes_before_the_last_answer(
    broker, another, server, monkeypatch, name
):
    was_missed, has_come = asyncio.Event(), asyncio.Event()
    remake, is_lost = broker._stream.remake, broker._stream.is_lost

    async def remake_late() -> None:
        await was_missed.wait()
        await remake()

    async def answer_late() -> bool:
        answer = await is_lost()
        if asyncio.current_task() is broker._recovery._recovering._task:  # the consumer is made
            await has_come.wait()
        return answer

    monkeypatch.setattr(broker._stream, "remake", remake_late)
    monkeypatch.setattr(broker._stream, "is_lost", answer_late)
    async with broker.subscribe(name=name) as inbox:
        await server.jetstream.delete_stream(broker.subject)
        await another.publish(0)
        was_missed.set()
        published, received = await publish_until_it_arrives(another, inbox)
        missed = 1 + published - len(received)
        assert inbox.stats.dropped == 0
        has_come.set()
        await eventually(lambda: inbox.stats.dropped == missed)


async def test_a_recovery_that_takes_long_is_not_held_up_by_looks_at_what_is_missing_still(
    broker, server, monkeypatch
):
    remake = broker._stream.remake

    async def remake_slowly() -> None:
        await asyncio.sleep(0.5)  # ten looks
        await remake()

    monkeypatch.setattr(broker._stream, "remake", remake_slowly)
    async with broker.subscribe() as inbox:
        await server.jetstream.delete_stream(broker.subject)
        await broker.publish(1)
        assert await take(inbox, 1) == [1]


async def test_a_cluster_is_asked_to_make_a_stream_only_if_it_has_none(broker, server, monkeypatch):
    made: list[object] = []
    make = broker._stream._add

    async def note() -> object:
        made.append(await make())
        return made[-1]

    monkeypatch.setattr(SecureClient, "in_cluster", True)
    monkeypatch.setattr(broker._stream, "_add", note)
    async with broker.subscribe() as inbox:
        await broker._recovery.recover()
        assert made == []
        await server.jetstream.delete_stream(broker.subject)
        await broker.publish(1)
        assert await take(inbox, 1) == [1]
        assert made


async def test_what_was_still_to_come_from_a_stream_that_is_deleted_is_counted(broker, server):
    async with broker.subscribe(maxsize=1) as inbox:
        for number in range(4):
            await broker.publish(number)
        await eventually(lambda: broker.network.lag == 3)  # as it says when it is looked at
        await server.jetstream.delete_stream(broker.subject)
        await eventually(lambda: inbox.stats.dropped == 3)
        assert await take(inbox, 1) == [0]
        await broker.publish(4)
        assert await take(inbox, 1) == [4]


async def test_acknowledging_what_came_from_a_deleted_stream_acknowledges_nothing_else(
    broker, server, errors
):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(0)
        await eventually(inbox.qsize)
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
        await broker.publish(1)  # which has the same number in the new stream
        assert [await soon(inbox.get()) for _ in range(2)] == [0, 1]
        inbox.task_done()
        await broker.publish(2)
        assert await soon(inbox.get()) == 2
        assert await server.unacknowledged(broker.subject, NAME) == 2
        inbox.task_done()
        await server.until_acknowledged(broker.subject, NAME, left=1)


@pytest.mark.parametrize("name", ["", NAME])
async def test_after_a_stream_was_made_anew_readers_go_on_through_a_reconnection_and_count(
    broker, server, errors, name
):
    async with broker.subscribe(name=name, maxsize=1) as inbox:
        await server.jetstream.delete_stream(broker.subject)
        await errors.until(StreamLost)
        await broker.publish_many(range(4))
        broker._recovery.connection_restored()
        await soon(broker._recovery._recovering.settled())
        await eventually(lambda: broker.network.lag == 3)
        await server.jetstream.purge_stream(broker.subject)
        await eventually(lambda: inbox.stats.dropped == 3)
        await take(inbox, 1)
        await broker.publish(4)
        assert await take(inbox, 1) == [4]
        assert inbox.stats.dropped == 3


async def test_what_an_administrator_removes_from_the_stream_is_counted(broker, server):
    async with broker.subscribe(maxsize=1) as inbox:
        for number in range(4):
            await broker.publish(number)
        await eventually(inbox.qsize)
        for sequence in (2, 3):
            await server.jetstream.delete_msg(broker.subject, sequence)
        assert await take(inbox, 2) == [0, 3]
        assert inbox.stats.dropped == 2


async def test_a_publisher_sees_whether_anybody_is_subscribed_in_any_process(broker, another):
    async with another.subscribe():
        await eventually(lambda: broker.network.subscriptions == 1)
    await eventually(lambda: broker.network.subscriptions == 0)


@pytest.mark.parametrize("name", ["", NAME])
async def test_a_quiet_reader_is_looked_at_without_a_word(broker, errors, monkeypatch, name):
    asked: list[str] = []
    consumer = broker._stream.consumer

    async def note(name: str):
        asked.append(name)
        return await consumer(name)

    async with broker.subscribe(name=name) as inbox:
        monkeypatch.setattr(broker._stream, "consumer", note)
        await broker.publish(1)
        assert await take(inbox, 1) == [1]
        await eventually(lambda: len(asked) > 5)
        assert (errors, inbox.stats.dropped) == ([], 0)


async def test_a_busy_reader_is_not_asked_for(broker, monkeypatch):
    asked: list[str] = []
    consumer = broker._stream.consumer

    async def note(name: str):
        asked.append(name)
        return await consumer(name)

    monkeypatch.setattr(broker._stream, "consumer", note)
    async with broker.subscribe() as inbox:
        for number in range(100):
            await broker.publish(number)
            await take(inbox, 1)
            broker._consumers[0]._intake.quiet = False
        assert asked == []
        await eventually(lambda: asked)


async def test_a_stream_that_nobody_has_used_is_not_made_by_a_recovery(broker, server):
    await broker.publish(1)
    dead_letters = broker._dead_letters._publisher._recovery
    dead_letters.connection_restored()
    await soon(dead_letters._recovering.settled())
    with pytest.raises(NotFoundError):
        await server.jetstream.stream_info(f"{broker.subject}_dead")


async def test_nothing_is_looked_at_while_there_is_no_connection(broker):
    await broker.publish(1)
    recovery = broker._recovery
    look = recovery._next_look
    assert not look.cancelled()
    recovery.connection_lost()
    assert look.cancelled()
    assert recovery._next_look is None
    recovery.connection_restored()
    assert not recovery._next_look.cancelled()
