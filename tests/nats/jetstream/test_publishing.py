"""Publishing to a stream: what is stored, once, and what is refused, on a server that is killed."""

import asyncio
import threading

import pytest

from pubsub_lib import Delivery
from pubsub_lib.nats import (
    JetStreamPubSub,
    ServerUnreachable,
    StreamFull,
    Unconfirmed,
)
from tests.nats.observing import (
    LIMIT_S,
    administrator,
    allow,
    eventually,
    ignored,
    needs_signals,
    soon,
    stopped,
    take,
    until,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def left_alone(broker: JetStreamPubSub[int], name: str) -> None:
    """Let the server keep what comes for this name."""
    async with broker.subscribe(name=name):
        pass


async def test_publish_returns_when_the_server_keeps_the_message(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await left_alone(broker, "later")
        assert await broker.publish(7) == Delivery(1)
        assert await server.kept(subject) == 1
        assert broker.stats.published == broker.network.stored == 1


async def test_what_no_subscription_wants_is_not_kept(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await broker.publish(7)
        assert await server.kept(subject) == 0


async def test_a_message_outlives_a_killed_server(own_server, subject):
    async with JetStreamPubSub[int](subject, url=own_server.url) as broker:
        await left_alone(broker, "later")
        await broker.publish(7)
    own_server.restart()
    async with (
        JetStreamPubSub[int](subject, url=own_server.url) as broker,
        broker.subscribe(name="later") as inbox,
    ):
        assert await take(inbox, 1) == [7]


async def test_what_is_published_while_the_server_is_killed_is_kept_once(own_server, subject):
    numbers = iter(range(1_000))
    some_are_stored = asyncio.Event()

    async def publish(broker: JetStreamPubSub[int]) -> None:
        for number in numbers:
            await broker.publish(number)
            if number == 100:
                some_are_stored.set()

    async with JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker:
        await left_alone(broker, "later")
        async with asyncio.TaskGroup() as publishing:
            for _ in range(50):
                publishing.create_task(publish(broker))
            await some_are_stored.wait()
            own_server.kill()
            assert broker.network.stored < 1_000
            await asyncio.to_thread(own_server.start)
        assert broker.network.stored == 1_000
        assert broker.network.reconnects == 1
        async with (
            administrator(own_server.url) as server,
            broker.subscribe(name="later") as inbox,
        ):
            assert await server.kept(subject) == 1_000
            assert sorted(await take(inbox, 1_000)) == list(range(1_000))


async def test_a_publish_waits_for_a_server_that_is_away(own_server, subject):
    lost = asyncio.Event()
    async with JetStreamPubSub[int](
        subject, url=own_server.url, on_error=lambda error: lost.set()
    ) as broker:
        own_server.kill()
        await soon(lost.wait())
        publishing = asyncio.create_task(broker.publish(1))
        await asyncio.to_thread(own_server.start)
        assert await soon(publishing) == Delivery(1)


async def test_the_same_message_id_is_stored_once_whoever_publishes_it(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url) as another,
    ):
        await left_alone(one, "later")
        await one.publish(7, message_id="order 7")
        await another.publish(7, message_id="order 7")
        await another.publish(8, message_id="order 8")
        assert await server.kept(subject) == 2
        assert (one.network.duplicates_refused, another.network.duplicates_refused) == (0, 1)


async def test_messages_without_an_id_are_all_kept_whoever_publishes_them(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url) as another,
    ):
        await left_alone(one, "later")
        for broker in (one, another, one):
            await broker.publish(7)
        assert await server.kept(subject) == 3


async def test_a_killed_server_does_not_know_again_what_was_handled_and_removed(
    own_server, subject
):
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker,
        broker.subscribe(name="now") as inbox,
        administrator(own_server.url) as server,
    ):
        await broker.publish(7, message_id="order 7")
        await take(inbox, 1)
        await server.until_acknowledged(subject, "now")
        await broker.publish(7, message_id="order 7")
        assert broker.network.duplicates_refused == 1
        await asyncio.to_thread(own_server.restart)
        await eventually(lambda: broker.network.reconnects)
        await broker.publish(7, message_id="order 7")
        assert await take(inbox, 1) == [7]  # which the docstring says


@needs_signals
async def test_what_is_unconfirmed_can_be_published_again_by_the_id_that_the_error_names(
    own_server, subject
):
    # What has to succeed is asked of another broker, whose time is not short.
    async with (
        JetStreamPubSub[int](subject, url=own_server.url) as patient,
        JetStreamPubSub[int](subject, url=own_server.url, timeout=0.2) as broker,
    ):
        await left_alone(patient, "later")
        with stopped(own_server), pytest.raises(Unconfirmed, match="stored once") as raised:
            await broker.publish(7)
        name = str(raised.value).partition("message_id='")[2].partition("'")[0]
        async with administrator(own_server.url) as server:

            async def kept() -> bool:
                return await server.kept(subject) == 1

            await until(kept)  # it was on its way
            await patient.publish(7, message_id=name)
            assert await server.kept(subject) == 1
        assert patient.network.duplicates_refused == 1
        assert broker.network.stored == 0  # it is not known to be


