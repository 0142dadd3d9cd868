"""What an operator does to a stream while it is in use: no reader waits for ever for what is gone.

Nobody tells a client that messages were removed, or that a name was deleted and made again.
"""

import asyncio
import itertools

import pytest
from nats.aio.msg import Msg
from nats.js import api

from pubsub_lib.nats import (
    JetStreamPubSub,
    MessagesLost,
    NatsError,
    SubscriptionForgotten,
    Unconfirmed,
    UndecodablePayload,
)
from pubsub_lib.nats.jetstream.removals import LOOKS
from tests.nats.observing import LIMIT_S, Errors, Looks, eventually, soon, take

pytestmark = pytest.mark.usefixtures("quick_looks")
NAME = "billing"


async def until_all_is_sent_but(broker: JetStreamPubSub, lag: int) -> None:
    await eventually(lambda: broker.network.lag == lag)


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_is_purged_is_counted_and_reported(broker, server, errors, name):
    async with broker.subscribe(name=name, maxsize=1) as inbox:
        await broker.publish_many(range(4))
        await until_all_is_sent_but(broker, 3)
        await server.jetstream.purge_stream(broker.subject)
        assert (await errors.until(MessagesLost)).count == 3
        assert inbox.stats.dropped == 3
        assert await take(inbox, 1) == [0]
        await broker.publish(4)
        assert await take(inbox, 1) == [4]
        assert inbox.stats.dropped == 3


async def test_a_limit_of_tries_on_the_server_is_taken_back_and_reported(broker, server, errors):
    async with broker.subscribe(name=NAME) as inbox:
        config = (await server.consumer(broker.subject, NAME)).config
        config.max_deliver = 1
        await server.jetstream.add_consumer(broker.subject, config)
        assert "limit the tries by max_tries" in str(await errors.until(NatsError))
        await broker.publish(1)
        assert await soon(inbox.get()) == 1
        inbox.task_failed("not today")
        assert await take(inbox, 1) == [1]


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_is_purged_after_many_looks_is_counted_once(broker, server, name):
    async with broker.subscribe(name=name, maxsize=1) as inbox:
        await broker.publish_many(range(4))
        looks = Looks(broker)
        await looks.until_more(LOOKS + 2)
        assert inbox.stats.dropped == 0
        await server.jetstream.purge_stream(broker.subject)
        await looks.until_more(2 * LOOKS)
        assert inbox.stats.dropped == 3


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_a_limit_removes_before_anybody_has_looked_is_counted(
    broker, server, monkeypatch, name
):
    monkeypatch.setattr("pubsub_lib.nats.jetstream.recovery.LOOK_EVERY_S", 600)
    async with broker.subscribe(name=name, maxsize=2) as inbox:
        await broker.publish_many(range(20))
        await eventually(lambda: inbox.qsize() == 2)
        stream = await server.jetstream.stream_info(broker.subject)
        stream.config.discard, stream.config.max_msgs = api.DiscardPolicy.OLD, 3
        await server.jetstream.update_stream(stream.config)
        taken = await take(inbox, 1)
        while taken[-1] < 19:
            taken += await take(inbox, 1)
        # What is removed makes room, so that a few more may be sent before they are removed, too.
        assert inbox.stats.dropped == 20 - len(taken) > 0


async def test_what_is_removed_after_a_message_that_came_again_is_counted(
    broker, server, monkeypatch
):
    monkeypatch.setattr("pubsub_lib.nats.jetstream.recovery.LOOK_EVERY_S", 600)
    async with broker.subscribe(name=NAME, maxsize=1) as inbox:
        await broker.publish_many(range(4))
        assert await soon(inbox.get()) == 0
        inbox.task_failed("on purpose")
        assert await soon(inbox.get()) == 0
        for sequence in (2, 3):
            await server.jetstream.delete_msg(broker.subject, sequence)
        inbox.task_done()
        assert await take(inbox, 1) == [3]
        assert inbox.stats.dropped == 2


async def test_what_comes_again_after_a_later_message_is_no_gap(broker):
    async with broker.subscribe(name=NAME, maxsize=2) as inbox:
        await broker.publish_many(range(3))
        assert [await soon(inbox.get()) for _ in range(2)] == [0, 1]
        inbox.task_failed("on purpose")  # which is of 0
        assert await soon(inbox.get()) == 0
        inbox.task_done()
        assert await soon(inbox.get()) == 2
        assert inbox.stats.dropped == 0