@needs_signals
async def test_a_publish_of_much_is_given_up_in_time_when_the_server_takes_nothing(
    own_server, subject
):
    async with JetStreamPubSub[str](subject, url=own_server.url, timeout=0.3) as broker:
        with stopped(own_server):
            # More than the system's buffers take.
            publishing = [broker.publish("x" * 1_000_000) for _ in range(40)]
            results = await soon(asyncio.gather(*publishing, return_exceptions=True))
            assert broker._transport.connection.client.pending_data_size < 3_000_000
        assert {type(result) for result in results} == {Unconfirmed}


@needs_signals
async def test_a_cancelled_publish_ends_at_once(own_server, subject):
    async with JetStreamPubSub[str](subject, url=own_server.url, timeout=None) as broker:
        with stopped(own_server):
            publishing = [asyncio.create_task(broker.publish("x" * 1_000_000)) for _ in range(40)]
            await asyncio.wait(publishing, timeout=0.1)
            for each in publishing:
                each.cancel()
            await soon(asyncio.wait(publishing))
        assert all(each.cancelled() for each in publishing)
        assert await broker.publish("x")


async def test_a_full_stream_says_so_and_takes_more_after_an_acknowledgement(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url, max_messages=2) as broker,
        broker.subscribe(name="slow") as inbox,
    ):
        for number in range(2):
            await broker.publish(number)
        with pytest.raises(StreamFull, match=r"a subscriber is behind; .*forget\(\)"):
            await broker.publish(2)
        assert broker.network.stored == 2
        await take(inbox, 1)
        await server.until_acknowledged(subject, "slow", left=1)
        await broker.publish(3)
        assert await take(inbox, 2) == [1, 3]


async def test_forgetting_a_subscription_makes_room(url, subject):
    async with JetStreamPubSub[int](subject, url=url, max_messages=1) as broker:
        await left_alone(broker, "dead")
        await broker.publish(0)
        with pytest.raises(StreamFull):
            await broker.publish(1)
        await broker.forget("dead")
        assert await broker.publish(2) == Delivery(1)


async def test_nobody_has_to_exist_to_be_forgotten(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await broker.forget("nobody")


async def test_a_reader_that_is_forgotten_gets_what_it_has_and_the_end(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        inbox = await broker.subscribe(name="old")
        await broker.publish(0)
        await eventually(inbox.qsize)
        await broker.forget("old")
        assert await take(inbox, 1) == [0]
        assert await soon(inbox.get()) is None


async def test_an_id_has_to_be_text_of_one_line(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        with pytest.raises(TypeError, match="message_id is a string"):
            await broker.publish(1, message_id=7)
        for wrong in (" 7", "7\n8"):
            with pytest.raises(ValueError, match="one line without blanks"):
                await broker.publish(1, message_id=wrong)
        assert broker.network.stored == 0


async def test_none_and_what_json_does_not_know_are_refused(url, subject):
    async with JetStreamPubSub[object](subject, url=url) as broker:
        with pytest.raises(TypeError, match="None cannot be published"):
            await broker.publish(None)
        with pytest.raises(ValueError, match="would not come back from JSON"):
            await broker.publish(object())


async def test_publish_nowait_is_refused_since_the_server_has_to_answer(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        with pytest.raises(
            NotImplementedError, match=r"^storing .* has to wait: await publish\(\)"
        ):
            broker.publish_nowait(1)
        with pytest.raises(TypeError, match="None cannot be published"):
            broker.publish_nowait(None)


async def test_where_no_server_is_publish_says_so_and_can_be_tried_again(own_server, subject):
    url = own_server.url
    own_server.kill()
    broker = JetStreamPubSub[int](subject, url=url, connect_timeout=0.3, on_error=ignored)
    with pytest.raises(ServerUnreachable):
        await soon(broker.publish(1))
    await asyncio.to_thread(own_server.start)
    allow(broker._stream.connection, LIMIT_S)
    assert await soon(broker.publish(1)) == Delivery(1)
    await broker.shutdown()


async def test_another_thread_can_publish_and_wait_for_it(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe() as inbox,
    ):
        results: list[Delivery] = []
        thread = threading.Thread(
            target=lambda: results.append(broker.publish_threadsafe(7).result(10))
        )
        thread.start()
        assert await take(inbox, 1) == [7]
        await asyncio.to_thread(thread.join)
        assert results == [Delivery(1)]


@pytest.mark.parametrize("use", ["publish", "subscribe", "flush", "forget", "shutdown"])
def test_a_second_event_loop_is_refused(url, subject, use):
    broker = JetStreamPubSub[int](subject, url=url)
    asyncio.run(broker.shutdown())
    broker._closed = False
    calls = {
        "publish": lambda: broker.publish(1),
        "subscribe": lambda: broker.subscribe().get(),
        "flush": broker.flush,
        "forget": lambda: broker.forget("name"),
        "shutdown": broker.shutdown,
    }

    async def main() -> None:
        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            await calls[use]()

    asyncio.run(main())
    broker._closed = True