async def test_a_flush_does_not_wait_for_what_was_purged(broker, server):
    async with broker.subscribe(maxsize=2) as inbox:
        await broker.publish_many(range(4))
        await until_all_is_sent_but(broker, 2)
        await server.jetstream.purge_stream(broker.subject)
        assert await take(inbox, 2) == [0, 1]  # so that there is room
        await soon(broker.flush())


async def test_what_is_lost_on_its_way_is_waited_for_and_not_counted(broker):
    async with broker.subscribe(ack_wait=1) as inbox:
        subscription = broker._consumers[0]._subscription
        receive = subscription._cb

        async def receive_the_next(envelope: Msg) -> None:
            subscription._cb = receive

        subscription._cb = receive_the_next
        await broker.publish_many([1, 2])
        assert await take(inbox, 1) == [2]
        await soon(broker.flush())  # some looks later
        assert inbox.get_nowait() == 1
        assert inbox.stats.dropped == 0


async def test_a_flush_does_not_wait_for_what_a_deleted_stream_had(broker, server, monkeypatch):
    async with broker.subscribe() as inbox:
        asked = asyncio.Event()
        last_sequence = broker._stream.last_sequence

        async def say_that_more_was_stored(pattern: str) -> int:
            last = await last_sequence(pattern)
            asked.set()
            return last + 1

        monkeypatch.setattr(broker._stream, "last_sequence", say_that_more_was_stored)
        flushing = asyncio.create_task(broker.flush())
        await soon(asked.wait())
        await asyncio.sleep(0.05)
        assert not flushing.done()
        await server.jetstream.delete_stream(broker.subject)
        await soon(flushing)
        assert inbox.stats.dropped == 0


async def test_what_a_busy_name_is_sent_is_never_taken_for_lost(broker, another):
    async with broker.subscribe(name=NAME) as inbox, another.subscribe(name=NAME) as other:
        for number in range(50):
            await broker.publish(number)
            await asyncio.sleep(0.01)  # in which somebody looks
        await eventually(lambda: inbox.qsize() + other.qsize() == 50)
        await asyncio.sleep(0.3)
        assert (inbox.stats.dropped, other.stats.dropped) == (0, 0)


async def test_a_name_that_was_deleted_and_made_again_ends_those_who_read_it_before(
    broker, another
):
    async with broker.subscribe(name=NAME) as inbox:
        await another.forget(NAME)
        async with another.subscribe(name=NAME):
            with pytest.raises(SubscriptionForgotten, match="subscribe again"):
                await soon(inbox.get())


async def test_one_consumer_that_cannot_be_made_again_does_not_keep_the_others_from_it(
    broker, server, errors, monkeypatch
):
    async with broker.subscribe() as first, broker.subscribe() as second:
        refused = broker._consumers[0]._on_server
        monkeypatch.setattr(refused, "_ask_for", refuse)
        for name in await server.consumers(broker.subject):
            await server.jetstream.delete_consumer(broker.subject, name)
        await errors.until(NatsError)
        await broker.publish(1)
        assert await take(second, 1) == [1]
        assert first.qsize() == 0


async def refuse(start: int | None = None) -> None:
    raise NatsError("no more consumers")


@pytest.mark.parametrize("refusal", [NatsError("permission denied"), KeyError("no answer")])
async def test_one_that_may_not_be_looked_at_does_not_keep_the_others_from_it(
    broker, server, errors, monkeypatch, refusal
):
    async with broker.subscribe(name=NAME), broker.subscribe() as second:
        consumer = broker._stream.consumer

        async def refuse_one(name: str):
            if name == NAME:
                raise refusal
            return await consumer(name)

        monkeypatch.setattr(broker._stream, "consumer", refuse_one)
        await server.jetstream.delete_consumer(broker.subject, broker._consumers[1].name)
        told = await errors.until(NatsError)
        assert str(refusal) in str(told)
        assert (told is refusal) is isinstance(refusal, NatsError)
        for number in itertools.count():
            await broker.publish(number)
            if second.qsize():
                break
            await asyncio.sleep(0.01)


async def test_what_may_not_be_looked_at_is_reported_once_until_it_may_be_and_is_refused_anew(
    broker, errors, monkeypatch
):
    looks = 0
    consumer = broker._stream.consumer
    refuses = True

    async def refuse_or_answer(name: str):
        nonlocal looks
        looks += 1
        if refuses:
            raise NatsError("permission denied")
        return await consumer(name)

    async def until_looked_at_again() -> None:
        looked = looks
        await eventually(lambda: looks >= looked + 6)

    monkeypatch.setattr(broker._stream, "consumer", refuse_or_answer)
    async with broker.subscribe(name=NAME), broker.subscribe():
        for reports in (1, 2):
            refuses = True
            await until_looked_at_again()
            assert [str(error) for error in errors] == ["permission denied"] * reports
            refuses = False
            await until_looked_at_again()


@pytest.fixture
async def wide(url: str, server, subject: str):
    """A broker whose stream an operator has made, for other subjects, too."""
    await server.jetstream.add_stream(
        name=subject,
        subjects=[f"{subject}.>"],
        retention=api.RetentionPolicy.INTEREST,
        discard=api.DiscardPolicy.NEW,
    )
    errors = Errors()
    async with JetStreamPubSub[int](
        f"{subject}.new", url=url, stream=subject, on_error=errors
    ) as broker:
        yield broker


async def test_messages_of_other_subjects_in_the_stream_are_not_counted_as_lost(
    wide, server, subject
):
    await server.jetstream.add_consumer(subject, durable_name="all", filter_subject=f"{subject}.>")
    async with wide.subscribe() as inbox:
        for number in range(3):
            await server.jetstream.publish(f"{subject}.old", b"0")
            await wide.publish(number)
        await server.jetstream.publish(f"{subject}.old", b"0")
        assert await take(inbox, 3) == [0, 1, 2]
        await soon(wide.flush())
        await asyncio.sleep(0.4)
        assert inbox.stats.dropped == 0
        reading = asyncio.create_task(soon(inbox.get()))
        await soon(wide.shutdown(timeout=None))
        assert await reading is None
        assert inbox.stats.dropped == 0


@pytest.mark.parametrize("name", ["", NAME])
@pytest.mark.parametrize("reply", ["", "orders.new", "$JS.ACK."])
async def test_what_a_stranger_sends_to_a_reader_is_refused_and_counted_and_not_answered(
    broker, server, errors, reply, name, caplog
):
    async with broker.subscribe(name=name) as inbox:
        (consumer,) = broker._consumers
        answers = []

        async def note(answer: Msg) -> None:
            answers.append(answer)

        stranger = server.jetstream._nc
        await stranger.subscribe("orders.new", cb=note)
        await stranger.publish(consumer._on_server.deliver_subject, b"1", reply)
        refused = await errors.until(UndecodablePayload)
        assert "(it does not come from the stream)" in str(refused)
        await broker.publish(7)
        assert await take(inbox, 1) == [7]
        await stranger.flush()
        assert (broker.network.undecodable, inbox.stats.dropped, answers) == (1, 0, [])
        assert (broker.network.received, caplog.messages) == (1, [])


async def test_a_message_that_another_stream_has_taken_is_not_said_to_be_delivered(broker, server):
    async with broker.subscribe(name=NAME):
        await server.jetstream.delete_stream(broker.subject)
        await server.jetstream.add_stream(name=f"{broker.subject}_other", subjects=[broker.subject])
        with pytest.raises(
            NatsError, match=f"{broker.subject}_other', since .*; delete the other .* subject$"
        ):
            await broker.publish(1)
        await server.jetstream.delete_stream(f"{broker.subject}_other")
        await broker.publish(2)
        assert broker.stats.published == 1


async def test_a_publish_that_no_stream_takes_any_more_says_why_and_reports_it_once(
    broker, server, errors
):
    async with broker.subscribe(name=NAME):
        stream = await server.jetstream.stream_info(broker.subject)
        stream.config.subjects = ["elsewhere"]
        await server.jetstream.update_stream(stream.config)
        trying = asyncio.create_task(broker.publish(1))
        await errors.until(NatsError)
        trying.cancel()
        await asyncio.wait([trying])
        broker.timeout = 0.05
        with pytest.raises(Unconfirmed, match=r"its stream cannot be used: .* does not keep"):
            await broker.publish(1)
        assert len(errors) == 1
        broker.timeout = LIMIT_S
        stream.config.subjects = [broker.subject]
        await server.jetstream.update_stream(stream.config)
        await broker.publish(2)
        assert broker._recovery.failure is None
